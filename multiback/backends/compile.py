"""Functions compiled on demand: traced once per signature, run on the backend that arguments or caller choose."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from multiback import dtypes, tree
from multiback.backends import registry, select
from multiback.backends.protocol import Adapter, Executable, Options
from multiback.errors import ShapeError, StateError
from multiback.graph.check import check
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.graph.trace import Trace, trace

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Program:
    """A traced function compiled on one backend, with the Variables that are its state.

    Attributes:
        trace: The graph as it was recorded, and its Variables.
        executable: What runs.
        sizes: The symbolic sizes that were expected, as in `Options`.
    """

    trace: Trace
    executable: Executable
    sizes: tuple[tuple[str, int], ...] = ()

    @functools.cached_property
    def state(self) -> Any:
        """The Variables that it reads and replaces; None if there are none."""
        variables = self.trace.variables
        if not variables:
            return None
        return type(variables[0]).resident(variables, self.trace.updated, self.executable.adapter)

    def run(self, arrays: Sequence[Any]) -> Sequence[Any]:
        """Runs on native arrays; new state goes back into the Variables."""
        state = self.state
        if state is None:
            return self.executable.run((), arrays)[1]
        new, results = self.executable.run(state.cells(), arrays)
        if state.updated:
            state.take(new)
        return results

    def run_many(self, fixed: Sequence[Any], varying: Sequence[Any]) -> Sequence[Any]:
        """Several runs in one call, see `Executable.run_many`; the results of the last one."""
        state = self.state
        if state is None:
            return self.executable.run_many((), fixed, varying)[1]
        new, results = self.executable.run_many(state.cells(), fixed, varying)
        if state.updated:
            state.take(new)
        return results

    def __call__(self, arrays: Sequence[Any]) -> Any:
        """As `run`, with the results nested as the function returned them."""
        return tree.unflatten(self.trace.structure, self.run(arrays))


class Compiled:
    """A Python function written in `multiback.ops`, compiled for each kind of arguments it meets.

    Arguments:
        function: Takes trees of arrays; leaves that are not arrays are static.
        name: Of its graphs.
        options: How they are compiled.
        batched: Whether the leading axis of every array is the batch: symbolic when all arrays agree on its size, so
            that one program serves every batch size.

    Example:
        >>> double = Compiled(lambda x: x * 2, "double")
        >>> double(np.ones((2, 3), "float32")).shape
        (2, 3)
    """

    def __init__(
        self, function: Callable[..., Any], name: str = "main", options: Options | None = None, batched: bool = True
    ) -> None:
        self.batched = batched
        self.function = function
        self.name = name
        self.options = options or Options(differentiable=True)
        self._programs: dict[Any, Program] = {}
        self._unbatched: set[Any] = set()
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forgets what was compiled; needed when what the function reads from Python has changed."""
        self._programs.clear()

    def __call__(self, *arguments: Any, adapter: Adapter | None = None) -> Any:
        """Runs on the backend that owns the arguments, else on `adapter`, else on the selected one."""
        leaves, structure = tree.flatten(arguments)
        adapter, arrays, positions = natives(leaves, adapter)
        program = self.program(adapter, leaves, structure, arrays, positions)
        return program(arrays)

    def program(
        self, adapter: Adapter, leaves: list[Any], structure: Any, arrays: Sequence[Any], positions: Sequence[int]
    ) -> Program:
        """The program for arguments like these."""
        shapes = [adapter.shape(a) for a in arrays]
        types = [adapter.dtype(a) for a in arrays]
        at = set(positions)
        static = tuple(x for i, x in enumerate(leaves) if i not in at)

        def key_of(batched: bool) -> Any:
            kinds = tuple((s[1:] if batched else s, t) for s, t in zip(shapes, types))
            return adapter.name, structure, tuple(positions), static, batched, kinds

        def compiled(batched: bool) -> Program:
            key = key_of(batched)
            if key not in self._programs:
                filled = list(leaves)
                for i, spec in zip(positions, _specs(shapes, types, batched)):
                    filled[i] = spec
                with self._lock:
                    if key not in self._programs:
                        sizes = (("batch", shapes[0][0]),) if batched and shapes[0][0] else ()
                        self._programs[key] = self.build(adapter, tree.unflatten(structure, filled), sizes)
            return self._programs[key]

        batched = self.batched and len({s[0] if s else 1 for s in shapes}) == 1 and all(shapes)
        if not batched or key_of(True) in self._unbatched:
            return compiled(False)
        try:
            return compiled(True)
        except ShapeError as error:
            # Leading sizes that are equal by chance are no batch: what fails for any batch may do for this one.
            with contextlib.suppress(ShapeError):
                program = compiled(False)
                self._unbatched.add(key_of(True))
                _LOG.warning("%s is compiled for each batch size on %s: %s", self.name, adapter.name, error)
                return program
            raise

    def build(self, adapter: Adapter, arguments: tuple[Any, ...], sizes: Any = ()) -> Program:
        """Traces the function for arguments with these `Spec` leaves, and compiles it; `sizes` are those expected."""
        traced = trace(self.function, *arguments, name=self.name)
        check(traced.graph)
        options = replace(self.options, sizes=tuple(sizes))
        return Program(traced, adapter.compile(traced.graph, options), options.sizes)


def natives(leaves: Sequence[Any], adapter: Adapter | None) -> tuple[Adapter, list[Any], list[int]]:
    """The arrays among `leaves` as native arrays of one adapter, and where they stood."""
    arrays, positions, owners = [], [], []
    for i, leaf in enumerate(leaves):
        if leaf is None or isinstance(leaf, bool | str | int | float):
            continue
        found = None if isinstance(leaf, np.ndarray | np.generic) else registry.owner(leaf)
        if found is None and not isinstance(leaf, np.ndarray | np.generic):
            continue
        arrays.append(leaf)
        positions.append(i)
        owners.append(found)
    foreign = {o.name: o for o in owners if o is not None}
    if len(foreign) > 1:
        raise StateError(
            f"Arrays of {' and '.join(sorted(foreign))} meet in one call. Convert them to one framework first."
        )
    chosen = next(iter(foreign.values()), None) or adapter or select.selected()
    arrays = [a if o is not None else chosen.from_numpy(np.asarray(a)) for a, o in zip(arrays, owners)]
    return chosen, arrays, positions


def _specs(shapes: Sequence[tuple[int | None, ...]], types: Sequence[dtypes.DType], batched: bool) -> list[Spec]:
    specs = []
    for i, (shape, dtype) in enumerate(zip(shapes, types)):
        sizes: list[Any] = [Dim.named(f"size_{i}_{j}") if n is None else n for j, n in enumerate(shape)]
        if batched:
            sizes[0] = Dim.named("batch")
        specs.append(Spec(tuple(sizes), dtype))
    return specs
