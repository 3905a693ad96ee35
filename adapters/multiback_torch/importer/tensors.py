"""Tensors and dtypes of torch as those of NumPy and multiback, and back."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import torch

from multiback import dtypes
from multiback.dtypes import DType
from multiback.errors import DtypeError

_TO_TORCH = {d: getattr(torch, "bool" if d == "bool" else str(d)) for d in dtypes.ALL.values()}
_FROM_TORCH = {t: d for d, t in _TO_TORCH.items()}


def as_dtype(dtype: torch.dtype) -> DType:
    """The dtype of this name.

    Raises:
        DtypeError: if multiback has none, as for quantised and 8-bit floats.
    """
    if dtype not in _FROM_TORCH:
        raise DtypeError(f"{dtype} is not supported. Convert the model first, for instance by module.float().")
    return _FROM_TORCH[dtype]


def as_torch_dtype(dtype: DType) -> torch.dtype:
    """torch's dtype of this name."""
    return _TO_TORCH[dtype]


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """The numbers of a tensor, in the same memory where it is on the CPU."""
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.uint16).numpy().view(ml_dtypes.bfloat16)
    as_dtype(tensor.dtype)
    return tensor.numpy()


def from_numpy(array: Any) -> torch.Tensor:
    """A tensor with a copy of these numbers."""
    array = np.asarray(array)
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(np.array(array.view(np.uint16))).view(torch.bfloat16)
    return torch.from_numpy(np.array(array))
