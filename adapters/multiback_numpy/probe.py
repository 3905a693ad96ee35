"""How NumPy is written in a script; its functions are opaque: there is nothing to look into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import tree
from multiback.backends.probe import Probe, Script, mentions

_IMPORTS = """\
class DType(str):
    numpy = property(lambda self: np.dtype("V2" if self == "bfloat16" else self))
    is_float = property(lambda self: "float" in self)
    is_integer = property(lambda self: "int" in self)
    kind = property(lambda self: self.numpy.kind)
    bits = property(lambda self: 8 * self.numpy.itemsize)
as_dtype = lambda x: DType(np.dtype(x).name)
class Types(dict):
    __missing__ = lambda self, name: DType(name)
    __getattr__ = lambda self, name: as_dtype if name == "as_dtype" else DType(name)
dtypes = Types()"""


class NumpyProbe(Probe):
    """Looks into Python functions of NumPy arrays."""

    script = Script(
        _IMPORTS,
        array="{x}.astype({dtype}.numpy)",
        host="np.asarray({x}, np.float64)",
        provides=("DType", "as_dtype", "dtypes"),
    )

    def owns(self, function: Any) -> bool:
        return callable(function) and mentions(function, ["numpy"])

    def call(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.asarray(y) for y in tree.leaves(function(*arrays))]
