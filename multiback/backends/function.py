"""`multiback.function`: a person's own function, compiled like a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback.backends import registry
from multiback.backends.compile import Compiled
from multiback.backends.protocol import Options


def function(
    f: Callable[..., Any], *, backend: str | None = None, batched: bool = False, jit: bool | None = None
) -> Callable[..., Any]:
    """`f`, written in `multiback.ops`, as one compiled graph per signature.

    Arguments:
        f: Takes and returns trees of arrays; may read and assign Variables and use control flow.
        backend: Where NumPy arguments are computed; native arguments decide for themselves.
        batched: Whether the leading axis of all arrays is a batch, so that one program serves every batch size.
        jit: Passed to the adapter.

    Returns:
        A function of native or NumPy arrays that returns native arrays, differentiable by their framework.

    Example:
        >>> norm = function(lambda x: ops.sqrt(ops.sum(x * x)))
    """
    compiled = Compiled(f, getattr(f, "__name__", "function"), Options(differentiable=True, jit=jit), batched)

    def call(*arguments: Any) -> Any:
        return compiled(*arguments, adapter=registry.get_adapter(backend) if backend else None)

    call.__name__ = compiled.name
    call.__doc__ = f.__doc__
    return call
