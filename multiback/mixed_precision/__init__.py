"""Computing in 16 bits while weights stay in 32: the names Keras has for dtype policies and loss scaling."""

from __future__ import annotations

from multiback.dtype_policies import DTypePolicy, dtype_policy, set_dtype_policy
from multiback.optimizers.loss_scale_optimizer import LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
