"""Products of groups of rows, each with a matrix of its own: mixtures of experts."""

from __future__ import annotations

from typing import Any

from multiback import dtypes, ops
from multiback_torch.importer.aten._types import cast, value


def _grouped_product(input: Any, weight: Any, offs: Any) -> Any:
    """Rows up to offs[0] times weight[0], those up to offs[1] times weight[1], and so on; 0 for the rows that remain.

    Every row is multiplied by every matrix, as the size of a group depends on data.
    """
    x, kernels = value(input), value(weight)
    ends = cast(offs, dtypes.int32)
    starts = ops.concatenate([ops.zeros((1,), dtypes.int32), ends[:-1]])
    rows = ops.expand_dims(ops.iota(x.shape[0]), -1)

    def step(total: Any, item: Any) -> tuple[Any, Any]:
        kernel, start, end = item
        inside = ops.logical_and(ops.greater_equal(rows, start), ops.less(rows, end))
        return ops.where(inside, ops.matmul(x, kernel), total), end

    return ops.scan(step, ops.zeros((x.shape[0], kernels.shape[-1]), x.dtype), (kernels, starts, ends))[0]


def _grouped_mm(self: Any, mat2: Any, offs: Any = None, bias: Any = None, out_dtype: Any = None) -> Any:
    return _grouped_product(self, mat2, offs)


HANDLERS = {
    "aten._grouped_mm": _grouped_mm,
    "transformers.grouped_mm_fallback": _grouped_product,
}
