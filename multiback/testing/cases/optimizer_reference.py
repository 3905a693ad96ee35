"""What optimizers share around their update rules, in NumPy float64: clipping, decay, averages, accumulation."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback.testing.cases.update_rules import RULES, Update, slot_groups


class Reference:
    """An optimizer in NumPy float64: `step(gradients)` changes `variables`.

    Arguments:
        kind: Name of the class.
        variables: Their first values.
        learning_rate: A number, or a function of the number of calls.
        rule: Another rule than the class's.
        weight_decay: A number, or one for each variable (0 for none).
        clipnorm, clipvalue, global_clipnorm, loss_scale_factor, use_ema, ema_momentum, ema_overwrite_frequency,
        gradient_accumulation_steps: As for `Optimizer`.
        settings: Of the rule.
    """

    def __init__(
        self,
        kind: str,
        variables: Sequence[np.ndarray],
        learning_rate: Any,
        rule: Callable[..., Update] | None = None,
        weight_decay: Any = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        **settings: Any,
    ) -> None:
        self.kind, self.rule, self.settings = kind, rule or RULES[kind], settings
        self.variables = [np.array(x, np.float64) for x in variables]
        self.rate = learning_rate
        self.decay = np.broadcast_to(weight_decay, len(variables))
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.scale, self.every = loss_scale_factor or 1.0, gradient_accumulation_steps or 1
        self.use_ema, self.ema_momentum, self.overwrite = use_ema, ema_momentum, ema_overwrite_frequency
        self.average = [np.zeros_like(x) for x in self.variables]
        self.slots = [self._start(x) for x in self.variables]
        self.steps = 0
        self.pending: list[list[np.ndarray]] = []

    def _start(self, x: np.ndarray) -> dict[str, Any]:
        names = {name for group in slot_groups(self.kind, _EVERYTHING) for name in group}
        slots = {name: np.zeros_like(x) for name in names}
        if self.kind in ("Adagrad", "Ftrl"):
            slots["accumulator"] += self.settings.get("initial_accumulator_value", 0.1)
        if self.kind == "ScheduleFreeAdamW":
            slots["momentum"] = x.copy()
        if self.kind == "Adafactor":
            shapes = (x.shape[:-1], x.shape[:-2] + x.shape[-1:]) if x.ndim >= 2 else ((), ())
            slots["r"], slots["c"] = map(np.zeros, shapes)
        return slots

    def state(self) -> list[tuple[int | None, str, np.ndarray]]:
        """What the optimizer keeps beside step counter and rate, in its order: index of the variable, name, value."""
        indices = range(len(self.variables))
        found: list[tuple[int | None, str, np.ndarray]] = []
        if self.use_ema:
            found += [(i, "average", self.average[i]) for i in indices]
        if self.every > 1:
            waiting: list[Any] = [sum(column) for column in zip(*self.pending)] or [
                np.zeros_like(x) for x in self.variables
            ]
            found += [(i, "gradient_accumulator", waiting[i]) for i in indices]
        for group in slot_groups(self.kind, self.settings):
            for i in indices:
                skipped = "velocity" if self.kind == "Muon" and self.variables[i].ndim == 2 else ""
                found += [(i, name, self.slots[i][name]) for name in group if name != skipped]
        if self.kind == "Nadam":
            u = [self.settings.get("beta_1", 0.9) * (1 - 0.5 * 0.96**t) for t in range(1, self.steps + 1)]
            found.append((None, "u_product", np.prod(u)))
        return found

    def rounded(self, dtype: str) -> Reference:
        """A copy whose variables and slots are numbers of a dtype; so are the decays that Adam rounds to it."""
        found = copy.deepcopy(self)
        if self.kind in ("Adam", "AdamW"):
            betas = {"beta_1": 0.9, "beta_2": 0.999, **self.settings}
            found.settings |= {name: float(_rounded(betas[name], dtype)) for name in ("beta_1", "beta_2")}
        found.variables = [_rounded(x, dtype) for x in self.variables]
        found.slots = [{name: _rounded(x, dtype) for name, x in slots.items()} for slots in self.slots]
        return found

    def step(self, gradients: Sequence[np.ndarray]) -> None:
        """One call of `apply`."""
        updates = self.steps // self.every
        self.pending.append([np.asarray(g, np.float64) / self.scale for g in gradients])
        if len(self.pending) == self.every:
            means: list[Any] = [sum(column) / self.every for column in zip(*self.pending)]
            self.pending = []
            self._update(self._clipped(means), updates + 1)
        if self.use_ema:
            weight = 0.0 if updates == 0 else self.ema_momentum
            self.average = [weight * a + (1 - weight) * x for a, x in zip(self.average, self.variables)]
            if self.overwrite and (updates + 1) % self.overwrite == 0:
                self.variables = [a.copy() for a in self.average]
        self.steps += 1

    def _clipped(self, gradients: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        norms = [np.sqrt(np.sum(g**2)) for g in gradients]
        if self.clipnorm:
            return [g * min(1.0, self.clipnorm / n) for g, n in zip(gradients, norms)]
        if self.global_clipnorm:
            return [g * min(1.0, self.global_clipnorm / np.sqrt(sum(n**2 for n in norms))) for g in gradients]
        return [np.clip(g, -self.clipvalue, self.clipvalue) for g in gradients] if self.clipvalue else gradients

    def _update(self, gradients: Sequence[np.ndarray], t: int) -> None:
        rate = self.rate(self.steps) if callable(self.rate) else self.rate
        for i, g in enumerate(gradients):
            x = self.variables[i]
            x = x - x * self.decay[i] * rate
            self.variables[i], slots = self.rule(x, g, self.slots[i], t, rate, **self.settings)
            self.slots[i] = {**self.slots[i], **slots}


_EVERYTHING = {"momentum": 0.5, "amsgrad": True, "centered": True}
"""Settings with which every slot is made: rules read them all."""


class LossScaled:
    """Gradients divided by a scale, which is halved where they are not finite and doubled after some good steps."""

    def __init__(self, inner: Reference, scale: float, growth_steps: int) -> None:
        self.inner, self.scale, self.growth_steps, self.good = inner, scale, growth_steps, 0

    @property
    def variables(self) -> list[np.ndarray]:
        return self.inner.variables

    def state(self) -> list[tuple[int | None, str, np.ndarray]]:
        """The counter of good steps, the scale, and how many steps were not skipped."""
        values = {"step_counter": self.good, "dynamic_scale": self.scale, "iteration": self.inner.steps}
        return [(None, name, np.asarray(value, np.float64)) for name, value in values.items()]

    def step(self, gradients: Sequence[np.ndarray]) -> None:
        """One call of `apply`."""
        if not all(np.all(np.isfinite(g)) for g in gradients):
            self.scale, self.good = self.scale / 2, 0
            return
        self.inner.step([np.asarray(g) / self.scale for g in gradients])
        self.good += 1
        if self.good == self.growth_steps:
            self.scale, self.good = self.scale * 2, 0


class Several:
    """Several references, each for the variable of the same place; the loss is scaled for all of them."""

    def __init__(self, parts: Sequence[Reference], scale: float) -> None:
        self.parts, self.scale = parts, scale

    @property
    def variables(self) -> list[np.ndarray]:
        return [x for part in self.parts for x in part.variables]

    def state(self) -> list[tuple[int | None, str, np.ndarray]]:
        """Left to the checks of the parts."""
        return []

    def step(self, gradients: Sequence[np.ndarray]) -> None:
        """One call of `apply`."""
        for part, gradient in zip(self.parts, gradients):
            part.step([np.asarray(gradient) / self.scale])


def _rounded(x: Any, dtype: str) -> np.ndarray:
    return np.asarray(x, dtype).astype(np.float64)
