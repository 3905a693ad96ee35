"""The loss of embeddings that should lie near those of their class."""

from __future__ import annotations

from typing import Any

from multiback import dtypes, ops
from multiback.layers._masks import set_mask
from multiback.losses._arrays import as_arrays, as_float, as_int
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Circle loss: softplus(logsumexp over the same class + logsumexp over other classes) of weighted distances.

    With d = max(1 - cosine, 0) and m the margin, the terms are -gamma (m + d)(m - d) for the same class and
    gamma max(1 + m - d, 0)(1 - m - d) for other classes.

    Arguments:
        y_true: Class numbers, of shape (n,) or (n, 1), n at least 1.
        y_pred: Embeddings of length 1, of shape (n, d).
        ref_labels, ref_embeddings: What the embeddings are compared with; by default each other.
        remove_diagonal: Whether pair i, i is left out; wanted when samples are compared with each other.
        gamma: Scale.
        margin: How far classes should be apart.

    Returns:
        The loss of each sample, of shape (n,), in the dtype of `y_pred`. It carries a mask of where it is not 0.

    Source: Sun et al. 2020, Circle loss: a unified perspective of pair similarity optimization.

    Example:
        >>> circle([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).shape
        (3,)
    """
    y_true, y_pred, other_labels, others = as_arrays(y_true, y_pred, ref_labels, ref_embeddings)
    y_pred, labels = as_float(y_pred), as_int(y_true)
    others = y_pred if others is None else as_float(others)
    other_labels = labels if other_labels is None else as_int(other_labels)
    distance = ops.relu(1.0 - ops.matmul(y_pred, ops.transpose(others)))
    same = ops.equal(ops.reshape(labels, (-1, 1)), ops.reshape(other_labels, (1, -1)))
    different = ops.logical_not(same)
    if remove_diagonal:
        rows, columns = ops.arange(y_pred.shape[0]), ops.arange(others.shape[0])
        same = ops.logical_and(same, ops.not_equal(ops.expand_dims(rows, 1), ops.expand_dims(columns, 0)))
    near = (distance + margin) * (distance - margin) * gamma
    far = ops.relu(1.0 + margin - distance) * (1.0 - margin - distance) * gamma
    # A finite stand-in for minus infinity keeps the gradients of rows without a pair at 0 instead of NaN.
    never = -3e4 if dtypes.as_dtype(y_pred.dtype) == "float16" else -1e30
    total = sum(ops.logsumexp(ops.where(pairs, x, never), axis=1) for pairs, x in ((same, near), (different, far)))
    losses = ops.softplus(total)
    set_mask(losses, ops.not_equal(losses, 0.0))
    return losses


@REGISTRY.register()
class Circle(FunctionLoss):
    """Circle loss of embeddings, compared with each other.

    Arguments:
        gamma: Scale.
        margin: How far classes should be apart.
        remove_diagonal: Whether a sample is not compared with itself.
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> Circle()([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).shape
        ()
    """

    _integer_targets = True

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)
