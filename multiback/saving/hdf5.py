"""Arrays in HDF5, in the layout that Keras reads: `<path>/vars/<key>`, with a digest of each; no file is trusted.

HDF5 can point outside itself (links, external storage, virtual datasets) and can claim sizes that it does not have.
None of that is followed or believed: a file is a tree of plain groups and datasets whose bytes are all in the file.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import ml_dtypes
import numpy as np

from multiback.errors import SavingError

FORMAT = 1
MAX_OBJECTS = 1_000_000
_MAX_DEPTH = 64
_MARK, _DIGEST = "multiback", "sha256"
_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,200}\Z")
_CHECKSUM_FILTERS = {2, 3}  # shuffle and fletcher32: they do not change the size


@dataclass
class Section:
    """The arrays of one layer or optimizer.

    Attributes:
        path: Where it is in the model, such as `layers/dense`; empty for the model itself.
        name: Its name, for people.
        arrays: Its variables, by the key it gave them.
    """

    path: str
    name: str | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def digest(path: str, array: np.ndarray) -> str:
    """SHA-256 of an array's place, dtype, shape and bytes."""
    hashed = hashlib.sha256(f"{path}|{array.dtype.name}|{array.shape}|".encode())
    # NumPy's stubs know of the buffer protocol only from Python 3.12 on.
    hashed.update(np.ascontiguousarray(array).view(np.uint8) if array.ndim and array.size else array.tobytes())  # type: ignore[arg-type]
    return hashed.hexdigest()


def write_weights(file: IO[bytes], sections: Iterable[Section]) -> None:
    """Writes sections as an HDF5 file.

    Raises:
        SavingError: if a name has characters that do not belong in a file, or an array is not made of numbers.
    """
    import h5py

    digests = {}
    with h5py.File(file, "w") as root:
        for section in sections:
            for part in [*section.path.split("/"), *section.arrays]:
                if part and not _NAME.match(part):
                    raise SavingError(f"{part!r} cannot be a name in a file. Use letters, digits, '_', '.' and '-'.")
            group = root.create_group(f"{section.path}/vars" if section.path else "vars")
            if section.name is not None:
                group.attrs["name"] = section.name
            for key, value in section.arrays.items():
                array = np.asarray(value)
                if array.dtype.kind not in "biuf" and array.dtype != ml_dtypes.bfloat16:
                    raise SavingError(f"{section.path}/{key} has dtype {array.dtype}; only numbers can be saved.")
                dataset = group.create_dataset(key, data=array)
                if array.dtype == ml_dtypes.bfloat16:
                    dataset.attrs["dtype"] = "bfloat16"
                digests[dataset.name[1:]] = digest(f"{section.path}/{key}", array)
                dataset.attrs[_DIGEST] = np.bytes_(digests[dataset.name[1:]])
        root.attrs[_MARK] = FORMAT
        root.attrs[_DIGEST] = np.bytes_(_digest_of_all(digests))


def _digest_of_all(digests: Mapping[str, str]) -> str:
    """SHA-256 of the list of datasets with their digests: none may be missing."""
    return hashlib.sha256("".join(f"{path} {digests[path]}\n" for path in sorted(digests)).encode()).hexdigest()


def read_weights(file: IO[bytes], label: str, wanted: Callable[[str], bool] = lambda path: True) -> dict[str, Section]:
    """Reads the sections of an HDF5 file, by path, and verifies their digests.

    Arguments:
        file: Open for reading.
        label: The file and section, for messages.
        wanted: Which paths to read; others are checked but not loaded.

    Raises:
        SavingError: if the file is damaged, points outside itself, claims more than it holds, or a digest differs.
    """
    import h5py

    size = file.seek(0, 2)
    try:
        with h5py.File(file, "r") as root:
            return _Reader(root, size, label, wanted).sections()
    except SavingError:
        raise
    except Exception as error:  # The library raises nearly every kind for a damaged file.
        raise SavingError(f"{label} is damaged: {error}. Use an undamaged copy.") from error


class _Reader:
    def __init__(self, root: Any, size: int, label: str, wanted: Callable[[str], bool]) -> None:
        self.root, self.size, self.label, self.wanted = root, size, label, wanted
        self.unclaimed = size

    def refuse(self, what: str, problem: str, remedy: str = "Use a file written by multiback or Keras.") -> SavingError:
        return SavingError(f"{self.label}: {what or 'the root'} {problem}. {remedy}")

    def sections(self) -> dict[str, Section]:
        marked = self._mark()
        datasets = dict(self._datasets())
        digests = {path: self._text(path, dataset, _DIGEST) for path, dataset in datasets.items()}
        of_all = self._text("", self.root, _DIGEST)
        digested = marked or bool(of_all) or any(digests.values())
        if digested and of_all != _digest_of_all(digests):
            raise self.refuse("", "is damaged: the SHA-256 of all datasets does not match", "Use an undamaged copy.")
        found: dict[str, Section] = {}
        for path, dataset in datasets.items():
            owner, _, key = path.rpartition("/")
            if owner != "vars" and not owner.endswith("/vars"):
                raise self.refuse(path, "is not where Keras 3 keeps weights", "Load it with Keras and save it again.")
            owner = owner.removesuffix("vars").rstrip("/")
            if not self.wanted(owner):
                continue
            # Two opaque bytes are how HDF5 holds bfloat16; other numbers are brought into this machine's byte order.
            bfloat16 = dataset.dtype == np.dtype("V2")
            array = np.array(dataset, ml_dtypes.bfloat16 if bfloat16 else dataset.dtype.newbyteorder("="))
            if digested and digests[path] != digest(f"{owner}/{key}", array):
                raise self.refuse(path, "is damaged: its SHA-256 does not match", "Use an undamaged copy.")
            found.setdefault(owner, Section(owner)).arrays[key] = array
        return found

    def _mark(self) -> bool:
        if _MARK not in self.root.attrs:
            return False
        version = self.root.attrs.get_id(_MARK)
        if version.shape != () or version.dtype.kind != "i" or int(self.root.attrs[_MARK]) != FORMAT:
            raise self.refuse("", f"has another format than {FORMAT}", "Update multiback, or use an undamaged copy.")
        return True

    def _datasets(self) -> Iterator[tuple[str, Any]]:
        """Every dataset with its path; refuses links that leave the tree, and objects that are linked twice."""
        import h5py

        seen = {h5py.h5o.get_info(self.root.id).addr}
        stack: list[tuple[str, Any, int]] = [("", self.root, 0)]
        while stack:
            above, group, depth = stack.pop()
            for name in group:
                path = f"{above}/{name}".lstrip("/")
                if not _NAME.match(name):
                    raise self.refuse(repr(path[:200]), "has a name that no model has")
                if group.get(name, getclass=True, getlink=True) is not h5py.HardLink:
                    raise self.refuse(path, "is a link that may lead outside the file")
                item = group[name]
                address = h5py.h5o.get_info(item.id).addr
                if address in seen or len(seen) > MAX_OBJECTS or depth > _MAX_DEPTH:
                    raise self.refuse(path, "is linked twice, or the file has too many objects")
                seen.add(address)
                if isinstance(item, h5py.Group):
                    stack.append((path, item, depth + 1))
                elif isinstance(item, h5py.Dataset):
                    self._check(path, item)
                    yield path, item
                else:
                    raise self.refuse(path, "is neither a group nor a dataset")

    def _check(self, path: str, dataset: Any) -> None:
        """Refuses a dataset whose bytes are not all here, before anything of its size is allocated."""
        if dataset.external or dataset.is_virtual:
            raise self.refuse(path, "keeps its data in another file")
        if dataset.shape is None or (dataset.dtype.kind not in "biuf" and dataset.dtype != np.dtype("V2")):
            raise self.refuse(path, f"has dtype {dataset.dtype}, which no weight has")
        created = dataset.id.get_create_plist()
        filters = {created.get_filter(i)[0] for i in range(created.get_nfilters())}
        if filters - _CHECKSUM_FILTERS:
            raise self.refuse(path, "is compressed, as no weight is")
        declared = math.prod(dataset.shape) * dataset.dtype.itemsize
        self.unclaimed -= declared
        if declared > dataset.id.get_storage_size() or self.unclaimed < 0:
            raise self.refuse(path, f"claims {declared:,} bytes, more than the file holds")

    def _text(self, path: str, item: Any, name: str) -> str:
        """A text attribute of fixed length, or nothing. In a damaged file, one of free length can trap the library."""
        if name not in item.attrs:
            return ""
        attribute = item.attrs.get_id(name)
        if attribute.shape != () or attribute.dtype.kind != "S" or attribute.get_storage_size() > 200:
            raise self.refuse(path, f"has an odd attribute {name!r}")
        return bytes(item.attrs[name]).decode("ascii", "replace")
