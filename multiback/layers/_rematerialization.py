"""Which layers compute their results again for the gradient, to save memory."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from multiback.errors import ArgumentError
from multiback.graph.trace import current_builder
from multiback.layers import _masks
from multiback.layers._context import current_context, entered
from multiback.ops.rematerialization import remat, rematerialized

MODES = (None, "full", "activations", "larger_than", "list_of_layers")
_SCOPES: ContextVar[tuple[RematScope, ...]] = ContextVar("multiback_remat", default=())
_INSIDE: ContextVar[bool] = ContextVar("multiback_inside_remat", default=False)


class RematScope:
    """Layers made inside are rematerialized: their gradient computes them again instead of keeping what it needs.

    A layer inside such a layer is part of it, and a model hands the mode down to its layers.

    Arguments:
        mode: "full": every layer; "activations": only their activation functions; "larger_than": layers with an output
            of more than `output_size_threshold` elements (a symbolic batch counts as 1); "list_of_layers": those named;
            None: none.
        output_size_threshold: For "larger_than".
        layer_names: For "list_of_layers".

    Raises:
        ArgumentError: for another mode, or names that are missing.

    Example:
        >>> with RematScope("full"):
        ...     block = layers.Dense(64, activation="gelu")
    """

    def __init__(
        self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: Sequence[str] | None = None
    ) -> None:
        if mode not in MODES:
            known = ", ".join(map(repr, MODES))
            raise ArgumentError(f"RematScope() has no mode {mode!r}. Choose one of {known}.")
        if mode == "list_of_layers" and not layer_names:
            raise ArgumentError("RematScope(mode='list_of_layers') needs layer_names.")
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = tuple(layer_names or ())

    def __enter__(self) -> RematScope:
        _SCOPES.set((*_SCOPES.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        _SCOPES.set(_SCOPES.get()[:-1])


def current_scope() -> RematScope | None:
    """The innermost scope; None outside all."""
    scopes = _SCOPES.get()
    return scopes[-1] if scopes else None


def invoke(layer: Any, call: Callable[[], Any]) -> Any:
    """What `call()` returns, rematerialized if the scope in which the layer was made asks for it."""
    scope = layer._remat
    if scope is None or scope.mode is None or current_builder() is None or _INSIDE.get():
        return call()
    if getattr(layer, "_hands_remat_down", False):
        return call()
    if scope.mode == "activations":
        return _with_activation_again(layer, call)
    if scope.mode == "list_of_layers" and layer.name not in scope.layer_names:
        return call()
    return _again(layer, call, scope.output_size_threshold if scope.mode == "larger_than" else None)


def _with_activation_again(layer: Any, call: Callable[[], Any]) -> Any:
    activation = layer.__dict__.get("activation")
    if not callable(activation):
        return call()
    layer.__dict__["activation"] = remat(activation)
    try:
        return call()
    finally:
        layer.__dict__["activation"] = activation


def _again(layer: Any, call: Callable[[], Any], larger_than: int | None) -> Any:
    context = current_context()
    assert context is not None
    found: list[Any] = []

    def run() -> Any:
        inner = dataclasses.replace(context, losses=[])
        with entered(inner), _inside():
            outputs = call()
        context.step_key = inner.step_key
        found.extend(inner.losses)
        return outputs, inner.losses, _masks.get_masks(outputs)

    outputs, losses, masks = rematerialized(run, larger_than)()
    context.losses.extend(losses)
    replaced = {id(old): new for old, new in zip(found, losses)}
    for inner_layer in layer._flatten_layers():
        inner_layer._losses = [(root, replaced.get(id(x), x)) for root, x in inner_layer._losses]
    _masks.set_masks(outputs, masks)
    return outputs


@contextlib.contextmanager
def _inside() -> Any:
    token = _INSIDE.set(True)
    try:
        yield
    finally:
        _INSIDE.reset(token)
