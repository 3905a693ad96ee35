"""LambdaCallback: hooks given as functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback.callbacks.callback import HOOKS, Callback
from multiback.errors import unknown_name

Hook = Callable[..., Any] | None


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin: Called with `epoch, logs`.
        on_epoch_end: Called with `epoch, logs`.
        on_train_begin: Called with `logs`.
        on_train_end: Called with `logs`.
        on_train_batch_begin: Called with `batch, logs`.
        on_train_batch_end: Called with `batch, logs`.
        **kwargs: Any other hook by its name.

    Raises:
        UnknownNameError: for a name that is no hook.

    Example:
        >>> show = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs))
        >>> show.on_epoch_end(0, {"loss": 0.5})
        0 {'loss': 0.5}
    """

    def __init__(
        self,
        on_epoch_begin: Hook = None,
        on_epoch_end: Hook = None,
        on_train_begin: Hook = None,
        on_train_end: Hook = None,
        on_train_batch_begin: Hook = None,
        on_train_batch_end: Hook = None,
        **kwargs: Hook,
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in given.items():
            if name not in HOOKS:
                raise unknown_name("hook", name, HOOKS)
            if function is not None:
                setattr(self, name, function)
