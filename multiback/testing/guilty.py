"""The equation that is guilty of a difference: what it is, where it came from, and how to see it again."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from multiback.backends.protocol import Adapter, Options
from multiback.graph.ir import Equation, Graph
from multiback.testing.judge import Verdict


@dataclass(frozen=True, eq=False)
class Guilty:
    """An equation whose result on a backend is wrong although its inputs are right.

    Attributes:
        equation: The equation.
        role: "output", or "gradient for <operand>".
        output: Which output of `graph` is wrong.
        verdict: How far it is from the float64 reference, and the worst element.
        within: The composites of which it is a part, from the outside in.
        weights: Paths of the weights among its operands.
        inputs: The arrays it was given, one per input of `graph`.
        want: The float64 reference of each output of `graph`.
        graph: The equation alone, with its gradient where that is wrong.
        adapter: The backend.
        options: How it was compiled.
        layer_line: Where the layer was made, when the equation's own line says only where the model was run.
    """

    equation: Equation
    role: str
    output: int
    verdict: Verdict
    within: tuple[str, ...]
    weights: tuple[str, ...]
    inputs: tuple[np.ndarray, ...]
    want: tuple[np.ndarray, ...]
    graph: Graph
    adapter: Adapter
    options: Options
    layer_line: str = ""

    @property
    def op(self) -> str:
        """The name of the op."""
        return self.equation.op.name

    @property
    def layer(self) -> str:
        """The path of the layer that asked for it; empty outside layers."""
        return self.equation.scope

    @property
    def line(self) -> str:
        """`file:line` of the person's code that it came from."""
        return self.layer_line or self.equation.line

    def at(self, line: str) -> Guilty:
        """The same with the line where its layer was made."""
        return replace(self, layer_line=line)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes its inputs, by name, and the float64 reference of the wrong output to an .npz file."""
        from multiback.testing.reproducer import saved_arrays

        np.savez(path, **saved_arrays(self))  # type: ignore[arg-type]

    def reproducer(self, path: str | os.PathLike[str] = "guilty.npz") -> str:
        """Python that computes it again with NumPy and this backend's framework alone, from the file `save` wrote."""
        from multiback.testing.reproducer import reproducer

        return reproducer(self, os.fspath(path))

    def to_json(self) -> dict[str, Any]:
        """What it is, as a dict of plain values."""
        return {
            "backend": self.adapter.name, "op": self.op, "role": self.role, "within": list(self.within),
            "layer": self.layer, "line": self.line, "weights": list(self.weights), "c": float(self.verdict.measured),
            "bound": float(self.verdict.bound), "text": self.verdict.text,
            "inputs": {v.name: [str(v.dtype), list(a.shape)] for v, a in zip(self.graph.inputs, self.inputs)},
        }  # fmt: skip

    def __str__(self) -> str:
        whole = "".join(f", part of {name}" for name in reversed(self.within))
        parts = [f"{self.role} of {self.op}{whole}"]
        if self.layer:
            parts.append(f"layer {self.layer}")
        if self.weights:
            parts.append(f"weights {', '.join(self.weights[:4])}{', ...' if len(self.weights) > 4 else ''}")
        if self.line:
            parts.append(self.line)
        return f"{'; '.join(parts)}: {self.verdict.text}"
