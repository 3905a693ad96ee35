"""Cross-entropies between targets and predictions, one number per sample or element."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import config, dtypes
from multiback.errors import DtypeError, ShapeError
from multiback.graph.ir import Value
from multiback.ops._cases import FLOATS, HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._precision import widened
from multiback.ops._rules import as_type, axis_index, promoting
from multiback.ops.casting import cast
from multiback.ops.comparison import equal, logical_and
from multiback.ops.creation import iota, number
from multiback.ops.exponential import exp, log, log1p
from multiback.ops.reduction import sum
from multiback.ops.selection import clip, where
from multiback.ops.shaping import broadcast_to, expand_dims, reshape
from multiback.ops.softmax import log_softmax

_INF, _NAN = float("inf"), float("nan")


def _clipped(x: Any) -> Any:
    return clip(x, config.epsilon(), 1.0 - config.epsilon())


def _output_canonical(call: dict[str, Any]) -> None:
    promoting("output", to_float=True)(call)
    if "axis" in call:
        if call["output"].ndim == 0:
            raise ShapeError("A cross-entropy over classes needs an output with an axis of classes, got a scalar.")
        call["axis"] = axis_index(call["axis"], call["output"].ndim)


def _same_shape(op: str) -> Any:
    def canonical(call: dict[str, Any]) -> None:
        _output_canonical(call)
        target, output = call["target"], call["output"]
        if target.shape != output.shape:
            raise ShapeError(f"{op}() needs a target of the shape of the output {output.shape}, got {target.shape}.")
        call["target"] = as_type(target, output.dtype)

    return canonical


def _distribution(x: np.ndarray) -> np.ndarray:
    """Positive numbers that sum to 1 along the last axis."""
    e = np.exp(x)
    return e / e.sum(-1, keepdims=True)


def _logits_scale(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    return np.sum(np.abs(target) * (np.abs(output) + np.max(np.abs(output), axis, keepdims=True) + 1), axis)


_SIMPLEX = Sample(("batch", 5), transform=_distribution)
_CENTRAL = Sample(("batch", 5, 3), 0, 1)
_WIDE = Sample((4, 9), transform=_distribution)
_ONE = Sample((5,), transform=_distribution)
_HOT = Sample(values=[0.0, 1.0, 0.0, 0.0, 1.0])
_NEAR_LOGITS = Bound(8, _logits_scale)


@composite(
    canonical=_same_shape("categorical_crossentropy"),
    cases=[
        Case((_SIMPLEX, Sample(("batch", 5), -9, 9)), {"from_logits": True}, "logits", bound=Bound(8, _logits_scale)),
        Case(
            (Sample(("batch", 3, 4)), Sample(("batch", 3, 4))),
            {"from_logits": True, "axis": 1},
            "any weights",
            bound=Bound(8, _logits_scale),
        ),
        Case((_SIMPLEX, Sample(("batch", 5), 0.1, 2)), {}, "positive numbers"),
        Case(
            (Sample((4, 5), transform=_distribution), Sample(values=[[0.0, 1.0, 0.0, 0.0, 0.0]] * 4)),
            {},
            "certain",
            differentiable=False,
        ),
        *(
            Case((target, output), {"from_logits": logits, "axis": axis}, label, dtypes, bound, smooth)
            for label, target, output, logits, axis, bound, dtypes, smooth in (
                ("classes in the middle", _CENTRAL, Sample(("batch", 5, 3), 0.1, 2), False, 1, Bound(), FLOATS, True),
                ("first axis", Sample((5, 3), 0, 1), Sample((5, 3)), True, 0, _NEAR_LOGITS, FLOATS, True),
                ("one sample", _ONE, Sample((5,)), True, -1, _NEAR_LOGITS, FLOATS, True),
                ("one class", Sample((3, 1), 0, 1), Sample((3, 1)), True, -1, _NEAR_LOGITS, FLOATS, False),
                ("large logits", _ONE, Sample(values=[1e4, -1e4, 0, 5e3, -5e3]), True, -1, _NEAR_LOGITS, FLOATS, True),
                ("infinite logits", _HOT, Sample(values=[1.0, 2, 0, -_INF, -_INF]), True, -1, Bound(), FLOATS, False),
                ("logits in other floats", _WIDE, Sample((4, 9), -9, 9), True, -1, _NEAR_LOGITS, OTHER_FLOATS, False),
                ("other floats", _WIDE, Sample((4, 9), 0.1, 2), False, -1, Bound(), OTHER_FLOATS, False),
                ("gradient in half precision", _WIDE, Sample((4, 9)), True, -1, _NEAR_LOGITS, HALVES, True),
            )
        ),
    ],
)
def categorical_crossentropy(target: Array, output: Array, from_logits: bool = False, axis: int = -1) -> Any:
    """Cross-entropy of two distributions over classes: -sum_i target_i log(p_i).

    Arguments:
        target: Weights of the classes, of the shape of `output`.
        output: Logits, with p = softmax(output); or positive numbers, with p = output / sum(output), cut to
            [epsilon, 1 - epsilon], epsilon = `config.epsilon()`.
        from_logits: Whether `output` are logits.
        axis: The axis of the classes.

    Returns:
        The shape of `output` without `axis`.

    Raises:
        ShapeError: if the shapes differ.

    Example:
        >>> round(ops.categorical_crossentropy([0.0, 1.0], [0.75, 0.25]).item(), 6)
        1.386294
    """
    if from_logits:
        return -sum(target * log_softmax(output, axis=axis), axis=axis)
    wide = widened(output)
    p = wide / sum(wide, axis=axis, keepdims=True)
    return -cast(sum(target * log(_clipped(p)), axis=axis), output.dtype)


def _labels_canonical(call: dict[str, Any]) -> None:
    _output_canonical(call)
    target, output, axis = call["target"], call["output"], call["axis"]
    if target.dtype.is_float or target.dtype == "bool":
        raise DtypeError(f"Class labels must be integers, got {target.dtype}. Cast them with ops.cast.")
    target = as_type(target, dtypes.int32)
    call["target"] = target = target if isinstance(target, Value) else broadcast_to(target, ())
    expected = (*output.shape[:axis], *output.shape[axis + 1 :])
    if target.ndim == output.ndim and target.shape[axis] == 1:
        squeezed = (*target.shape[:axis], *target.shape[axis + 1 :])
        call["target"] = target = reshape(target, squeezed)
    if target.shape != expected:
        raise ShapeError(
            f"sparse_categorical_crossentropy() on an output of shape {output.shape} needs labels of shape {expected}, "
            f"got {target.shape}."
        )


def _labels_scale(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    return 2 * np.max(np.abs(output), axis) + 2 if from_logits else None


_LABELS = Sample(("batch",), 0, 4, dtype="int32")
_BAD = Sample(values=[-1, 0, 5, 4], dtype="int32")
_FIRST = Sample(values=[0, 1], dtype="int32")
_FEW = Sample((4,), 0, 8, dtype="int32")
_NEAR_LABELS = Bound(8, _labels_scale)


@composite(
    canonical=_labels_canonical,
    cases=[
        Case((_LABELS, Sample(("batch", 5), -9, 9)), {"from_logits": True}, "logits", bound=Bound(8, _labels_scale)),
        Case(
            (Sample(("batch", 3), 0, 4, dtype="int32"), Sample(("batch", 3, 5))),
            {"from_logits": True},
            "sequence",
            bound=Bound(8, _labels_scale),
        ),
        Case(
            (Sample(("batch", 3), 0, 4, dtype="int32"), Sample(("batch", 5, 3))),
            {"from_logits": True, "axis": 1},
            "classes in the middle",
            bound=Bound(8, _labels_scale),
        ),
        Case((_LABELS, Sample(("batch", 5), 0.1, 2)), {}, "positive numbers"),
        Case((Sample(("batch", 1), 0, 4, dtype="int32"), Sample(("batch", 5), 0.1, 2)), {}, "column of labels"),
        Case((_BAD, Sample((4, 5))), {"from_logits": True}, "divergence-17", bound=Bound(8, _labels_scale)),
        Case((_BAD, Sample((4, 5), 0.1, 2)), {}, "divergence-17, positive numbers"),
        *(
            Case((target, output), {"from_logits": logits, "axis": axis}, label, dtypes, bound, smooth)
            for label, target, output, logits, axis, bound, dtypes, smooth in (
                ("first axis", Sample((3,), 0, 4, "int64"), Sample((5, 3)), True, 0, _NEAR_LABELS, FLOATS, True),
                ("one sample", Sample((), 0, 4, "uint8"), Sample((5,)), True, -1, _NEAR_LABELS, FLOATS, True),
                ("middle", Sample((2, 3), 0, 4, "int8"), Sample((2, 5, 3), 0.1, 2), False, 1, Bound(), FLOATS, True),
                ("certain", Sample((3,), 0, 2, "int32"), Sample(values=np.eye(3)), False, -1, Bound(), FLOATS, False),
                ("infinite logits", _FIRST, Sample(values=[[1.0, -_INF]] * 2), True, -1, Bound(), FLOATS, False),
                ("logits in other floats", _FEW, Sample((4, 9), -9, 9), True, -1, _NEAR_LABELS, OTHER_FLOATS, False),
                ("other floats", _FEW, Sample((4, 9), 0.1, 2), False, -1, Bound(), OTHER_FLOATS, False),
                ("gradient in half precision", _FEW, Sample((4, 9)), True, -1, _NEAR_LABELS, HALVES, True),
            )
        ),
    ],
)
def sparse_categorical_crossentropy(target: Array, output: Array, from_logits: bool = False, axis: int = -1) -> Any:
    """Cross-entropy with labels: -log(p[target]). NaN, without gradient, for a label that is not a class.

    Arguments:
        target: Integer labels, of the shape of `output` without `axis` (or with size 1 there).
        output: Logits, with p = softmax(output); or positive numbers, with p = output / sum(output), cut to
            [epsilon, 1 - epsilon], epsilon = `config.epsilon()`.
        from_logits: Whether `output` are logits.
        axis: The axis of the classes.

    Returns:
        The shape of `output` without `axis`.

    Raises:
        DtypeError: for labels that are not integers.
        ShapeError: if the shapes do not fit.

    Example:
        >>> round(ops.sparse_categorical_crossentropy(1, [0.75, 0.25]).item(), 6)
        1.386294
    """
    classes = output.shape[axis]
    chosen = equal(_along(iota(classes), output.ndim, axis), expand_dims(target, axis))
    if from_logits:
        log_p = sum(where(chosen, log_softmax(output, axis=axis), 0.0), axis=axis)
    else:
        wide = widened(output)
        log_p = log(_clipped(sum(where(chosen, wide, 0.0), axis=axis) / sum(wide, axis=axis)))
    known = logical_and(target >= 0, target < number(classes))
    return cast(where(known, -log_p, _NAN), output.dtype)


def _along(x: Any, ndim: int, axis: int) -> Any:
    return reshape(x, tuple(x.shape[0] if a == axis else 1 for a in range(ndim)))


def _binary_scale(target: Any, output: Any, from_logits: bool = False) -> Any:
    if from_logits:
        return np.abs(output) * (1 + np.abs(target)) + 1
    p = np.clip(output, 1e-7, 1 - 1e-7)
    return np.abs(target * np.log(p)) + np.abs((1 - target) * np.log(1 - p)) + 1


@composite(
    canonical=_same_shape("binary_crossentropy"),
    cases=[
        Case((Sample(("batch", 3), 0, 1), sample), {"from_logits": logits}, label, bound=Bound(8, _binary_scale))
        for sample, logits, label in (
            (Sample(("batch", 3), -9, 9), True, "logits"),
            (Sample(("batch", 3), 0.1, 0.9), False, "p"),
        )
    ]
    + [
        Case(
            (Sample(values=[0.0, 1.0, 1.0, 0.0, 0.5]), Sample(values=[-90.0, 90.0, -90.0, 90.0, 0.0])),
            {"from_logits": True},
            "extreme logits",
            bound=Bound(8, _binary_scale),
        ),
        Case(
            (Sample(values=[0.0, 1.0, 1.0, 0.0]), Sample(values=[0.0, 1.0, 0.0, 0.25])),
            {},
            "divergence-45",
            bound=Bound(8, _binary_scale),
            differentiable=False,
        ),
        *(
            Case(
                (Sample((4, 9), 0, 1), output), {"from_logits": logits}, label, dtypes, Bound(8, _binary_scale), smooth
            )
            for label, output, logits, dtypes, smooth in (
                ("logits in other floats", Sample((4, 9), -9, 9), True, OTHER_FLOATS, False),
                ("other floats", Sample((4, 9), 0.1, 0.9), False, OTHER_FLOATS, False),
                ("gradient in half precision", Sample((4, 9)), True, HALVES, True),
            )
        ),
        Case((Sample(()), Sample(())), {"from_logits": True}, "scalar", bound=Bound(8, _binary_scale)),
        Case(
            (Sample((4,), 0, 1, dtype="int32"), Sample((4,))),
            {"from_logits": True},
            "integer targets",
            bound=Bound(8, _binary_scale),
        ),
    ],
)
def binary_crossentropy(target: Array, output: Array, from_logits: bool = False) -> Any:
    """Cross-entropy of yes and no, element by element: -t log(p) - (1 - t) log(1 - p).

    Arguments:
        target: Probabilities of yes, of the shape of `output`.
        output: Logits, with p = sigmoid(output); or probabilities, cut to [epsilon, 1 - epsilon],
            epsilon = `config.epsilon()`.
        from_logits: Whether `output` are logits.

    Returns:
        The shape of `output`.

    Raises:
        ShapeError: if the shapes differ.

    Example:
        >>> round(ops.binary_crossentropy([1.0], [0.25]).item(), 6)
        1.386294
    """
    if from_logits:
        positive = output > 0
        return where(positive, output, 0.0) - output * target + log1p(exp(where(positive, -output, output)))
    p = _clipped(widened(output))
    return -cast(target * log(p) + (1.0 - target) * log(1.0 - p), output.dtype)
