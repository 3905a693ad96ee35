"""Every loss in NumPy float64, from its definition: the loss of each sample, and the size of the terms it sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

EPSILON = 1e-7
ROWS, WIDTH = 5, 4


@dataclass(frozen=True)
class Formula:
    """A loss beside its definition.

    Attributes:
        name: Of the class.
        function: `(y_true, y_pred) -> losses`, or `(losses, sizes)` where the terms cancel.
        arguments: Of the class.
        targets, predictions: Kinds of data; see `data`.
        label: What tells it from the other formulas of the class.
    """

    name: str
    function: Callable[..., Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    targets: str = "real"
    predictions: str = "real"
    label: str = ""

    def __str__(self) -> str:
        return f"{self.name}-{self.case}" if self.case else self.name

    @property
    def case(self) -> str:
        """The label, or else the arguments."""
        return self.label or "-".join(f"{key}={value}" for key, value in self.arguments.items())

    @property
    def weighted(self) -> bool:
        """Whether its losses are one per sample, so that weights can be given."""
        return self.name not in ("Dice", "Tversky", "Circle")

    @property
    def takes_none(self) -> bool:
        """Whether an empty batch has losses: not where each sample is compared with all."""
        return self.name != "Circle"

    def sample(self, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Targets and predictions."""
        return data(self.targets, rows, rows), data(self.predictions, rows + 1, rows)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """The loss of each sample in float64."""
        return self._both(y_true, y_pred)[0]

    def sizes(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """The sum of the magnitudes of what is added up for each sample."""
        return self._both(y_true, y_pred)[1]

    def mean(self, y_true: np.ndarray, y_pred: np.ndarray, weight: np.ndarray | None = None) -> Any:
        """The mean over samples of loss times weight; of Circle's losses, over those not 0. NaN without samples."""
        values = self.values(y_true, y_pred)
        if self.name == "Circle" and len(values):
            return values.sum() / max((values != 0).sum(), 1)
        values = values if weight is None else values * weight
        return values.mean() if values.size else np.nan

    def _both(self, y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with np.errstate(all="ignore"):
            found = self.function(np.asarray(y_true, "float64"), np.asarray(y_pred, "float64"))
        return found if isinstance(found, tuple) else (found, np.abs(found))


def data(kind: str, seed: int, rows: int = ROWS) -> np.ndarray:
    """An array of shape (rows, 4), or (rows,) for class numbers, exact in float32."""
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(rows, WIDTH)).astype("float32") * 2
    classes = rng.integers(0, WIDTH, rows).astype("int32")
    return {
        "real": real,
        "positive": (np.abs(real) + 0.1).astype("float32"),
        "sign": np.where(real > 0, 1, -1).astype("float32"),
        "binary": (real > 0).astype("float32"),
        "probability": (1 / (1 + np.exp(-real))).astype("float32"),
        "distribution": softmax(real / 2).astype("float32"),
        "one-hot": np.eye(WIDTH, dtype="float32")[classes],
        "classes": classes,
        "unit": (real / np.linalg.norm(real, axis=-1, keepdims=True)).astype("float32"),
    }[kind]


def softmax(x: np.ndarray) -> np.ndarray:
    """exp(x) / sum(exp(x)) along the last axis."""
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def _mean(x: np.ndarray) -> np.ndarray:
    return x.mean(-1)


def _log_cosh(t: np.ndarray, p: np.ndarray) -> Any:
    error = p - t
    return _mean(np.log(np.cosh(error))), _mean(3 * np.abs(error) + 1)


def _kl(t: np.ndarray, p: np.ndarray) -> Any:
    t, p = np.clip(t, EPSILON, 1), np.clip(p, EPSILON, 1)
    terms = t * np.log(t / p)
    return terms.sum(-1), (np.abs(terms) + t).sum(-1)


def _poisson(t: np.ndarray, p: np.ndarray) -> Any:
    terms = t * np.log(p + EPSILON)
    return _mean(p - terms), _mean(p + np.abs(terms) + np.abs(t))


def _cosine(t: np.ndarray, p: np.ndarray) -> Any:
    scale = np.linalg.norm(t, axis=-1) * np.linalg.norm(p, axis=-1)
    return -(t * p).sum(-1) / scale, np.ones(len(t))


def _huber(delta: float) -> Callable[..., Any]:
    def formula(t: np.ndarray, p: np.ndarray) -> np.ndarray:
        error = np.abs(p - t)
        return _mean(np.where(error <= delta, error**2 / 2, delta * error - delta**2 / 2))

    return formula


def _hinge(power: int) -> Callable[..., Any]:
    def formula(t: np.ndarray, p: np.ndarray) -> Any:
        t = 2 * t - 1 if set(np.unique(t)) <= {0, 1} else t
        return _mean(np.maximum(1 - t * p, 0) ** power), _mean((1 + np.abs(t * p)) ** power)

    return formula


def _categorical_hinge(t: np.ndarray, p: np.ndarray) -> Any:
    right = (t * p).sum(-1)
    wrong = ((1 - t) * p).max(-1)
    return np.maximum(0, wrong - right + 1), np.abs(right) + np.abs(wrong) + 1


def _binary(
    from_logits: bool = False, smoothing: float = 0.0, gamma: float | None = None, alpha: float | None = None
) -> Callable[..., Any]:
    def formula(t: np.ndarray, p: np.ndarray) -> Any:
        t = t * (1 - smoothing) + smoothing / 2
        if from_logits and gamma is None:
            losses = t * np.logaddexp(0, -p) + (1 - t) * np.logaddexp(0, p)
        else:
            p = sigmoid(p) if from_logits else p
            clipped = np.clip(p, EPSILON, 1 - EPSILON)
            losses = -(t * np.log(clipped) + (1 - t) * np.log(1 - clipped))
        if gamma is not None:
            losses = losses * (1 - (t * p + (1 - t) * (1 - p))) ** gamma
        if alpha is not None:
            losses = losses * (t * alpha + (1 - t) * (1 - alpha))
        return _mean(losses), _mean(losses) + 1

    return formula


def _categorical(
    from_logits: bool = False, smoothing: float = 0.0, gamma: float | None = None, alpha: float = 1.0
) -> Callable[..., Any]:
    def formula(t: np.ndarray, p: np.ndarray) -> Any:
        t = t * (1 - smoothing) + smoothing / WIDTH
        p = softmax(p) if from_logits else p / p.sum(-1, keepdims=True)
        if not from_logits or gamma is not None:
            p = np.clip(p, EPSILON, 1 - EPSILON)
        terms = -t * np.log(p)
        if gamma is not None:
            terms = terms * alpha * (1 - p) ** gamma
        return terms.sum(-1), terms.sum(-1) + 1

    return formula


def _sparse(from_logits: bool = False) -> Callable[..., Any]:
    categorical = _categorical(from_logits)

    def formula(t: np.ndarray, p: np.ndarray) -> Any:
        return categorical(np.eye(WIDTH)[t.astype(int)], p)

    return formula


def _generalized(q: float) -> Callable[..., Any]:
    def formula(t: np.ndarray, p: np.ndarray) -> Any:
        chosen = p[np.arange(len(t)), t.astype(int)]
        return (1 - chosen**q) / q, np.full(len(t), 2 / q)

    return formula


def _dice(axis: Any) -> Callable[..., Any]:
    def formula(t: np.ndarray, p: np.ndarray) -> Any:
        value = 1 - 2 * (t * p).sum(axis) / (t.sum(axis) + p.sum(axis) + EPSILON)
        return value, np.full_like(value, 2)

    return formula


def _tversky(alpha: float, beta: float) -> Callable[..., Any]:
    def formula(t: np.ndarray, p: np.ndarray) -> Any:
        overlap = (t * p).sum()
        value = 1 - overlap / (overlap + alpha * (t * (1 - p)).sum() + beta * (p * (1 - t)).sum() + EPSILON)
        return value, np.full_like(value, 2)

    return formula


def _circle(gamma: float = 80.0, margin: float = 0.4) -> Callable[..., Any]:
    def formula(t: np.ndarray, p: np.ndarray) -> Any:
        distance = np.maximum(1 - p @ p.T, 0)
        losses = []
        for i in range(len(t)):
            same = [gamma * (distance[i, j] + margin) * (distance[i, j] - margin)
                    for j in range(len(t)) if j != i and t[j] == t[i]] or [-np.inf]  # fmt: skip
            other = [gamma * max(1 + margin - distance[i, j], 0) * (1 - margin - distance[i, j])
                     for j in range(len(t)) if t[j] != t[i]] or [-np.inf]  # fmt: skip
            losses.append(np.logaddexp(0, np.logaddexp.reduce(same) + np.logaddexp.reduce(other)))
        # Distances are rounded at 1 and then multiplied by up to gamma * (2 + margin) twice.
        return np.array(losses), np.array(losses) + 4 * gamma

    return formula


FORMULAS = [
    Formula("MeanSquaredError", lambda t, p: _mean((t - p) ** 2)),
    Formula("MeanAbsoluteError", lambda t, p: _mean(np.abs(t - p))),
    Formula("MeanAbsolutePercentageError", lambda t, p: 100 * _mean(np.abs(t - p) / np.maximum(np.abs(t), EPSILON))),
    Formula(
        "MeanSquaredLogarithmicError",
        lambda t, p: (
            _mean((np.log1p(np.maximum(t, EPSILON)) - np.log1p(np.maximum(p, EPSILON))) ** 2),
            _mean((np.log1p(t) + np.log1p(p)) ** 2),
        ),
        targets="positive",
        predictions="positive",
    ),
    Formula("LogCosh", _log_cosh),
    Formula("Huber", _huber(1.0)),
    Formula("Huber", _huber(0.3), {"delta": 0.3}),
    Formula("KLDivergence", _kl, {}, "distribution", "distribution"),
    Formula("Poisson", _poisson, {}, "positive", "positive"),
    Formula("CosineSimilarity", _cosine),
    Formula("Hinge", _hinge(1), {}, "sign"),
    Formula("Hinge", _hinge(1), {}, "binary", label="binary"),
    Formula("SquaredHinge", _hinge(2), {}, "sign"),
    Formula("CategoricalHinge", _categorical_hinge, {}, "one-hot"),
    Formula("BinaryCrossentropy", _binary(), {}, "binary", "probability"),
    Formula("BinaryCrossentropy", _binary(True), {"from_logits": True}, "binary"),
    Formula("BinaryCrossentropy", _binary(True, 0.2), {"from_logits": True, "label_smoothing": 0.2}, "binary"),
    Formula("BinaryFocalCrossentropy", _binary(gamma=2.0), {}, "binary", "probability"),
    Formula("BinaryFocalCrossentropy", _binary(True, gamma=1.5), {"from_logits": True, "gamma": 1.5}, "binary"),
    Formula(
        "BinaryFocalCrossentropy",
        _binary(gamma=2.0, alpha=0.3),
        {"apply_class_balancing": True, "alpha": 0.3},
        "binary",
        "probability",
    ),
    Formula("CategoricalCrossentropy", _categorical(), {}, "one-hot", "positive"),
    Formula("CategoricalCrossentropy", _categorical(True), {"from_logits": True}, "one-hot"),
    Formula(
        "CategoricalCrossentropy", _categorical(True, 0.1), {"from_logits": True, "label_smoothing": 0.1}, "one-hot"
    ),
    Formula("CategoricalFocalCrossentropy", _categorical(gamma=2.0, alpha=0.25), {}, "one-hot", "distribution"),
    Formula(
        "CategoricalFocalCrossentropy",
        _categorical(True, gamma=3.0, alpha=0.5),
        {"from_logits": True, "gamma": 3.0, "alpha": 0.5},
        "one-hot",
    ),
    Formula("SparseCategoricalCrossentropy", _sparse(), {}, "classes", "positive"),
    Formula("SparseCategoricalCrossentropy", _sparse(True), {"from_logits": True}, "classes"),
    Formula("CategoricalGeneralizedCrossEntropy", _generalized(0.5), {}, "classes", "distribution"),
    Formula("CategoricalGeneralizedCrossEntropy", _generalized(0.8), {"q": 0.8}, "classes", "distribution"),
    Formula("Dice", _dice(None), {}, "binary", "probability"),
    Formula("Dice", _dice(-1), {"axis": -1}, "binary", "probability"),
    Formula("Tversky", _tversky(0.3, 0.7), {"alpha": 0.3, "beta": 0.7}, "binary", "probability"),
    Formula("Circle", _circle(), {}, "classes", "unit"),
]


@dataclass(frozen=True)
class Special:
    """Inputs at which a loss has a meaning that must be chosen, and its losses there.

    Attributes:
        name: Of the class.
        case: What is special.
        targets, predictions: The inputs.
        values: `(low, high) -> losses`, with epsilon and 1 - epsilon as numbers of the dtype that is judged.
        arguments: Of the class; without a reduction among them, the loss of each sample is judged.
    """

    name: str
    case: str
    targets: Any
    predictions: Any
    values: Callable[[float, float], Any]
    arguments: dict[str, Any] = field(default_factory=dict)


def _certain(low: float, high: float) -> list[float]:
    """-log(p) of probabilities 0, 1, 1 and 0 that are cut to [low, high], where the targets are 1, 0, 1 and 0."""
    return [-np.log(low), -np.log(1 - high), -np.log(high), -np.log(1 - low)]


_SURE = [[0.0], [1.0], [1.0], [0.0]]
_YES_NO = [[1.0], [0.0], [1.0], [0.0]]
_ONE_HOT, _WRONG_RIGHT = [[0.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]
_HUGE = [[-1000.0], [1000.0], [1000.0], [-1000.0]]

SPECIALS = [
    Special("BinaryCrossentropy", "divergence-45", _YES_NO, _SURE, _certain),
    Special(
        "BinaryFocalCrossentropy", "divergence-45", _YES_NO, _SURE, lambda low, high: [*_certain(low, high)[:2], 0, 0]
    ),
    Special(
        "CategoricalCrossentropy",
        "divergence-45",
        _ONE_HOT,
        _WRONG_RIGHT,
        lambda low, high: [-np.log(low), -np.log(high)],
    ),
    Special(
        "SparseCategoricalCrossentropy",
        "divergence-45",
        [1, 1],
        _WRONG_RIGHT,
        lambda low, high: [-np.log(low), -np.log(high)],
    ),
    Special(
        "CategoricalFocalCrossentropy",
        "divergence-45",
        _ONE_HOT,
        _WRONG_RIGHT,
        lambda low, high: [-0.25 * (1 - low) ** 2 * np.log(low), -0.25 * (1 - high) ** 2 * np.log(high)],
    ),
    Special("CategoricalGeneralizedCrossEntropy", "certain", [1, 1], _WRONG_RIGHT, lambda low, high: [2, 0]),
    Special(
        "KLDivergence",
        "certain",
        _ONE_HOT,
        _WRONG_RIGHT,
        lambda low, high: [low * np.log(low) - np.log(low), 0],
    ),
    Special("Poisson", "zero", [[2.0], [0.0]], [[0.0], [0.0]], lambda low, high: [-2 * np.log(low), 0]),
    Special(
        "MeanAbsolutePercentageError",
        "zero",
        [[0.0], [2.0]],
        [[0.5], [0.0]],
        lambda low, high: [100 * 0.5 / low, 100],
    ),
    Special(
        "MeanSquaredLogarithmicError",
        "negative",
        [[-3.0], [1.0]],
        [[-0.5], [-1.0]],
        lambda low, high: [0, (np.log(2) - np.log1p(low)) ** 2],
    ),
    Special(
        "LogCosh", "large", [[0.0], [0.0]], [[1000.0], [-(2.0**99)]], lambda low, high: [1000 - np.log(2), 2.0**99]
    ),
    Special("CosineSimilarity", "zero", [[0.0, 0.0], [3.0, 4.0]], [[1.0, 2.0], [0.0, 0.0]], lambda low, high: [0, 0]),
    Special(
        "BinaryCrossentropy",
        "large-logits",
        _YES_NO,
        _HUGE,
        lambda low, high: [1000, 1000, 0, 0],
        {"from_logits": True},
    ),
    Special(
        "CategoricalCrossentropy",
        "large-logits",
        _ONE_HOT,
        [[1000.0, -1000.0], [-1000.0, 1000.0]],
        lambda low, high: [2000, 0],
        {"from_logits": True},
    ),
    Special(
        "SparseCategoricalCrossentropy",
        "large-logits",
        [1, 1],
        [[1000.0, -1000.0], [-1000.0, 1000.0]],
        lambda low, high: [2000, 0],
        {"from_logits": True},
    ),
    Special(
        "SparseCategoricalCrossentropy",
        "divergence-17",
        [2, -1, -100, 0],
        [[0.5, 0.5]] * 4,
        lambda low, high: [np.nan, np.nan, np.nan, np.log(2)],
    ),
    Special(
        "SparseCategoricalCrossentropy",
        "divergence-17-logits",
        [2, -1, -100, 0],
        [[0.0, 0.0]] * 4,
        lambda low, high: [np.nan, np.nan, np.nan, np.log(2)],
        {"from_logits": True},
    ),
    Special(
        "SparseCategoricalCrossentropy",
        "divergence-17-ignored",
        [-100, 0, -100, 1],
        [[0.25, 0.75]] * 4,
        lambda low, high: -(np.log(0.25) + np.log(0.75)) / 2,
        {"ignore_class": -100, "reduction": "sum_over_batch_size"},
    ),
    Special(
        "SparseCategoricalCrossentropy",
        "divergence-17-all-ignored",
        [-100, -100],
        [[0.25, 0.75]] * 2,
        lambda low, high: 0,
        {"ignore_class": -100, "reduction": "sum_over_batch_size"},
    ),
    Special("Circle", "alone", [0, 1, 2], np.eye(3), lambda low, high: [0, 0, 0]),
]


def reduced(values: np.ndarray, weight: np.ndarray | None, mask: np.ndarray | None, reduction: str | None) -> Any:
    """The losses of a batch as one number: sums of v w m over what the reduction says; 0 for a quotient by 0.

    Arguments:
        values: v, of shape (n, ...).
        weight: w, one per sample, of shape (n, 1).
        mask: m, of the shape of the values.
        reduction: One of `REDUCTIONS`.
    """
    w = np.ones_like(values) if weight is None else np.broadcast_to(weight, values.shape)
    m = np.ones_like(values) if mask is None else mask
    if reduction in ("none", None):
        return values * w * m
    total = (values * w * m).sum()
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight":
        # Weights of shape (n, 1) count once per sample, unless a mask has spread them.
        count = weight.sum() if weight is not None and mask is None else (w * m).sum()
    else:
        count = m.sum()
    return total / count if count else 0.0


REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]
