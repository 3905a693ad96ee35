"""Damaged, hostile and unsuitable ONNX files: one clear error each, before anything large is allocated or run."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import multiback as mb
from multiback.errors import ArgumentError, MultibackError, SavingError, UnsupportedModel
from multiback_onnx.importer import load

FLOAT = TensorProto.FLOAT
WEIGHT = np.arange(12, dtype=np.float32).reshape(3, 4)


def model(
    nodes: list[Any] | None = None,
    initializers: list[Any] | None = None,
    *,
    opset: int = 17,
    functions: list[Any] | None = None,
    domains: tuple[str, ...] = (),
) -> Any:
    """y = x w, unless told otherwise."""
    nodes = nodes or [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [numpy_helper.from_array(WEIGHT, "w")] if initializers is None else initializers,
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions or [])


def external(location: str, **entries: Any) -> Any:
    """A weight whose data lies in another file."""
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[3, 4], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def saved(folder: Path, tensor: Any) -> Path:
    """A model file with this weight, in a folder of its own."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    path = home / "model.onnx"
    path.write_bytes(model(initializers=[tensor]).SerializeToString())
    return path


def run(source: Any, **options: Any) -> Any:
    """The imported model's answer on two rows of ones."""
    return np.asarray(mb.from_onnx(source, verify=False, **options)(np.ones((2, 3), np.float32)))


def test_external_data_beside_the_model_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path, external("data/w.bin", offset=8, length=48))
    (path.parent / "data").mkdir()
    (path.parent / "data" / "w.bin").write_bytes(b"\0" * 8 + WEIGHT.tobytes())
    np.testing.assert_array_equal(run(path), np.ones((2, 3), np.float32) @ WEIGHT)


def _secret(folder: Path) -> Path:
    path = folder / "secret.bin"
    path.write_bytes(WEIGHT.tobytes())
    return path


def _symlink(folder: Path) -> str:
    (folder / "home" / "w.bin").symlink_to(_secret(folder))
    return "w.bin"


def _symlinked_folder(folder: Path) -> str:
    _secret(folder)
    (folder / "home" / "inside").symlink_to(folder)
    return "inside/secret.bin"


def _hard_link(folder: Path) -> str:
    os.link(_secret(folder), folder / "home" / "w.bin")
    return "w.bin"


def _pipe(folder: Path) -> str:
    os.mkfifo(folder / "home" / "w.bin")
    return "w.bin"


def _made(name: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        _secret(folder)
        return name.replace("FOLDER", str(folder))

    return make


LOCATIONS: dict[str, Callable[[Path], str]] = {
    "parent": _made("../secret.bin"),
    "parent through a child": _made("a/../../secret.bin"),
    "absolute": _made("FOLDER/secret.bin"),
    "backslash": _made("..\\secret.bin"),
    "drive": _made("C:secret.bin"),
    "nul": _made("secret.bin\0.bin"),
    "empty": _made(""),
    "folder": _made("."),
    "missing": _made("nothing.bin"),
    "symbolic link": _symlink,
    "symbolic link to a folder": _symlinked_folder,
    "hard link": _hard_link,
    "pipe": _pipe,
    "/proc": _made("/proc/self/environ"),
}


@pytest.mark.parametrize("attack", LOCATIONS)
def test_external_data_elsewhere_is_refused(attack: str, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    path = saved(tmp_path, external(LOCATIONS[attack](tmp_path)))
    with pytest.raises(SavingError, match="external data"):
        load(path)


@pytest.mark.parametrize(
    "entries", [{"length": 47}, {"length": 2**62}, {"offset": 8}, {"offset": -8}, {"offset": "x"}, {"length": "1e3"}]
)
def test_external_data_of_another_size_is_refused(entries: dict[str, Any], tmp_path: Path) -> None:
    path = saved(tmp_path, external("w.bin", **entries))
    (path.parent / "w.bin").write_bytes(WEIGHT.tobytes())
    with pytest.raises(SavingError, match="damaged"):
        load(path)


def test_external_data_needs_the_path_of_the_model() -> None:
    with pytest.raises(SavingError, match="Give the model's path"):
        load(model(initializers=[external("w.bin")]).SerializeToString())


def _tensor(**fields: Any) -> Any:
    return TensorProto(**{"name": "w", "data_type": FLOAT, "dims": [3, 4], **fields})


TENSORS = {
    "a million floats in four bytes": _tensor(dims=[1000000], raw_data=b"\0" * 4),
    "a product beyond 64 bits": _tensor(dims=[2**40, 2**40], raw_data=b""),
    "a product that wraps to zero": _tensor(dims=[2**32, 2**32], raw_data=b""),
    "a terabyte without data": _tensor(dims=[2**38]),
    "a negative size": _tensor(dims=[-3, -4], raw_data=WEIGHT.tobytes()),
    "too many numbers": _tensor(float_data=[0.0] * 13),
    "too few numbers": _tensor(float_data=[0.0] * 11),
}


@pytest.mark.parametrize("case", TENSORS)
def test_sizes_are_checked_before_memory_is_taken(case: str) -> None:
    data = model(initializers=[TENSORS[case]]).SerializeToString()
    load(model())  # what is imported on first use does not count
    tracemalloc.start()
    try:
        with pytest.raises(SavingError, match=r"[Dd]amaged"):
            load(data)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["FLOAT8E4M3FN", "UINT4", "INT2", "STRING", "FLOAT4E2M1"])
def test_element_types_without_a_dtype_are_named(kind: str) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.DataType.Value(kind), dims=[1], raw_data=b"\0")
    with pytest.raises(UnsupportedModel, match="element type"):
        load(model(initializers=[tensor]))


@pytest.mark.parametrize("share", range(0, 100, 4))
def test_truncated_files_are_refused(share: int, tmp_path: Path) -> None:
    data = model().SerializeToString()
    path = tmp_path / "model.onnx"
    path.write_bytes(data[: len(data) * share // 100])
    with pytest.raises(MultibackError):
        mb.from_onnx(path, verify=False)


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"PK\x03\x04", b"<html>", bytes(range(256)) * 10])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(SavingError, match="not an ONNX model"):
        load(data)


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SavingError, match=r"none\.onnx"):
        load(tmp_path / "none.onnx")
    with pytest.raises(SavingError, match="not a file"):
        load(tmp_path)


def test_flipped_bits_give_a_model_or_an_error_of_ours(tmp_path: Path) -> None:
    data = bytearray(model().SerializeToString())
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        place, bit = int(random.integers(len(data))), int(random.integers(8))
        data[place] ^= 1 << bit
        try:
            mb.from_onnx(bytes(data), verify=False)
        except MultibackError:
            refused += 1
        data[place] ^= 1 << bit
    assert refused > 30


def test_all_lacking_ops_are_listed_at_once() -> None:
    nodes = [
        helper.make_node("ImageDecoder", ["x"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("NoSuchOp", ["b"], ["c"], name="second"),
        helper.make_node("NoSuchOp", ["c"], ["d"], name="third"),
        helper.make_node("Other", ["d"], ["y"], domain="my.company", name="fourth"),
    ]
    with pytest.raises(UnsupportedModel) as caught:
        load(model(nodes, opset=20, domains=("my.company",)))
    assert caught.value.ops == {"ImageDecoder": 1, "NoSuchOp": 2, "my.company.Other": 1}
    for name in ("first", "second", "third", "fourth"):
        assert name in str(caught.value)


@pytest.mark.parametrize("opset", [1, 5, 1000])
def test_unknown_opsets_are_refused(opset: int) -> None:
    nodes = [helper.make_node("Clip", ["x"], ["y"])]
    with pytest.raises(UnsupportedModel, match=f"opset {opset}"):
        load(model(nodes, opset=opset))


def _nested(depth: int) -> Any:
    inner = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["z"])], "leaf", [], [helper.make_tensor_value_info("z", FLOAT, None)]
    )
    for _ in range(depth):
        node = helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner)
        inner = helper.make_graph([node], "g", [], [helper.make_tensor_value_info("z", FLOAT, None)])
    return inner


def test_a_small_file_of_nested_branches_is_read_in_good_time() -> None:
    truth = numpy_helper.from_array(np.array(True), "c")
    graph = _nested(10)  # a thousand branches by their number of leaves
    node = helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)
    assert run(model([node], [truth])).shape == (2, 3)


def test_functions_that_call_themselves_are_refused() -> None:
    body = [helper.make_node("Loopy", ["a"], ["b"], domain="mine")]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    function = helper.make_function("mine", "Loopy", ["a"], ["b"], body, opsets)
    nodes = [helper.make_node("Loopy", ["x"], ["y"], domain="mine")]
    with pytest.raises(SavingError, match="functions call each other"):
        run(model(nodes, functions=[function], domains=("mine",)))


def test_values_that_nothing_defines_are_named() -> None:
    with pytest.raises(SavingError, match="'nothing' before anything defines it"):
        run(model([helper.make_node("Add", ["x", "nothing"], ["y"])]))


def test_operands_that_do_not_fit_name_the_node() -> None:
    nodes = [helper.make_node("MatMul", ["w", "x"], ["y"], name="wrong")]
    with pytest.raises(MultibackError) as caught:
        run(model(nodes))
    assert "wrong" in str(caught.value) + " ".join(getattr(caught.value, "__notes__", []))


def test_shapes_that_depend_on_data_say_which_input_to_fix() -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["s"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["w", "s"], ["y"]),
    ]
    with pytest.raises(UnsupportedModel, match=r"inputs=\{'x': array\}"):
        run(model(nodes))


def test_inputs_that_do_not_exist_are_named() -> None:
    with pytest.raises(ArgumentError, match="'z'"):
        load(model(), inputs={"z": (2, 3)})


def test_unknown_options_are_named() -> None:
    with pytest.raises(ArgumentError, match="'colour'"):
        load(model(), colour=3)


def test_the_model_given_stays_as_it_is() -> None:
    given = model()
    before = given.SerializeToString()
    run(given)
    assert given.SerializeToString() == before
