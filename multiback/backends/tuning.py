"""Which of several ways is the quickest here: measured once for each op and size on a machine, and remembered.

An adapter's table `rivals` names other ways to run an op, besides the usual one. When a graph is compiled with expected
sizes (`Options.sizes`), each equation that has rivals is looked up in the records of this machine; what is not there is
measured on the equation alone, with its gradient where the graph asks for one, if the adapter `measures`; `tune`
measures in any case. The environment variable MULTIBACK_TUNING says `measure` (as described), `recorded` (look up
only) or `off` (always the usual way). A way never changes results beyond the bounds of the conformance suite, which
runs all of them.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from multiback.backends import tuning_records
from multiback.errors import ArgumentError
from multiback.graph.dims import evaluate
from multiback.graph.fingerprint import fingerprint
from multiback.graph.ir import Equation, Graph, Literal, Spec, Value, flat, map_tuple

if TYPE_CHECKING:
    from multiback.backends.protocol import Adapter, Executable, Fast, Options

POLICIES = ("measure", "recorded", "off")
JIT_WAYS = {None: "usual", False: "plain", True: "jit"}
"""The names of the values of `Options.jit` in the records."""
STEP = "step "
"""What the keys of whole steps begin with."""
_POLICY: ContextVar[str | None] = ContextVar("multiback_tuning", default=None)
_ALWAYS: ContextVar[bool] = ContextVar("multiback_tuning_always", default=False)
_GAIN = 1.05
"""By what factor another way must be quicker than the usual one to be taken."""
_SECONDS, _ROUNDS = 0.02, 7
"""How long one way is measured at most, beyond its first two runs, and how often at most."""


def policy() -> str:
    """What `MULTIBACK_TUNING`, or the innermost `tuning_policy`, says.

    Raises:
        ArgumentError: if it is none of `POLICIES`.
    """
    chosen = _POLICY.get() or os.environ.get("MULTIBACK_TUNING", "measure")
    if chosen not in POLICIES:
        raise ArgumentError(f"MULTIBACK_TUNING must be one of {', '.join(POLICIES)}, got {chosen!r}.")
    return chosen


@contextlib.contextmanager
def tuning_policy(chosen: str) -> Iterator[None]:
    """A context with another policy."""
    token = _POLICY.set(chosen)
    try:
        policy()
        yield
    finally:
        _POLICY.reset(token)


@contextlib.contextmanager
def measuring() -> Iterator[None]:
    """A context in which every adapter's rivals are measured when a graph is compiled."""
    token = _ALWAYS.set(True)
    try:
        yield
    finally:
        _ALWAYS.reset(token)


def variants(adapter: Adapter, graph: Graph, options: Options) -> dict[Value, str]:
    """The ways other than the usual one, by the first output of their equation."""
    if not adapter.rivals:
        return {}
    chosen = {}
    for equation, differentiated in _walk(graph, options.differentiable):
        rivals = {n: f for n, f in adapter.rivals.get(equation.op.name, {}).items() if f.when(equation)}
        if not rivals:
            continue
        forced = dict(options.variants).get(equation.op.name)
        name = forced if forced is not None else _quickest(adapter, equation, rivals, differentiated, options)
        if name in rivals:
            chosen[equation.flat_outputs[0]] = name
    return chosen


def with_jit(adapter: Adapter, graph: Graph, options: Options) -> Options:
    """The options with the value of `jit` that was measured to be the quickest for this graph, if it was."""
    if options.jit is not None or len(adapter.jit_choices) < 2 or policy() == "off":
        return options
    records = tuning_records.of(adapter)
    if not records.has(STEP):
        return options
    found = records.get(step_key(graph, options))
    if not found:
        return options
    return replace(options, jit=quickest(found, JIT_WAYS[adapter.jit_choices[0]]) == JIT_WAYS[True])


def quickest(seconds: Mapping[str, float], usual: str) -> str:
    """The quickest way; the usual one unless another is clearly quicker."""
    return min(seconds, key=lambda n: seconds[n] * (1.0 if n == usual else _GAIN), default=usual)


def step_key(graph: Graph, options: Options) -> str:
    """What a whole graph is remembered under: what it computes, and the sizes that were expected."""
    return STEP + fingerprint(graph, options.sizes, options.differentiable)


def _walk(graph: Graph, differentiated: bool) -> Iterator[tuple[Equation, bool]]:
    for equation in graph.equations:
        yield equation, differentiated
        for inner in equation.graphs.values():
            yield from _walk(inner, differentiated or equation.op.name == "value_and_grad")


def _quickest(
    adapter: Adapter, equation: Equation, rivals: dict[str, Fast], differentiated: bool, options: Options
) -> str:
    specs = _concrete(equation, dict(options.sizes))
    if specs is None or policy() == "off":
        return "usual"
    records, key = tuning_records.of(adapter), _equation_key(equation, specs, differentiated)
    found = records.get(key) or {}
    missing = {"usual", *rivals} - found.keys()
    if missing and policy() == "measure" and (adapter.measures or _ALWAYS.get()):
        names = ["usual", *rivals]
        found = _measured(adapter, equation, specs, names, differentiated, options)
        records.put(key, found)
    return quickest({n: s for n, s in found.items() if n == "usual" or n in rivals}, "usual")


def _concrete(equation: Equation, sizes: dict[str, int]) -> tuple[Any, ...] | None:
    """The operands with every size a number; None where a size is not known."""

    def concrete(x: Any) -> Any:
        if not isinstance(x, Value):
            return x
        return Spec(tuple(n if isinstance(n, int) else evaluate(n, sizes) for n in x.shape), x.dtype)

    try:
        return map_tuple(concrete, equation.inputs)
    except KeyError:
        return None


def _equation_key(equation: Equation, specs: tuple[Any, ...], differentiated: bool) -> str:
    operands = ", ".join(str(x.value) if isinstance(x, Literal) else str(x) for x in flat(specs))
    attributes = " ".join(f"{k}={v}" for k, v in equation.attributes.items() if not isinstance(v, Graph))
    return f"{equation.op.name}({operands}) {attributes}{' and gradient' if differentiated else ''}"


@dataclass(frozen=True)
class _Alone:
    """An equation as a program of its own, with its gradient for all float operands if it is to be differentiated."""

    graph: Graph
    arrays: list[np.ndarray]


def _measured(
    adapter: Adapter,
    equation: Equation,
    specs: tuple[Any, ...],
    names: list[str],
    differentiated: bool,
    options: Options,
) -> dict[str, float]:
    """Seconds of one run for each way: the shortest of several."""
    alone = _alone(equation, specs, differentiated)
    ways: dict[str, Callable[[], Any]] = {}
    for name in names:
        forced = replace(options, differentiable=False, variants=((equation.op.name, name),))
        ways[name] = _runner(adapter, adapter.compile(alone.graph, forced), alone.arrays)
    return race(ways)


def race(ways: dict[str, Callable[[], Any]], seconds: float = _SECONDS, rounds: int = _ROUNDS) -> dict[str, float]:
    """The shortest seconds of one call of each, measured in turn after two calls to warm up.

    Arguments:
        ways: Calls that return when their work is done.
        seconds: When the calls of a way come to as much, each counted as its shortest, it is not called again, but
            each is called three times: one that was interrupted says nothing.
        rounds: How often each is measured at most.
    """
    best = dict.fromkeys(ways, np.inf)
    for run in ways.values():
        run()
        run()
    for called in range(rounds):
        for name, run in ways.items():
            if called >= 3 and called * best[name] > seconds:
                continue
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def _runner(adapter: Adapter, executable: Executable, arrays: list[np.ndarray]) -> Callable[[], Any]:
    native = [adapter.from_numpy(a) for a in arrays]
    return lambda: adapter.synchronize(executable.run((), native)[1])


def _alone(equation: Equation, specs: tuple[Any, ...], differentiated: bool) -> _Alone:
    from multiback.graph.trace import trace
    from multiback.ops.differentiation import value_and_grad
    from multiback.ops.reduction import sum as total

    rng = np.random.default_rng(0)
    given = [x for x in flat(specs) if isinstance(x, Spec)]
    arrays = [rng.standard_normal(s.shape).astype(s.dtype.numpy) for s in given]
    attributes = {k: equation.attributes[k] for k in equation.op.attributes}

    def run(*values: Any) -> Any:
        supply = iter(values)
        operands = map_tuple(
            lambda x: next(supply) if isinstance(x, Spec) else x.value if isinstance(x, Literal) else x, specs
        )
        return equation.op(**dict(zip(equation.op.operands, operands)), **attributes)

    def with_gradient(*values: Any) -> Any:
        floats = [i for i, v in enumerate(values) if v.dtype.is_float]

        def loss(*chosen: Any) -> Any:
            filled = list(values)
            for i, x in zip(floats, chosen):
                filled[i] = x
            outputs = [y for y in flat(run(*filled)) if y.dtype.is_float]
            # Squares, so that the cotangents are arrays like any other and not one repeated number.
            return sum(total(y * y) for y in outputs)

        return value_and_grad(loss, argnums=tuple(range(len(floats))))(*(values[i] for i in floats))

    traced = trace(with_gradient if differentiated else run, *given, name="alone")
    return _Alone(traced.graph, arrays)
