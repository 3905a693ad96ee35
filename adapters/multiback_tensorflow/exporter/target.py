"""How TensorFlow source is written: a tf.Module for each block."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.graph.dims import Dim
from multiback.graph.ir import Equation, Literal, Value
from multiback.porting.outline.blocks import Block, Path
from multiback.porting.outline.forms import Program
from multiback.porting.source.calls import Template
from multiback.porting.source.classes import Written
from multiback.porting.source.formatting import indented
from multiback.porting.source.functions import documentation
from multiback.porting.source.needs import TRAINING, Needs
from multiback.porting.source.target import Target, listed, plain_number
from multiback.porting.source.weight_files import read_weights, set_weights
from multiback_tensorflow.exporter.expressions import EXPRESSIONS

_HELPERS = "multiback_tensorflow.exporter.helpers."
_READ_AS = ("float32", "int32", "bool")
"""The dtypes in which TensorFlow reads numbers."""


class TensorFlowTarget(Target):
    """TensorFlow, without Keras."""

    name = "tensorflow"
    imports: Mapping[str, str] = {"tf": "import tensorflow as tf", "np": "import numpy as np", "math": "import math"}
    libraries = ("tensorflow",)
    expressions = EXPRESSIONS
    training = "training"
    chains = False
    taken_members = frozenset(
        [
            "name",
            "name_scope",
            "submodules",
            "variables",
            "trainable_variables",
            "non_trainable_variables",
            "serve",
            "source",
        ]
    )
    keeps_constants = False

    def __init__(self) -> None:
        self.needs = Needs({})

    def template(self, equation: Equation) -> Template | None:
        found = super().template(equation)
        if found is None or not found.helpers:
            return found
        # A helper that the adapter has too asks its operands for their dtypes; those for files take numbers.
        adapted = any(not helper.__module__.startswith(_HELPERS) for helper in found.helpers)
        text = found.text
        for name in equation.op.operands:
            text = text.replace(f"{{{name}}}", f"{{{name}:array}}")
            text = text.replace(f"{{{name}:array}}", f"{{{name}:tensor}}") if adapted else text
        return Template(text, found.helpers)

    def idioms(self, program: Program, trainable: Mapping[Value, bool]) -> None:
        self.needs = Needs(trainable)

    def dtype(self, dtype: DType) -> str:
        return f"tf.{dtype}"

    def array(self, array: np.ndarray) -> str:
        kind = "bool" if array.dtype.kind == "b" else str(array.dtype)
        return f"tf.constant({listed(array)}, tf.{kind})"

    def size(self, x: str, axis: int) -> str:
        return f"tf.shape({x})[{axis}]"

    def maximum(self, x: str, y: str) -> str:
        return f"tf.maximum({x}, {y})"

    def number(self, x: Literal, beside: Sequence[Any]) -> str | None:
        # TensorFlow reads a number that stands before a tensor in a call in its own dtype, not in the tensor's.
        others = [v for v in beside if isinstance(v, Value)]
        alike = x.dtype in _READ_AS and any(v.dtype == x.dtype for v in others)
        return plain_number(x) if alike else None

    # ---- blocks

    def call_block(self, block: Block, path: Path, arguments: Sequence[str], function: str) -> str:
        return self.call(path, self._handed(block, arguments), function)

    def loop(
        self, block: Block | None, path: Path, span: str, variable: str, arguments: Sequence[str], function: str
    ) -> tuple[str, str]:
        return super().loop(block, path, span, variable, self._handed(block, arguments), function)

    def may_loop(self, blocks: Sequence[Block | None], functions: Collection[str]) -> bool:
        return self.needs.alike(blocks)

    def _handed(self, block: Block | None, arguments: Sequence[str]) -> Sequence[str]:
        return [*arguments, "training"] if block is not None and TRAINING in self.needs.of(block) else arguments

    def weight(self, value: Value, trainable: bool, fixed: np.ndarray | None = None) -> str:
        shape = tuple(int(n) for n in value.shape)
        zeros = f"tf.zeros({shape!r})" if value.dtype == "float32" else f"tf.zeros({shape!r}, tf.{value.dtype})"
        name = str(value.name).replace(".", "/").rpartition("/")[2]
        return f'tf.Variable({zeros}{"" if trainable else ", trainable=False"}, name="{name}")'

    def sequence(self, parts: Sequence[str], chained: bool) -> str:
        return f"[{', '.join(parts)}]"

    def store(self, target: str, value: str) -> list[str]:
        return [f"{target}.assign({value})"]

    def definition(self, written: Written) -> list[str]:
        lines = [f"class {written.name}(tf.Module):", *indented(documentation(written))]
        declared = [f"self.{name} = {name}" for name in written.stored]
        declared += [f"self.{self.member(name)} = {right}" for name, right in written.members]
        if declared:
            header = f"def __init__({', '.join(['self', *written.arguments])}):"
            lines += ["", *indented([header, *indented(["super().__init__()", *declared])])]
        if not written.body or (written.body == ["pass"] and not written.block.statements):
            return lines
        root = not written.block.path
        parameters = [*written.parameters]
        if root:
            parameters.append("training=False")
        elif TRAINING in self.needs.of(written.block):
            parameters.append("training")
        call = [f"def __call__({', '.join(['self', *parameters])}):", *indented(written.body)]
        lines += ["", *indented(["@tf.function(autograph=False)", *call] if root else call)]
        if root:
            lines += ["", *indented(self._serving(written))]
        return lines

    def _serving(self, written: Written) -> list[str]:
        """The function that a SavedModel offers, for any batch."""
        specs = []
        for name, value in zip(written.parameters, written.block.inputs):
            sizes = ", ".join("None" if isinstance(n, Dim) else str(n) for n in value.shape)
            shape = f"({sizes},)" if len(value.shape) == 1 else f"({sizes})"
            specs.append(f'tf.TensorSpec({shape}, tf.{value.dtype}, "{name}")')
        given = ", ".join(written.parameters)
        return [
            f"@tf.function(autograph=False, input_signature=[{', '.join(specs)}])",
            f"def serve({', '.join(['self', *written.parameters])}):",
            f"    return self({given})",
        ]

    def helpers(self, text: str, called: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**called, "read_weights": read_weights, "set_weights": set_weights}

    def closing(self, root: Written, weights: str) -> list[str]:
        return [
            "",
            "",
            f'def load(path="{weights}"):',
            '    """The model with the weights in a file."""',
            f"    model = {root.name}()",
            "    set_weights(model, read_weights(path))",
            "    return model",
        ]


TARGET = TensorFlowTarget()
