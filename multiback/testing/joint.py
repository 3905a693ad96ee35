"""Many small computations compiled as one graph, since compiling is what costs; apart where that fails."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from multiback import config, tree
from multiback.backends.compile import Compiled
from multiback.backends.protocol import Adapter, Options


class Part(ABC):
    """One of the computations: the same function called several times, on arrays and on Variables of its own."""

    calls: int = 1
    """How often it is called; the same for all parts of a graph."""

    @abstractmethod
    def arguments(self, call: int) -> tuple[Any, ...]:
        """The NumPy arrays of a call, counted from 0; Variables may be set here too."""

    @abstractmethod
    def step(self, *arguments: Any) -> Any:
        """Written in ops; returns a tree of arrays."""

    def results(self, returned: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """What is judged of a call: by default what `step` returned."""
        return returned


class Once(Part):
    """A function of arrays, called once for each tuple of arguments."""

    def __init__(self, function: Callable[..., Any], *arguments: tuple[Any, ...]) -> None:
        self.function = function
        self.given = arguments
        self.calls = len(arguments)

    def arguments(self, call: int) -> tuple[Any, ...]:
        return self.given[call]

    def step(self, *arguments: Any) -> Any:
        return self.function(*arguments)


Outcome: TypeAlias = list[list[np.ndarray]] | Exception
"""The arrays of each call, or why there are none."""


def run_together(
    makers: Sequence[Callable[[], Part]],
    adapter: Adapter,
    options: Options | None = None,
    floatx: str = "float32",
    batched: bool = False,
) -> list[Outcome]:
    """Runs parts as one graph; where that fails, halves of them, down to the part that is to blame.

    Arguments:
        makers: Each makes a part with fresh state.
        adapter: Where they run.
        options: How the graph is compiled.
        floatx: The default float type meanwhile.
        batched: Whether the leading axis of every array is the batch, of any size.

    Returns:
        One outcome per part.
    """
    try:
        with float_type(floatx):
            return _run([make() for make in makers], adapter, options or Options(differentiable=True), batched)
    except Exception as error:
        if len(makers) == 1:
            return [error]
        half = len(makers) // 2
        return [
            o for some in (makers[:half], makers[half:]) for o in run_together(some, adapter, options, floatx, batched)
        ]


def arrays_of(outcome: Outcome) -> list[list[np.ndarray]]:
    """The arrays of each call.

    Raises:
        Exception: what the part raised.
    """
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@contextlib.contextmanager
def float_type(dtype: str) -> Iterator[None]:
    """Inside, `config.floatx()` is `dtype`."""
    before = config.floatx()
    config.set_floatx(dtype)
    try:
        yield
    finally:
        config.set_floatx(before)


def _run(parts: Sequence[Part], adapter: Adapter, options: Options, batched: bool) -> list[Outcome]:
    compiled = Compiled(lambda given: [p.step(*a) for p, a in zip(parts, given)], "parts", options, batched)
    found: list[list[list[np.ndarray]]] = [[] for _ in parts]
    for call in range(parts[0].calls):
        returned = compiled([part.arguments(call) for part in parts], adapter=adapter)
        for part, mine, arrays in zip(parts, found, returned):
            leaves = [adapter.to_numpy(x) for x in tree.leaves(arrays) if x is not None]
            mine.append([np.asarray(x) for x in part.results(leaves)])
    return list(found)
