"""backend="auto": measure one step on each installed backend and keep the fastest."""

from __future__ import annotations

import statistics
import time
from typing import Any

from multiback.backends import registry
from multiback.errors import MultibackError
from multiback.training.data import Batch
from multiback.utils.messages import say

_STEPS = 5


def fastest_backend(model: Any, batch: Batch) -> str:
    """Times train steps (or predictions, when not compiled) on copies of the state; prints what it measured.

    Arguments:
        model: Its state is put back afterwards.
        batch: What the steps run on.

    Returns:
        The name of the backend with the smallest median time of a step. The reference backend `numpy` takes part only
        when nothing else is installed.
    """
    names = [n for n in registry.available_backends() if registry.plugins()[n].priority > 0]
    if len(names) < 2:
        return (names or registry.available_backends())[0]
    seconds: dict[str, float] = {}
    problems: dict[str, str] = {}
    for name in names:
        try:
            seconds[name] = _measure(model, batch, name)
        except MultibackError as error:
            problems[name] = str(error)
    if not seconds:
        raise MultibackError(f"No backend can run this model: {problems}")
    best = min(seconds, key=lambda n: seconds[n])
    shown = ", ".join(f"{n} {1e3 * s:.2f} ms" for n, s in sorted(seconds.items(), key=lambda item: item[1]))
    say(f"backend='auto': {best} (a step takes {shown})")
    return best


def _measure(model: Any, batch: Batch, name: str) -> float:
    adapter = registry.get_adapter(name)
    kind = "train_step" if model.compiled and batch.y is not None else "predict_step"
    model._backend = name
    model._steps = {}
    step = model._step(kind, batch)
    before = [(v, v.numpy()) for v in model._state()]
    known = {v for v, _ in before}
    try:
        times = []
        for i in range(_STEPS + 2):
            start = time.perf_counter()
            result = step(batch)
            adapter.synchronize([v.native(adapter) for v in model.trainable_variables[:1]])
            if kind == "predict_step":
                adapter.synchronize(_leaves(result))
            if i >= 2:
                times.append(time.perf_counter() - start)
        return statistics.median(times)
    finally:
        for variable, value in before:
            variable.assign(value)
        for variable in model._state():
            if variable not in known:
                variable.assign(0 * variable.numpy())
        model._steps = {}
        model._backend = "auto"


def _leaves(result: Any) -> list[Any]:
    from multiback import tree

    return tree.leaves(result)
