"""Adafactor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.optimizers._bias import counted
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Optimizer, Rate, in_dtype
from multiback.variables import Variable


@REGISTRY.register("adafactor")
class Adafactor(Optimizer):
    """Adaptive steps whose statistics of a matrix take one row and one column: g is the gradient, t the step's number.

        beta_2 = 1 - t ** beta_2_decay                 s = g * g + epsilon_1
        r = beta_2 * r + (1 - beta_2) * mean(s, last axis)
        c = beta_2 * c + (1 - beta_2) * mean(s, last axis but one)
        v = r c / mean(r)                              (without factors: v = beta_2 * v + (1 - beta_2) * s)
        d = g / sqrt(v)                                rho = min(learning_rate, 1 / sqrt(t))
        variable = variable - max(epsilon_2, rms(variable)) * rho * d / max(1, rms(d) / clip_threshold)

    with rms(x) = sqrt(mean(x * x)). Variables with fewer than two axes have no factors.

    Arguments:
        learning_rate: A float, schedule or function.
        beta_2_decay: Exponent, below 0.
        epsilon_1: Keeps the division finite.
        epsilon_2: The smallest size of a variable that steps are measured by.
        clip_threshold: The largest rms(d) that is not scaled down.
        relative_step: Kept for Keras's configurations; the rate is at most 1 / sqrt(t) either way, as it is there.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    References:
        Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018.

    Example:
        >>> w = Variable([[1.0, -2.0], [0.5, 3.0]])
        >>> Adafactor(0.1).apply([[[3.0, -4.0], [1.0, 1.0]]], [w])
    """

    hyperparameters = ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")

    def __init__(
        self, learning_rate: Rate = 0.001, beta_2_decay: float = -0.8, epsilon_1: float = 1e-30, epsilon_2:
        float = 0.001, clip_threshold: float = 1.0, relative_step: bool = True, weight_decay: float | None =
        None,
        clipnorm: float | None = None, clipvalue: float | None = None, global_clipnorm: float | None = None,
        use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
        name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes r, c and v for each variable; a scalar stands for r and c where there are no factors."""
        if self.built:
            return
        super().build(variables)
        self._rows: list[Any] = []
        self._columns: list[Any] = []
        self._squares: list[Any] = []
        for variable in self._trainable_variables:
            shape, skipped = variable.shape, variable.overwrite_with_gradient
            sizes = (shape[:-1], (*shape[:-2], *shape[-1:])) if len(shape) >= 2 else ((), ())
            for column, size in zip((self._rows, self._columns), sizes):
                missing = skipped and len(shape) >= 2
                dtype = variable.dtype if len(shape) >= 2 else None
                column.append(None if missing else self.add_variable(size, dtype=dtype, name=variable.name))
            self._squares.append(None if skipped else self.add_variable_from_reference(variable, "velocity"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        index, dtype = self._get_variable_index(variable), variable.dtype
        row, column, square = self._rows[index], self._columns[index], self._squares[index]
        step = counted(self.iterations + 1, dtype)
        rate = ops.minimum(learning_rate, in_dtype(ops.rsqrt(step), dtype))
        new = in_dtype(ops.power(step, self.beta_2_decay), dtype)
        squares = gradient * gradient + self.epsilon_1
        if len(variable.shape) >= 2:
            r, c = (x + (ops.mean(squares, axis=a) - x) * new for x, a in ((row, -1), (column, -2)))
            row.assign(r)
            column.assign(c)
            r = r / ops.mean(r, axis=-1, keepdims=True)
            v = ops.expand_dims(r, -1) * ops.expand_dims(c, -2)
        else:
            v = square + (squares - square) * new
        square.assign(v)
        direction = gradient / ops.sqrt(v)
        scale = ops.maximum(_rms(variable), self.epsilon_2) * rate
        variable.assign(variable - direction * (scale / ops.maximum(_rms(direction) / self.clip_threshold, 1.0)))


def _rms(x: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(x)))
