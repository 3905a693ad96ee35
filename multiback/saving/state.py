"""The state of a model as named arrays: collected for a file, and put back all at once or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from multiback.errors import MultibackError, NotBuiltError, SavingError
from multiback.optimizers.optimizer import Optimizer
from multiback.saving.hdf5 import Section
from multiback.saving.walk import saved_objects
from multiback.variables import Variable

Sections = Mapping[str, Section]


def collect(model: Any) -> list[Section]:
    """The arrays of a model and its optimizer."""
    found = []
    for path, item in saved_objects(model):
        section = Section(path, getattr(item, "name", None))
        item.save_own_variables(section.arrays)
        if section.arrays:
            found.append(section)
    return found


def restore(model: Any, sections: Sections, label: str, skip_mismatch: bool = False, new: bool = False) -> None:
    """Gives a model the arrays of a file; a failure leaves the model as it was.

    Arguments:
        model: Built.
        sections: What the file holds, by path.
        label: The file, for messages.
        skip_mismatch: Leave layers alone whose variables are other in the file, with a warning, instead of failing.
        new: Nobody has the model yet; after a failure, nobody will.

    Raises:
        NotBuiltError: if the model has no variables yet.
        SavingError: if the file lacks variables that the model has, or has others.
    """
    if not model.built:
        raise NotBuiltError(f"Model {model.name!r} is not built. Call it once, or build(input_shape), before.")
    if sections.get("optimizer") and model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    places = dict(saved_objects(model))
    left = [path for path in sections if path not in places]
    if model.optimizer is None:
        left = [path for path in left if path.split("/")[0] != "optimizer"]
    if left and not skip_mismatch:
        raise SavingError(
            f"{label} has variables for {', '.join(left[:5])}, which model {model.name!r} lacks. "
            "Load it into the model that was saved, or pass skip_mismatch=True."
        )
    skipped: list[str] = []
    with nullcontext() if new else _all_or_nothing(model):
        for path, item in places.items():
            arrays = sections[path].arrays if path in sections else {}
            if isinstance(item, Optimizer) and _before_first_step(item, arrays):
                continue
            try:
                _load(item, path, arrays, label)
            except SavingError as error:
                if not skip_mismatch:
                    raise
                skipped.append(str(error))
    for message in skipped:
        warnings.warn(f"Skipped. {message}", stacklevel=4)


def _load(item: Any, path: str, arrays: Mapping[str, np.ndarray], label: str) -> None:
    title = f"{type(item).__name__} {getattr(item, 'name', '')!r} ({path or 'the model'})"
    try:
        item.load_own_variables(_Store(arrays))
    except (MultibackError, ValueError, KeyError, TypeError, IndexError) as error:
        raise SavingError(
            f"{label} does not fit {title}: {error} Load it into the model that was saved, or pass skip_mismatch=True."
        ) from error


class _Store(dict[str, np.ndarray]):
    """The arrays of one section; a missing one is an error that says so."""

    def __missing__(self, key: str) -> np.ndarray:
        raise SavingError(f"The file has no variable {key!r} there, only {', '.join(self) or 'none'}.")


def _before_first_step(optimizer: Any, arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether the file has no optimizer state, or only the counter and rate of one that made no step yet."""
    return len(arrays) <= 2 < len(optimizer.variables) or not arrays


@contextmanager
def _all_or_nothing(model: Any) -> Iterator[None]:
    """Puts every variable back if anything fails inside."""
    before = [(variable, variable.numpy()) for variable in _variables(model)]
    try:
        yield
    except BaseException:
        for variable, array in before:
            variable.assign(array)
        raise


def _variables(model: Any) -> list[Variable]:
    found: dict[Variable, None] = {}
    for _, item in saved_objects(model):
        found.update(dict.fromkeys(item._own_variables if hasattr(item, "_own_variables") else item.variables))
    return list(found)
