"""Are two native callables equal, whatever their frameworks? And if not, where do they part?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.backends import registry
from multiback.backends.probe import Intermediate, Probe
from multiback.dtypes import as_dtype
from multiback.errors import ArgumentError
from multiback.testing.judge import Verdict, judge, unit_roundoff
from multiback.testing.model_report import ConformanceError
from multiback.testing.records import Row

_SAMPLES = 4
_SLACK = 16.0


@dataclass(frozen=True)
class Departure:
    """Where one callable first computes something that the other does not.

    Attributes:
        of: The name of the callable.
        intermediate: Its first value without an equal in the other, although what it was computed from has one.
        candidates: The values of the other that stand in its place, the nearest first, with their distances.
    """

    of: str
    intermediate: Intermediate
    candidates: tuple[tuple[Intermediate, float], ...]

    def __str__(self) -> str:
        x = self.intermediate
        where = f" at {x.line}" if x.line else ""
        text = f"{self.of} first departs in {x.name} {list(x.array.shape)}{where}"
        for other, distance in self.candidates:
            text += f"\n    perhaps {other.name} {list(other.array.shape)}{f' at {other.line}' if other.line else ''}"
            text += f", {distance:.3g} away"
        return text


@dataclass
class Comparison:
    """How far two callables are from each other.

    Attributes:
        names: What they are called.
        dtype: The dtype of the inputs they were compared in.
        rows: Each output and each gradient.
        departures: Where they part, from the view of either; empty when they agree or cannot be looked into.
    """

    names: tuple[str, str]
    dtype: str
    rows: list[Row] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether all outputs and gradients agree."""
        return bool(self.rows) and all(row.verdict.passed for row in self.rows)

    def raise_if_failed(self) -> None:
        """Raises ConformanceError, with this as its text, unless everything agrees."""
        if not self.passed:
            raise ConformanceError(str(self))

    def __str__(self) -> str:
        agree = "agree" if self.passed else "DIFFER"
        lines = [f"{self.names[0]} and {self.names[1]} {agree}, computed in {self.dtype}:"]
        for row in self.rows:
            mark = "ok" if row.verdict.passed else "FAILED"
            lines.append(f"  {row.what}: {mark}: {row.verdict.text}")
        return "\n".join([*lines, *(f"  {d}" for d in self.departures)])


def compare(
    a: Callable[..., Any],
    b: Callable[..., Any],
    inputs: Any,
    *,
    names: tuple[str, str] | None = None,
    backends: tuple[str, str] | None = None,
) -> Comparison:
    """Compares two native callables that are claimed to be equal: outputs, gradients, and where they first part.

    They are computed in float64 where both can be, else in float32. Outputs y and z agree when, for the worst element,

        |y - z| <= 16 * s,    s = max |f(x*) - f(x)|  over both and over inputs x* rounded at random by one unit.

    Gradients are those of half the sum of the squares of all outputs for each float input.

    Arguments:
        a, b: Modules or functions of any framework that has an adapter: torch.nn.Module, tf.Module, jax or NumPy
            functions. They must give the same outputs each time: put dropout in evaluation mode. Modules of torch are
            copied; nothing changes in them.
        inputs: One NumPy array, or a sequence of them: the positional arguments of both. Wrap one of the two in a
            function where it wants another layout.
        names: What to call them in the report.
        backends: Whose callables they are, where it cannot be told from what they use.

    Returns:
        A report to print; `passed`, `raise_if_failed()`.

    Raises:
        ArgumentError: if no adapter, or more than one, takes a callable for its own.

    Example:
        >>> print(compare(torch.nn.Softplus(), jax.nn.softplus, np.linspace(-3, 3, 7)))
        Softplus (torch) and softplus (jax) agree, computed in float64:
          output 0: ok: equal
    """
    probes = [_probe(f, backends[i] if backends else None) for i, f in enumerate((a, b))]
    labels = names or tuple(f"{_name(f)} ({owner})" for f, (owner, _) in zip((a, b), probes))
    sides = [(f, probe) for f, (_, probe) in zip((a, b), probes)]
    given = [np.asarray(x) for x in (inputs if isinstance(inputs, list | tuple) else [inputs])]
    arrays, outputs = _widest(sides, given)
    found = Comparison(labels, str(max((x.dtype for x in arrays), key=lambda d: d.itemsize)))  # type: ignore[arg-type]
    moved = list(_rounded(arrays))
    found.rows += _rows("output", sides, [p.call for _, p in sides], outputs, moved)
    gradients = [probe.gradients(f, arrays) for f, probe in sides]
    if all(g is not None for g in gradients):
        found.rows += _rows("gradient for input", sides, [p.gradients for _, p in sides], gradients, moved)
    if not found.passed:
        values = [_Values(f, probe, arrays, moved) for f, probe in sides]
        for one, other, label in ((0, 1, labels[0]), (1, 0, labels[1])):
            if (departure := _departure(label, values[one], values[other])) is not None:
                found.departures.append(departure)
    return found


def _probe(function: Any, name: str | None) -> tuple[str, Probe]:
    """The probe of the adapter that a callable belongs to."""
    imported = [
        n for n, p in registry.plugins().items() if not p.missing() and all(r in sys.modules for r in p.requires)
    ]
    names = [name] if name else [n for n in imported if registry.get_adapter(n).owns(function)]
    # Functions of every framework use NumPy too: the reference has the last word only where nobody else speaks.
    preferred = [n for n in names if registry.plugins()[n].priority > 0] or names
    probes = {n: probe for n in preferred if (probe := registry.get_adapter(n).probe) is not None}
    if len(probes) != 1:
        owners = f"{' and '.join(sorted(probes))} take it for theirs" if probes else "no adapter takes it for its own"
        raise ArgumentError(
            f"It is not clear whose callable {_name(function)!r} is: {owners}. "
            "Say it: backends=('torch', 'jax'), for example."
        )
    return next(iter(probes.items()))


def _name(function: Any) -> str:
    return getattr(function, "__name__", None) or type(function).__name__


def _widest(sides: Any, given: list[np.ndarray]) -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
    """The inputs in float64 if both callables take that, else in float32; and the outputs for them."""
    wide = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in given]
    try:
        return wide, [probe.call(f, wide) for f, probe in sides]
    except Exception:
        # Weights of a fixed width refuse other inputs, each framework by an error of its own.
        narrow = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in given]
        return narrow, [probe.call(f, narrow) for f, probe in sides]


def _rounded(arrays: Sequence[np.ndarray]) -> Any:
    random = np.random.default_rng(0)
    for _ in range(_SAMPLES):
        yield [
            (x * (1 + unit_roundoff(as_dtype(x.dtype)) * 2 * (2 * random.integers(0, 2, x.shape) - 1))).astype(x.dtype)
            if x.dtype.kind == "f"
            else x
            for x in arrays
        ]


def _rows(what: str, sides: Any, calls: Any, results: Any, moved: Any) -> list[Row]:
    first, second = results
    if len(first) != len(second):
        text = f"{len(first)} against {len(second)}"
        return [Row(f"number of {what}s", Verdict(False, np.inf, text))]
    samples = [[call(f, x) for x in moved] for (f, _), call in zip(sides, calls)]
    rows = []
    for i, (y, z) in enumerate(zip(first, second)):
        spread = max(_spread(side[i], [s[i] for s in group]) for side, group in zip(results, samples))
        rows.append(Row(f"{what} {i}", _agree(y, z, spread)))
    return rows


def _spread(y: np.ndarray, samples: Sequence[np.ndarray]) -> float:
    """How far rounding of the inputs moves a result, at least one rounding of its largest element."""
    if y.dtype.kind != "f" or not y.size:
        return 0.0
    with np.errstate(invalid="ignore"):
        moved = [np.nan_to_num(np.abs(s.astype(np.float64) - y), nan=0.0, posinf=0.0).max() for s in samples]
    return float(max([*moved, unit_roundoff(as_dtype(y.dtype)) * _largest(y)]))


def _largest(y: np.ndarray) -> float:
    finite = np.abs(y[np.isfinite(y)])
    return float(finite.max(initial=0.0))


def _agree(y: np.ndarray, z: np.ndarray, spread: float) -> Verdict:
    if y.dtype.kind != "f" or z.dtype.kind != "f":
        return judge(y, z.astype(y.dtype) if z.shape == y.shape else z, as_dtype(y.dtype), c=0.0)
    dtype = min((as_dtype(y.dtype), as_dtype(z.dtype)), key=lambda d: d.bits)
    return judge(y.astype(dtype.numpy), z.astype(np.float64), dtype, c=_SLACK, scale=spread / unit_roundoff(dtype))


class _Values:
    """The intermediates of one callable, sorted so that layouts do not matter, and how far rounding moves them."""

    def __init__(self, function: Any, probe: Probe, arrays: Sequence[np.ndarray], moved: Sequence[Any]) -> None:
        self.all = probe.intermediates(function, arrays)
        others = [probe.intermediates(function, x) for x in moved] if self.all else []
        self.sorted = [np.sort(x.array, axis=None) for x in self.all]
        self.spread = [
            _spread(x.array, [o[i].array for o in others if len(o) == len(self.all)]) for i, x in enumerate(self.all)
        ]


def _departure(label: str, mine: _Values, other: _Values) -> Departure | None:
    """The first value without an equal, before which and after which nothing else explains it."""
    if not mine.all or not other.all:
        return None
    equal = [any(_same(mine, i, other, j) for j in range(len(other.all))) for i in range(len(mine.all))]
    # A step that the other takes in another way is no departure if both meet again behind it.
    met = list(equal)
    for i in reversed(range(len(mine.all))):
        if met[i]:
            for parent in mine.all[i].parents:
                if parent >= 0 and _varied(mine.all[i].array):
                    met[parent] = True
    for i, x in enumerate(mine.all):
        if not met[i] and all(p < 0 or met[p] for p in x.parents):
            return Departure(label, x, _candidates(mine, i, other))
    return None


def _same(mine: _Values, i: int, other: _Values, j: int) -> bool:
    if mine.sorted[i].size != other.sorted[j].size:
        return False
    return _distance(mine.sorted[i], other.sorted[j]) <= _SLACK * max(mine.spread[i], other.spread[j])


def _distance(x: np.ndarray, y: np.ndarray) -> float:
    with np.errstate(invalid="ignore"):
        return float(np.max(np.nan_to_num(np.abs(x.astype(np.float64) - y), nan=0.0), initial=0.0))


def _varied(array: np.ndarray) -> bool:
    """Whether an array says anything: one number repeated is equal to many by chance."""
    return array.size > 1 and bool(np.any(array != array.flat[0]))


def _candidates(mine: _Values, i: int, other: _Values) -> tuple[tuple[Intermediate, float], ...]:
    same = [j for j in range(len(other.all)) if other.sorted[j].size == mine.sorted[i].size]
    unmatched = [j for j in same if not any(_same(other, j, mine, k) for k in range(len(mine.all)))]
    ranked = sorted((_distance(mine.sorted[i], other.sorted[j]), j) for j in unmatched)
    return tuple((other.all[j], distance) for distance, j in ranked[:2])
