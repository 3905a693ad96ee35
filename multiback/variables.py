"""Variables: the named leaves of a model's state, each living on one backend at a time."""

from __future__ import annotations

import collections
import contextlib
import itertools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

import numpy as np

from multiback import config, dtypes
from multiback.backends import registry, select
from multiback.backends.protocol import Adapter
from multiback.errors import ShapeError, StateError
from multiback.graph.ir import Value
from multiback.graph.op import OPS
from multiback.graph.operators import Operators
from multiback.graph.trace import as_host_array, current_builder

_REPLACED: ContextVar[Mapping[Variable, Any]] = ContextVar("multiback_replaced", default=MappingProxyType({}))
_AUTOCAST: ContextVar[dtypes.DType | None] = ContextVar("multiback_autocast", default=None)


@contextlib.contextmanager
def autocast(dtype: str | None) -> Iterator[None]:
    """Float Variables read inside are cast to `dtype`: the compute dtype of a mixed precision layer."""
    token = _AUTOCAST.set(dtypes.as_dtype(dtype) if dtype else None)
    try:
        yield
    finally:
        _AUTOCAST.reset(token)


class StatelessScope:
    """Runs code with other values in place of the Variables' own, and collects what it assigns.

    Arguments:
        state_mapping: Pairs of a Variable and the native array it stands for inside.

    Example:
        >>> with StatelessScope([(layer.kernel, array)]) as scope:
        ...     y = layer(x)
        >>> scope.get_current_value(layer.kernel)
    """

    def __init__(self, state_mapping: Sequence[tuple[Variable, Any]] = ()) -> None:
        self.values: dict[Variable, Any] = dict(state_mapping)
        self._token: Any = None

    def get_current_value(self, variable: Variable) -> Any:
        """The value inside the scope; None if it was neither given nor assigned."""
        return self.values.get(variable)

    def __enter__(self) -> StatelessScope:
        self._token = _REPLACED.set(_Layered(self.values, _REPLACED.get()))
        return self

    def __exit__(self, *_: object) -> None:
        _REPLACED.reset(self._token)


class _Layered(dict):
    """An inner mapping in front of an outer one; writes go to the inner one."""

    def __init__(self, inner: dict[Variable, Any], outer: Mapping[Variable, Any]) -> None:
        super().__init__(outer)
        self.update(inner)
        self.inner = inner

    def __setitem__(self, key: Variable, value: Any) -> None:
        super().__setitem__(key, value)
        self.inner[key] = value


class Variable(Operators):
    """A named array that keeps its value between steps: a weight, a statistic, an optimizer slot, a counter.

    The value lives on the backend that used it last, as that framework's own array, and moves when another one asks.

    Arguments:
        initializer: An array, a number, or a function `(shape, dtype=...) -> array` (needs `shape`).
        shape: Sizes, all integers.
        dtype: Default: the array's, or `config.floatx()`.
        trainable: Whether training differentiates and updates it.
        autocast: Whether layers with a lower compute dtype read it in that dtype.
        aggregation: How replicas combine it; kept for Keras configurations.
        synchronization: Kept for Keras configurations.
        name: Last part of the path.
        path: Full name, such as `encoder/dense/kernel`.
        constraint: Applied to the value after each optimizer update.
        regularizer: Adds a penalty to the loss.

    Raises:
        ShapeError: if a function is given without a shape, or the array has another shape than `shape`.
    """

    __multiback_variable__ = True
    moves = 0
    """How often any Variable has changed its home."""
    __slots__ = (
        "__weakref__", "_adapter", "_borrowed", "_cell", "_trainable", "aggregation", "autocast", "constraint", "dtype",
        "name", "overwrite_with_gradient", "path", "regularizer", "shape", "synchronization",
    )  # fmt: skip

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        path: str | None = None,
        constraint: Callable[[Any], Any] | None = None,
        regularizer: Callable[[Any], Any] | None = None,
    ) -> None:
        if callable(initializer):
            if shape is None:
                raise ShapeError(f"Variable {name!r} has an initializer function and needs a shape.")
            kind = dtypes.as_dtype(dtype or config.floatx())
            host = np.asarray(initializer(tuple(shape), dtype=kind), kind.numpy)
        else:
            host = as_host_array(initializer)
            kind = dtypes.as_dtype(dtype) if dtype else _default_dtype(initializer, host)
            host = host.astype(kind.numpy, copy=True)
        if shape is not None and host.shape != tuple(shape):
            raise ShapeError(f"Variable {name!r} has shape {tuple(shape)}, its initial value {host.shape}.")
        self.shape = host.shape
        self.dtype = kind
        self.name = name or "variable"
        self.path = path or self.name
        self.autocast = autocast
        self.aggregation = aggregation
        self.synchronization = synchronization
        self.constraint = constraint
        self.regularizer = regularizer
        self.overwrite_with_gradient = False
        self._trainable = bool(trainable)
        self._adapter: Adapter | None = None
        self._cell: Any = host
        self._borrowed = False

    @classmethod
    def borrowing(cls, array: np.ndarray, *, trainable: bool, path: str) -> Variable:
        """A Variable that reads somebody else's array without a copy, and copies it before the first change.

        Arguments:
            array: Of a dtype that is known here.
            trainable: As for a Variable.
            path: Its full name; the last part is its name.

        Example:
            >>> Variable.borrowing(numpy.ones(3, "float32"), trainable=True, path="scale").shape
            (3,)
        """
        variable = cls(np.zeros((), array.dtype), trainable=trainable, name=path.rpartition("/")[2], path=path)
        variable.shape, variable._cell, variable._borrowed = array.shape, array, True
        return variable

    def own(self) -> None:
        """Copies an array that was borrowed, so that it may be changed."""
        if not self._borrowed:
            return
        self._borrowed = False
        if self._adapter is None:
            self._cell = self._cell.copy()
        else:
            adapter = self._adapter
            array = adapter.from_numpy(np.array(adapter.to_numpy(adapter.read(self._cell))))
            self.set_cell(adapter.cell(array, trainable=self._trainable, name=self.path), adapter)

    @property
    def trainable(self) -> bool:
        """Whether training differentiates and updates it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if bool(value) != self._trainable:
            host = self.numpy()
            self._borrowed = False
            self._trainable = bool(value)
            self.set_cell(host, None)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def adapter(self) -> Adapter | None:
        """The adapter it lives on; None while it is still on the host."""
        return self._adapter

    @property
    def value(self) -> Any:
        """The abstract value while tracing; otherwise the framework's own array on the backend it lives on."""
        builder = current_builder()
        if builder is not None:
            return builder.lift(self)
        return self.native(self._adapter or select.selected())

    def native(self, adapter: Adapter) -> Any:
        """The value as an array of this adapter, cast as `autocast` asks."""
        replaced = _REPLACED.get()
        array = replaced[self] if self in replaced else adapter.read(self.cell(adapter))
        target = self.cast_to()
        return array if target is None else OPS["cast"](array, target)

    def replacement(self) -> Any:
        """What a `StatelessScope` or a gradient put in its place, or None."""
        return _REPLACED.get().get(self)

    def cast_to(self) -> dtypes.DType | None:
        """The dtype that the surrounding layer reads it in, when another than its own."""
        target = _AUTOCAST.get()
        if target is None or not self.autocast or not self.dtype.is_float or target == self.dtype:
            return None
        return target

    def cell(self, adapter: Adapter) -> Any:
        """Its storage on this adapter, moved there first if it lives elsewhere."""
        if self._adapter is not adapter:
            self.move(adapter)
        return self._cell

    def move(self, adapter: Adapter) -> None:
        """Moves the value to another adapter."""
        if self._adapter is None:
            array = adapter.from_numpy(self._cell, copy=not self._borrowed)
        else:
            array = adapter.from_native(self._adapter.read(self._cell), self._adapter)
        self.set_cell(adapter.cell(array, trainable=self._trainable, name=self.path), adapter)

    def set_cell(self, cell: Any, adapter: Adapter | None) -> None:
        """Replaces the storage: what a step returned as new state."""
        self._cell = cell
        self._adapter = adapter
        Variable.moves += 1

    @staticmethod
    def gather(variables: Sequence[Variable], adapter: Adapter) -> list[Any]:
        """What a compiled function gets as state: the cells, or the values that a `StatelessScope` put there."""
        return Resident(variables, (), adapter).cells()

    @staticmethod
    def scatter(variables: Sequence[Variable], cells: Sequence[Any], adapter: Adapter) -> None:
        """Takes the new state that a compiled function returned; see `Resident.take`."""
        Resident((), variables, adapter).take(cells)

    @staticmethod
    def resident(variables: Sequence[Variable], updated: Sequence[Variable], adapter: Adapter) -> Resident:
        """The state of a compiled function; see `Resident`."""
        return Resident(variables, updated, adapter)

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array (a copy)."""
        if self in (replaced := _REPLACED.get()):
            return np.array(as_host_array(replaced[self]))
        if self._adapter is None:
            return self._cell.copy()
        return np.array(self._adapter.to_numpy(self._adapter.read(self._cell)))

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if current_builder() is not None:
            raise StateError(f"The numbers of Variable {self.path!r} are not available while the graph is traced.")
        array = self.numpy()
        return array.astype(dtype) if dtype is not None else array

    def assign(self, value: Any) -> Any:
        """Sets the value; while tracing, from here on in the graph. Returns the new value.

        Raises:
            ShapeError: if the shape differs.
        """
        builder = current_builder()
        shape = tuple(value.shape) if hasattr(value, "shape") else np.shape(value)
        if shape != self.shape and not (builder is not None and shape == ()):
            raise ShapeError(f"Variable {self.path!r} has shape {self.shape}; it cannot take a value of shape {shape}.")
        replaced = _REPLACED.get()
        if builder is not None:
            if isinstance(replaced, _Layered) and isinstance(replaced.get(self), Value):
                replaced[self] = builder.lift(OPS["cast"](value, self.dtype))
            else:
                builder.assign(self, value)
            return value
        adapter = None if type(value) is np.ndarray else registry.owner(value)
        if isinstance(replaced, _Layered):
            replaced[self] = OPS["cast"](value, self.dtype)
        elif adapter is not None and adapter is self._adapter and adapter.is_concrete(value):
            self.own()
            array = value if adapter.dtype(value) == self.dtype else OPS["cast"](value, self.dtype)
            self._cell = adapter.write(self._cell, array)
        else:
            host = np.array(as_host_array(value), self.dtype.numpy)
            if self._adapter is None:
                self._cell, self._borrowed = host, False
            else:
                self.own()
                self._cell = self._adapter.write(self._cell, self._adapter.from_numpy(host, copy=False))
        return value

    def assign_add(self, value: Any) -> Any:
        """Adds to the value."""
        return self.assign(OPS["add"](self, value))

    def assign_sub(self, value: Any) -> Any:
        """Subtracts from the value."""
        return self.assign(OPS["subtract"](self, value))

    @staticmethod
    @contextlib.contextmanager
    def replaced(variables: Sequence[Variable], values: Sequence[Any]) -> Iterator[None]:
        """Inside, these Variables read as these values; assignments still go to the Variables."""
        token = _REPLACED.set({**_REPLACED.get(), **dict(zip(variables, values))})
        try:
            yield
        finally:
            _REPLACED.reset(token)

    def __float__(self) -> float:
        return float(self.__array__())

    def __int__(self) -> int:
        return int(self.__array__())

    def __bool__(self) -> bool:
        return bool(self.__array__())

    def __repr__(self) -> str:
        home = self._adapter.name if self._adapter else "host"
        return f"<Variable {self.path}: {self.dtype}{list(self.shape)} on {home}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        copied = Variable(
            self.numpy(), dtype=self.dtype, trainable=self._trainable, autocast=self.autocast, name=self.name,
            path=self.path, constraint=self.constraint, regularizer=self.regularizer,
        )  # fmt: skip
        memo[id(self)] = copied
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (self.numpy(), self.shape, self.dtype, self._trainable, self.autocast)
        return _restored, (arguments, self.name, self.path, self.constraint, self.regularizer)


_CELL = operator.attrgetter("_cell")


class Resident:
    """The state of a compiled function: Variables that live on one adapter between its runs.

    Arguments:
        variables: What it reads, in the order of its state inputs.
        updated: What it replaces, in the order of its first outputs.
        adapter: Where it runs.
    """

    __slots__ = ("adapter", "moves", "updated", "variables")

    def __init__(self, variables: Sequence[Variable], updated: Sequence[Variable], adapter: Adapter) -> None:
        self.variables = variables
        self.updated = updated
        self.adapter = adapter
        self.moves = -1

    def cells(self) -> list[Any]:
        """The cells, or the values that a `StatelessScope` put in their place."""
        if replaced := _REPLACED.get():
            return [replaced[v] if v in replaced else v.cell(self.adapter) for v in self.variables]
        if self.moves != Variable.moves:
            for variable in self.updated:
                variable.own()
            for variable in self.variables:
                variable.cell(self.adapter)
            self.moves = Variable.moves
        return list(map(_CELL, self.variables))

    def take(self, cells: Sequence[Any]) -> None:
        """Takes the new state that the function returned.

        Raises:
            StateError: inside another framework's tracing, where a value cannot outlive the trace.
        """
        replaced = _REPLACED.get()
        if isinstance(replaced, _Layered):
            for variable, cell in zip(self.updated, cells):
                replaced[variable] = cell
        elif self.adapter.is_concrete(cells[0]):
            # One pass without Python code for each variable: a deep model has thousands.
            collections.deque(map(setattr, self.updated, itertools.repeat("_cell"), cells), maxlen=0)
        else:
            raise StateError(
                f"Variable {self.updated[0].path!r} would be updated inside a traced function of {self.adapter.name}. "
                "Use model.stateless_call(...), which takes and returns the state."
            )


def _restored(
    arguments: tuple[Any, Any, Any, bool, bool], name: str, path: str, constraint: Any, regularizer: Any
) -> Variable:
    return Variable(*arguments, name=name, path=path, constraint=constraint, regularizer=regularizer)


def _default_dtype(given: Any, host: np.ndarray) -> dtypes.DType:
    kind = dtypes.as_dtype(host.dtype)
    if kind.is_float and not hasattr(given, "dtype"):
        return dtypes.as_dtype(config.floatx())
    return kind
