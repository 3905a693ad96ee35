"""What a call of a layer passes down to the layers inside it: training or not, losses, random key."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

_CONTEXT: ContextVar[CallContext | None] = ContextVar("multiback_call", default=None)
_EAGER: ContextVar[bool] = ContextVar("multiback_run_eagerly", default=False)


@dataclass
class CallContext:
    """Shared by all layers inside one outermost call.

    Attributes:
        owner: The outermost layer.
        training: Whether the call is for training.
        losses: What layers added by `add_loss` and activity regularizers.
        step_key: The random key of this call, once a layer asked for one.
        builder: The graph being recorded when the outermost layer was called; None on arrays.
    """

    owner: Any
    training: bool | None = None
    losses: list[Any] = field(default_factory=list)
    step_key: Any = None
    builder: Any = None


def current_context() -> CallContext | None:
    """The call we are in, if any."""
    return _CONTEXT.get()


@contextlib.contextmanager
def entered(context: CallContext | None) -> Iterator[CallContext | None]:
    """Makes `context` the current one; None: what is called inside belongs to no call."""
    token = _CONTEXT.set(context)
    try:
        yield context
    finally:
        _CONTEXT.reset(token)


def runs_eagerly() -> bool:
    """Whether layers called on arrays run op by op instead of as one compiled graph."""
    return _EAGER.get()


@contextlib.contextmanager
def eagerly(enabled: bool = True) -> Iterator[None]:
    """Inside, layers called on arrays run op by op, so that print and a debugger see numbers."""
    token = _EAGER.set(enabled)
    try:
        yield
    finally:
        _EAGER.reset(token)
