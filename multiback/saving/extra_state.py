"""What a resumed run needs and Keras's files do not hold: counters of random draws, epochs, and how it was compiled.

It stands in `metadata.json`, under a key of its own that Keras does not look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback.errors import SavingError
from multiback.random._seed import get_seed
from multiback.saving.walk import saved_objects

KEY = "multiback"
FORMAT = 1


def extra_state(model: Any) -> dict[str, Any]:
    """The extra state of a model, as JSON types."""
    from multiback import __version__

    counters = {path: item._random_state for path, item in _drawing(model)}
    draws = {path: int(counter.numpy()[0]) for path, counter in counters.items() if counter is not None}
    seed = model._run_seed()
    return {
        "format": FORMAT,
        "version": __version__,
        "seed": get_seed() if seed is None else seed,
        "random_state": draws,
        "epochs": model._epochs_trained,
    }


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
    if version != FORMAT or not _is_well_formed(found):
        raise SavingError(f"{label} has a malformed section {KEY!r}. Use an undamaged copy of the file.")
    return dict(found)


def _is_well_formed(state: Mapping[str, Any]) -> bool:
    draws, options = state.get("random_state"), state.get("compile")
    if not isinstance(draws, Mapping) or not isinstance(options, Mapping) or type(state.get("seed")) is not int:
        return False
    return all(type(n) is int and 0 <= n < 1 << 31 for n in (state.get("epochs"), *draws.values()))


def restore_extra_state(model: Any, state: Mapping[str, Any]) -> None:
    """Gives a model its extra state."""
    model._epochs_trained, model._resumed_seed = state["epochs"], state["seed"]
    for path, item in _drawing(model):
        if path in state["random_state"]:
            item._random_state_variable().assign(np.array([state["random_state"][path]], np.int32))


def _drawing(model: Any) -> list[tuple[str, Any]]:
    return [(path, item) for path, item in saved_objects(model) if hasattr(item, "_random_state")]
