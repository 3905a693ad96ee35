"""A person's own handlers of foreign ops, consulted before the importers' tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from multiback.errors import ArgumentError

Handler = TypeVar("Handler", bound=Callable[..., Any])

_CUSTOM: dict[str, dict[str, Callable[..., Any]]] = {}


def register(framework: str, op: str, *, replace: bool = False) -> Callable[[Handler], Handler]:
    """Decorator: how `from_<framework>` imports one op.

    The function gets the op's arguments as the importer's own handlers do: arrays as values of the graph being
    recorded, other arguments as Python values; it computes with `multiback.ops` and returns what the op returns.

    Arguments:
        framework: As in the name of the function that imports: "torch", "jax", "tensorflow", "onnx".
        op: The framework's own name, such as `aten.my_op`, `my_library.my_op`, `my_primitive`, `MyOp`.
        replace: Whether to replace a handler that was registered before.

    Raises:
        ArgumentError: if the op has a handler of a person already.

    Example:
        >>> @register("torch", "my_library.double")
        ... def double(x):
        ...     return ops.multiply(x, 2)
    """

    def add(handler: Handler) -> Handler:
        table = _CUSTOM.setdefault(framework, {})
        if op in table and not replace:
            raise ArgumentError(f"{op!r} of {framework!r} has a handler already. Pass replace=True to replace it.")
        table[op] = handler
        return handler

    return add


def unregister(framework: str, op: str) -> None:
    """Takes back a handler that `register` added."""
    _CUSTOM.get(framework, {}).pop(op, None)


def custom(framework: str) -> Mapping[str, Callable[..., Any]]:
    """The handlers that were registered for a framework, by op."""
    return MappingProxyType(_CUSTOM.get(framework, {}))
