"""Muon."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.optimizers._bias import counted, one_minus_power
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Optimizer, Rate, in_dtype
from multiback.variables import Variable


@REGISTRY.register("muon")
class Muon(Optimizer):
    """Orthogonalized momentum for matrices, Adam for everything else: g is the gradient.

        m = momentum * m + g                            (with nesterov: d = g + momentum * m, else d = m)
        variable = variable - learning_rate * rms_rate * sqrt(max(rows, columns)) * orthogonal(d)

    orthogonal(d) is close to the nearest matrix with singular values 1: `ns_steps` times x = a x + (b s + c s s) x with
    s = x x^T, from x = d / ||d||. Variables that do not have two axes, embeddings and those in `exclude_layers` are
    updated as by Adam, with `adam_weight_decay`.

    Arguments:
        learning_rate: A float, schedule or function.
        adam_beta_1: Decay of Adam's mean.
        adam_beta_2: Decay of Adam's mean square.
        adam_weight_decay: Weight decay of the variables updated by Adam; None for none.
        epsilon: Adam's.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.
        exclude_layers: Regular expressions; Adam updates variables in whose path one is found.
        exclude_embeddings: Whether Adam updates variables with "embedding" in their path.
        muon_a, muon_b, muon_c: The a, b and c of the iteration.
        adam_lr_ratio: Adam's learning rate is `learning_rate` times this.
        momentum: Decay of the mean m.
        ns_steps: Number of iterations.
        nesterov: Whether momentum looks ahead.
        rms_rate: Root mean square of the steps, relative to `learning_rate`; None leaves out the second factor.

    References:
        Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024;
        Liu et al., Muon is Scalable for LLM Training, 2025.

    Example:
        >>> w = Variable([[1.0, -2.0], [0.5, 3.0]])
        >>> Muon(0.1).apply([[[3.0, -4.0], [1.0, 1.0]]], [w])
    """

    hyperparameters = (
        "adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon", "exclude_layers", "exclude_embeddings", "muon_a",
        "muon_b", "muon_c", "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "rms_rate",
    )  # fmt: skip

    def __init__(
        self, learning_rate: Rate = 0.001, adam_beta_1: float = 0.9, adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004, epsilon: float = 1e-7, weight_decay: float | None = 0.004,
        clipnorm: float | None = None, clipvalue: float | None = None, global_clipnorm: float | None = None,
        use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None, exclude_embeddings: bool = True, muon_a: float = 3.4445,
        muon_b: float = -4.775, muon_c: float = 2.0315, adam_lr_ratio: float = 1, momentum: float = 0.95,
        ns_steps: int = 5, nesterov: bool = True, rms_rate: float | None = 0.2, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the mean of each variable, and the mean square where Adam updates it."""
        if self.built:
            return
        super().build(variables)
        self._means: list[Any] = []
        self._squares: list[Any] = []
        for variable in self._trainable_variables:
            skipped = variable.overwrite_with_gradient
            adam = not skipped and self._uses_adam(variable)
            self._means.append(None if skipped else self.add_variable_from_reference(variable, "momentum"))
            self._squares.append(self.add_variable_from_reference(variable, "velocity") if adam else None)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        index = self._get_variable_index(variable)
        mean, square = self._means[index], self._squares[index]
        if square is not None:
            self._adam_step(gradient, variable, learning_rate * self.adam_lr_ratio, mean, square)
            return
        m = mean * self.momentum + gradient
        mean.assign(m)
        update = self._orthogonal(gradient + m * self.momentum if self.nesterov else m)
        size = 1.0 if self.rms_rate is None else self.rms_rate * math.sqrt(max(variable.shape))
        variable.assign(variable - update * (learning_rate * size))

    def _adam_step(self, gradient: Any, variable: Variable, rate: Any, mean: Variable, square: Variable) -> None:
        step = counted(self.iterations + 1, variable.dtype)
        m = mean + (gradient - mean) * (1 - self.adam_beta_1)
        v = square + (gradient * gradient - square) * (1 - self.adam_beta_2)
        mean.assign(m)
        square.assign(v)
        bias = ops.sqrt(one_minus_power(self.adam_beta_2, step)) / one_minus_power(self.adam_beta_1, step)
        variable.assign(variable - m * (rate * in_dtype(bias, variable.dtype)) / (ops.sqrt(v) + self.epsilon))

    def _orthogonal(self, x: Any) -> Any:
        tall = x.shape[0] > x.shape[1]
        x = ops.transpose(x) if tall else x
        x = x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-7)
        for _ in range(self.ns_steps):
            s = ops.matmul(x, ops.transpose(x))
            x = x * self.muon_a + ops.matmul(s * self.muon_b + ops.matmul(s, s) * self.muon_c, x)
        return ops.transpose(x) if tall else x

    def _uses_adam(self, variable: Variable) -> bool:
        embedding = self.exclude_embeddings and "embedding" in variable.path.lower()
        return len(variable.shape) != 2 or embedding or any(re.search(p, variable.path) for p in self.exclude_layers)

    def _decay_of(self, variable: Variable) -> float | None:
        return self.adam_weight_decay if self._uses_adam(variable) else self.weight_decay
