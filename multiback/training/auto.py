"""backend="auto": the backend on which a step of the model was measured to be the quickest on this machine."""

from __future__ import annotations

from typing import Any

from multiback.backends import registry, tuning, tuning_records
from multiback.errors import MultibackError, UnsupportedOperation
from multiback.training.data import Batch
from multiback.training.tune import key_of, names_of, tune
from multiback.utils.messages import say


def fastest_backend(model: Any, batch: Batch) -> str:
    """Measures a training step (a prediction, when not compiled) on every installed backend, or remembers that it did.

    Arguments:
        model: Its state is put back afterwards.
        batch: What the steps run on.

    Returns:
        The name of the backend whose shortest step is the shortest. The reference backend `numpy` takes part only when
        nothing else is installed.
    """
    names = names_of(model, "all")
    if len(names) < 2:
        return names[0]
    kind = "train_step" if model.compiled and batch.y is not None else "predict_step"
    records = tuning_records.of_backends([registry.plugins()[n] for n in names])
    seconds = records.get(key_of(model, batch, kind)) if tuning.policy() != "off" else None
    remembered = seconds is not None
    if seconds is None:
        seconds = _measured(model, batch, kind, names)
        if len(seconds) < len(names):  # `tune` remembers what it compared on all of them
            records.put(key_of(model, batch, kind), seconds)
    best = min(seconds, key=lambda n: seconds[n])
    shown = ", ".join(f"{n} {1e3 * s:.2f} ms" for n, s in sorted(seconds.items(), key=lambda item: item[1]))
    say(f"backend='auto': {best} (a step {'took' if remembered else 'takes'} {shown})")
    return best


def _measured(model: Any, batch: Batch, kind: str, names: list[str]) -> dict[str, float]:
    """The shortest seconds of a step by backend; a backend that cannot run the model is left out."""
    problems: dict[str, str] = {}
    for name in names:
        try:
            registry.get_adapter(name)
        except MultibackError as error:
            problems[name] = str(error)
    able = [n for n in names if n not in problems]
    while able:
        try:
            found = tune(model, batch, able, [kind])
        except UnsupportedOperation as error:
            problems[error.backend] = str(error)
            able.remove(error.backend)
            continue
        return {n: min(row.seconds for row in found.rows if row.backend == n) for n in able}
    raise MultibackError(f"No backend can run this model: {problems}")
