"""The values of metrics in NumPy float64, from their definitions: `value(y_true, y_pred, weights)` of all samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback.testing.cases.losses import FORMULAS

EPSILON = 1e-7


def average(function: Callable[..., Any]) -> Callable[..., Any]:
    """The weighted mean over samples; the other axes of a sample are averaged first."""

    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> Any:
        values = np.asarray(function(t, p), "float64")
        values = values.reshape(len(values), -1).mean(1)
        return ratio((values * w).sum(), w.sum())

    return value


def loss(name: str, **arguments: Any) -> Callable[..., Any]:
    """The weighted mean of a loss, from its formula."""
    formula = next(f for f in FORMULAS if f.name == name and f.arguments == arguments)
    return average(formula.values)


def in_top(k: int) -> Callable[..., Any]:
    """Whether fewer than k classes have a higher score than the target's."""
    return lambda t, p: [(row > row[int(c)]).sum() < k for c, row in zip(np.ravel(t), p)]


def counts(t: np.ndarray, p: np.ndarray, w: np.ndarray, threshold: float) -> tuple[float, float, float, float]:
    """True and false positives, true and false negatives."""
    t, p = np.reshape(t, p.shape) != 0, np.asarray(p) > threshold
    w = np.broadcast_to(np.reshape(w, (-1, *[1] * (p.ndim - 1))), p.shape)
    return tuple((w * x).sum() for x in (t & p, ~t & p, ~t & ~p, t & ~p))  # type: ignore[return-value]


def ratio(a: Any, b: Any) -> Any:
    """a / b, 0 where b is 0."""
    return a / b if b else 0.0


def precision(t: Any, p: Any, w: Any, threshold: float = 0.5) -> float:
    """Share of true positives among the positive predictions."""
    tp, fp, _, _ = counts(t, p, w, threshold)
    return ratio(tp, tp + fp)


def recall(t: Any, p: Any, w: Any, threshold: float = 0.5) -> float:
    """Share of true positives among the positive targets."""
    tp, _, _, fn = counts(t, p, w, threshold)
    return ratio(tp, tp + fn)


def specificity(t: Any, p: Any, w: Any, threshold: float = 0.5) -> float:
    """Share of true negatives among the negative targets."""
    _, fp, tn, _ = counts(t, p, w, threshold)
    return ratio(tn, tn + fp)


def top(p: np.ndarray, k: int) -> np.ndarray:
    """Infinity at the k largest, minus infinity elsewhere."""
    order = np.argsort(np.argsort(-p, axis=-1, kind="stable"), axis=-1)
    return np.where(order < k, np.inf, -np.inf)


GRID = [-EPSILON, *np.linspace(0, 1, 21)[1:-1], 1 + EPSILON]


def _confusion(t: np.ndarray, p: np.ndarray, w: np.ndarray, grid: Any = GRID) -> np.ndarray:
    """True and false positives, true and false negatives at each threshold: shape (4, thresholds)."""
    return np.array([counts(t, p, w, threshold) for threshold in grid]).T


def area(curve: str, method: str = "interpolation", grid: Any = GRID) -> Callable[..., Any]:
    """The area under a curve through the points at the thresholds, with the mean, smaller or larger of neighbours."""

    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
        tp, fp, tn, fn = _confusion(t, p, w, grid)
        if curve == "ROC":
            x, y = [ratio(a, b) for a, b in zip(fp, fp + tn)], [ratio(a, b) for a, b in zip(tp, tp + fn)]
        else:
            x, y = [ratio(a, b) for a, b in zip(tp, tp + fn)], [ratio(a, b) for a, b in zip(tp, tp + fp)]
        picks: dict[str, Callable[..., Any]] = {
            "interpolation": lambda *ends: sum(ends) / 2,
            "minoring": min,
            "majoring": max,
        }
        pick = picks[method]
        return sum((x[i] - x[i + 1]) * pick(y[i], y[i + 1]) for i in range(len(grid) - 1))

    return value


def interpolated_area(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
    """The area under precision over recall, false positives growing linearly with true ones between thresholds.

    Source: Davis and Goadrich 2006, section 3; the integral by Gauss and Legendre's rule.
    """
    tp, fp, _, fn = _confusion(t, p, w)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    total = 0.0
    for i in range(len(tp) - 1):
        step, start = tp[i] - tp[i + 1], tp[i + 1]
        if step:
            found = start + step * (nodes + 1) / 2
            wrong = fp[i + 1] + (fp[i] - fp[i + 1]) * (nodes + 1) / 2
            total += step * (weights / 2 * found / (found + wrong)).sum()
    return ratio(total, tp[0] + fn[0])


def gain_area(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
    """The area under precision gain over recall gain.

    Source: Flach and Kull 2015, definition 1.
    """
    points = []
    for tp, fp, tn, fn in _confusion(t, p, w).T:
        positive, negative = tp + fn, tn + fp
        if not tp:
            points.append((0.0, 1.0))
            continue
        share = positive / (positive + negative)
        gains = [(x - share) / ((1 - share) * x) for x in (tp / positive, tp / (tp + fp))]
        points.append((max(gains[0], 0.0), gains[1]))
    x, y = zip(*points)
    return sum((x[i] - x[i + 1]) * (y[i] + y[i + 1]) / 2 for i in range(len(x) - 1))


def by_label(function: Callable[..., Any], weights: Any = None) -> Callable[..., Any]:
    """The mean of a function of each label's targets and predictions."""
    return lambda t, p, w: np.average([function(t[:, i], p[:, i], w) for i in range(t.shape[1])], weights=weights)


def best(wanted: Callable[..., Any], bounded: Callable[..., Any], value: float) -> Callable[..., Any]:
    """The largest of one share among eleven thresholds at which another is at least a value; 0 if there is none."""

    def found(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
        grid = np.linspace(0, 1, 11)
        return max((wanted(t, p, w, x) for x in grid if bounded(t, p, w, x) >= value), default=0.0)

    return found


def f_score(average: str | None, beta: float, threshold: float | None) -> Callable[..., Any]:
    """(1 + beta^2) precision recall / (beta^2 precision + recall), with epsilon added to each divisor."""

    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> Any:
        p = top(p, 1) if threshold is None else np.where(p > threshold, np.inf, -np.inf)
        cells = np.array([counts(t[:, i], p[:, i], w, 0.0) for i in range(t.shape[1])])
        if average == "micro":
            cells = cells.sum(0)
        tp, fp, _, fn = cells.T
        precisions, recalls = tp / (tp + fp + EPSILON), tp / (tp + fn + EPSILON)
        score = (1 + beta**2) * precisions * recalls / (beta**2 * precisions + recalls + EPSILON)
        if average == "weighted":
            return (score * (tp + fn) / ((tp + fn).sum() + EPSILON)).sum()
        return score if average is None else score.mean()

    return value


def overlap(ids: Any, *, ignore: int | None = None) -> Callable[..., Any]:
    """The mean of intersection / (union + epsilon) over the classes that occur; their number is raised by epsilon."""

    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
        t, p = (y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel() for y in (t, p))
        keep = t != ignore
        t, p, w = t[keep], p[keep], w[keep]
        both = [(w * ((t == c) & (p == c))).sum() for c in ids]
        either = [(w * ((t == c) | (p == c))).sum() for c in ids]
        shares = [a / (b + EPSILON) for a, b in zip(both, either) if b]
        return sum(shares) / (len(shares) + EPSILON)

    return value


def r2(aggregation: str | None, regressors: int = 0) -> Callable[..., Any]:
    """1 - residual / variance for each output, 0 for an output without variance."""

    def value(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> Any:
        w, n = w[:, None], t.size
        mean = ratio((w * t).sum(0), w.sum())
        spread, residual = (w * (t - mean) ** 2).sum(0), (w * (t - p) ** 2).sum(0)
        score = np.array([1 - r / s if s else 0.0 for r, s in zip(residual, spread)])
        if aggregation == "uniform_average":
            score = score.mean()
        elif aggregation == "variance_weighted_average":
            score = ratio((score * spread).sum(), spread.sum())
        return 1 - (1 - score) * (n - 1) / (n - regressors - 1) if regressors else score

    return value


def correlation(concordance: bool) -> Callable[..., Any]:
    """Pearson's correlation of each sample, or Lin's concordance with epsilon added to its divisor."""

    def function(t: np.ndarray, p: np.ndarray) -> Any:
        covariance = ((t - t.mean(1, keepdims=True)) * (p - p.mean(1, keepdims=True))).mean(1)
        if concordance:
            return 2 * covariance / (t.var(1) + p.var(1) + (t.mean(1) - p.mean(1)) ** 2 + EPSILON)
        return covariance / (t.std(1) * p.std(1))

    return average(function)


def cell(i: int, *thresholds: float) -> Callable[..., Any]:
    """One of the four counts at thresholds."""
    return lambda t, p, w: np.squeeze([counts(t, p, w, x)[i] for x in thresholds])
