"""A Python slice that can be hashed, so that it may stand among the attributes of an equation."""

from __future__ import annotations

from dataclasses import dataclass

from multiback.graph.dims import Size, maximum


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step` along one axis; each part is a size or None, with Python's meaning.

    Example:
        >>> Slice(1, None, 2).resolve(6)
        (1, 3)
    """

    start: Size | None = None
    stop: Size | None = None
    step: int | None = None

    @property
    def full(self) -> bool:
        """Whether it takes the whole axis as it is."""
        return self == Slice()

    def resolve(self, size: Size) -> tuple[Size, Size]:
        """The first index and the number of indices taken from an axis of this size, for a positive step."""
        step = self.step or 1
        start = 0 if self.start is None else _within(self.start, size)
        stop = size if self.stop is None else _within(self.stop, size)
        count = (stop - start + step - 1) // step
        return start, count if start == 0 else maximum(count, 0)

    def python(self) -> slice:
        """The Python slice."""
        return slice(self.start, self.stop, self.step)

    def __repr__(self) -> str:
        start, stop, step = ("" if p is None else str(p) for p in (self.start, self.stop, self.step))
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def _within(index: Size, size: Size) -> Size:
    if index < 0:
        return maximum(size + index, 0)
    return index + size - maximum(size, index)
