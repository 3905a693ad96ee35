"""The whole contract between multiback and an adapter.

A distribution that offers a backend declares an entry point in the group `multiback.adapters` whose value is a
`Plugin`: a light object that imports nothing. `Plugin.load()` imports the module that holds the `Adapter` itself.

An `Adapter` turns a `Graph` into a native callable, and moves arrays in and out. It needs:

- `lower`: a table with an entry for every primitive of `multiback.ops` (missing ones are named when it loads, unless
  it says `partial = True`: then a graph that needs one is refused before anything is compiled);
- `fast`: optional native versions of composites;
- `rivals`: optional other ways to run an op; which is the quickest is measured, see `multiback.backends.tuning`;
- `dialect`: how sizes, dtypes and constants are written;
- `dtypes_missing`: the dtypes that the framework does not compute in;
- `autodiff`: False when the framework has no automatic differentiation: gradients are then written out as equations;
- `probe`: optional: looks into the framework's own callables, for the conformance kit;
- `wrap`: makes the generated straight-line function an efficient one (jit, no-grad, in-place state);
- `wrap_many`: optional: the same for several steps in one call;
- the small methods on arrays and state cells below.

Everything else is inherited.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.backends import tuning
from multiback.backends.probe import Probe
from multiback.dtypes import DType
from multiback.errors import AdapterError, ArgumentError, BackendUnavailable, UnsupportedOperation
from multiback.graph import gradient, passes
from multiback.graph.check import check
from multiback.graph.ir import Equation, Graph, Value
from multiback.graph.op import OPS
from multiback.graph.source import Dialect, Lowering, generate

Native = Any
Cell = Any
Run = Callable[[Sequence[Cell], Sequence[Native]], tuple[Sequence[Cell], Sequence[Native]]]
RunMany = Callable[[Sequence[Cell], Sequence[Native], Sequence[Native]], tuple[Sequence[Cell], Sequence[Native]]]


@dataclass(frozen=True)
class Plugin:
    """What an entry point of the group `multiback.adapters` holds; importing it imports no framework.

    Attributes:
        name: The backend's name, as in `backend="torch"`.
        module: The module whose attribute `ADAPTER` is the adapter's class.
        requires: Import names that must be installed.
        native: Top-level packages that the types of its arrays live in.
        install: The command that installs what it requires.
        distributions: Distributions whose versions describe it.
        priority: The default backend is the installed one with the highest priority.
    """

    name: str
    module: str
    requires: tuple[str, ...]
    native: tuple[str, ...]
    install: str
    distributions: tuple[str, ...] = ()
    priority: int = 0

    def missing(self) -> list[str]:
        """The import names that are required and not installed."""
        return [r for r in self.requires if importlib.util.find_spec(r) is None]

    def load(self) -> Adapter:
        """The adapter, its framework imported.

        Raises:
            BackendUnavailable: if something it requires is missing or fails to import.
            AdapterError: if its table lacks primitives and it does not say that it is partial.
        """
        if missing := self.missing():
            raise BackendUnavailable(
                f"Backend {self.name!r} needs {', '.join(missing)}, which is not installed. Install it: {self.install}"
            )
        try:
            adapter = importlib.import_module(self.module).ADAPTER(self)
        except (ImportError, OSError) as error:
            raise BackendUnavailable(f"Backend {self.name!r} is installed but fails to import: {error}") from error
        adapter.verify()
        return adapter


@dataclass(frozen=True)
class Fast:
    """A native version of a composite, for the equations that `when` accepts.

    Attributes:
        lowering: An expression or a function, as in the table of primitives.
        when: Whether it covers this equation.
    """

    lowering: Lowering
    when: Callable[[Equation], bool] = lambda equation: True


@dataclass(frozen=True)
class Executable:
    """A graph compiled by an adapter.

    Attributes:
        graph: What was lowered, after the passes.
        source: The straight-line Python that runs.
        run: `run(state, arguments) -> (new_state, results)`: `state` has one cell per state input, `new_state` one per
            update; `arguments` and `results` are native arrays. Cells passed in may be consumed.
        adapter: The adapter that made it.
        make_many: Makes `run_many`.
        variants: For the first output of each equation that runs in another than the usual way, the name of the way.
    """

    graph: Graph
    source: str
    run: Run
    adapter: Adapter
    make_many: Callable[[], RunMany]
    variants: Mapping[Value, str] = field(default_factory=dict)

    @functools.cached_property
    def run_many(self) -> RunMany:
        """Several runs, each on the state that the one before left: `run_many(state, fixed, varying)`.

        The arguments of step `i` are `fixed`, then the element `i` of each array in `varying`, whose first axis counts
        the steps. Returns the last state and the results of the last step.
        """
        return self.make_many()

    def __call__(self, *arguments: Any) -> tuple[Any, ...]:
        """The results for arguments of a graph without state, given as native or NumPy arrays."""
        native = [a if self.adapter.is_native(a) else self.adapter.from_numpy(np.asarray(a)) for a in arguments]
        return tuple(self.run((), native)[1])


@dataclass(frozen=True)
class Options:
    """How a graph is compiled.

    Attributes:
        differentiable: Results carry the framework's own gradients to arguments and state; state is not consumed.
        jit: Compile further (jax.jit, tf.function with XLA, torch.compile): True, False, or None: the adapter chooses.
        fast: Whether native versions of composites are used.
        disabled: Composites that are expanded even so.
        passes_off: Rewrites of the graph that are left out, of `multiback.graph.passes.PASSES`.
        sizes: The symbolic sizes that are expected, such as `(("batch", 32),)`: what is chosen by measuring is chosen
            for them. The executable serves other sizes too.
        variants: Ways forced on ops, as `(op, way)`: "usual", or a name in the adapter's `rivals`.
    """

    differentiable: bool = False
    jit: bool | None = None
    fast: bool = True
    disabled: frozenset[str] = field(default_factory=frozenset)
    passes_off: frozenset[str] = field(default_factory=frozenset)
    sizes: tuple[tuple[str, int], ...] = ()
    variants: tuple[tuple[str, str], ...] = ()


class Adapter(ABC):
    """A backend. See the module's documentation for the contract."""

    lower: Mapping[str, Lowering]
    fast: Mapping[str, Fast]
    rivals: Mapping[str, Mapping[str, Fast]] = {}
    dialect: Dialect
    autodiff: bool = True
    partial: bool = False
    measures: bool = False
    """Whether rivals are measured when a graph is compiled; otherwise only by `tune`. For eager frameworks."""
    jit_choices: tuple[bool, ...] = ()
    """The values of `Options.jit` that `tune` measures whole steps with, the usual one first."""
    dtypes_missing: frozenset[str] = frozenset()
    probe: Probe | None = None

    def __init__(self, plugin: Plugin) -> None:
        self.plugin = plugin
        self.name = plugin.name

    # ---- to be written by each adapter

    @abstractmethod
    def wrap(self, function: Callable[..., Any], graph: Graph, options: Options) -> Callable[..., Any]:
        """`run(state, arguments) -> (new_state, results)` around the generated `function(*inputs) -> outputs`."""

    @abstractmethod
    def is_native(self, x: Any) -> bool:
        """Whether `x` is an array of this framework, tracers included."""

    @abstractmethod
    def is_concrete(self, x: Native) -> bool:
        """Whether a native array has numbers now (False for tracers)."""

    @abstractmethod
    def shape(self, x: Native) -> tuple[int | None, ...]:
        """The shape; None for a size that is not known."""

    @abstractmethod
    def dtype(self, x: Native) -> DType:
        """The dtype."""

    @abstractmethod
    def from_numpy(self, array: np.ndarray, copy: bool = True) -> Native:
        """A native array with these numbers; `copy=False` allows it to share memory with `array`."""

    @abstractmethod
    def to_numpy(self, x: Native) -> np.ndarray:
        """The numbers of a native array."""

    @abstractmethod
    def cell(self, array: Native, *, trainable: bool, name: str) -> Cell:
        """Storage for one Variable, holding this native array; `trainable` if the framework is to differentiate it."""

    @abstractmethod
    def read(self, cell: Cell) -> Native:
        """The native array in a cell, connected to the framework's own gradients when it is trainable."""

    @abstractmethod
    def write(self, cell: Cell, array: Native) -> Cell:
        """The cell holding another array of its shape and dtype: the same cell where the framework can change it."""

    @abstractmethod
    def version(self) -> str:
        """The framework's version."""

    @abstractmethod
    def devices(self) -> list[str]:
        """The devices it can use, the default first."""

    @abstractmethod
    def value_and_grad(self, function: Callable[..., Any], arrays: Sequence[Native]) -> tuple[Any, list[Native]]:
        """`function(*arrays) -> (scalar, rest)` run eagerly: that, and the gradient of the scalar for each array."""

    # ---- inherited

    def device(self, x: Native) -> str:
        """The name of the device that an array is on."""
        return "cpu"

    def owns(self, function: Any) -> bool:
        """Whether a callable is one of this framework's own."""
        return self.probe is not None and self.probe.owns(function)

    def on_device(self, device: str) -> contextlib.AbstractContextManager[Any]:
        """A context in which arrays are made and graphs run on this one of `devices()`.

        Raises:
            ArgumentError: if there is no such device.
        """
        names = [d.partition(" ")[0] for d in self.devices()]
        if device not in names:
            raise ArgumentError(f"Backend {self.name!r} has no device {device!r}. It has: {', '.join(names)}.")
        return contextlib.nullcontext()

    def environment(self) -> dict[str, Any]:
        """Settings that change numbers or speed, such as threads and precision, for reports."""
        return {}

    def synchronize(self, arrays: Sequence[Native]) -> None:
        """Returns when these arrays have been computed."""
        for array in arrays:
            self.to_numpy(array)

    def feed(self, array: np.ndarray) -> Native:
        """A batch from the host as an argument of `run`; nobody changes the array while it is used."""
        return self.from_numpy(array, copy=False)

    def from_native(self, x: Native, source: Adapter) -> Native:
        """An array of another adapter as one of this adapter, through NumPy unless there is a quicker way."""
        return self.from_numpy(source.to_numpy(x))

    def missing_primitives(self) -> list[str]:
        """The primitives that the table has no lowering of, in alphabetical order."""
        needed = {n for n, op in OPS.items() if not op.composite} - (set() if self.autodiff else {"value_and_grad"})
        return sorted(needed - set(self.lower))

    def verify(self) -> None:
        """Checks that every primitive has a lowering, unless the adapter says that it is partial.

        Raises:
            AdapterError: with the names of all that are missing.
        """
        missing = self.missing_primitives()
        if missing and not self.partial:
            raise AdapterError(
                f"Adapter {self.name!r} lacks {len(missing)} primitives: {', '.join(missing)}. "
                "Add them to its table `lower`, or set `partial = True` in its class."
            )

    def check_supported(self, graph: Graph) -> None:
        """Checks that a graph which `prepare` made needs nothing that a partial adapter lacks.

        Raises:
            UnsupportedOperation: naming the op or dtype, the layer that needs it, and the remedy.
        """
        missing = set(self.missing_primitives()) if self.partial else set()
        for equation in graph.walk():
            if equation.op.name in missing:
                raise self._unsupported("lowering of", equation.op.name, equation)
            for value in [*equation.flat_inputs, *equation.flat_outputs]:
                if value.dtype in self.dtypes_missing:
                    raise self._unsupported("dtype", str(value.dtype), equation)
        for value in [*graph.inputs, *graph.constants, *graph.outputs]:
            if value.dtype in self.dtypes_missing:
                raise self._unsupported("dtype", str(value.dtype))

    def _unsupported(self, what: str, need: str, equation: Equation | None = None) -> UnsupportedOperation:
        user = "" if equation is None else f", needed by {_who(equation)}"
        remedy = f"add {need!r} to the adapter's table `lower`" if what == "lowering of" else "use another dtype"
        return UnsupportedOperation(
            f"Backend {self.name!r} has no {what} {need!r}{user}. "
            f"Choose another backend (`multiback backends` lists them), or {remedy}.",
            backend=self.name,
            need=need,
            scope=equation.scope if equation else "",
        )

    def wrap_many(self, function: Callable[..., Any], graph: Graph, options: Options) -> RunMany:
        """`run_many(state, fixed, varying)` of an `Executable`; by itself, one run after the other."""
        run, updates = self.wrap(function, graph, options), graph.updates

        def run_many(
            state: Sequence[Cell], fixed: Sequence[Native], varying: Sequence[Native]
        ) -> tuple[Sequence[Cell], Sequence[Native]]:
            cells, results = list(state), ()
            for arguments in zip(*varying, strict=True):
                new, results = run(cells, [*fixed, *arguments])
                for index, cell in zip(updates, new):
                    cells[index] = cell
            return [cells[i] for i in updates], results

        return run_many

    def lowering(self, equation: Equation) -> Lowering:
        """The table's entry for an equation that `prepare` left."""
        if equation.op.composite:
            return self.fast[equation.op.name].lowering
        return self.lower[equation.op.name]

    def keeps(self, equation: Equation, options: Options) -> bool:
        """Whether a composite runs natively instead of being expanded."""
        name = equation.op.name
        fast = self.fast.get(name)
        return fast is not None and options.fast and name not in options.disabled and fast.when(equation)

    def annotate(self, graph: Graph, options: Options) -> Graph:
        """The graph with what the adapter wants to know of an equation before it decides which composites to keep."""
        return graph

    def prepare(self, graph: Graph, options: Options) -> Graph:
        """The passes before lowering."""
        if not self.autodiff:
            graph = gradient.expand_gradients(graph)
        graph = self.annotate(passes.optimize(graph, off=options.passes_off), options)
        return passes.lower(
            graph,
            lambda equation: self.keeps(equation, options),
            off=options.passes_off,
            sizes=dict(options.sizes),
            inference=not options.differentiable,
        )

    def compile(self, graph: Graph, options: Options | None = None) -> Executable:
        """The graph as a native callable.

        Raises:
            UnsupportedOperation: if the adapter is partial and lacks something that the graph needs.
        """
        options = options or Options()
        prepared = check(self.prepare(graph, options))
        if self.partial or self.dtypes_missing:
            self.check_supported(prepared)
        tuned = tuning.with_jit(self, prepared, options)
        if tuned is not options:
            options, prepared = tuned, check(self.prepare(graph, tuned))
        variants = tuning.variants(self, prepared, options)

        def lookup(equation: Equation) -> Lowering:
            way = next((variants[v] for v in equation.flat_outputs if v in variants), None)
            return self.lowering(equation) if way is None else self.rivals[equation.op.name][way].lowering

        source = generate(prepared, lookup, self.dialect)
        function = source.function()
        return Executable(
            prepared,
            source.text,
            self.wrap(function, prepared, options),
            self,
            lambda: self.wrap_many(function, prepared, options),
            variants,
        )


def _who(equation: Equation) -> str:
    """The layer that an equation belongs to, or its op, and the user's line."""
    asker = f"layer {equation.scope!r}" if equation.scope else f"op {equation.op.name!r}"
    return f"{asker} at {equation.line}" if equation.line else asker


def gather(package: str, attribute: str) -> dict[str, Any]:
    """The tables called `attribute` of all modules in a package, merged.

    Raises:
        AdapterError: if two modules give the same name.
    """
    merged: dict[str, Any] = {}
    for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
        table = getattr(importlib.import_module(f"{package}.{info.name}"), attribute, {})
        if both := merged.keys() & table.keys():
            raise AdapterError(f"{package} gives {', '.join(sorted(both))} twice.")
        merged.update(table)
    return merged
