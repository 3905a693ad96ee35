"""Setting the Variables of metrics back to zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from multiback.backends.compile import Compiled
from multiback.backends.protocol import Adapter, Options
from multiback.variables import Variable

_COMPILED = 50
"""After so many times, one by one, a compiled program has paid for itself: `train_on_batch` does it for each batch."""


def zero(variables: Sequence[Variable]) -> None:
    """Sets Variables to zero."""
    for variable in variables:
        variable.assign(np.zeros(variable.shape, variable.dtype.numpy))


class Reset:
    """Sets Variables to zero, in one call once that pays."""

    def __init__(self) -> None:
        self._times = 0
        self._variables: list[Variable] = []
        self._program: Compiled | None = None

    def __call__(self, variables: list[Variable], adapter: Adapter) -> None:
        """Sets these Variables to zero, on this backend where they are there already."""
        self._times += 1
        if self._times <= _COMPILED or not all(v.adapter is adapter for v in variables):
            zero(variables)
            return
        if self._program is None or self._variables != variables:
            self._variables = variables
            self._program = Compiled(lambda: zero(variables), "reset_metrics", Options())
        self._program(adapter=adapter)
