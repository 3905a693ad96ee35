"""The variables of an optimizer: how they are made, listed, saved and loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from multiback import config
from multiback.errors import ArgumentError, SavingError, ShapeError, StateError
from multiback.variables import Variable


class OptimizerState:
    """A list of Variables, in the order in which they were added; a Variable that becomes an attribute is added too."""

    name: str
    built: bool
    _variables: list[Variable]
    _programs: dict[Any, Any]

    def __init__(self) -> None:
        object.__setattr__(self, "_variables", [])
        object.__setattr__(self, "_programs", {})

    def __setattr__(self, name: str, value: Any) -> None:
        if "_variables" not in self.__dict__:
            raise StateError(f"{type(self).__name__}.__init__ must call super().__init__() before it sets attributes.")
        if isinstance(value, Variable) and value not in self._variables:
            self._variables.append(value)
        # Compiled steps may have read the old value from Python.
        self._programs.clear()
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_programs": {}}

    @property
    def variables(self) -> list[Variable]:
        """All its variables: the step counter, the learning rate unless it is a schedule, those for each weight."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Adds a variable to the optimizer's state.

        Arguments:
            shape: Sizes.
            initializer: A function `(shape, dtype=...) -> array`, or an initializer's name.
            dtype: Default: `config.floatx()`.
            aggregation: How replicas combine it.
            layout: Kept for Keras's signature; must be None.
            name: Last part of its path.

        Returns:
            The Variable, which is not trainable.
        """
        if layout is not None:
            raise ArgumentError(f"multiback does not take a layout for optimizer variables, got {layout!r}.")
        if isinstance(initializer, str):
            initializer = constant(0) if initializer == "zeros" else _named_initializer(initializer)
        name = name or "variable"
        made = Variable(
            initializer,
            tuple(shape),
            dtype or config.floatx(),
            trainable=False,
            autocast=False,
            aggregation=aggregation,
            name=name,
            path=f"{self.name}/{name}",
        )
        self._variables.append(made)
        return made

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Adds a variable of the shape and dtype of a model variable.

        Arguments:
            reference_variable: The model variable, such as `dense/kernel`.
            name: What it is for, such as "momentum"; the variable is then called `dense_kernel_momentum`.
            initializer: As in `add_variable`.
        """
        return self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            name=f"{reference_variable.path.replace('/', '_')}_{name or 'var'}",
        )

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: str | Sequence[str], initializer: Any = "zeros"
    ) -> Any:
        """Adds one variable, or several, for each model variable.

        Arguments:
            trainable_variables: The model variables.
            name: What the variable is for, such as "momentum"; or a list of such names.
            initializer: As in `add_variable`; or a list, one for each name.

        Returns:
            A list in the order of the model variables (None for those that are overwritten with their gradients); for a
            list of names, a tuple of such lists.

        Raises:
            ArgumentError: if the numbers of names and initializers differ.
        """
        names = [name] if isinstance(name, str) else list(name)
        initializers = list(initializer) if isinstance(initializer, list | tuple) else [initializer] * len(names)
        if len(names) != len(initializers):
            raise ArgumentError(f"{len(names)} names need as many initializers, got {len(initializers)}.")
        columns: tuple[list[Variable | None], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for column, slot, given in zip(columns, names, initializers):
                skipped = variable.overwrite_with_gradient
                column.append(None if skipped else self.add_variable_from_reference(variable, slot, given))
        return columns[0] if isinstance(name, str) else columns

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets the values of `variables`.

        Raises:
            StateError: if the optimizer is not built.
            ShapeError: if an array has another shape than its variable; then nothing is changed.
        """
        if not self.built:
            raise StateError("set_weights() needs a built optimizer. Call optimizer.build(trainable_variables) first.")
        variables = self.variables
        if len(weights) != len(variables):
            raise ArgumentError(f"{type(self).__name__} has {len(variables)} variables, got {len(weights)} arrays.")
        for variable, array in zip(variables, weights):
            if tuple(np.shape(array)) != variable.shape:
                raise ShapeError(f"{variable.path!r} has shape {variable.shape}, got {tuple(np.shape(array))}.")
        for variable, array in zip(variables, weights):
            variable.assign(array)

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Puts the values of `variables` into a mapping, under "0", "1", ..."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Takes the values that `save_own_variables` stored.

        Raises:
            SavingError: if they are not as many, or not of the same shapes; then nothing is changed.
        """
        variables = self.variables
        if len(store) != len(variables):
            hint = "" if self.built else " Build it first: optimizer.build(variables)."
            kind = type(self).__name__
            raise SavingError(f"The file has {len(store)} variables for {kind}, which has {len(variables)}.{hint}")
        arrays = [np.asarray(store[str(i)]) for i in range(len(variables))]
        for variable, array in zip(variables, arrays):
            if array.shape != variable.shape:
                raise SavingError(f"{variable.path!r} has shape {variable.shape}, in the file {array.shape}.")
        for variable, array in zip(variables, arrays):
            variable.assign(array)


def constant(number: float) -> Callable[..., np.ndarray]:
    """An initializer that fills with one number."""
    return lambda shape, dtype: np.full(shape, number, dtype.numpy)


def _named_initializer(name: str) -> Callable[..., Any]:
    from multiback import initializers

    return initializers.get(name)
