"""Reads `.pt2` files of `torch.export.save`, which may come from anywhere.

torch's own reader runs pickled code where a file asks for it, and evaluates sizes as Python expressions. So a file is
looked through first, and refused unless its arrays are plain bytes, its example inputs are tensors that torch loads
without code, its sizes are arithmetic, and its nodes are ops.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import torch

from multiback.errors import SavingError

_LARGEST_TEXT = 1 << 28
_DEEPEST = 200
_MODEL = re.compile(r"[^/]+/models/model\.json")
_KNOWN = re.compile(
    r"[^/]+/(archive_format|archive_version|version|byteorder|\.data/[\w.]+|\.format_version|\.storage_alignment"
    r"|models/model\.json|data/(weights|constants)/[\w.]+|data/sample_inputs/model\.pt|extra/[\w./-]+)"
)
_SIZE = re.compile(r"[\w\s+\-*/%(),.<>=&|~^]*")
_WORDS = re.compile(r"[A-Za-z_]\w*")
_FUNCTIONS = frozenset(
    _WORDS.findall(
        "FloorDiv CleanDiv CeilDiv Mod PythonMod Max Min Pow PowByNatural IntTrueDiv FloatTrueDiv FloorToInt CeilToInt "
        "TruncToInt TruncToFloat RoundToInt ToFloat Identity Eq Ne Lt Le Gt Ge And Or Not True False Add Mul Integer "
        "int_oo oo Abs floor ceiling sqrt ModularIndexing Where OpaqueUnaryFn_sqrt"
    )
)
_SYMBOL = re.compile(r"(s|u|z|zuf|f)\d+")
_QUOTED = re.compile(r"Symbol\('(s|u|z|zuf|f)\d+'(, \w+=True)*\)")
_TARGET = re.compile(r"(torch\.ops\.\w+(\.\w+)+|_operator\.\w+|math\.\w+|torch\.sym_\w+|torch\._sym_\w+|#\w*)")


def read(path: str | os.PathLike[str]) -> Any:
    """The program in a file.

    Raises:
        SavingError: if it is no such file, damaged, or would run code when loaded.
    """
    name = os.fspath(path)
    try:
        with zipfile.ZipFile(name) as archive:
            _look_through(archive, name)
    except SavingError:
        raise
    except FileNotFoundError:
        raise SavingError(f"There is no file {name!r}.") from None
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, RecursionError, EOFError) as error:
        raise SavingError(f"{name!r} is not a readable .pt2 file: {error}.") from error
    logger = logging.getLogger("torch.export")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.load(name)
    except Exception as error:  # Whatever torch finds wrong with the file, it cannot be read.
        raise SavingError(f"torch cannot read {name!r}: {type(error).__name__}: {error}.") from error
    finally:
        logger.setLevel(level)


def _look_through(archive: zipfile.ZipFile, path: str) -> None:
    names = archive.namelist()
    if len(set(names)) != len(names):
        raise _unsafe(path, "has two parts of one name")
    if not any(_MODEL.fullmatch(n) for n in names):
        raise SavingError(f"{path!r} holds no exported program. Write it with torch.export.save(program, path).")
    if damaged := archive.testzip():
        raise SavingError(f"{path!r} is damaged in {damaged!r}.")
    for info in archive.infolist():
        if info.compress_type != zipfile.ZIP_STORED and info.file_size > 1000 * max(info.compress_size, 1):
            raise _unsafe(path, f"has the part {info.filename!r}, which grows a thousandfold")
        if not _KNOWN.fullmatch(info.filename):
            raise _unsafe(path, f"has the part {info.filename!r}, which an exported program does not need")
        if info.filename.endswith(".json"):
            if info.file_size > _LARGEST_TEXT:
                raise _unsafe(path, f"has {info.file_size} bytes of text in {info.filename!r}")
            _look_at(json.loads(archive.read(info)), path)
        elif "/data/" in info.filename and info.filename.endswith(".pt"):
            _load_without_code(archive.read(info), info.filename, path)


def _load_without_code(data: bytes, part: str, path: str) -> None:
    """Arrays that are kept as torch saves them; torch's reader would run code where this fails."""
    if not data:
        return
    try:
        torch.load(io.BytesIO(data), weights_only=True)
    except Exception as error:
        raise _unsafe(path, f"has the part {part!r}, which only code could load") from error


def _look_at(document: Any, path: str) -> None:
    for key, value in _items(document, 0):
        if key == "use_pickle" and value:
            raise _unsafe(path, "has pickled arrays")
        if key == "path_name" and not re.fullmatch(r"(weight|tensor)_\d+|", str(value)):
            raise _unsafe(path, f"has the object {value!r}, which is no array")
        if key == "target" and isinstance(value, str) and "." in value and not _TARGET.fullmatch(value):
            raise _unsafe(path, f"calls {value!r}, which is no op")
        if key in ("expr_str", "as_expr") and isinstance(value, str):
            plain = _QUOTED.sub("s0", value)
            words = _WORDS.findall(plain)
            if not _SIZE.fullmatch(plain) or any(w not in _FUNCTIONS and not _SYMBOL.fullmatch(w) for w in words):
                raise _unsafe(path, f"has the size {value[:60]!r}, which is no arithmetic")


def _items(document: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        raise ValueError("its text is nested too deeply")
    if isinstance(document, dict):
        for key, value in document.items():
            yield key, value
            yield from _items(value, depth + 1)
    elif isinstance(document, list):
        for value in document:
            yield from _items(value, depth + 1)


def _unsafe(path: str, what: str) -> SavingError:
    return SavingError(
        f"{path!r} {what}; it is not loaded, since loading it could run code. Export the model again from its source."
    )
