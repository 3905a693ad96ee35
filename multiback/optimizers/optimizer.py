"""Optimizer: what all optimizers share."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from multiback import config, ops
from multiback.errors import ArgumentError, ShapeError, StateError, closest
from multiback.graph.trace import current_builder, scope
from multiback.optimizers import _gradients, _native
from multiback.optimizers._state import OptimizerState, constant
from multiback.optimizers.schedules import LearningRateSchedule
from multiback.saving.registry import custom_object_scope, deserialize, serialize
from multiback.variables import StatelessScope, Variable

Rate: TypeAlias = float | LearningRateSchedule | Callable[[], Any]


class Optimizer(OptimizerState):
    """The base of optimizers: changes variables so that a loss falls, given its gradients.

    One step, `apply(gradients)`, is: undo the loss scale; clip; decay the weights; update each variable; update the
    moving averages; apply each variable's constraint; count the step. It is written in `multiback.ops`, so it becomes
    part of the compiled training step, and runs on native arrays too.

    A custom optimizer overrides `build` (to make its variables), `update_step` and `get_config`.

    Arguments:
        learning_rate: A float, a `LearningRateSchedule`, or a function without arguments that returns the rate; it is
            called while tracing, so a rate that changes must come from a Variable that it reads.
        weight_decay: Each step subtracts learning_rate * weight_decay * variable, apart from the gradient.
        clipnorm: Each gradient is scaled down to at most this Euclidean norm.
        clipvalue: Each element of the gradients is brought into [-clipvalue, clipvalue].
        global_clipnorm: All gradients are scaled down together to at most this Euclidean norm.
        use_ema: Whether moving averages of the variables are kept: average = m * average + (1 - m) * variable.
        ema_momentum: The m of these averages.
        ema_overwrite_frequency: After this many steps the variables take the values of their averages, again and again.
            None: only when training ends (`finalize_variable_values`).
        loss_scale_factor: The loss is multiplied by it (`scale_loss`), the gradients are divided by it.
        gradient_accumulation_steps: The variables change once in this many steps, by the mean of the gradients.
        name: First part of the path of its variables.

    Raises:
        ArgumentError: for an unknown argument, more than one way to clip, or a number out of range.

    Example:
        >>> class SignDescent(Optimizer):
        ...     def update_step(self, gradient, variable, learning_rate):
        ...         variable.assign(variable - learning_rate * ops.sign(gradient))
        >>> w = Variable([1.0, -2.0])
        >>> SignDescent(0.1).apply([np.array([3.0, -4.0])], [w])
        >>> w.numpy()
        array([ 0.9, -1.9], dtype=float32)
    """

    hyperparameters: tuple[str, ...] = ()
    """Names of the attributes that `get_config` adds to the common ones."""

    def __init__(
        self,
        learning_rate: Rate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        if kwargs:
            unknown = next(iter(kwargs))
            raise ArgumentError(f"{kind} has no argument {unknown!r}.{closest(unknown, _COMMON)}")
        self.name = name or _default_name(kind)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.run_eagerly = False
        self.built = False
        self._check_common_arguments()
        self._index: dict[Variable, int] = {}
        self._trainable_variables: list[Variable] = []
        self._averages: list[Variable | None] = []
        self._accumulated: list[Variable] = []
        self._not_decayed: set[Variable] = set()
        self._not_decayed_names: re.Pattern[str] | None = None
        self._iterations = self.add_variable((), dtype="int32", name="iteration")
        if callable(learning_rate):
            self._learning_rate: Any = learning_rate
        else:
            self._learning_rate = self.add_variable(
                (), constant(_checked_rate(kind, learning_rate)), dtype=config.floatx(), name="learning_rate"
            )

    # ---- state

    @property
    def iterations(self) -> Any:
        """The number of updates made: of steps, divided by `gradient_accumulation_steps`."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The current learning rate. Setting it to a number takes effect in the next step, without compiling again."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations)
        if callable(self._learning_rate):
            return self._learning_rate()
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Rate) -> None:
        old = self._learning_rate
        if callable(learning_rate):
            self._learning_rate = learning_rate
            if isinstance(old, Variable):
                self._variables.remove(old)
        elif isinstance(old, Variable):
            old.assign(np.asarray(_checked_rate(type(self).__name__, learning_rate)))
        else:
            raise StateError(
                f"The learning rate of this {type(self).__name__} comes from a {type(old).__name__}, so it cannot be "
                "set to a number. Make the optimizer with a float as learning_rate, or set another schedule."
            )

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the optimizer's variables for these model variables. `apply` does it when it is called first."""
        self._trainable_variables = list(variables)
        if self.use_ema:
            self._averages = self.add_optimizer_variables(self._trainable_variables, "average")
        self._index = {v: i for i, v in enumerate(self._trainable_variables)}
        if self.gradient_accumulation_steps:
            self._accumulated = [
                self.add_variable_from_reference(v, "gradient_accumulator") for v in self._trainable_variables
            ]
        self.built = True

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Excludes variables from weight decay: these, and those in whose name one of the patterns is found.

        Arguments:
            var_list: Model variables.
            var_names: Regular expressions, such as "bias".

        Raises:
            StateError: if the optimizer is built already.
        """
        if self.built:
            raise StateError("exclude_from_weight_decay() must be called before the optimizer is built.")
        self._not_decayed = set(var_list or ())
        self._not_decayed_names = re.compile("|".join(var_names)) if var_names else None

    # ---- a step

    def scale_loss(self, loss: Any) -> Any:
        """The loss to differentiate: multiplied by `loss_scale_factor`."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def apply_gradients(self, grads_and_vars: Any) -> Any:
        """As `apply`, for pairs of a gradient and its variable. Returns the step counter."""
        gradients, variables = zip(*grads_and_vars)
        self.apply(gradients, variables)
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Updates the variables: recorded while tracing; on native arrays compiled once and run.

        Arguments:
            grads: The gradients, each of the shape of its variable. None: that variable stays, with a warning.
            trainable_variables: Their variables. Default: those that the optimizer was built with.

        Raises:
            StateError: if the optimizer is not built and no variables are given, or a variable is not one of those it
                was built with.
            ArgumentError: if all gradients are None, or their number is not that of the variables.
            ShapeError: if a gradient has another shape than its variable.
        """
        if len(grads) == 0:
            return
        gradients, variables = self._pairs(grads, trainable_variables)
        if current_builder() is not None or self.run_eagerly:
            self._apply(gradients, variables)
        else:
            _native.run(self._programs, self._apply, gradients, variables, consume=True)

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """One step as a pure function of native arrays: for jax.jit and the like.

        Arguments:
            optimizer_variables: Arrays in the order of `variables`.
            grads: The gradients.
            trainable_variables: Arrays in the order of the variables that the optimizer was built with.

        Returns:
            The new trainable variables, and the new optimizer variables.

        Raises:
            StateError: if the optimizer is not built, or a graph is being traced.
            ArgumentError: if the number of arrays is wrong.
        """
        if not self.built:
            raise StateError("stateless_apply() needs a built optimizer. Call optimizer.build(variables) first.")
        if current_builder() is not None:
            raise StateError("stateless_apply() takes native arrays. Call apply() in a function that is traced.")
        for what, arrays, own in (
            ("optimizer variables", optimizer_variables, self.variables),
            ("trainable variables", trainable_variables, self._trainable_variables),
        ):
            if len(arrays) != len(own):
                raise ArgumentError(f"stateless_apply() takes {len(own)} {what}, got {len(arrays)}.")
        state = [*zip(self._trainable_variables, trainable_variables), *zip(self.variables, optimizer_variables)]
        with StatelessScope(state) as scoped:
            gradients, variables = self._pairs(grads, None)
            _native.run(self._programs, self._apply, gradients, variables, consume=False)
        return (
            [scoped.get_current_value(v) for v in self._trainable_variables],
            [scoped.get_current_value(v) for v in self.variables],
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable; what a custom optimizer implements.

        Arguments:
            gradient: Of the variable's shape and dtype.
            variable: The model variable; assign it its new value.
            learning_rate: Scalar.
        """
        kind = type(self).__name__
        raise NotImplementedError(f"{kind} must implement update_step(gradient, variable, learning_rate).")

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Ends training: with `use_ema`, these variables take the values of their averages."""
        if self.use_ema:
            for variable in var_list:
                if (average := self._averages[self._get_variable_index(variable)]) is not None:
                    variable.assign(average.value)

    def assign(self, variable: Variable, value: Any) -> None:
        """Sets a variable."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Adds to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtracts from a variable."""
        variable.assign_sub(value)

    def _pairs(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None
    ) -> tuple[list[Any], list[Variable]]:
        """The gradients that are there, with their variables; builds the optimizer if need be."""
        if trainable_variables is None and not self.built:
            raise StateError("apply(grads) without variables needs a built optimizer. Call optimizer.build(variables).")
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        if len(grads) != len(variables):
            raise ArgumentError(f"{type(self).__name__} got {len(grads)} gradients for {len(variables)} variables.")
        if not self.built:
            self.build(variables)
        for gradient, variable in zip(grads, variables):
            self._get_variable_index(variable)
            if gradient is not None and tuple(np.shape(gradient)) != variable.shape:
                raise ShapeError(
                    f"The gradient of {variable.path!r} has shape {tuple(np.shape(gradient))}, the variable "
                    f"{variable.shape}."
                )
        missing = [v.path for g, v in zip(grads, variables) if g is None]
        if len(missing) == len(variables):
            raise ArgumentError("No gradient was given for any variable: the loss does not depend on them.")
        if missing:
            warnings.warn(f"The loss does not depend on {', '.join(missing)}: not updated.", stacklevel=3)
        given = [(g, v) for g, v in zip(grads, variables) if g is not None]
        return [g for g, _ in given], [v for _, v in given]

    def _get_variable_index(self, variable: Variable) -> int:
        if variable not in self._index:
            raise StateError(
                f"Variable {variable.path!r} is not one of those that this {type(self).__name__} was built with. "
                "Make a new optimizer for another set of variables."
            )
        return self._index[variable]

    def _apply(self, gradients: Sequence[Any], variables: Sequence[Variable]) -> None:
        with scope(self.name):
            gradients, variables = self._overwrite(gradients, variables)
            if variables:
                if self.loss_scale_factor is not None:
                    gradients = [g / self.loss_scale_factor for g in gradients]
                if self.gradient_accumulation_steps:
                    self._accumulate(gradients, variables)
                else:
                    self._step(gradients, variables)
                if self.use_ema:
                    self._update_averages()
                for variable in variables:
                    if variable.constraint is not None:
                        variable.assign(variable.constraint(variable))
            self._iterations.assign(self._iterations + 1)

    def _step(self, gradients: Sequence[Any], variables: Sequence[Variable]) -> None:
        rate = self.learning_rate
        gradients = self._clipped(gradients)
        self._decay_weights(variables, rate)
        self._update(gradients, variables, rate)

    def _update(self, gradients: Sequence[Any], variables: Sequence[Variable], learning_rate: Any) -> None:
        for gradient, variable in zip(gradients, variables):
            dtype = variable.dtype
            self.update_step(in_dtype(gradient, dtype), variable, in_dtype(learning_rate, dtype))

    def _clipped(self, gradients: Sequence[Any]) -> Sequence[Any]:
        if self.clipnorm is not None:
            return _gradients.clip_by_norm(gradients, self.clipnorm)
        if self.global_clipnorm is not None:
            return _gradients.clip_by_global_norm(gradients, self.global_clipnorm)
        if self.clipvalue is not None:
            return _gradients.clip_by_value(gradients, self.clipvalue)
        return gradients

    def _is_decayed(self, variable: Variable) -> bool:
        named = self._not_decayed_names is not None and self._not_decayed_names.search(variable.name)
        return not named and variable not in self._not_decayed

    def _decay_of(self, variable: Variable) -> float | None:
        """The weight decay of one variable that is not excluded."""
        return self.weight_decay

    def _decay_weights(self, variables: Sequence[Variable], learning_rate: Any) -> None:
        decayed: dict[tuple[Any, float], list[Variable]] = {}
        for variable in variables:
            if self._is_decayed(variable) and (decay := self._decay_of(variable)):
                decayed.setdefault((variable.dtype, decay), []).append(variable)
        for (dtype, decay), group in decayed.items():
            rate = in_dtype(learning_rate, dtype) * decay
            for variable, value in zip(group, ops.sgd_update(group, group, rate)):
                variable.assign(value)

    def _overwrite(
        self, gradients: Sequence[Any], variables: Sequence[Variable]
    ) -> tuple[Sequence[Any], Sequence[Variable]]:
        """Gives the variables that are overwritten with their gradients their new values; the others are left."""
        if not any(v.overwrite_with_gradient for v in variables):
            return gradients, variables
        for gradient, variable in zip(gradients, variables):
            if variable.overwrite_with_gradient and self.gradient_accumulation_steps:
                total = self._accumulated[self._get_variable_index(variable)]
                largest, due = ops.maximum(gradient, total), self._update_is_due()
                variable.assign(ops.where(due, largest, variable))
                total.assign(ops.where(due, ops.zeros_like(largest), largest))
            elif variable.overwrite_with_gradient:
                variable.assign(gradient)
        rest = [(g, v) for g, v in zip(gradients, variables) if not v.overwrite_with_gradient]
        return [g for g, _ in rest], [v for _, v in rest]

    def _update_is_due(self) -> Any:
        return ops.equal((self._iterations + 1) % self.gradient_accumulation_steps, 0)

    def _accumulate(self, gradients: Sequence[Any], variables: Sequence[Variable]) -> None:
        totals = [self._accumulated[self._get_variable_index(v)] for v in variables]
        sums = [in_dtype(g, t.dtype) + t for g, t in zip(gradients, totals)]
        steps = self.gradient_accumulation_steps

        def update() -> None:
            self._step([total / steps for total in sums], variables)
            for total in totals:
                total.assign(ops.zeros(total.shape, total.dtype))

        def wait() -> None:
            for total, value in zip(totals, sums):
                total.assign(value)

        ops.cond(self._update_is_due(), update, wait)

    def _update_averages(self) -> None:
        pairs = [(v, a) for v, a in zip(self._trainable_variables, self._averages) if a is not None]
        iterations = self.iterations
        later = ops.not_equal(iterations, 0)
        for dtype in dict.fromkeys(v.dtype for v, _ in pairs):
            group = [(v, a) for v, a in pairs if v.dtype == dtype]
            variables, averages = [v for v, _ in group], [a for _, a in group]
            weight = 1.0 - ops.cast(later, dtype) * self.ema_momentum
            kept = ops.sgd_update(averages, averages, weight)
            for average, value in zip(averages, ops.sgd_update(kept, variables, -weight)):
                average.assign(value)

        def overwrite() -> None:
            for variable, average in pairs:
                variable.assign(average)

        if self.ema_overwrite_frequency:
            ops.cond(ops.equal((iterations + 1) % self.ema_overwrite_frequency, 0), overwrite, lambda: None)

    # ---- configuration

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as JSON types; the learning rate as it is now."""
        rate = self._learning_rate
        return {
            "name": self.name,
            "learning_rate": float(rate.numpy()) if isinstance(rate, Variable) else serialize(rate),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
            **{name: getattr(self, name) for name in self.hyperparameters},
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The optimizer that `get_config` described, without its state."""
        with custom_object_scope(custom_objects or {}):
            rate = config.get("learning_rate")
            return cls(**{**config, "learning_rate": deserialize(rate)} if isinstance(rate, Mapping) else config)

    def _check_common_arguments(self) -> None:
        clips = {n: getattr(self, n) for n in ("clipnorm", "clipvalue", "global_clipnorm")}
        given = {n: x for n, x in clips.items() if x is not None}
        if len(given) > 1:
            raise ArgumentError(f"Gradients are clipped in one way, but {' and '.join(given)} are set.")
        for name, limit in given.items():
            if not limit > 0:
                raise ArgumentError(f"{name} must be above 0, got {limit!r}.")
        if (steps := self.gradient_accumulation_steps) and (not isinstance(steps, int) or steps < 2):
            raise ArgumentError(f"gradient_accumulation_steps must be an integer of at least 2, got {steps!r}.")
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ArgumentError(f"ema_momentum must be between 0 and 1, got {self.ema_momentum!r}.")
        every = self.ema_overwrite_frequency
        if self.use_ema and every and (not isinstance(every, int) or every < 1):
            raise ArgumentError(f"ema_overwrite_frequency must be an integer of at least 1, got {every!r}.")


_COMMON = (
    "learning_rate", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum",
    "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "name",
)  # fmt: skip


def in_dtype(x: Any, dtype: Any) -> Any:
    """`x` in a dtype; Python numbers are weak and stay as they are."""
    return x if isinstance(x, int | float) or getattr(x, "dtype", None) == dtype else ops.cast(x, dtype)


def _default_name(kind: str) -> str:
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()


def _checked_rate(kind: str, rate: Any) -> float:
    if isinstance(rate, bool | str) or not hasattr(rate, "__float__"):
        raise ArgumentError(
            f"{kind} takes as learning_rate a float, a LearningRateSchedule or a function, got {rate!r}."
        )
    return float(rate)
