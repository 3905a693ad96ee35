"""Archives: members by exact name, and no trust in what the archive says of itself."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from multiback.errors import SavingError
from multiback.saving import zip_archive
from multiback.saving.zip_archive import CONFIG, MEMBERS, METADATA, WEIGHTS, opened, read_archive, write_archive

GOOD = {
    METADATA: b'{"keras_version": "3.15.1"}',
    CONFIG: b'{"class_name": "Sequential"}',
    WEIGHTS: bytes(range(256)) * 4,
}


def packed(members: dict[str, bytes], **extra: bytes) -> bytes:
    buffer = io.BytesIO()
    write_archive(buffer, members)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, data in extra.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def test_members_come_back() -> None:
    assert read_archive(io.BytesIO(packed(GOOD)), "m.keras") == GOOD


def test_compressed_members_come_back() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in GOOD.items():
            archive.writestr(name, data)
    assert read_archive(buffer, "m.keras") == GOOD


def with_duplicate(name: str) -> bytes:
    buffer = io.BytesIO(packed(GOOD))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"{}")
    return buffer.getvalue()


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in MEMBERS:
            archive.writestr(name, bytes(zip_archive._EXPANSION_FLOOR + 1) if name == WEIGHTS else b"{}")
    return buffer.getvalue()


def patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """Overwrites a field in the record of the last member with this signature."""
    at = data.rfind(signature) + offset
    return data[:at] + value + data[at + len(value) :]


CENTRAL = b"PK\x01\x02"
ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "duplicate configuration": (lambda: with_duplicate(CONFIG), "'config.json' twice"),
    "path out of the archive": (lambda: packed(GOOD, **{"../evil.py": b"x"}), "'../evil.py', which no model has"),
    "absolute path": (lambda: packed(GOOD, **{"/etc/passwd": b"x"}), "which no model has"),
    "unknown member": (lambda: packed(GOOD, **{"code.pkl": b"x"}), "'code.pkl', which no model has"),
    "missing weights": (lambda: packed({k: GOOD[k] for k in (METADATA, CONFIG)}), "lacks model.weights.h5"),
    "bomb": (bomb, "claims 67,108,865 bytes"),
    "encrypted": (lambda: patched(packed(GOOD), CENTRAL, 8, struct.pack("<H", 1)), "is encrypted"),
    "strange compression": (lambda: patched(packed(GOOD), CENTRAL, 10, struct.pack("<H", 14)), "packed in a way"),
    "size that lies high": (lambda: patched(packed(GOOD), CENTRAL, 24, struct.pack("<I", 5000)), "damaged"),
    "size that lies low": (lambda: patched(packed(GOOD), CENTRAL, 24, struct.pack("<I", 5)), "damaged"),
    "text before the archive": (lambda: b"#!/bin/sh\n" + packed(GOOD), "does not begin as"),
    "legacy HDF5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(100), "legacy HDF5"),
    "empty file": (lambda: b"", "does not begin as"),
    "only a beginning": (lambda: b"PK\x03\x04" + bytes(50), "damaged"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused(name: str) -> None:
    make, message = ATTACKS[name]
    with pytest.raises(SavingError, match=r"m\.keras") as caught:
        read_archive(io.BytesIO(make()), "m.keras")
    assert message in str(caught.value)


def test_vocabularies_of_other_layers_are_not_read() -> None:
    data = packed(GOOD, **{"assets/layers/lookup/vocabulary.txt": b"a\nb"})
    assert read_archive(io.BytesIO(data), "m.keras") == GOOD


def test_every_flipped_bit_is_detected_or_without_effect() -> None:
    data = packed(GOOD)
    detected = 0
    for i in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[i // 8] ^= 1 << i % 8
        try:
            assert read_archive(io.BytesIO(bytes(flipped)), "m.keras") == GOOD, i
        except SavingError:
            detected += 1
    assert detected >= 8 * sum(map(len, GOOD.values()))


def test_every_truncation_is_detected() -> None:
    data = packed(GOOD)
    for length in range(len(data)):
        with pytest.raises(SavingError):
            read_archive(io.BytesIO(data[:length]), "m.keras")


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    for path, message in (("pipe.keras", "not a regular file"), (".", "not a regular file"), ("none", "No such file")):
        with pytest.raises(SavingError, match=message), opened(tmp_path / path):
            pass
