"""How each op is written in ONNX: a table per family, by the name of the op."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from multiback.graph.ir import Equation

Handler = Callable[..., Any]
"""`handler(call, *operands, **attributes)` returns a name or a `View` for each output, nested as the op's outputs."""

HANDLERS: dict[str, Handler] = {}
CONDITIONS: dict[str, Callable[[Equation, int], bool]] = {}


def writes(*ops: str, when: Callable[[Equation, int], bool] | None = None) -> Callable[[Handler], Handler]:
    """Decorator: how these ops are written.

    Arguments:
        ops: Names of primitives, or of composites that are kept.
        when: For a composite, whether an equation is written so for a version of ONNX's operators; else it expands.
    """

    def add(handler: Handler) -> Handler:
        for op in ops:
            HANDLERS[op] = handler
            if when is not None:
                CONDITIONS[op] = when
        return handler

    return add


def kept(equation: Equation, opset: int) -> bool:
    """Whether a composite is written as it is."""
    name = equation.op.name
    return name in HANDLERS and (name not in CONDITIONS or CONDITIONS[name](equation, opset))


def single(equation: Equation, *numbers: float) -> bool:
    """Whether attributes that ONNX keeps in float32 lose nothing in the dtype of the result."""
    import numpy as np

    dtype = equation.flat_outputs[0].dtype
    return dtype.is_float and (dtype.bits <= 32 or all(float(np.float32(n)) == n for n in numbers))


for _family in ("elementwise", "integers", "activations", "shaping", "slicing", "reduction", "indexing", "products",
                "convolution", "pooling", "normalization", "recurrent", "control"):  # fmt: skip
    importlib.import_module(f"{__name__}.{_family}")
