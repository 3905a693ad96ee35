"""Every metric beside its value for all samples at once, and the inputs at which it has a meaning of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.testing.cases.metric_values import (
    EPSILON,
    area,
    average,
    best,
    by_label,
    cell,
    correlation,
    f_score,
    gain_area,
    in_top,
    interpolated_area,
    loss,
    overlap,
    precision,
    r2,
    recall,
    specificity,
    top,
)

ROWS = 5


@dataclass(frozen=True)
class Definition:
    """A metric beside its value.

    Attributes:
        name: Of the class.
        value: `(y_true, y_pred, weights) -> value` for all samples, in float64; weights are ones if not weighted.
        targets, predictions: Kinds of data; see `draw`.
        arguments: Of the class.
        label: What tells it from the other definitions of the class.
    """

    name: str
    value: Callable[..., Any]
    targets: str
    predictions: str
    arguments: dict[str, Any] = field(default_factory=dict)
    label: str = ""

    def __str__(self) -> str:
        return f"{self.name}-{self.label}" if self.label else self.name

    def data(self, sizes: tuple[int, ...]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Batches of these sizes: targets, predictions, weights."""
        return [
            (draw(self.targets, 2 * i, n), draw(self.predictions, 2 * i + 1, n), draw("weight", 50 + i, n))
            for i, n in enumerate(sizes)
        ]


def draw(kind: str, seed: int, rows: int) -> np.ndarray:
    """Targets, predictions or weights, exact in float32 and away from the thresholds of the definitions."""
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


THRESHOLDS = [0.2, 0.5, 0.9]
EVEN = [0.0, 0.25, 0.5, 0.75, 1.0]


def _precisions(t: Any, p: Any, w: Any) -> list[float]:
    return [precision(t, p, w, x) for x in THRESHOLDS]


D = Definition
DEFINITIONS = [
    D("Mean", average(lambda t, p: t), "real", "real"),
    D("Sum", lambda t, p, w: (t.sum(1) * w).sum(), "real", "real"),
    D("MeanMetricWrapper", average(lambda t, p: np.abs(t - p)), "real", "real", {"fn": "mean_absolute_error"}),
    D("Accuracy", average(lambda t, p: t == p), "classes", "classes"),
    D("BinaryAccuracy", average(lambda t, p: t == (p[:, 0] > 0.5)), "bit", "score"),
    D("BinaryAccuracy", average(lambda t, p: t == (p > 0.7)), "binary", "scores", {"threshold": 0.7}, "threshold"),
    D("CategoricalAccuracy", average(lambda t, p: t.argmax(-1) == p.argmax(-1)), "one-hot", "real"),
    D("SparseCategoricalAccuracy", average(lambda t, p: t == p.argmax(-1)), "classes", "real"),
    D("SparseCategoricalAccuracy", average(lambda t, p: t[:, 0] == p.argmax(-1)), "column", "real", label="column"),
    D("TopKCategoricalAccuracy", average(lambda t, p: in_top(2)(t.argmax(-1), p)), "one-hot", "real", {"k": 2}),
    D("SparseTopKCategoricalAccuracy", average(in_top(2)), "classes", "real", {"k": 2}),
    D("SparseTopKCategoricalAccuracy", average(in_top(3)), "column", "real", {"k": 3}, "column"),
    D(
        "SparseTopKCategoricalAccuracy",
        average(lambda t, p: [c in row[:2] for c, row in zip(t, p)]),
        "classes",
        "ranked",
        {"k": 2, "from_sorted_ids": True},
        "sorted",
    ),
    D("MeanSquaredError", loss("MeanSquaredError"), "real", "real"),
    D("MeanAbsoluteError", loss("MeanAbsoluteError"), "real", "real"),
    D("MeanAbsolutePercentageError", loss("MeanAbsolutePercentageError"), "positive", "real"),
    D("MeanSquaredLogarithmicError", loss("MeanSquaredLogarithmicError"), "positive", "positive"),
    D("LogCoshError", loss("LogCosh"), "real", "real"),
    D("KLDivergence", loss("KLDivergence"), "scores", "scores"),
    D("Poisson", loss("Poisson"), "positive", "positive"),
    D("Hinge", loss("Hinge"), "binary", "real"),
    D("SquaredHinge", loss("SquaredHinge"), "binary", "real"),
    D("CategoricalHinge", loss("CategoricalHinge"), "one-hot", "real"),
    D("CosineSimilarity", lambda t, p, w: -loss("CosineSimilarity")(t, p, w), "real", "real"),
    D("BinaryCrossentropy", loss("BinaryCrossentropy"), "binary", "scores"),
    D(
        "BinaryCrossentropy",
        loss("BinaryCrossentropy", from_logits=True, label_smoothing=0.2),
        "binary",
        "real",
        {"from_logits": True, "label_smoothing": 0.2},
        "logits",
    ),
    D("CategoricalCrossentropy", loss("CategoricalCrossentropy"), "one-hot", "scores"),
    D(
        "SparseCategoricalCrossentropy",
        loss("SparseCategoricalCrossentropy", from_logits=True),
        "classes",
        "real",
        {"from_logits": True},
    ),
    D("RootMeanSquaredError", lambda t, p, w: np.sqrt(loss("MeanSquaredError")(t, p, w)), "real", "real"),
    D("PearsonCorrelation", correlation(False), "real", "real"),
    D("ConcordanceCorrelation", correlation(True), "real", "real"),
    D("R2Score", r2("uniform_average"), "real", "real"),
    D(
        "R2Score",
        r2("variance_weighted_average", 3),
        "real",
        "real",
        {"class_aggregation": "variance_weighted_average", "num_regressors": 3},
        "adjusted",
    ),
    D("R2Score", r2(None), "real", "real", {"class_aggregation": None}, "each"),
    D("TruePositives", cell(0, 0.5), "bit", "score"),
    D("FalsePositives", cell(1, *THRESHOLDS), "bit", "score", {"thresholds": THRESHOLDS}),
    D("TrueNegatives", cell(2, *EVEN), "bit", "score", {"thresholds": EVEN}, "even"),
    D("FalseNegatives", cell(3, *EVEN), "bit", "score", {"thresholds": EVEN}, "even"),
    D("Precision", precision, "binary", "scores"),
    D("Precision", _precisions, "bit", "score", {"thresholds": THRESHOLDS}, "thresholds"),
    D("Precision", lambda t, p, w: precision(t, top(p, 2), w), "one-hot", "scores", {"top_k": 2}, "top"),
    D("Precision", lambda t, p, w: precision(t[:, 1], p[:, 1], w), "one-hot", "scores", {"class_id": 1}, "class"),
    D("Recall", recall, "binary", "scores"),
    D(
        "Recall",
        lambda t, p, w: recall(t[:, 2], np.where(top(p, 2) > 0, p, -1)[:, 2], w, 0.3),
        "one-hot",
        "scores",
        {"thresholds": 0.3, "top_k": 2, "class_id": 2},
        "top-class",
    ),
    D("AUC", area("ROC"), "bit", "score", {"num_thresholds": 21}),
    D(
        "AUC",
        area("ROC", "minoring"),
        "bit",
        "score",
        {"num_thresholds": 21, "summation_method": "minoring"},
        "minoring",
    ),
    D(
        "AUC",
        area("PR", "majoring"),
        "bit",
        "score",
        {"num_thresholds": 21, "summation_method": "majoring", "curve": "PR"},
        "majoring",
    ),
    D("AUC", interpolated_area, "bit", "score", {"num_thresholds": 21, "curve": "PR"}, "precision-recall"),
    D("AUC", gain_area, "bit", "score", {"num_thresholds": 21, "curve": "PRGAIN"}, "gain"),
    D(
        "AUC",
        area("ROC", grid=[-EPSILON, 0.1, 0.35, 0.6, 1 + EPSILON]),
        "bit",
        "score",
        {"thresholds": [0.1, 0.6, 0.35]},
        "thresholds",
    ),
    D(
        "AUC",
        lambda t, p, w: area("ROC")(t, 1 / (1 + np.exp(-p)), w),
        "bit",
        "logit",
        {"num_thresholds": 21, "from_logits": True},
        "logits",
    ),
    D("AUC", by_label(area("ROC")), "binary", "scores", {"num_thresholds": 21, "multi_label": True}, "labels"),
    D(
        "AUC",
        by_label(area("ROC", grid=[-EPSILON, 0.3, 0.6, 1 + EPSILON]), [1, 2, 0, 1]),
        "binary",
        "scores",
        {"thresholds": [0.3, 0.6], "multi_label": True, "num_labels": 4, "label_weights": [1, 2, 0, 1]},
        "weighted-labels",
    ),
    D(
        "SensitivityAtSpecificity",
        best(recall, specificity, 0.5),
        "bit",
        "score",
        {"specificity": 0.5, "num_thresholds": 11},
    ),
    D(
        "SpecificityAtSensitivity",
        best(specificity, recall, 0.5),
        "bit",
        "score",
        {"sensitivity": 0.5, "num_thresholds": 11},
    ),
    D("PrecisionAtRecall", best(precision, recall, 0.6), "bit", "score", {"recall": 0.6, "num_thresholds": 11}),
    D("RecallAtPrecision", best(recall, precision, 0.6), "bit", "score", {"precision": 0.6, "num_thresholds": 11}),
    D("F1Score", f_score(None, 1.0, None), "one-hot", "scores"),
    D(
        "F1Score",
        f_score("weighted", 1.0, 0.4),
        "binary",
        "scores",
        {"average": "weighted", "threshold": 0.4},
        "weighted",
    ),
    D(
        "FBetaScore",
        f_score("micro", 2.0, 0.5),
        "binary",
        "scores",
        {"average": "micro", "beta": 2.0, "threshold": 0.5},
        "micro",
    ),
    D(
        "FBetaScore",
        f_score("macro", 0.5, 0.5),
        "binary",
        "scores",
        {"average": "macro", "beta": 0.5, "threshold": 0.5},
        "macro",
    ),
    D("IoU", overlap([0, 2]), "classes", "classes", {"num_classes": 4, "target_class_ids": [0, 2]}),
    D("MeanIoU", overlap(range(4)), "classes", "classes", {"num_classes": 4}),
    D(
        "MeanIoU",
        overlap(range(4), ignore=3),
        "classes",
        "real",
        {"num_classes": 4, "ignore_class": 3, "sparse_y_pred": False},
        "ignore",
    ),
    D("OneHotIoU", overlap([1, 3]), "one-hot", "real", {"num_classes": 4, "target_class_ids": [1, 3]}),
    D("OneHotMeanIoU", overlap(range(4)), "one-hot", "real", {"num_classes": 4}),
    D(
        "BinaryIoU",
        lambda t, p, w: overlap([0, 1])(t, (p >= 0.4).astype(int), w),
        "bit",
        "score",
        {"threshold": 0.4},
    ),
]


@dataclass(frozen=True)
class Special:
    """Inputs at which a metric has a meaning that must be chosen, and its value there.

    Attributes:
        name: Of the class.
        case: What is special.
        targets, predictions: The inputs.
        value: The result, in float64.
        arguments: Of the class.
        mask: Of the predictions.
        weights: One per sample.
    """

    name: str
    case: str
    targets: Any
    predictions: Any
    value: Any
    arguments: dict[str, Any] = field(default_factory=dict)
    mask: Any = None
    weights: Any = None


_NAN = np.nan
_BITS, _UNKNOWN = [1, 0, 1, 0], [_NAN, _NAN, 0.9, 0.1]
_EVEN = {"thresholds": EVEN}
_TWO_CLASSES = [[0.75, 0.25], [0.75, 0.25], [0.25, 0.75], [0.25, 0.75]]

SPECIALS = [
    Special("TruePositives", "nan", _BITS, _UNKNOWN, [1, 1, 1, 1, 0], _EVEN),
    Special("FalsePositives", "nan", _BITS, _UNKNOWN, [1, 0, 0, 0, 0], _EVEN),
    Special("TrueNegatives", "nan", _BITS, _UNKNOWN, [1, 2, 2, 2, 2], _EVEN),
    Special("FalseNegatives", "nan", _BITS, _UNKNOWN, [1, 1, 1, 1, 2], _EVEN),
    Special("TruePositives", "nan-thresholds", _BITS, _UNKNOWN, [1, 1, 0], {"thresholds": [0.2, 0.5, 0.95]}),
    Special("SparseTopKCategoricalAccuracy", "nan", [1], [[0.5, _NAN]], 0, {"k": 1}),
    Special("SparseCategoricalAccuracy", "bad-labels", [0, 2, -1, 1], _TWO_CLASSES, 0.5),
    Special("SparseTopKCategoricalAccuracy", "bad-labels", [0, 2, -1, 1], _TWO_CLASSES, 0.5, {"k": 2}),
    Special("SparseCategoricalCrossentropy", "divergence-17", [2, 0], [[0.5, 0.5]] * 2, _NAN),
    Special("BinaryCrossentropy", "divergence-45", [[1.0], [1.0]], [[0.0], [0.5]], -np.log(EPSILON * 0.5) / 2),
    Special("MeanIoU", "bad-labels", [0, 1, 5, -1, 1], [0, 0, 1, 1, 7], 0.25, {"num_classes": 2}),
    Special("MeanIoU", "absent-class", [0, 0, 2, 2], [0, 0, 2, 0], (2 / 3 + 1 / 2) / 2, {"num_classes": 4}),
    Special("AUC", "certain", [1, 0, 1, 0], [1.0, 0.0, 1.0, 0.0], 1),
    Special("AUC", "one-class", [1, 1, 1], [0.3, 0.6, 1.0], 0),
    Special("Precision", "no-positive-prediction", [1, 0], [0.2, 0.5], 0),
    Special("Recall", "no-positive-target", [0, 0], [0.2, 0.7], 0),
    Special("F1Score", "no-positive", [[0.0, 1.0]] * 2, [[0.9, 0.1]] * 2, [0, 0]),
    Special("R2Score", "constant", [[2.0, 2.0, 1.0], [2.0, 2.0, 3.0]], [[2.0, 1.0, 1.0], [2.0, 3.0, 3.0]], 1 / 3),
    Special("PearsonCorrelation", "constant", [[1.0, 1.0]], [[1.0, 2.0]], _NAN),
    Special("ConcordanceCorrelation", "constant", [[1.0, 1.0]], [[1.0, 1.0]], 0),
    Special(
        "SparseCategoricalAccuracy",
        "mask",
        [[1, 0, 1], [1, 1, 0]],
        [[[0.25, 0.75]] * 3] * 2,
        3 / 4,
        mask=[[True, True, False], [True, True, False]],
    ),
    Special(
        "SparseCategoricalAccuracy",
        "mask-and-weights",
        [[1, 0, 1], [1, 1, 0]],
        [[[0.25, 0.75]] * 3] * 2,
        (0.5 + 2 + 2) / (2 * 0.5 + 2 * 2),
        mask=[[True, True, False], [True, True, False]],
        weights=[[0.5], [2.0]],
    ),
]
