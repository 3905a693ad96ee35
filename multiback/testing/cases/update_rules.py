"""The update rules of all optimizers in NumPy float64, from the formulas of the papers.

Each rule is a function `rule(x, g, s, t, lr, **settings) -> (x, s)` for one variable x and its gradient g: `s` holds
its slots by name, `t` counts updates from 1. Defaults are the documented ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
Slots: TypeAlias = dict[str, Any]
Update: TypeAlias = tuple[Any, Slots]


def sgd(x: Array, g: Array, s: Slots, t: int, lr: float, momentum: float = 0.0, nesterov: bool = False) -> Update:
    """Sutskever et al. 2013."""
    if momentum == 0:
        return x - lr * g, s
    m = momentum * s["momentum"] - lr * g
    return x + (momentum * m - lr * g if nesterov else m), {"momentum": m}


def adam(
    x: Array,
    g: Array,
    s: Slots,
    t: int,
    lr: float,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
) -> Update:
    """Kingma and Ba 2015, section 2, epsilon outside the correction of the bias; Reddi et al. 2018."""
    m = beta_1 * s["momentum"] + (1 - beta_1) * g
    v = beta_2 * s["velocity"] + (1 - beta_2) * g**2
    top = np.maximum(s.get("velocity_hat", 0.0), v)
    alpha = lr * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return x - alpha * m / (np.sqrt(top if amsgrad else v) + epsilon), {
        "momentum": m,
        "velocity": v,
        "velocity_hat": top,
    }


def rmsprop(
    x: Array,
    g: Array,
    s: Slots,
    t: int,
    lr: float,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
) -> Update:
    """Hinton 2012, epsilon inside the root."""
    v = rho * s["velocity"] + (1 - rho) * g**2
    mean = rho * s["average_gradient"] + (1 - rho) * g
    step = lr * g / np.sqrt(v - centered * mean**2 + epsilon)
    step = momentum * s["momentum"] + step
    return x - step, {"velocity": v, "average_gradient": mean, "momentum": step}


def adagrad(
    x: Array, g: Array, s: Slots, t: int, lr: float, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7
) -> Update:
    """Duchi et al. 2011, epsilon inside the root."""
    a = s["accumulator"] + g**2
    return x - lr * g / np.sqrt(a + epsilon), {"accumulator": a}


def adadelta(x: Array, g: Array, s: Slots, t: int, lr: float, rho: float = 0.95, epsilon: float = 1e-7) -> Update:
    """Zeiler 2012."""
    a = rho * s["accumulated_grad"] + (1 - rho) * g**2
    d = np.sqrt((s["accumulated_delta_var"] + epsilon) / (a + epsilon)) * g
    return x - lr * d, {
        "accumulated_grad": a,
        "accumulated_delta_var": rho * s["accumulated_delta_var"] + (1 - rho) * d**2,
    }


def adamax(
    x: Array, g: Array, s: Slots, t: int, lr: float, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
) -> Update:
    """Kingma and Ba 2015, section 7."""
    m = beta_1 * s["momentum"] + (1 - beta_1) * g
    u = np.maximum(beta_2 * s["norm"], np.abs(g))
    return x - lr / (1 - beta_1**t) * m / (u + epsilon), {"momentum": m, "norm": u}


def nadam(
    x: Array, g: Array, s: Slots, t: int, lr: float, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
) -> Update:
    """Dozat 2016, with the warm-up of the momentum."""
    u = [beta_1 * (1 - 0.5 * 0.96**i) for i in range(1, t + 2)]
    m = beta_1 * s["momentum"] + (1 - beta_1) * g
    v = beta_2 * s["velocity"] + (1 - beta_2) * g**2
    m_hat = u[-1] * m / (1 - np.prod(u)) + (1 - u[-2]) * g / (1 - np.prod(u[:-1]))
    return x - lr * m_hat / (np.sqrt(v / (1 - beta_2**t)) + epsilon), {"momentum": m, "velocity": v}


def lion(x: Array, g: Array, s: Slots, t: int, lr: float, beta_1: float = 0.9, beta_2: float = 0.99) -> Update:
    """Chen et al. 2023."""
    return x - lr * np.sign(beta_1 * s["momentum"] + (1 - beta_1) * g), {
        "momentum": beta_2 * s["momentum"] + (1 - beta_2) * g
    }


def lamb(
    x: Array, g: Array, s: Slots, t: int, lr: float, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
) -> Update:
    """You et al. 2020, without weight decay."""
    m = beta_1 * s["momentum"] + (1 - beta_1) * g
    v = beta_2 * s["velocity"] + (1 - beta_2) * g**2
    d = m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    own, length = np.linalg.norm(x), np.linalg.norm(d)
    return x - lr * d * (own / length if own > 0 and length > 0 else 1.0), {"momentum": m, "velocity": v}


def ftrl(
    x: Array,
    g: Array,
    s: Slots,
    t: int,
    lr: float,
    learning_rate_power: float = -0.5,
    initial_accumulator_value: float = 0.1,
    l1_regularization_strength: float = 0.0,
    l2_regularization_strength: float = 0.0,
    l2_shrinkage_regularization_strength: float = 0.0,
    beta: float = 0.0,
) -> Update:
    """McMahan et al. 2013."""
    l1, p = l1_regularization_strength, -learning_rate_power
    n = s["accumulator"] + g**2
    z = s["linear"] + g + 2 * l2_shrinkage_regularization_strength * x - (n**p - s["accumulator"] ** p) / lr * x
    quadratic = n**p / lr + 2 * (l2_regularization_strength + beta / (2 * lr))
    return np.where(np.abs(z) <= l1, 0.0, (l1 * np.sign(z) - z) / quadratic), {"accumulator": n, "linear": z}


def adafactor(
    x: Array,
    g: Array,
    s: Slots,
    t: int,
    lr: float,
    beta_2_decay: float = -0.8,
    epsilon_1: float = 1e-30,
    epsilon_2: float = 0.001,
    clip_threshold: float = 1.0,
    relative_step: bool = True,
) -> Update:
    """Shazeer and Stern 2018."""

    def rms(a: Array) -> Any:
        return np.sqrt(np.mean(a**2))

    beta_2, squares, s = 1 - float(t) ** beta_2_decay, g**2 + epsilon_1, dict(s)
    if x.ndim >= 2:
        s["r"] = beta_2 * s["r"] + (1 - beta_2) * squares.mean(-1)
        s["c"] = beta_2 * s["c"] + (1 - beta_2) * squares.mean(-2)
        v = (s["r"] / s["r"].mean(-1, keepdims=True))[..., None] * s["c"][..., None, :]
    else:
        v = beta_2 * s["velocity"] + (1 - beta_2) * squares
    s["velocity"], d = v, g / np.sqrt(v)
    return x - max(epsilon_2, rms(x)) * min(lr, 1 / np.sqrt(t)) * d / max(1.0, rms(d) / clip_threshold), s


def schedule_free_adamw(
    x: Array,
    g: Array,
    s: Slots,
    t: int,
    lr: float,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
    warmup_steps: int = 0,
) -> Update:
    """Defazio et al. 2024."""
    lr = lr * min(1.0, t / warmup_steps) if warmup_steps else lr
    v = beta_2 * s["velocity"] + (1 - beta_2) * g**2
    average = (x - (1 - beta_1) * s["momentum"]) / beta_1
    z = s["momentum"] - lr * g / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    average = average * (1 - 1 / t) + z / t
    return beta_1 * average + (1 - beta_1) * z, {"velocity": v, "momentum": z}


def muon(
    x: Array,
    g: Array,
    s: Slots,
    t: int,
    lr: float,
    adam_beta_1: float = 0.9,
    adam_beta_2: float = 0.999,
    epsilon: float = 1e-7,
    momentum: float = 0.95,
    ns_steps: int = 5,
    nesterov: bool = True,
    rms_rate: float | None = 0.2,
    adam_lr_ratio: float = 1.0,
    muon_a: float = 3.4445,
    muon_b: float = -4.775,
    muon_c: float = 2.0315,
) -> Update:
    """Jordan et al. 2024; Liu et al. 2025."""
    if x.ndim != 2:
        return adam(x, g, s, t, lr * adam_lr_ratio, adam_beta_1, adam_beta_2, epsilon)
    m = momentum * s["momentum"] + g
    d = g + momentum * m if nesterov else m
    d = d.T if d.shape[0] > d.shape[1] else d
    d = d / (np.sqrt(np.sum(d**2)) + 1e-7)
    for _ in range(ns_steps):
        a = d @ d.T
        d = muon_a * d + (muon_b * a + muon_c * a @ a) @ d
    d = d.T if d.shape != x.shape else d
    return x - lr * d * (1 if rms_rate is None else rms_rate * np.sqrt(max(x.shape))), {**s, "momentum": m}


RULES: Mapping[str, Callable[..., Update]] = {
    "SGD": sgd,
    "Adam": adam,
    "AdamW": adam,
    "RMSprop": rmsprop,
    "Adagrad": adagrad,
    "Adadelta": adadelta,
    "Adamax": adamax,
    "Nadam": nadam,
    "Lion": lion,
    "Lamb": lamb,
    "Ftrl": ftrl,
    "Adafactor": adafactor,
    "ScheduleFreeAdamW": schedule_free_adamw,
    "Muon": muon,
}


def slot_groups(kind: str, settings: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The names of an optimizer's slots: those of a group are made together for each variable, group after group."""
    return [group for group in _SLOTS[kind] if _is_made(kind, group[0], settings)]


def _is_made(kind: str, slot: str, settings: Mapping[str, Any]) -> bool:
    needed = _ONLY_WITH.get((kind, slot))
    return needed is None or bool(settings.get(needed))


_ONLY_WITH = {
    ("SGD", "momentum"): "momentum",
    ("Adam", "velocity_hat"): "amsgrad",
    ("AdamW", "velocity_hat"): "amsgrad",
    ("RMSprop", "momentum"): "momentum",
    ("RMSprop", "average_gradient"): "centered",
}
"""The setting without which a slot is not made."""

_SLOTS: Mapping[str, list[tuple[str, ...]]] = {
    "SGD": [("momentum",)],
    "Adam": [("momentum", "velocity"), ("velocity_hat",)],
    "AdamW": [("momentum", "velocity"), ("velocity_hat",)],
    "RMSprop": [("velocity",), ("momentum",), ("average_gradient",)],
    "Adagrad": [("accumulator",)],
    "Adadelta": [("accumulated_grad", "accumulated_delta_var")],
    "Adamax": [("momentum", "norm")],
    "Nadam": [("momentum", "velocity")],
    "Lion": [("momentum",)],
    "Lamb": [("momentum", "velocity")],
    "Ftrl": [("accumulator", "linear")],
    "Adafactor": [("r", "c", "velocity")],
    "ScheduleFreeAdamW": [("momentum", "velocity")],
    "Muon": [("momentum", "velocity")],
}
