"""How NumPy is written in a script; its functions are opaque: there is nothing to look into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import tree
from multiback.backends.probe import Probe, Script, mentions

_NAMES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"
_IMPORTS = f"""\
class DType(str):
    numpy = property(np.dtype)
    is_float = property(lambda self: self.startswith(("float", "bfloat")))
    is_integer = property(lambda self: self.startswith(("int", "uint")))
    kind = property(lambda self: self[0])
dtypes = {{n: DType(n) for n in {_NAMES!r}.split()}}"""


class NumpyProbe(Probe):
    """Looks into Python functions of NumPy arrays."""

    script = Script(_IMPORTS, array="{x}.astype({dtype}.numpy)", host="np.asarray({x}, np.float64)")

    def owns(self, function: Any) -> bool:
        return callable(function) and mentions(function, ["numpy"])

    def call(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.asarray(y) for y in tree.leaves(function(*arrays))]
