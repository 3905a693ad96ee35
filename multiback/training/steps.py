"""One step as one program: a method of the model traced with a batch, compiled, and run batch after batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import tree
from multiback.backends.compile import Compiled, Program
from multiback.backends.protocol import Adapter, Options
from multiback.backends.select import use_backend
from multiback.layers._context import eagerly
from multiback.training.data import Batch, Group, leaves_of
from multiback.training.pace import quickest


class MetricResults(dict):
    """What `compute_metrics` returns: the metrics' results, computed only if somebody reads them."""

    def __init__(self, compute: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._compute: Callable[[], dict[str, Any]] | None = compute

    @property
    def untouched(self) -> bool:
        """Whether nobody has read or changed it."""
        return self._compute is not None

    def _fill(self) -> None:
        if self._compute is not None:
            compute, self._compute = self._compute, None
            super().update(compute())

    def __getitem__(self, key: str) -> Any:
        self._fill()
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._fill()
        super().__setitem__(key, value)

    def __iter__(self) -> Any:
        self._fill()
        return super().__iter__()

    def __len__(self) -> int:
        self._fill()
        return super().__len__()

    def keys(self) -> Any:
        self._fill()
        return super().keys()

    def values(self) -> Any:
        self._fill()
        return super().values()

    def items(self) -> Any:
        self._fill()
        return super().items()

    def update(self, *args: Any, **kwargs: Any) -> None:
        self._fill()
        super().update(*args, **kwargs)


class Step:
    """A method of a model that takes a batch, as a function of NumPy batches.

    Arguments:
        method: `train_step`, `test_step` or `predict_step`.
        adapter: Where it runs.
        options: How it is compiled.
        eager: Run op by op instead of compiled.
    """

    def __init__(
        self, method: Callable[[Any], Any], name: str, adapter: Adapter, options: Options, eager: bool
    ) -> None:
        self.method = method
        self.adapter = adapter
        self.eager = eager
        self.compiled = Compiled(self._traced, name, options)
        self._programs: dict[Any, Program] = {}
        self._feed = adapter.feed
        self._numbers: dict[int, int] = {}

    def _traced(self, x: Any, y: Any, sample_weight: Any) -> Any:
        result = self.method((x, y, sample_weight))
        if isinstance(result, MetricResults) and result.untouched:
            return {}
        return dict(result) if isinstance(result, MetricResults) else result

    def program(self, batch: Batch) -> Program:
        """The program for batches like this one; traced and compiled the first time."""
        leaves, structure = tree.flatten(tuple(batch))
        key = tuple((a.shape[1:], a.dtype) if a is not None else None for a in leaves)
        found = self._programs.get(key)
        if found is None:
            arrays = [self.adapter.from_numpy(a) for a in leaves if a is not None]
            positions = [i for i, a in enumerate(leaves) if a is not None]
            found = self._programs[key] = self.compiled.program(self.adapter, leaves, structure, arrays, positions)
        return found

    def __call__(self, batch: Batch) -> Any:
        """Runs one batch; the result is native and nested as the method returned it."""
        if self.eager:
            return self._eagerly(batch)
        leaves = leaves_of(batch)
        key = tuple([(a.shape[1:], a.dtype) if a is not None else None for a in leaves])
        program = self._programs.get(key) or self.program(batch)
        results = program.run([self._feed(a) for a in leaves if a is not None])
        return tree.unflatten(program.trace.structure, results) if results else {}

    def many(self, group: Group) -> Any:
        """Runs all batches of a group in one call; the result is that of the last one."""
        if group.steps == 1 or self.eager:
            results: Any = {}
            for batch in group.single():
                results = self(batch)
            return results
        leaves = leaves_of(group.batch)
        key = tuple([(a.shape[2:], a.dtype) if a is not None else None for a in leaves])
        program = self._programs.get(key) or self.program(group.single()[0])
        results = program.run_many((), [self._feed(a) for a in leaves if a is not None])
        return tree.unflatten(program.trace.structure, results) if results else {}

    def together(self, batch: Batch) -> int:
        """How many batches like this one are quickest in one call, as far as that was measured."""
        if self.eager:
            return 1
        program = self.program(batch)
        if id(program) not in self._numbers:
            self._numbers[id(program)] = quickest(program)
        return self._numbers[id(program)]

    def _eagerly(self, batch: Batch) -> Any:
        native = tree.map(lambda a: None if a is None else self.adapter.from_numpy(a), tuple(batch))
        with eagerly(), use_backend(self.adapter.name):
            return self._traced(*native)
