"""How NumPy source is written: a function for each block, inference only."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.porting.source.classes import Written
from multiback.porting.source.formatting import indented
from multiback.porting.source.functions import FunctionalTarget
from multiback.porting.source.needs import STATE
from multiback.porting.source.target import listed
from multiback.porting.source.weight_files import nested_weights, read_weights
from multiback_numpy.exporter import helpers
from multiback_numpy.exporter.expressions import EXPRESSIONS


class NumpyTarget(FunctionalTarget):
    """NumPy alone: the forward pass."""

    name = "numpy"
    imports: Mapping[str, str] = {"np": "import numpy as np", "math": "import math"}
    libraries = ("numpy",)
    expressions = EXPRESSIONS
    trains = False
    native_random = False

    def dtype(self, dtype: DType) -> str:
        return "bool" if dtype.kind == "b" else f"np.{dtype}"

    def array(self, array: np.ndarray) -> str:
        if array.ndim == 0 and array.dtype.kind != "b":
            return f"np.{array.dtype}({listed(array)})"
        kind = "bool" if array.dtype.kind == "b" else f"np.{array.dtype}"
        return f"np.array({listed(array)}, {kind})"

    def root(self, written: Written) -> list[str]:
        lines = ['state = params["state"]'] if STATE in self.needs.of(written.block) else []
        header = f"def apply({', '.join(['params', *written.parameters])}):"
        shapes = [f"    {line}" for line in written.shapes]
        count = len(written.inputs)
        documentation = [
            '"""The model.',
            "",
            "Arguments:",
            "    params: Nested dicts, as `load` gives them.",
            *shapes[:count],
            "",
            "Returns:",
            *(line.replace("returns: ", "", 1) for line in shapes[count:]),
            '"""',
        ]
        return [header, *indented([*documentation, *lines, *written.body])]

    def helpers(self, text: str, called: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**called, "read_weights": read_weights, "nested_weights": nested_weights}

    def closing(self, root: Written, weights: str) -> list[str]:
        return [
            "",
            "",
            f'def load(path="{weights}"):',
            '    """The parameters of `apply` from a file."""',
            "    return nested_weights(read_weights(path))",
        ]


def _helper_names() -> frozenset[str]:
    modules = [m for m in vars(helpers).values() if inspect.ismodule(m)]
    return frozenset(n for m in modules for n, x in vars(m).items() if isinstance(x, types.FunctionType))


NumpyTarget.helper_names = _helper_names()
TARGET = NumpyTarget()
