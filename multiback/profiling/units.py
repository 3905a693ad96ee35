"""Times and counts as people read them."""

from __future__ import annotations


def readable_time(seconds: float) -> str:
    """Seconds in a unit that fits.

    Example:
        >>> readable_time(0.00123)
        '1.23 ms'
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{seconds / 1e-6:.2f} us" if seconds else "0"


def readable_count(count: float) -> str:
    """A number in thousands, millions, and so on.

    Example:
        >>> readable_count(271_759_180)
        '272 M'
    """
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{_three_digits(count / size)} {unit}"
    return f"{count:.0f}"


def readable_share(share: float) -> str:
    """A part of a whole in per cent.

    Example:
        >>> readable_share(0.042)
        '4.2%'
    """
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}" if share >= 0.001 else f"{share:.3%}"


def _three_digits(x: float) -> str:
    return f"{x:.2f}" if x < 10 else f"{x:.1f}" if x < 100 else f"{x:.0f}"
