"""Every op of torch's core set and many more, imported, against torch on torch's own samples."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_samples import assert_same, is_small, module_of, op_infos, ported, samples

from multiback.errors import UnsupportedModel
from multiback_torch.importer import calls
from multiback_torch.importer.handlers import table

_RANDOM = "draws other random numbers than torch"
_EMPTY = "returns memory as torch finds it"
_DATA = "the size of its result, or a decision, depends on data"
_SIGNS = "has factors whose signs or order torch leaves open"
_RARE = "has no counterpart here"
_PLACE = "changes its input in place"

_REASONS = {
    _RANDOM: """
        normal bernoulli rand_like randn_like randint_like multinomial nn.functional.dropout nn.functional.dropout2d
        nn.functional.dropout3d nn.functional.alpha_dropout nn.functional.feature_alpha_dropout nn.functional.rrelu
        nn.functional.multi_head_attention_forward nn.functional.scaled_dot_product_attention
        nn.functional.fractional_max_pool2d nn.functional.fractional_max_pool3d svd_lowrank pca_lowrank
    """,
    _EMPTY: "empty_like empty_strided new_empty new_empty_strided empty empty_permuted",
    _DATA: """
        nonzero nonzero_static argwhere masked_select unique unique_consecutive item equal allclose combinations
        bincount cov corrcoef tensor_split histogram histogramdd to_sparse repeat_interleave
        nn.functional.gaussian_nll_loss nn.functional.one_hot segment_reduce _segment_reduce nn.functional.ctc_loss
    """,
    _SIGNS: "linalg.eig linalg.eigh linalg.eigvals linalg.svd svd linalg.qr qr geqrf ormqr lu linalg.lu",
    _RARE: """
        lu_unpack lu_solve linalg.lu_factor linalg.lu_factor_ex linalg.lu_solve linalg.ldl_factor
        linalg.ldl_factor_ex linalg.ldl_solve linalg.householder_product linalg.lstsq linalg.matrix_exp matrix_exp
        mode hash_tensor as_strided_scatter
        i0 polygamma igamma igammac frexp gcd lcm special.i0e special.i1 special.i1e
        special.ndtri special.zeta special.erfcx special.log_ndtr special.polygamma special.airy_ai chalf
        _unsafe_masked_index_put_accumulate as_strided.partial_views
    """,
    _PLACE: """
        cauchy exponential geometric log_normal uniform resize_ resize_as_ normal.in_place nn.functional.embedding_bag
        _native_batch_norm_legit _batch_norm_with_update
    """,
}
LEFT_OUT = {name: reason for reason, names in _REASONS.items() for name in names.split()}
_LEFT_OUT_GROUPS = ("sparse", "jiterator", "torch.ops", "special.bessel", "special.modified", "special.scaled",
                    "special.spherical", "special.chebyshev", "special.shifted", "special.hermite", "special.laguerre",
                    "special.legendre", "signal.", "torch._")  # fmt: skip

TIES = {"topk", "sort", "msort", "argsort", "kthvalue", "median", "nanmedian", "max", "min", "cummax", "cummin"}
"""Ops that say which element they took; among equal ones torch takes any."""

# Ops of the core set that no importer of a model's forward pass meets, or that it must refuse.
NOT_FORWARD = {
    "_native_batch_norm_legit": "an argument of it changes in place; batch_norm is what programs have",
    "resize_": "changes how torch keeps its input",
    "_adaptive_avg_pool2d_backward": "a gradient",
    "avg_pool2d_backward": "a gradient",
    "convolution_backward": "a gradient",
    "embedding_dense_backward": "a gradient",
    "max_pool2d_with_indices_backward": "a gradient",
    "native_group_norm_backward": "a gradient",
    "native_layer_norm_backward": "a gradient",
    "_local_scalar_dense": _DATA,
    "nonzero": _DATA,
    "sym_is_contiguous": "how torch keeps a tensor",
    "sym_numel": "a size; sizes are known by themselves",
    "sym_size": "a size; sizes are known by themselves",
    "sym_storage_offset": "a size; sizes are known by themselves",
    "sym_stride": "a size; sizes are known by themselves",
}


def _core() -> list[Any]:
    packets = [getattr(torch.ops.aten, n) for n in dir(torch.ops.aten) if not n.startswith("__")]
    overloads = [getattr(p, o) for p in packets if hasattr(p, "overloads") for o in p.overloads()]
    return [o for o in overloads if torch.Tag.core in o.tags and not o._overloadname.endswith("out")]


_CORE = {op._schema.name.removeprefix("aten::") for op in _core()}
_LATER = pytest.mark.thorough


def _name(info: Any) -> str:
    return f"{info.name}.{info.variant_test_name}" if info.variant_test_name else info.name


def _infos() -> dict[str, Any]:
    found = {}
    for info in op_infos():
        left_out = info.name in LEFT_OUT or _name(info) in LEFT_OUT or info.name.startswith(_LEFT_OUT_GROUPS)
        if not left_out and any(d in info.supported_dtypes("cpu") for d in _DTYPES):
            found.setdefault(_name(info), info)
    return found


_DTYPES = (torch.float64, torch.int64, torch.bool)
INFOS = _infos()


def _check(info: Any, dtype: torch.dtype, count: int | None) -> int:
    tested = 0
    for sample in samples(info, dtype, count):
        module, tensors = module_of(info.op, sample)
        if not is_small(tensors):
            continue
        expected = module(*tensors)
        assert_same(expected, ported(module, tensors), places=info.name not in TIES)
        tested += 1
    return tested


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [n if i.name in _CORE else pytest.param(n, marks=_LATER) for n, i in INFOS.items()])
def test_as_torch(name: str) -> None:
    """A sample in double precision, or in integers where there is none."""
    info = INFOS[name]
    for dtype in _DTYPES:
        if dtype in info.supported_dtypes("cpu") and _check(info, dtype, 1):
            return


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", (*_DTYPES, torch.float32), ids=str)
@pytest.mark.parametrize("name", INFOS)
def test_every_sample_as_torch(name: str, dtype: torch.dtype) -> None:
    info = INFOS[name]
    if dtype in info.supported_dtypes("cpu"):
        _check(info, dtype, None)


def test_every_core_op_has_a_handler() -> None:
    """Those of the core set that a forward pass can contain and a graph can say."""
    lacking = {str(op) for op in _core() if calls.find(op) is None and op._schema.name[6:] not in NOT_FORWARD}
    assert not lacking
    assert not any(f"aten.{name}" in table() for name in NOT_FORWARD)


class _Masked(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[x > 0] * 2


def test_a_size_that_depends_on_data_is_refused() -> None:
    with pytest.raises(UnsupportedModel, match="depends on"):
        ported(_Masked(), (torch.randn(3, 4),))
