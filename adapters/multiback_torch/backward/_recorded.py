"""The gradient of one native composite by autograd, where torch has no backward kernel to call."""

from __future__ import annotations

from typing import Any

import torch

from multiback.backends.protocol import Fast
from multiback.graph.explicit import Rule
from multiback.graph.ir import flat, map_tuple
from multiback.graph.kernels import Kernel, opaque


def pull(g: Any, tape: Any, *, wanted: tuple[bool, ...]) -> tuple[Any, ...]:
    """The gradients of the wanted leaves that were recorded."""
    outputs, leaves = tape
    pairs = [(y, x) for y, x in zip(outputs, g) if x is not None and y.requires_grad]
    chosen = [x for x, w in zip(leaves, wanted) if w]
    return torch.autograd.grad(
        [y for y, _ in pairs], chosen, [x for _, x in pairs], allow_unused=True, materialize_grads=True
    )


_PULL = Kernel("recorded_gradient", pull, ("g", "tape"), ("wanted",))


def recorded(fast: Fast) -> Rule:
    """A rule that records the native version of a composite on autograd's tape, apart from all else."""
    function: Any = fast.lowering

    def record(*operands: Any, **attributes: Any) -> tuple[Any, ...]:
        leaves: list[Any] = []

        def leaf(x: Any) -> Any:
            if isinstance(x, torch.Tensor) and x.is_floating_point():
                x = x.detach().requires_grad_()
            leaves.append(x)
            return x

        with torch.enable_grad():
            outputs = function(*(map_tuple(leaf, x) for x in operands), **attributes)
        flat_outputs = list(flat(outputs))
        found = tuple(x.detach() for x in flat_outputs)
        return (*found, (flat_outputs, leaves))

    record.__name__ = f"recorded_{function.__name__}"
    kernels: dict[tuple[tuple[str, ...], tuple[str, ...]], Kernel] = {}

    def forward(outputs: Any, *operands: Any, **attributes: Any) -> tuple[Any, Any]:
        names = tuple(f"x{i}" for i in range(len(operands)))
        key = names, tuple(attributes)
        kernel = kernels.setdefault(key, Kernel(record.__name__, record, *key))
        *found, tape = kernel(*operands, outputs=(*flat(outputs), opaque()), **attributes)
        supply = iter(found)
        return map_tuple(lambda _: next(supply), outputs), tape

    def backward(g: Any, tape: Any, wanted: Any, *operands: Any, **attributes: Any) -> Any:
        given, chosen = list(flat(operands)), tuple(flat(wanted))
        specs = tuple(x.spec for x, w in zip(given, chosen) if w)
        supply = iter(_PULL(tuple(flat(g)), tape, outputs=specs, wanted=chosen))
        return map_tuple(lambda w: next(supply) if w else None, wanted)

    return Rule(backward, forward, fast.when)
