"""Every metric beside its value for all samples at once, in NumPy float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import losses, metrics
from multiback.backends.registry import get_adapter, owner

BATCHES = (5, 5, 3)


def batches(backend: str) -> tuple[int, ...]:
    """Their sizes; on jax a single one, since each new size costs a long compilation there and no new graph."""
    return BATCHES[:2] if backend == "jax" else BATCHES


@dataclass(frozen=True)
class Definition:
    """A metric beside its value for all targets, predictions and weights (ones if not weighted) in float64."""

    make: Callable[[], metrics.Metric]
    value: Callable[..., Any]
    targets: str
    predictions: str
    label: str = ""
    weighted: bool = True

    def __str__(self) -> str:
        return f"{type(self.make()).__name__}{self.label and '-' + self.label}"

    def data(self, sizes: tuple[int, ...] = BATCHES) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The batches: targets, predictions, weights."""
        return [
            (draw(self.targets, 2 * i, n), draw(self.predictions, 2 * i + 1, n), draw("weight", 50 + i, n))
            for i, n in enumerate(sizes)
        ]


def draw(kind: str, seed: int, rows: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(rows, 4)).astype("float32")
    return {
        "real": real,
        "positive": np.abs(real) + 0.125,
        "binary": (real > 0).astype("float32"),
        "bit": (real[:, 0] > 0).astype("int32"),
        "score": (np.floor(100 / (1 + np.exp(-real[:, :1]))) / 100 + 0.005).astype("float32"),
        "scores": (1 / (1 + np.exp(-real))).astype("float32"),
        "logit": real[:, 0],
        "classes": rng.integers(0, 4, rows).astype("int32"),
        "column": rng.integers(0, 4, (rows, 1)).astype("int32"),
        "one-hot": np.eye(4, dtype="float32")[rng.integers(0, 4, rows)],
        "ranked": np.argsort(real, axis=1)[:, ::-1].astype("int32"),
        "weight": rng.integers(0, 5, rows).astype("float32") / 4,
    }[kind]


def average(function: Callable[..., Any]) -> Callable[..., Any]:
    """The weighted mean over samples; the other axes of a sample are averaged first."""

    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> Any:
        values = np.asarray(function(t, p), "float64")
        values = values.reshape(len(values), -1).mean(1)
        return (values * w).sum() / w.sum()

    return value


def loss(name: str, **arguments: Any) -> Callable[..., Any]:
    """The mean of the loss of this name in float64 on NumPy, which has tests of its own."""

    def function(t: np.ndarray, p: np.ndarray) -> Any:
        kind = getattr(losses, name)(**arguments, reduction=None, dtype="float64")
        return owner(found := kind(t, get_adapter("numpy").from_numpy(p.astype("float64")))).to_numpy(found)

    return average(function)


def in_top(k: int) -> Callable[..., Any]:
    return lambda t, p: [(row > row[int(c)]).sum() < k for c, row in zip(np.ravel(t), p)]


def counts(t: np.ndarray, p: np.ndarray, w: np.ndarray, threshold: float) -> tuple[float, float, float, float]:
    """True and false positives, true and false negatives."""
    t, p = np.reshape(t, p.shape) != 0, np.asarray(p) > threshold
    w = np.broadcast_to(np.reshape(w, (-1, *[1] * (p.ndim - 1))), p.shape)
    return tuple((w * x).sum() for x in (t & p, ~t & p, ~t & ~p, t & ~p))  # type: ignore[return-value]


def ratio(a: float, b: float) -> float:
    return a / b if b else 0.0


def precision(t: Any, p: Any, w: Any, threshold: float = 0.5) -> float:
    tp, fp, _, _ = counts(t, p, w, threshold)
    return ratio(tp, tp + fp)


def recall(t: Any, p: Any, w: Any, threshold: float = 0.5) -> float:
    tp, _, _, fn = counts(t, p, w, threshold)
    return ratio(tp, tp + fn)


def specificity(t: Any, p: Any, w: Any, threshold: float = 0.5) -> float:
    _, fp, tn, _ = counts(t, p, w, threshold)
    return ratio(tn, tn + fp)


def top(p: np.ndarray, k: int) -> np.ndarray:
    """Infinity at the k largest, minus infinity elsewhere."""
    order = np.argsort(np.argsort(-p, axis=-1, kind="stable"), axis=-1)
    return np.where(order < k, np.inf, -np.inf)


GRID = [-1e-7, *np.linspace(0, 1, 21)[1:-1], 1 + 1e-7]


def area(curve: str, method: str = "interpolation", grid: Any = GRID) -> Callable[..., Any]:
    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
        cells = np.array([counts(t, p, w, threshold) for threshold in grid])
        tp, fp, tn, fn = cells.T
        if curve == "ROC":
            x, y = [ratio(a, b) for a, b in zip(fp, fp + tn)], [ratio(a, b) for a, b in zip(tp, tp + fn)]
        else:
            x, y = [ratio(a, b) for a, b in zip(tp, tp + fn)], [ratio(a, b) for a, b in zip(tp, tp + fp)]
        pick = {"interpolation": lambda a, b: (a + b) / 2, "minoring": min, "majoring": max}[method]
        return sum((x[i] - x[i + 1]) * pick(y[i], y[i + 1]) for i in range(len(grid) - 1))

    return value


def by_label(function: Callable[..., Any], weights: Any = None) -> Callable[..., Any]:
    return lambda t, p, w: np.average([function(t[:, i], p[:, i], w) for i in range(t.shape[1])], weights=weights)


def best(wanted: Callable[..., Any], bounded: Callable[..., Any], value: float) -> Callable[..., Any]:
    def found(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
        grid = np.linspace(0, 1, 11)
        return max((wanted(t, p, w, x) for x in grid if bounded(t, p, w, x) >= value), default=0.0)

    return found


def f_score(average: str | None, beta: float, threshold: float | None) -> Callable[..., Any]:
    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> Any:
        p = top(p, 1) if threshold is None else np.where(p > threshold, np.inf, -np.inf)
        cells = np.array([counts(t[:, i], p[:, i], w, 0.0) for i in range(t.shape[1])])
        if average == "micro":
            cells = cells.sum(0, keepdims=True)
        tp, fp, _, fn = cells.T
        score = (1 + beta**2) * tp / ((1 + beta**2) * tp + beta**2 * fn + fp)
        if average == "weighted":
            return (score * (tp + fn)).sum() / (tp + fn).sum()
        return score if average is None else score.mean()

    return value


def overlap(ids: Any, *, ignore: int | None = None) -> Callable[..., Any]:
    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
        t, p = (y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel() for y in (t, p))
        keep = t != ignore
        t, p, w = t[keep], p[keep], w[keep]
        shares = [(w * ((t == c) & (p == c))).sum() / (w * ((t == c) | (p == c))).sum() for c in ids]
        return float(np.mean(shares))

    return value


def r2(aggregation: str | None, regressors: int = 0) -> Callable[..., Any]:
    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> Any:
        w = w[:, None]
        mean = (w * t).sum(0) / w.sum()
        spread = (w * (t - mean) ** 2).sum(0)
        score = 1 - (w * (t - p) ** 2).sum(0) / spread
        if aggregation == "uniform_average":
            score = score.mean()
        elif aggregation == "variance_weighted_average":
            score = (score * spread).sum() / spread.sum()
        n = t.size
        return 1 - (1 - score) * (n - 1) / (n - regressors - 1) if regressors else score

    return value


def correlation(concordance: bool) -> Callable[..., Any]:
    def function(t: np.ndarray, p: np.ndarray) -> Any:
        covariance = ((t - t.mean(1, keepdims=True)) * (p - p.mean(1, keepdims=True))).mean(1)
        if concordance:
            return 2 * covariance / (t.var(1) + p.var(1) + (t.mean(1) - p.mean(1)) ** 2 + 1e-7)
        return covariance / (t.std(1) * p.std(1))

    return average(function)


M = metrics
D = Definition
THRESHOLDS = [0.2, 0.5, 0.9]
EVEN = [0.0, 0.25, 0.5, 0.75, 1.0]


def cell(i: int, *thresholds: float) -> Callable[..., Any]:
    return lambda t, p, w: np.squeeze([counts(t, p, w, x)[i] for x in thresholds])


DEFINITIONS = [
    D(M.Accuracy, average(lambda t, p: t == p), "classes", "classes"),
    D(M.BinaryAccuracy, average(lambda t, p: t == (p[:, 0] > 0.5)), "bit", "score"),
    D(lambda: M.BinaryAccuracy(threshold=0.7), average(lambda t, p: t == (p > 0.7)), "binary", "scores", "threshold"),
    D(M.CategoricalAccuracy, average(lambda t, p: t.argmax(-1) == p.argmax(-1)), "one-hot", "real"),
    D(M.SparseCategoricalAccuracy, average(lambda t, p: t == p.argmax(-1)), "classes", "real"),
    D(M.SparseCategoricalAccuracy, average(lambda t, p: t[:, 0] == p.argmax(-1)), "column", "real", "column"),
    D(lambda: M.TopKCategoricalAccuracy(2), average(lambda t, p: in_top(2)(t.argmax(-1), p)), "one-hot", "real"),
    D(lambda: M.SparseTopKCategoricalAccuracy(2), average(in_top(2)), "classes", "real"),
    D(lambda: M.SparseTopKCategoricalAccuracy(3), average(in_top(3)), "column", "real", "column"),
    D(
        lambda: M.SparseTopKCategoricalAccuracy(2, from_sorted_ids=True),
        average(lambda t, p: [c in row[:2] for c, row in zip(t, p)]),
        "classes",
        "ranked",
        "sorted",
    ),
    D(M.MeanSquaredError, loss("MeanSquaredError"), "real", "real"),
    D(M.MeanAbsoluteError, loss("MeanAbsoluteError"), "real", "real"),
    D(M.MeanAbsolutePercentageError, loss("MeanAbsolutePercentageError"), "positive", "real"),
    D(M.MeanSquaredLogarithmicError, loss("MeanSquaredLogarithmicError"), "positive", "positive"),
    D(M.LogCoshError, loss("LogCosh"), "real", "real"),
    D(M.KLDivergence, loss("KLDivergence"), "scores", "scores"),
    D(M.Poisson, loss("Poisson"), "positive", "positive"),
    D(M.Hinge, loss("Hinge"), "binary", "real"),
    D(M.SquaredHinge, loss("SquaredHinge"), "binary", "real"),
    D(M.CategoricalHinge, loss("CategoricalHinge"), "one-hot", "real"),
    D(M.CosineSimilarity, lambda t, p, w: -loss("CosineSimilarity")(t, p, w), "real", "real"),
    D(M.BinaryCrossentropy, loss("BinaryCrossentropy"), "binary", "scores"),
    D(
        lambda: M.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        loss("BinaryCrossentropy", from_logits=True, label_smoothing=0.1),
        "binary",
        "real",
        "logits",
    ),
    D(M.CategoricalCrossentropy, loss("CategoricalCrossentropy"), "one-hot", "scores"),
    D(
        lambda: M.SparseCategoricalCrossentropy(from_logits=True),
        loss("SparseCategoricalCrossentropy", from_logits=True),
        "classes",
        "real",
    ),
    D(
        M.RootMeanSquaredError,
        lambda t, p, w: np.sqrt(loss("MeanSquaredError")(t, p, w)),
        "real",
        "real",
    ),
    D(M.PearsonCorrelation, correlation(False), "real", "real"),
    D(M.ConcordanceCorrelation, correlation(True), "real", "real"),
    D(M.R2Score, r2("uniform_average"), "real", "real"),
    D(
        lambda: M.R2Score("variance_weighted_average", 3),
        r2("variance_weighted_average", 3),
        "real",
        "real",
        "adjusted",
    ),
    D(lambda: M.R2Score(None), r2(None), "real", "real", "each"),
    D(M.TruePositives, cell(0, 0.5), "bit", "score"),
    D(lambda: M.FalsePositives(THRESHOLDS), cell(1, *THRESHOLDS), "bit", "score"),
    D(lambda: M.TrueNegatives(EVEN), cell(2, *EVEN), "bit", "score", "even"),
    D(lambda: M.FalseNegatives(EVEN), cell(3, *EVEN), "bit", "score", "even"),
    D(M.Precision, precision, "binary", "scores"),
    D(
        lambda: M.Precision(THRESHOLDS),
        lambda t, p, w: [precision(t, p, w, x) for x in THRESHOLDS],
        "bit",
        "score",
        "thresholds",
    ),
    D(lambda: M.Precision(top_k=2), lambda t, p, w: precision(t, top(p, 2), w), "one-hot", "scores", "top"),
    D(lambda: M.Precision(class_id=1), lambda t, p, w: precision(t[:, 1], p[:, 1], w), "one-hot", "scores", "class"),
    D(M.Recall, recall, "binary", "scores"),
    D(
        lambda: M.Recall(0.3, top_k=2, class_id=2),
        lambda t, p, w: recall(t[:, 2], np.where(top(p, 2) > 0, p, -1)[:, 2], w, 0.3),
        "one-hot",
        "scores",
        "top-class",
    ),
    D(lambda: M.AUC(21), area("ROC"), "bit", "score"),
    D(lambda: M.AUC(21, summation_method="minoring"), area("ROC", "minoring"), "bit", "score", "minoring"),
    D(lambda: M.AUC(21, summation_method="majoring", curve="PR"), area("PR", "majoring"), "bit", "score", "majoring"),
    D(
        lambda: M.AUC(thresholds=[0.1, 0.6, 0.35]),
        area("ROC", grid=[-1e-7, 0.1, 0.35, 0.6, 1 + 1e-7]),
        "bit",
        "score",
        "thresholds",
    ),
    D(
        lambda: M.AUC(21, from_logits=True),
        lambda t, p, w: area("ROC")(t, 1 / (1 + np.exp(-p)), w),
        "bit",
        "logit",
        "logits",
    ),
    D(lambda: M.AUC(21, multi_label=True), by_label(area("ROC")), "binary", "scores", "labels"),
    D(
        lambda: M.AUC(thresholds=[0.3, 0.6], multi_label=True, num_labels=4, label_weights=[1, 2, 0, 1]),
        by_label(area("ROC", grid=[-1e-7, 0.3, 0.6, 1 + 1e-7]), [1, 2, 0, 1]),
        "binary",
        "scores",
        "weighted-labels",
    ),
    D(lambda: M.SensitivityAtSpecificity(0.5, 11), best(recall, specificity, 0.5), "bit", "score"),
    D(lambda: M.SpecificityAtSensitivity(0.5, 11), best(specificity, recall, 0.5), "bit", "score"),
    D(lambda: M.PrecisionAtRecall(0.6, 11), best(precision, recall, 0.6), "bit", "score"),
    D(lambda: M.RecallAtPrecision(0.6, 11), best(recall, precision, 0.6), "bit", "score"),
    D(M.F1Score, f_score(None, 1.0, None), "one-hot", "scores"),
    D(lambda: M.F1Score("weighted", 0.4), f_score("weighted", 1.0, 0.4), "binary", "scores", "weighted"),
    D(lambda: M.FBetaScore("micro", 2.0, 0.5), f_score("micro", 2.0, 0.5), "binary", "scores", "micro"),
    D(lambda: M.FBetaScore("macro", 0.5, 0.5), f_score("macro", 0.5, 0.5), "binary", "scores", "macro"),
    D(lambda: M.IoU(4, [0, 2], dtype="float32"), overlap([0, 2]), "classes", "classes"),
    D(lambda: M.MeanIoU(4, dtype="float32"), overlap(range(4)), "classes", "classes"),
    D(lambda: M.MeanIoU(4), overlap(range(4)), "classes", "classes", "int", False),
    D(
        lambda: M.MeanIoU(4, ignore_class=3, dtype="float32", sparse_y_pred=False),
        overlap(range(4), ignore=3),
        "classes",
        "real",
        "ignore",
    ),
    D(lambda: M.OneHotIoU(4, [1, 3], dtype="float32"), overlap([1, 3]), "one-hot", "real"),
    D(lambda: M.OneHotMeanIoU(4, dtype="float32"), overlap(range(4)), "one-hot", "real"),
    D(
        lambda: M.BinaryIoU(threshold=0.4, dtype="float32"),
        lambda t, p, w: overlap([0, 1])(t, (p >= np.float32(0.4)).astype(int), w),
        "bit",
        "score",
    ),
]
