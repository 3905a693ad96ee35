"""What every metric is: a few Variables, a way to update them with a batch, and a result computed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from multiback import tree
from multiback.dtypes import DType
from multiback.errors import ArgumentError, ShapeError, StateError
from multiback.graph.trace import current_builder
from multiback.layers._names import auto_name, snake_case
from multiback.losses._arrays import as_arrays, compute_dtype
from multiback.metrics.registry import REGISTRY
from multiback.variables import StatelessScope, Variable


@REGISTRY.register()
class Metric:
    """Base of metrics: subclasses create Variables in `__init__` and define `update_state` and `result`.

    Both are written in `multiback.ops`, so that they run on arrays of any framework and inside a training step.
    Metrics kept as attributes, also in lists and dictionaries, bring their Variables along.

    Arguments:
        dtype: A float dtype or a policy. Default: `floatx()`.
        name: Default: the class's name in snake case.

    Example:
        >>> class Largest(Metric):
        ...     def __init__(self, name="largest", dtype=None):
        ...         super().__init__(name=name, dtype=dtype)
        ...         self.value = self.add_weight(name="value")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.value.assign(ops.maximum(self.value, ops.max(y_pred)))
        ...     def result(self):
        ...         return self.value
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self._variables: list[Variable] = []
        self._metrics: list[Metric] = []
        self._name = name or auto_name(snake_case(type(self).__name__))
        self._dtype = compute_dtype(dtype)

    @property
    def name(self) -> str:
        """The key of its result in logs; first part of its Variables' paths."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name
        for variable in self._variables:
            variable.path = f"{name}/{variable.name}"

    @property
    def dtype(self) -> DType:
        """The dtype of its Variables and its result."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """Its state: its own Variables, then those of metrics inside it."""
        self._check_initialized()
        return [*self._variables, *(v for metric in self._metrics for v in metric.variables)]

    def add_variable(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """A new Variable of this metric.

        Arguments:
            shape: Sizes, all integers.
            initializer: A name, an initializer or an array; None for zeros.
            dtype: Default: the metric's.
            aggregation: How replicas combine it.
            name: Last part of its path.
        """
        self._check_initialized()
        if initializer is None or (isinstance(initializer, str) and initializer == "zeros"):
            initializer = np.zeros
        elif isinstance(initializer, str | Mapping):
            from multiback import initializers

            initializer = initializers.get(initializer)
        name = name or "variable"
        kind = compute_dtype(dtype) if dtype else self._dtype
        host = initializer(tuple(shape), dtype=kind.numpy) if callable(initializer) else initializer
        variable = Variable(
            np.asarray(host, kind.numpy),
            tuple(shape),
            dtype=kind,
            trainable=False,
            autocast=False,
            aggregation=aggregation,
            synchronization="on_read",
            name=name,
            path=f"{self._name}/{name}",
        )
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """A new Variable of this metric; see `add_variable`."""
        return self.add_variable(shape=shape, initializer=initializer, dtype=dtype, name=name)

    def reset_state(self) -> None:
        """Sets all Variables to zero."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype.numpy))

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Takes a batch into account, as a rule `update_state(y_true, y_pred, sample_weight=None)`."""
        raise ArgumentError(f"{type(self).__name__} needs a method update_state(self, y_true, y_pred, sample_weight).")

    def result(self) -> Any:
        """The metric of all batches since the last `reset_state`: a scalar, or an array or dictionary of them."""
        raise ArgumentError(f"{type(self).__name__} needs a method result(self).")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Takes a batch into account and returns the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """The arrays that the Variables would hold after `update_state`, were they `metric_variables` before.

        Raises:
            ShapeError: if there are more or fewer arrays than Variables.
            StateError: while a graph is traced.
        """
        with self._holding(metric_variables) as scope:
            self.update_state(*args, **kwargs)
        return [scope.get_current_value(v) for v in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The result, were the Variables these arrays.

        Raises:
            ShapeError: if there are more or fewer arrays than Variables.
            StateError: while a graph is traced.
        """
        with self._holding(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """The arrays that the Variables would hold after `reset_state`."""
        with self._holding([v.value for v in self.variables]) as scope:
            self.reset_state()
        return [scope.get_current_value(v) for v in self.variables]

    def _holding(self, arrays: Sequence[Any]) -> StatelessScope:
        if len(arrays) != len(self.variables):
            raise ShapeError(f"{self.name} has {len(self.variables)} variables, got {len(arrays)} arrays.")
        if current_builder() is not None:
            raise StateError(
                f"The stateless methods of {self.name} were called while a graph is traced, where its Variables are "
                "state of the graph already. Call update_state() and result()."
            )
        return StatelessScope(list(zip(self.variables, as_arrays(*arrays))))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "dtype": str(self.dtype)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The metric that a configuration describes, with its state at zero."""
        return cls(**config)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name.startswith("_") or "_metrics" not in vars(self):
            return
        for leaf in tree.leaves(value) if isinstance(value, list | tuple | dict) else [value]:
            if isinstance(leaf, Metric) and leaf not in self._metrics:
                self._metrics.append(leaf)
            elif isinstance(leaf, Variable) and not any(leaf is v for v in self._variables):
                self._variables.append(leaf)

    def _check_initialized(self) -> None:
        if "_variables" not in vars(self):
            raise StateError(f"{type(self).__name__}.__init__ must call super().__init__() before anything else.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
