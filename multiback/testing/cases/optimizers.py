"""How optimizers are run: settings of each, settings that all share, and the points where conventions differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback import optimizers
from multiback.testing.cases.optimizer_reference import LossScaled, Reference, Several
from multiback.testing.cases.update_rules import Slots, Update

CALLS = 10
RATE = 0.125
SHAPES: list[tuple[int, ...]] = [(3, 4), (2, 3, 2), ()]


@dataclass(frozen=True)
class Steps:
    """An optimizer beside its reference, and what it is fed with.

    Attributes:
        name: The subject: a class, or `Optimizer` for what all share.
        label: What tells it from the subject's other cases.
        make: The optimizer.
        refer: The reference for variables with these first values.
        shapes: Of the variables.
        gradient: `(call, random numbers in the variables' shapes) -> gradients`.
    """

    name: str
    label: str
    make: Callable[[], optimizers.Optimizer]
    refer: Callable[[Sequence[np.ndarray]], Any]
    shapes: Sequence[tuple[int, ...]] = tuple(SHAPES)
    gradient: Callable[[int, list[np.ndarray]], list[np.ndarray]] = lambda call, numbers: numbers

    def begin(self) -> list[np.ndarray]:
        """The first values of the variables."""
        return _normal(0, self.shapes)

    def gradients(self, call: int) -> list[np.ndarray]:
        """The gradients of a call, in float64."""
        return self.gradient(call, _normal(10 + call, self.shapes))


def _normal(seed: int, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [np.asarray(random.normal(size=shape)) for shape in shapes]


SETTINGS: list[tuple[str, str, dict[str, Any]]] = [
    ("SGD", "", {}),
    ("SGD", "momentum", {"momentum": 0.9}),
    ("SGD", "nesterov", {"momentum": 0.9, "nesterov": True}),
    ("Adam", "", {}),
    ("Adam", "amsgrad", {"amsgrad": True, "beta_2": 0.5, "epsilon": 1e-3}),
    ("AdamW", "", {"weight_decay": 0.1}),
    ("RMSprop", "", {}),
    ("RMSprop", "centered", {"centered": True}),
    ("RMSprop", "momentum", {"momentum": 0.9, "rho": 0.8, "centered": True}),
    ("Adagrad", "", {"initial_accumulator_value": 0.3}),
    ("Adadelta", "", {"rho": 0.8}),
    ("Adamax", "", {}),
    ("Nadam", "", {}),
    ("Lion", "", {}),
    ("Lamb", "", {}),
    (
        "Ftrl",
        "regularized",
        {
            "l1_regularization_strength": 0.2,
            "l2_regularization_strength": 0.1,
            "beta": 0.1,
            "l2_shrinkage_regularization_strength": 0.05,
        },
    ),
    ("Ftrl", "power", {"learning_rate_power": -0.3}),
    ("Adafactor", "", {}),
    ("ScheduleFreeAdamW", "warmup", {"warmup_steps": 3}),
    ("Muon", "", {"weight_decay": None, "adam_weight_decay": None}),
    ("Muon", "plain", {"weight_decay": None, "adam_weight_decay": None, "nesterov": False, "rms_rate": None}),
]
"""Class, label and settings; the defaults that no setting names are judged too."""


def reference_of(kind: str, settings: dict[str, Any], begin: Sequence[np.ndarray], rate: Any = RATE) -> Reference:
    """The reference of a class with these settings."""
    rest = {k: v for k, v in settings.items() if k not in ("weight_decay", "adam_weight_decay")}
    decay = settings.get("weight_decay") or 0.0
    if kind == "Muon":
        decay = [decay if x.ndim == 2 else settings.get("adam_weight_decay") or 0.0 for x in begin]
    return Reference(kind, begin, rate, weight_decay=decay, **rest)


def _steps(kind: str, label: str, settings: dict[str, Any], subject: str = "") -> Steps:
    return Steps(
        subject or kind,
        label,
        lambda: getattr(optimizers, kind)(learning_rate=RATE, **settings),
        lambda begin: reference_of(kind, settings, begin),
    )


OWN = [_steps(*row) for row in SETTINGS]
"""Each class by itself, judged in both float types."""


def _excluding(kind: str) -> Steps:
    def make() -> optimizers.Optimizer:
        optimizer = getattr(optimizers, kind)(learning_rate=RATE, weight_decay=0.3)
        optimizer.exclude_from_weight_decay(var_names=["x1"])
        return optimizer

    return Steps(
        "Optimizer", f"{kind}-excluded-from-decay", make, lambda x: Reference(kind, x, RATE, weight_decay=[0.3, 0, 0.3])
    )


def _scheduled() -> Steps:
    def make() -> optimizers.Optimizer:
        schedule = optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
        return optimizers.SGD(schedule, gradient_accumulation_steps=2)

    def refer(begin: Sequence[np.ndarray]) -> Reference:
        return Reference("SGD", begin, lambda call: 0.1 * 0.5 ** (call / 2), gradient_accumulation_steps=2)

    return Steps("Optimizer", "schedule", make, refer)


def _loss_scaled(bad: float) -> Steps:
    def make() -> optimizers.Optimizer:
        inner = optimizers.SGD(RATE, momentum=0.5)
        return optimizers.LossScaleOptimizer(inner, initial_scale=8.0, dynamic_growth_steps=2)

    def gradient(call: int, numbers: list[np.ndarray]) -> list[np.ndarray]:
        if call in (1, 4, 5):
            numbers[0][1, 2] = bad
        return numbers

    return Steps(
        "LossScaleOptimizer",
        f"skips-{bad}",
        make,
        lambda begin: LossScaled(Reference("SGD", begin, RATE, momentum=0.5), 8.0, 2),
        gradient=gradient,
    )


def _several() -> Steps:
    def make() -> optimizers.Optimizer:
        by_name = {"x1": optimizers.SGD(RATE, momentum=0.5)}
        return optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.Adam(0.5), by_name), loss_scale_factor=4.0)

    def refer(begin: Sequence[np.ndarray]) -> Several:
        first = Reference("Adam", begin[:1], 0.5)
        second = Reference("SGD", begin[1:2], RATE, momentum=0.5)
        return Several([first, second, Reference("Adam", begin[2:], 0.5)], 4.0)

    return Steps("MultiOptimizer", "by-name", make, refer)


SHARED = [
    _steps("Adam", label, settings, "Optimizer")
    for label, settings in [
        ("clipnorm", {"clipnorm": 2.5}),
        ("clipvalue", {"clipvalue": 0.3}),
        ("global-clipnorm", {"global_clipnorm": 3.8}),
        ("weight-decay", {"weight_decay": 0.2}),
        ("loss-scale", {"loss_scale_factor": 8.0, "clipvalue": 0.1}),
        ("averages", {"use_ema": True, "ema_momentum": 0.7}),
        ("averages-overwrite", {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3}),
        ("accumulation", {"gradient_accumulation_steps": 3, "clipnorm": 0.5, "weight_decay": 0.1}),
        (
            "accumulation-averages",
            {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 2},
        ),
    ]
] + [
    _excluding("Nadam"),
    _excluding("SGD"),
    _scheduled(),
    _steps("Muon", "two-decays", {"weight_decay": 0.5, "adam_weight_decay": 0.25}),
    _several(),
    *map(_loss_scaled, (np.inf, -np.inf, np.nan)),
]
"""What all optimizers share, and optimizers of optimizers; judged in float64."""


@dataclass(frozen=True)
class Divergence:
    """A point on which frameworks differ: the documented meaning, and the others.

    Attributes:
        number: In the list of known divergences.
        kind: Class, made with its defaults.
        documented: The documented defaults that matter, as settings of the reference.
        others: By what they do: settings, or a `rule`.
        size: Of the gradients.
    """

    number: int
    kind: str
    documented: dict[str, Any]
    others: dict[str, dict[str, Any]]
    size: float = 1.0
    shape: tuple[int, ...] = field(default=(4,))

    def steps(self) -> Steps:
        """The optimizer with its defaults beside the documented meaning."""
        return Steps(
            self.kind,
            f"divergence-{self.number}",
            lambda: getattr(optimizers, self.kind)(learning_rate=1e-3),
            lambda begin: Reference(self.kind, begin, 1e-3, **self.documented),
            (self.shape,),
            lambda call, numbers: [self.size * np.abs(x) for x in numbers],
        )


def _corrected_first(x: Any, g: Any, s: Slots, t: int, lr: float, epsilon: float = 1e-7) -> Update:
    """Adam with epsilon inside the correction of the bias."""
    m, v = 0.9 * s["momentum"] + 0.1 * g, 0.999 * s["velocity"] + 0.001 * g**2
    step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + epsilon)
    return x - lr * step, {"momentum": m, "velocity": v}


def _root_first(x: Any, g: Any, s: Slots, t: int, lr: float, rho: float = 0.9) -> Update:
    """RMSprop with epsilon outside the root."""
    v = rho * s["velocity"] + (1 - rho) * g**2
    return x - lr * g / (np.sqrt(v) + 1e-7), {"velocity": v}


def _slow_warm_up(x: Any, g: Any, s: Slots, t: int, lr: float) -> Update:
    """Nadam whose momentum rises with 0.96 ** (0.004 t)."""
    u = [0.9 * (1 - 0.5 * 0.96 ** (0.004 * i)) for i in range(1, t + 2)]
    m, v = 0.9 * s["momentum"] + 0.1 * g, 0.999 * s["velocity"] + 0.001 * g**2
    mean = u[-1] * m / (1 - np.prod(u)) + (1 - u[-2]) * g / (1 - np.prod(u[:-1]))
    return x - lr * mean / (np.sqrt(v / (1 - 0.999**t)) + 1e-7), {"momentum": m, "velocity": v}


def _no_warm_up(x: Any, g: Any, s: Slots, t: int, lr: float) -> Update:
    """Nadam whose momentum is constant."""
    m, v = 0.9 * s["momentum"] + 0.1 * g, 0.999 * s["velocity"] + 0.001 * g**2
    mean = 0.9 * m / (1 - 0.9 ** (t + 1)) + 0.1 * g / (1 - 0.9**t)
    return x - lr * mean / (np.sqrt(v / (1 - 0.999**t)) + 1e-7), {"momentum": m, "velocity": v}


DIVERGENCES = [
    Divergence(
        50,
        "Adam",
        {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
        {"epsilon inside the correction": {"rule": _corrected_first}, "epsilon 1e-8": {"epsilon": 1e-8}},
        1e-6,
    ),
    Divergence(
        51,
        "RMSprop",
        {"rho": 0.9, "epsilon": 1e-7},
        {
            "epsilon outside the root": {"rule": _root_first},
            "rho 0.99": {"rho": 0.99},
            "both": {"rule": _root_first, "rho": 0.99},
        },
        1e-3,
    ),
    Divergence(
        52, "Adagrad", {"initial_accumulator_value": 0.1}, {"accumulator from 0": {"initial_accumulator_value": 0.0}}
    ),
    Divergence(53, "Adadelta", {"rho": 0.95, "epsilon": 1e-7}, {"rho 0.9": {"rho": 0.9}}),
    Divergence(
        54,
        "Nadam",
        {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
        {"slow warm-up": {"rule": _slow_warm_up}, "no warm-up": {"rule": _no_warm_up}},
    ),
    Divergence(
        55, "AdamW", {"weight_decay": 0.004}, {"decay 0.01": {"weight_decay": 0.01}, "1e-4": {"weight_decay": 1e-4}}
    ),
]
