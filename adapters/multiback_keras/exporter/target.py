"""How Keras source is written: a layer for each block, and a model, for every backend of Keras."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.graph.ir import Value
from multiback.porting.outline.blocks import Block, Path
from multiback.porting.outline.forms import Program
from multiback.porting.source.classes import Written
from multiback.porting.source.formatting import indented
from multiback.porting.source.functions import documentation
from multiback.porting.source.needs import TRAINING, Needs
from multiback.porting.source.target import Target, listed
from multiback.porting.source.weight_files import read_weights, set_weights
from multiback_keras.exporter.expressions import EXPRESSIONS


class KerasTarget(Target):
    """Keras 3 on any backend."""

    name = "keras"
    imports: Mapping[str, str] = {
        "keras": "import keras",
        "ops": "from keras import ops",
        "np": "import numpy as np",
        "math": "import math",
    }
    libraries = ("keras", "ml_dtypes")
    expressions = EXPRESSIONS
    training = "training"
    chains = False
    taken_members = frozenset(
        [
            "activity_regularizer",
            "autocast",
            "build",
            "built",
            "call",
            "compute_dtype",
            "dtype",
            "dtype_policy",
            "fit",
            "inbound_nodes",
            "input",
            "input_dtype",
            "input_spec",
            "inputs",
            "layers",
            "losses",
            "metrics",
            "name",
            "optimizer",
            "outbound_nodes",
            "output",
            "outputs",
            "path",
            "quantization_mode",
            "seed",
            "state",
            "stateless_call",
            "stop_training",
            "supports_masking",
            "trainable",
            "trainable_variables",
            "variable_dtype",
            "variables",
            "weights",
        ]
    )

    def __init__(self) -> None:
        self.needs = Needs({})

    def idioms(self, program: Program, trainable: Mapping[Value, bool]) -> None:
        self.needs = Needs(trainable)

    def dtype(self, dtype: DType) -> str:
        return f'"{dtype}"'

    def array(self, array: np.ndarray) -> str:
        return f'ops.convert_to_tensor({listed(array)}, "{array.dtype}")'

    def size(self, x: str, axis: int) -> str:
        return f"ops.shape({x})[{axis}]"

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
        needed = block is not None and TRAINING in self.needs.of(block)
        return [*arguments, "training=training"] if needed else arguments

    def weight(self, value: Value, trainable: bool, fixed: np.ndarray | None = None) -> str:
        shape = tuple(int(n) for n in value.shape)
        name = str(value.name).replace(".", "/").rpartition("/")[2]
        parts = [repr(shape), '"zeros"']
        parts += [] if value.dtype.is_float and value.dtype.bits >= 32 else [f'dtype="{value.dtype}"']
        parts += [] if trainable else ["trainable=False"]
        return f"self.add_weight({', '.join([*parts, f'name={chr(34)}{name}{chr(34)}'])})"

    def sequence(self, parts: Sequence[str], chained: bool) -> str:
        return f"[{', '.join(parts)}]"

    def store(self, target: str, value: str) -> list[str]:
        return [f"{target}.assign({value})"]

    def definition(self, written: Written) -> list[str]:
        root = not written.block.path
        lines = [
            f"class {written.name}({'keras.Model' if root else 'keras.layers.Layer'}):",
            *indented(documentation(written)),
        ]
        declared = [f"self.{name} = {name}" for name in written.stored]
        declared += [f"self.{self.member(name)} = {right}" for name, right in written.members]
        if any("self.seed" in line for line in written.body):
            declared.append("self.seed = keras.random.SeedGenerator()")
        declared.append("self.built = True")
        header = f"def __init__({', '.join(['self', *written.arguments])}):"
        lines += ["", *indented([header, *indented(["super().__init__()", *declared])])]
        if not written.block.statements:
            return lines
        parameters, body = [*written.parameters], [*written.body]
        if root and len(parameters) > 1:
            body.insert(0, f"{', '.join(parameters)} = inputs")
            parameters = ["inputs"]
        if root or TRAINING in self.needs.of(written.block):
            parameters.append("training=None")
        return [*lines, "", *indented([f"def call({', '.join(['self', *parameters])}):", *indented(body)])]

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


TARGET = KerasTarget()
