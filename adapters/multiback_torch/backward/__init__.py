"""Gradients by torch's backward kernels, gathered from one module per family of ops.

A gradient whose every op is covered here is written into the graph as equations: no autograd at run time.
"""

from multiback.backends.protocol import Fast, gather
from multiback_torch.backward._recorded import recorded
from multiback_torch.fast import FAST
from multiback_torch.lowering import LOWER

PRIMITIVES = frozenset(
    [
        "abs",
        "add",
        "broadcast_to",
        "cast",
        "concatenate",
        "constant_pad",
        "divide",
        "einsum",
        "exp",
        "expm1",
        "flip",
        "getitem",
        "log",
        "log1p",
        "matmul",
        "maximum",
        "minimum",
        "multiply",
        "negative",
        "power",
        "reshape",
        "sqrt",
        "subtract",
        "sum",
        "take",
        "take_along_axis",
        "transpose",
        "where",
    ]
)
"""Primitives whose gradient in the vocabulary costs what autograd's does."""

EXPANDED = frozenset(["square", "reciprocal", "expand_dims", "squeeze", "stack", "split", "unstack", "clip", "linear"])
"""Composites that are differentiated through their bodies at no loss."""

_RULES = gather(__name__, "BACKWARD")
_TAPED = {
    n: recorded(f)
    for n, f in {**FAST, "conv": Fast(LOWER["conv"])}.items()
    if callable(f.lowering) and n not in EXPANDED
}
BACKWARD = {n: tuple(t[n] for t in (_RULES, _TAPED) if n in t) for n in {**_RULES, **_TAPED}}
RIVALS = gather(__name__, "RIVALS")

STANDS_FOR = {n: FAST.get(n, LOWER.get(n)) for n in BACKWARD}
"""The table's entry whose gradient a rule is: where another stands there, autograd sees what that one does."""
