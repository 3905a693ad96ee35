"""The zip archive around a `.keras` model: members read by exact name, checked before they are trusted."""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import IO

from multiback.errors import SavingError

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
MEMBERS = (METADATA, CONFIG, WEIGHTS)
_MAX_EXPANSION = 100
_EXPANSION_FLOOR = 64 << 20
_BROKEN = (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, struct.error, zlib.error)


def write_archive(file: IO[bytes], members: Mapping[str, bytes]) -> None:
    """Writes a zip archive without compression."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)


def read_archive(source: IO[bytes], file: str) -> dict[str, bytes]:
    """The members of a `.keras` archive, their checksums verified.

    Arguments:
        source: The archive, open for reading.
        file: Its name, for messages.

    Raises:
        SavingError: if it is not a zip archive, is damaged, lacks a member, has one twice or one that does not belong
            there, or a member is encrypted or expands beyond measure.
    """
    source.seek(0)
    if (start := source.read(4)) != b"PK\x03\x04":
        kind = "a legacy HDF5 model: open it with Keras and save it as .keras" if start == b"\x89HDF" else "damaged"
        raise SavingError(f"{file} does not begin as a .keras archive. It is {kind}, or another kind of file.")
    try:
        with zipfile.ZipFile(source) as archive:
            infos = {info.filename: info for info in archive.infolist()}
            _check_members(infos, [info.filename for info in archive.infolist()], file)
            return {name: _read(archive, infos[name], file) for name in MEMBERS}
    except SavingError:
        raise
    except _BROKEN as error:
        raise SavingError(f"{file} is damaged: {error}. Use an undamaged copy.") from error


@contextlib.contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A regular file, open for reading.

    Raises:
        SavingError: if there is no such file, or it is a folder, pipe or device.
    """
    try:
        # A pipe would block open() until somebody writes.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise SavingError(f"{path} is not a regular file. Give the name of a saved model.")
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise SavingError(f"{path} cannot be read: {error.strerror}. Check the name and the permissions.") from error
    with open(descriptor, "rb") as file:
        yield file


def _check_members(infos: Mapping[str, zipfile.ZipInfo], names: list[str], file: str) -> None:
    if len(names) > len(infos):
        twice = next(n for n in names if names.count(n) > 1)
        raise SavingError(f"{file} has the member {twice!r} twice. It is damaged or forged; use another copy.")
    # Keras keeps vocabularies and the like in assets/; the layers that need them are not among ours.
    if odd := [n for n in names if n not in MEMBERS and not n.startswith("assets/")]:
        raise SavingError(f"{file} has a member {odd[0]!r}, which no model has. It is damaged, or not a saved model.")
    if missing := [n for n in MEMBERS if n not in infos]:
        raise SavingError(f"{file} lacks {', '.join(missing)}. It is not a saved model, or was cut short.")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str) -> bytes:
    if info.flag_bits & 1:
        raise SavingError(f"{file}: {info.filename} is encrypted. Save the model without encryption.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise SavingError(f"{file}: {info.filename} is packed in a way that no model is. Save it again with Keras.")
    if info.file_size > max(_EXPANSION_FLOOR, _MAX_EXPANSION * info.compress_size):
        raise SavingError(
            f"{file}: {info.filename} claims {info.file_size:,} bytes but stores {info.compress_size:,}; it is refused."
        )
    with archive.open(info) as member:
        data = member.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise SavingError(f"{file}: {info.filename} has {len(data):,} bytes, not {info.file_size:,}. It is damaged.")
    return data
