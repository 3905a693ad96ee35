"""TerminateOnNaN: stop when the loss is no longer a finite number."""

from __future__ import annotations

import math

from multiback.callbacks.callback import Callback, Logs
from multiback.errors import NonFiniteError
from multiback.utils.messages import say


class TerminateOnNaN(Callback):
    """Stop training after a batch whose loss is NaN or infinite.

    It reads the loss of every batch, and so waits for each batch to be computed.

    Args:
        raise_error: Raise instead of setting `model.stop_training`.

    Raises:
        NonFiniteError: at the batch, if `raise_error`.

    Example:
        >>> TerminateOnNaN(raise_error=True).on_train_batch_end(3, {"loss": float("nan")})
        Traceback (most recent call last):
            ...
        multiback.errors.NonFiniteError: The loss is nan at batch 3.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = None if logs is None else logs.get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise NonFiniteError(f"The loss is {float(loss)} at batch {batch}.")
        say(f"Batch {batch}: the loss is {float(loss)}, stopping training")
        self.model.stop_training = True
