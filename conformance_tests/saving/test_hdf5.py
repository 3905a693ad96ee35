"""HDF5 weights: what leads out of the file, claims more than it holds or was changed is refused before it is read."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np
import pytest

from multiback.errors import SavingError
from multiback.saving import hdf5
from multiback.saving.hdf5 import Section, read_weights, write_weights

SECTIONS = [
    Section("", "model", {"0": np.float64(3.5)}),
    Section(
        "layers/dense", "dense", {"0": np.arange(12, dtype="float32").reshape(3, 4), "1": np.zeros((0, 3), "float16")}
    ),
    Section("layers/other/cell", "cell", {"0": np.array([1.5, -2], ml_dtypes.bfloat16), "1": np.array([True, False])}),
    Section("optimizer", "adam", {"0": np.int32(7), "1": np.array([2**63], "uint64")}),
]


def written(sections: list[Section] = SECTIONS) -> bytes:
    buffer = io.BytesIO()
    write_weights(buffer, sections)
    return buffer.getvalue()


def arrays(data: bytes) -> dict[str, np.ndarray]:
    found = read_weights(io.BytesIO(data), "w.h5")
    return {f"{path}:{key}": array for path, section in found.items() for key, array in section.arrays.items()}


def expected() -> dict[str, np.ndarray]:
    return {f"{s.path}:{key}": np.asarray(array) for s in SECTIONS for key, array in s.arrays.items()}


def same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> bool:
    return found.keys() == wanted.keys() and all(
        a.dtype == wanted[k].dtype and a.shape == wanted[k].shape and a.tobytes() == wanted[k].tobytes()
        for k, a in found.items()
    )


def test_arrays_come_back_bit_for_bit() -> None:
    assert same(arrays(written()), expected())


def test_only_what_is_wanted_is_loaded() -> None:
    found = read_weights(io.BytesIO(written()), "w.h5", lambda path: path.startswith("layers"))
    assert sorted(found) == ["layers/dense", "layers/other/cell"]


def test_names_and_dtypes_are_checked_when_written() -> None:
    with pytest.raises(SavingError, match=r"'\.\./x'|'\.\. /x'|cannot be a name"):
        written([Section("layers/a b", None, {"0": np.zeros(2)})])
    with pytest.raises(SavingError, match="only numbers"):
        written([Section("layers/a", None, {"0": np.array(["text"])})])


def test_every_flipped_bit_is_detected_or_without_effect() -> None:
    data, wanted = written(), expected()
    generator = np.random.default_rng(0)
    inside = {a.tobytes() for a in wanted.values() if a.nbytes >= 8}
    places = [8 * data.find(content) + i for content in inside for i in range(8 * len(content))]
    detected = 0
    for i in [*places[::9], *generator.choice(len(data) * 8, 600, replace=False)]:
        flipped = bytearray(data)
        flipped[i // 8] ^= 1 << i % 8
        try:
            assert same(arrays(bytes(flipped)), wanted), i
        except SavingError:
            detected += 1
    assert detected > len(places[::9])


def test_truncation_is_detected() -> None:
    data = written()
    for length in range(0, len(data), 101):
        with pytest.raises(SavingError):
            arrays(data[:length])


def no_digest(file: Any) -> None:
    del file["layers/dense/vars/0"].attrs["sha256"]


def no_dataset(file: Any) -> None:
    del file["optimizer"]


def no_list(file: Any) -> None:
    del file.attrs["sha256"]


def exchanged(file: Any) -> None:
    file.move("layers/dense/vars/0", "layers/other/cell/vars/7")


@pytest.mark.parametrize("change", [no_digest, no_dataset, no_list, exchanged])
def test_what_is_missing_or_exchanged_is_detected(change: Callable[[Any], None]) -> None:
    buffer = io.BytesIO(written())
    with h5py.File(buffer, "a") as file:
        change(file)
    with pytest.raises(SavingError, match="SHA-256 of all datasets does not match"):
        arrays(buffer.getvalue())


def test_a_changed_number_is_detected_and_its_tensor_named() -> None:
    buffer = io.BytesIO(written())
    with h5py.File(buffer, "a") as file:
        file["layers/dense/vars/0"][1, 2] += 1
    with pytest.raises(SavingError, match=r"w\.h5: layers/dense/vars/0 is damaged: its SHA-256 does not match"):
        arrays(buffer.getvalue())


def test_a_later_format_is_refused() -> None:
    buffer = io.BytesIO(written())
    with h5py.File(buffer, "a") as file:
        file.attrs["multiback"] = 2
    with pytest.raises(SavingError, match=r"another format than 1\. Update"):
        arrays(buffer.getvalue())


def test_a_changed_byte_order_is_detected() -> None:
    """One bit of a dtype: the bytes of the tensor are the same, and so is the dtype's name."""
    little, big = b"\x11\x20\x1f\x00\x04\x00\x00\x00", b"\x11\x21\x1f\x00\x04\x00\x00\x00"
    data = written()
    assert data.count(little) == 1
    with pytest.raises(SavingError, match="layers/dense/vars/0 is damaged"):
        arrays(data.replace(little, big))


def test_the_other_byte_order_is_read() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["layers/dense/vars/0"] = np.arange(4, dtype=">f4")
    found = arrays(buffer.getvalue())["layers/dense:0"]
    assert found.dtype == np.dtype("float32")
    np.testing.assert_array_equal(found, np.arange(4))


def test_files_without_digests_are_read_as_keras_writes_them() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = file.create_group("layers/dense/vars")
        group.attrs["name"] = "dense"
        group["0"] = np.ones((2, 3), "float32")
        group.create_dataset("1", data=np.array([1, 2], ml_dtypes.bfloat16)).attrs["dtype"] = "bfloat16"
    found = arrays(buffer.getvalue())
    assert found["layers/dense:1"].dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(found["layers/dense:0"], np.ones((2, 3)))


def external_link(file: Any, folder: Path) -> None:
    with h5py.File(folder / "secret.h5", "w") as other:
        other["data"] = np.ones(3)
    file["layers/dense/vars/1"] = h5py.ExternalLink(str(folder / "secret.h5"), "/data")


def external_storage(file: Any, folder: Path) -> None:
    (folder / "passwd").write_bytes(bytes(64))
    file.create_dataset("layers/dense/vars/1", (64,), "u1", external=[(str(folder / "passwd"), 0, 64)])


def virtual(file: Any, folder: Path) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "data", (4,))
    file.create_virtual_dataset("layers/dense/vars/1", layout)


def soft_link(file: Any, folder: Path) -> None:
    file["layers/dense/vars/1"] = h5py.SoftLink("/layers/dense/vars/0")


def hard_link(file: Any, folder: Path) -> None:
    file["layers/dense/vars/1"] = file["layers/dense/vars/0"]


def cycle(file: Any, folder: Path) -> None:
    file["layers/dense/again"] = file["layers"]


def shape_bomb(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/1", (1 << 40,), "f4", chunks=(1 << 20,))


def late_bomb(file: Any, folder: Path) -> None:
    """Storage that is reserved late: declared, nothing stored."""
    file.create_dataset("layers/dense/vars/1", (1 << 38,), "f4")


def compressed(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/1", data=np.zeros(1 << 16), compression="gzip")


def objects(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/1", data=["text"], dtype=h5py.string_dtype())


def compound(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/1", (2,), np.dtype([("a", "f4"), ("b", "i4")]))


def opaque(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/1", data=np.zeros(2, "V3"))


def free_text(file: Any, folder: Path) -> None:
    """Text of free length lies in a heap, where damage can make the library loop."""
    file["layers/dense/vars/0"].attrs["sha256"] = "a" * 64


def named_type(file: Any, folder: Path) -> None:
    file["layers/dense/vars/kind"] = np.dtype("f8")


def odd_name(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/$(id)", data=np.zeros(2))


def outside(file: Any, folder: Path) -> None:
    file["layers/dense/kernel:0"] = np.zeros(2)


def elsewhere(file: Any, folder: Path) -> None:
    file["layers/dense/kernel"] = np.zeros(2)


ATTACKS: dict[Callable[[Any, Path], None], str] = {
    external_link: "is a link that may lead outside",
    external_storage: "keeps its data in another file",
    virtual: "keeps its data in another file",
    soft_link: "is a link that may lead outside",
    hard_link: "linked twice",
    cycle: "linked twice",
    shape_bomb: "claims 4,398,046,511,104 bytes",
    late_bomb: "claims 1,099,511,627,776 bytes",
    compressed: "is compressed",
    objects: "which no weight has",
    compound: "which no weight has",
    opaque: "which no weight has",
    free_text: "has an odd attribute 'sha256'",
    named_type: "neither a group nor a dataset",
    odd_name: "has a name that no model has",
    outside: "has a name that no model has",
    elsewhere: "not where Keras 3 keeps weights",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda f: f.__name__)
def test_attack_is_refused(attack: Callable[[Any, Path], None], tmp_path: Path) -> None:
    path = tmp_path / "w.weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 3), "float32")
        attack(file, tmp_path)
    with open(path, "rb") as file, pytest.raises(SavingError) as caught:
        read_weights(file, "w.h5")
    assert ATTACKS[attack] in str(caught.value)
    assert "w.h5: " in str(caught.value)


def test_datasets_that_share_their_bytes_count_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Declared sizes add up: many claims on the same bytes are more than the file."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for i in range(4):
            file[f"layers/dense/vars/{i}"] = np.ones(1000)
    data = buffer.getvalue()
    reader = hdf5._Reader(h5py.File(io.BytesIO(data), "r"), 20_000, "w.h5", lambda path: True)
    with pytest.raises(SavingError, match="more than the file holds"):
        reader.sections()


def test_too_many_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "MAX_OBJECTS", 5)
    with pytest.raises(SavingError, match="too many objects"):
        arrays(written())
