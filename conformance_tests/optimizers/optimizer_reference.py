"""The update rules of all optimizers in NumPy float64, written from the formulas of the papers as Keras defines them.

Each rule is a function `rule(x, g, s, t, lr, **settings) -> (x, s)` for one variable: `s` holds its slots by name, `t`
counts updates from 1. `Reference` puts around it what optimizers share.
"""

from __future__ import annotations

import numpy as np


def sgd(x, g, s, t, lr, momentum=0.0, nesterov=False):
    if momentum == 0:
        return x - lr * g, s
    m = momentum * s["m"] - lr * g
    return x + (momentum * m - lr * g if nesterov else m), {"m": m}


def adam(x, g, s, t, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    m = beta_1 * s["m"] + (1 - beta_1) * g
    v = beta_2 * s["v"] + (1 - beta_2) * g**2
    top = np.maximum(s["top"], v)
    alpha = lr * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return x - alpha * m / (np.sqrt(top if amsgrad else v) + epsilon), {"m": m, "v": v, "top": top}


def rmsprop(x, g, s, t, lr, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    v = rho * s["v"] + (1 - rho) * g**2
    mean = rho * s["mean"] + (1 - rho) * g
    step = lr * g / np.sqrt(v - centered * mean**2 + epsilon)
    step = momentum * s["m"] + step
    return x - step, {"v": v, "mean": mean, "m": step}


def adagrad(x, g, s, t, lr, initial_accumulator_value=0.1, epsilon=1e-7):
    a = s["a"] + g**2
    return x - lr * g / np.sqrt(a + epsilon), {"a": a}


def adadelta(x, g, s, t, lr, rho=0.95, epsilon=1e-7):
    a = rho * s["a"] + (1 - rho) * g**2
    d = np.sqrt((s["b"] + epsilon) / (a + epsilon)) * g
    return x - lr * d, {"a": a, "b": rho * s["b"] + (1 - rho) * d**2}


def adamax(x, g, s, t, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = beta_1 * s["m"] + (1 - beta_1) * g
    u = np.maximum(beta_2 * s["u"], np.abs(g))
    return x - lr / (1 - beta_1**t) * m / (u + epsilon), {"m": m, "u": u}


def nadam(x, g, s, t, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    u = [beta_1 * (1 - 0.5 * 0.96**i) for i in range(1, t + 2)]
    m = beta_1 * s["m"] + (1 - beta_1) * g
    v = beta_2 * s["v"] + (1 - beta_2) * g**2
    m_hat = u[-1] * m / (1 - np.prod(u)) + (1 - u[-2]) * g / (1 - np.prod(u[:-1]))
    return x - lr * m_hat / (np.sqrt(v / (1 - beta_2**t)) + epsilon), {"m": m, "v": v}


def lion(x, g, s, t, lr, beta_1=0.9, beta_2=0.99):
    return x - lr * np.sign(beta_1 * s["m"] + (1 - beta_1) * g), {"m": beta_2 * s["m"] + (1 - beta_2) * g}


def lamb(x, g, s, t, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = beta_1 * s["m"] + (1 - beta_1) * g
    v = beta_2 * s["v"] + (1 - beta_2) * g**2
    d = m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    own, length = np.linalg.norm(x), np.linalg.norm(d)
    return x - lr * d * (own / length if own > 0 and length > 0 else 1.0), {"m": m, "v": v}


def ftrl(
    x, g, s, t, lr, learning_rate_power=-0.5, initial_accumulator_value=0.1, l1_regularization_strength=0.0,
    l2_regularization_strength=0.0, l2_shrinkage_regularization_strength=0.0, beta=0.0,
):  # fmt: skip
    l1, p = l1_regularization_strength, -learning_rate_power
    n = s["n"] + g**2
    z = s["z"] + g + 2 * l2_shrinkage_regularization_strength * x - (n**p - s["n"] ** p) / lr * x
    quadratic = n**p / lr + 2 * (l2_regularization_strength + beta / (2 * lr))
    return np.where(np.abs(z) <= l1, 0.0, (l1 * np.sign(z) - z) / quadratic), {"n": n, "z": z}


def adafactor(
    x, g, s, t, lr, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=0.001, clip_threshold=1.0, relative_step=True
):  # fmt: skip
    def rms(a):
        return np.sqrt(np.mean(a**2))

    beta_2, squares, s = 1 - float(t) ** beta_2_decay, g**2 + epsilon_1, dict(s)
    if x.ndim >= 2:
        s["r"] = beta_2 * s["r"] + (1 - beta_2) * squares.mean(-1)
        s["c"] = beta_2 * s["c"] + (1 - beta_2) * squares.mean(-2)
        v = (s["r"] / s["r"].mean(-1, keepdims=True))[..., None] * s["c"][..., None, :]
    else:
        v = s["v"] = beta_2 * s["v"] + (1 - beta_2) * squares
    d = g / np.sqrt(v)
    return x - max(epsilon_2, rms(x)) * min(lr, 1 / np.sqrt(t)) * d / max(1.0, rms(d) / clip_threshold), s


def schedule_free_adamw(x, g, s, t, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-8, warmup_steps=0):
    lr = lr * min(1.0, t / warmup_steps) if warmup_steps else lr
    v = beta_2 * s["v"] + (1 - beta_2) * g**2
    z_old = x if t == 1 else s["z"]
    average = (x - (1 - beta_1) * z_old) / beta_1
    z = z_old - lr * g / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    average = average * (1 - 1 / t) + z / t
    return beta_1 * average + (1 - beta_1) * z, {"v": v, "z": z}


def muon(
    x, g, s, t, lr, adam_beta_1=0.9, adam_beta_2=0.999, epsilon=1e-7, momentum=0.95, ns_steps=5, nesterov=True,
    rms_rate=0.2, adam_lr_ratio=1.0, muon_a=3.4445, muon_b=-4.775, muon_c=2.0315,
):  # fmt: skip
    if x.ndim != 2:
        return adam(x, g, s, t, lr * adam_lr_ratio, adam_beta_1, adam_beta_2, epsilon)
    m = momentum * s["m"] + g
    d = g + momentum * m if nesterov else m
    d = d.T if d.shape[0] > d.shape[1] else d
    d = d / (np.sqrt(np.sum(d**2)) + 1e-7)
    for _ in range(ns_steps):
        a = d @ d.T
        d = muon_a * d + (muon_b * a + muon_c * a @ a) @ d
    d = d.T if d.shape != x.shape else d
    return x - lr * d * (1 if rms_rate is None else rms_rate * np.sqrt(max(x.shape))), {**s, "m": m}


RULES = {
    "SGD": sgd, "Adam": adam, "AdamW": adam, "RMSprop": rmsprop, "Adagrad": adagrad, "Adadelta": adadelta,
    "Adamax": adamax, "Nadam": nadam, "Lion": lion, "Lamb": lamb, "Ftrl": ftrl, "Adafactor": adafactor,
    "ScheduleFreeAdamW": schedule_free_adamw, "Muon": muon,
}  # fmt: skip


class Reference:
    """An optimizer in NumPy float64: `step(gradients)` changes `variables`."""

    def __init__(
        self, kind, variables, learning_rate, weight_decay=None, clipnorm=None, clipvalue=None, global_clipnorm=None,
        loss_scale_factor=None, gradient_accumulation_steps=1, use_ema=False, ema_momentum=0.99,
        ema_overwrite_frequency=None, decayed=None, **settings,
    ):  # fmt: skip
        self.rule, self.settings = RULES[kind], settings
        self.variables = [np.array(x, np.float64) for x in variables]
        self.rate, self.decay = learning_rate, weight_decay
        self.decayed = decayed or [True] * len(variables)
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.scale, self.every = loss_scale_factor or 1.0, gradient_accumulation_steps
        self.use_ema, self.ema_momentum, self.overwrite = use_ema, ema_momentum, ema_overwrite_frequency
        self.average = [np.zeros_like(x) for x in self.variables]
        self.slots = [self._start(kind, x) for x in self.variables]
        self.steps, self.pending = 0, []

    def _start(self, kind, x):
        slots = {name: np.zeros_like(x) for name in ("m", "v", "top", "mean", "a", "b", "u", "z", "n")}
        first = self.settings.get("initial_accumulator_value", 0.1)
        slots["a"] = slots["a"] + (first if kind == "Adagrad" else 0.0)
        slots["n"] = slots["n"] + first
        if x.ndim >= 2:
            slots["r"], slots["c"] = np.zeros(x.shape[:-1]), np.zeros((*x.shape[:-2], x.shape[-1]))
        return slots

    def step(self, gradients):
        """One call of `apply`."""
        updates = self.steps // self.every
        self.pending.append([np.asarray(g, np.float64) / self.scale for g in gradients])
        if len(self.pending) == self.every:
            means = [sum(column) / self.every for column in zip(*self.pending)]
            self.pending = []
            self._update(self._clipped(means), updates + 1)
        if self.use_ema:
            weight = 0.0 if updates == 0 else self.ema_momentum
            self.average = [weight * a + (1 - weight) * x for a, x in zip(self.average, self.variables)]
            if self.overwrite and (updates + 1) % self.overwrite == 0:
                self.variables = [a.copy() for a in self.average]
        self.steps += 1

    def _clipped(self, gradients):
        norms = [np.sqrt(np.sum(g**2)) for g in gradients]
        if self.clipnorm:
            return [g * min(1.0, self.clipnorm / n) for g, n in zip(gradients, norms)]
        if self.global_clipnorm:
            return [g * min(1.0, self.global_clipnorm / np.sqrt(sum(n**2 for n in norms))) for g in gradients]
        return [np.clip(g, -self.clipvalue, self.clipvalue) for g in gradients] if self.clipvalue else gradients

    def _update(self, gradients, t):
        rate = self.rate(self.steps) if callable(self.rate) else self.rate
        for i, g in enumerate(gradients):
            x = self.variables[i]
            if self.decay and self.decayed[i]:
                x = x - x * self.decay * rate
            self.variables[i], slots = self.rule(x, g, self.slots[i], t, rate, **self.settings)
            self.slots[i] = {**self.slots[i], **slots}
