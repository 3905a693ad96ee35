"""What a resumed run needs and Keras's files do not hold: counters of random draws, epochs, and how it was compiled.

It stands in `metadata.json`, under a key of its own that Keras does not look at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback.errors import SavingError
from multiback.random._seed import get_seed
from multiback.saving.walk import saved_objects

KEY = "multiback"
FORMAT = 1
_PATH = re.compile(r"[A-Za-z0-9_.\-]{1,200}(/[A-Za-z0-9_.\-]{1,200})*\Z")


def extra_state(model: Any) -> dict[str, Any]:
    """The extra state of a model, as JSON types."""
    from multiback import __version__

    layers = _layers(model)
    counters = {path: layer._random_state for path, layer in layers}
    draws = {path: int(counter.numpy()[0]) for path, counter in counters.items() if counter is not None}
    seed = model._run_seed()
    return {
        "format": FORMAT,
        "version": __version__,
        "seed": get_seed() if seed is None else seed,
        "random_state": draws,
        "epochs": model._epochs_trained,
        "paths": {path: layer._path for path, layer in layers if layer._path is not None},
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
    draws, paths, options = (state.get(key) for key in ("random_state", "paths", "compile"))
    if not all(isinstance(part, Mapping) for part in (draws, paths, options)) or type(state.get("seed")) is not int:
        return False
    counters = [state.get("epochs"), *draws.values()]  # type: ignore[union-attr]
    if any(type(n) is not int or not 0 <= n < 1 << 31 for n in counters):
        return False
    return all(isinstance(path, str) and _PATH.match(path) for path in paths.values())  # type: ignore[union-attr]


def restore_extra_state(model: Any, state: Mapping[str, Any]) -> None:
    """Gives a model its extra state."""
    model._epochs_trained, model._resumed_seed = state["epochs"], state["seed"]
    for path, layer in _layers(model):
        if path in state["paths"]:
            _rename(layer, state["paths"][path])
        if path in state["random_state"]:
            layer._random_state_variable().assign(np.array([state["random_state"][path]], np.int32))


def _rename(layer: Any, path: str) -> None:
    """Gives a layer the path it had, which its draws depend on: names that are made by counting may have changed."""
    layer._path, layer.name = path, path.rpartition("/")[2]
    for variable in layer._own_variables:
        variable.path = f"{path}/{variable.name}"


def _layers(model: Any) -> list[tuple[str, Any]]:
    return [(path, item) for path, item in saved_objects(model) if hasattr(item, "_random_state")]
