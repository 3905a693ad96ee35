"""What every loss is: a function of targets and predictions, reduced to one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from multiback import dtypes, ops, tree
from multiback.dtypes import DType
from multiback.errors import ArgumentError
from multiback.graph.trace import as_host_array, scope
from multiback.layers._masks import get_mask
from multiback.layers._names import auto_name, snake_case
from multiback.losses._arrays import as_array, as_arrays, compute_dtype
from multiback.losses.reduction import checked_reduction, reduce_weighted
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
class Loss:
    """Base of losses: subclasses define `call(y_true, y_pred)`, which gives the loss of each sample.

    Calling the object applies masks and sample weights to these and reduces them to one number.

    Arguments:
        name: Default: the class's name in snake case.
        reduction: "sum_over_batch_size" or "mean": the mean; "sum": the sum; "mean_with_sample_weight": the weighted
            mean; None or "none": the losses as they are. See `reduce_weighted`.
        dtype: In which it computes: a dtype or a policy. Default: `floatx()`.

    Raises:
        ArgumentError: for an unknown reduction.

    Example:
        >>> class Absolute(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ops.mean(ops.abs(y_true - y_pred), axis=-1)
        >>> float(Absolute()(np.zeros((2, 3)), np.ones((2, 3))))
        1.0
    """

    # Targets that are class numbers stay integers, instead of a detour over floats.
    _integer_targets: ClassVar[bool] = False

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.reduction = checked_reduction(reduction)
        self._dtype = compute_dtype(dtype)
        self._given_dtype = dtype

    @property
    def dtype(self) -> DType:
        """The dtype in which it computes."""
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss.

        Arguments:
            y_true, y_pred: Arrays or trees of them, as `call` takes them; cast to `dtype` (or to float64, when the
                predictions are float64 and no dtype was asked for). The mask of `y_pred`, if it
                has one, is applied.
            sample_weight: Array that broadcasts to the losses, or None.

        Returns:
            A scalar of `dtype`, or one loss per sample without reduction.
        """
        with scope(self.name):
            mask = get_mask(y_pred)
            y_true, y_pred, sample_weight = _as_trees_of_arrays(y_true, y_pred, sample_weight)
            dtype = self._wide_enough(y_pred)
            y_true = tree.map(lambda x: self._target(x, dtype), y_true)
            y_pred = tree.map(lambda x: as_array(x, dtype), y_pred)
            losses = self.call(y_true, y_pred)
            own = get_mask(losses)
            if own is not None:
                mask = own if mask is None else ops.logical_and(mask, own)
            return reduce_weighted(losses, sample_weight, mask, self.reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample: the shape of `y_pred` without its last axis, as a rule."""
        raise ArgumentError(f"{type(self).__name__} needs a method call(self, y_true, y_pred).")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the dtype only when it is not `floatx()`."""
        config = {"name": self.name, "reduction": self.reduction}
        return config if self._dtype == compute_dtype(None) else {**config, "dtype": str(self._dtype)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The loss that a configuration describes."""
        return cls(**config)

    def _wide_enough(self, y_pred: Any) -> DType:
        """`dtype`, or float64 for predictions in float64 when none was asked for."""
        if self._given_dtype is None and any(dtypes.as_dtype(x.dtype) == dtypes.float64 for x in tree.leaves(y_pred)):
            return dtypes.float64
        return self._dtype

    def _target(self, y_true: Any, dtype: DType) -> Any:
        if self._integer_targets and dtypes.as_dtype(y_true.dtype).is_integer:
            return y_true
        return as_array(y_true, dtype)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _as_trees_of_arrays(*given: Any) -> list[Any]:
    """Trees with all leaves as arrays of one framework; nested lists of numbers are arrays, not trees."""
    given = tuple(as_host_array(x) if _is_numbers(x) else x for x in given)
    leaves, structure = tree.flatten(given)
    return list(tree.unflatten(structure, as_arrays(*leaves)))


def _is_numbers(x: Any) -> bool:
    return isinstance(x, list | tuple) and all(isinstance(v, bool | int | float) for v in tree.leaves(x))
