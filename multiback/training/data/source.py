"""DataSource: what every kind of training data offers to the loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator

from multiback.training.data.batch import Batch

Batches = Generator[Batch, None, None]


class DataSource(ABC):
    """Batches on the host, in a reproducible order.

    Attributes:
        steps: Batches in one pass, or None when that is not known (yet) or there is no end.
        num_samples: Samples in one pass, or None when not known.
        batch_size: Samples per batch, or None when the source decides.
        seekable: Whether any batch of any pass can be asked for; otherwise batches come one after the other.
    """

    steps: int | None = None
    num_samples: int | None = None
    batch_size: int | None = None
    seekable: bool = True

    @abstractmethod
    def batches(self, epoch: int, start: int = 0, stop: int | None = None) -> Batches:
        """The batches `start` to `stop` of the pass numbered `epoch`; closing the generator frees its workers."""

    @abstractmethod
    def peek(self) -> Batch:
        """A first batch, for building the model; it will still be served by `batches`."""

    def available(self) -> bool:
        """Whether another batch can be had; False only for what can be read once and has been."""
        return True

    def on_epoch_begin(self) -> None:  # noqa: B027
        """Called before the first batch of an epoch."""

    def on_epoch_end(self) -> None:  # noqa: B027
        """Called after the last batch of a complete epoch."""

    def close(self) -> None:  # noqa: B027
        """End whatever the source has running."""
