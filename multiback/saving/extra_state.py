"""What a resumed run needs and Keras's files do not hold: counters of random draws, epochs, and how it was compiled.

It stands in `metadata.json`, under a key of its own that Keras does not look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback.errors import SavingError
from multiback.saving.walk import saved_objects

KEY = "multiback"
FORMAT = 1


def extra_state(model: Any) -> dict[str, Any]:
    """The extra state of a model, as JSON types."""
    from multiback import __version__

    counters = {path: item._random_state for path, item in _drawing(model)}
    draws = {path: int(counter.numpy()[0]) for path, counter in counters.items() if counter is not None}
    return {"format": FORMAT, "version": __version__, "random_state": draws, "epochs": model._epochs_trained}


def checked_extra_state(metadata: Any, label: str) -> dict[str, Any] | None:
    """The extra state in a file's metadata; None in a file that Keras wrote.

    Raises:
        SavingError: if it is malformed, or in a format of a later version.
    """
    if not isinstance(metadata, Mapping):
        raise SavingError(f"{label} is not an object. Use an undamaged copy of the file.")
    if KEY not in metadata:
        return None
    found = metadata[KEY]
    version = found.get("format") if isinstance(found, Mapping) else None
    if type(version) is int and version > FORMAT:
        raise SavingError(f"{label} has format {version}; this version reads up to {FORMAT}. Update multiback.")
    draws, epochs, options = (found.get(k) for k in ("random_state", "epochs", "compile")) if version else ({}, 0, {})
    if (
        version != FORMAT
        or not isinstance(draws, Mapping)
        or any(type(n) is not int or not 0 <= n < 1 << 31 for n in (epochs, *draws.values()))
        or not isinstance(options, Mapping)
    ):
        raise SavingError(f"{label} has a malformed section {KEY!r}. Use an undamaged copy of the file.")
    return dict(found)


def restore_extra_state(model: Any, state: Mapping[str, Any]) -> None:
    """Gives a model its extra state."""
    model._epochs_trained = state["epochs"]
    for path, item in _drawing(model):
        if path in state["random_state"]:
            item._random_state_variable().assign(np.array([state["random_state"][path]], np.int32))


def _drawing(model: Any) -> list[tuple[str, Any]]:
    return [(path, item) for path, item in saved_objects(model) if hasattr(item, "_random_state")]
