"""The Einstein sums of attention for any number of axes."""

from __future__ import annotations

import string
from collections.abc import Sequence


def projection_equation(free: int, bound: int, made: int) -> tuple[str, str]:
    """The sum that projects the last `bound` axes to `made` others, and the letters of these.

    Example:
        >>> projection_equation(2, 1, 2)
        ('abc,cde->abde', 'de')
    """
    letters = string.ascii_lowercase
    kept, summed, new = letters[:free], letters[free : free + bound], letters[free + bound : free + bound + made]
    return f"{kept}{summed},{summed}{new}->{kept}{new}", new


def attention_equations(rank: int, axes: Sequence[int]) -> tuple[str, str]:
    """The sums key, query -> scores and scores, value -> outputs, for operands (batch..., axes..., heads, size).

    Scores are (batch..., heads, axes of the query..., axes of the key...).

    Example:
        >>> attention_equations(4, (1,))
        ('aecd,abcd->acbe', 'acbe,aecd->abcd')
    """
    query = string.ascii_lowercase[:rank]
    other = iter(string.ascii_lowercase[rank:])
    key = "".join(next(other) if i in axes else letter for i, letter in enumerate(query))
    shared = [query[i] for i in range(rank - 1) if i not in axes]
    scores = "".join([*shared, *(query[a] for a in axes), *(key[a] for a in axes)])
    return f"{key},{query}->{scores}", f"{scores},{key}->{query}"
