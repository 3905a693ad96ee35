"""backend="auto": the backend on which a step of the model was measured to be the quickest on this machine."""

from __future__ import annotations

from typing import Any

from multiback import tree
from multiback.backends import registry, tuning, tuning_records
from multiback.dtypes import as_dtype
from multiback.errors import MultibackError, UnsupportedOperation
from multiback.graph.dims import Dim
from multiback.graph.fingerprint import fingerprint
from multiback.graph.ir import Spec
from multiback.graph.trace import trace
from multiback.training.data import Batch
from multiback.training.tune import tune
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
    names = [n for n in registry.available_backends() if registry.plugins()[n].priority > 0]
    if len(names) < 2:
        return (names or registry.available_backends())[0]
    kind = "train_step" if model.compiled and batch.y is not None else "predict_step"
    records = tuning_records.of_backends([registry.plugins()[n] for n in names])
    key = _key(model, batch, kind, names[0])
    seconds = records.get(key) if tuning.policy() != "off" else None
    remembered = seconds is not None
    if seconds is None:
        seconds = _measured(model, batch, kind, names)
        records.put(key, seconds)
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


def _key(model: Any, batch: Batch, kind: str, backend: str) -> str:
    """What the choice is remembered under: the graph of the step, not lowered for any backend, and the batch size."""
    asked = model._backend
    model._backend = backend
    try:
        model._ensure_built_on(batch)
    finally:
        model._backend = asked
    rows = tree.leaves(batch.x)[0].shape[0]

    def spec(a: Any) -> Any:
        return None if a is None else Spec((Dim.named("batch"), *a.shape[1:]), as_dtype(a.dtype))

    def step(*parts: Any) -> Any:
        results = getattr(model, kind)(parts)
        return dict(results) if isinstance(results, dict) else results

    graph = trace(step, *tree.map(spec, tuple(batch)), name=kind).graph
    return f"{kind} {fingerprint(graph, rows)}"
