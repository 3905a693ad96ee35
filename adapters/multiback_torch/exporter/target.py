"""Source for PyTorch: one class for each block."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.dtypes import DType
from multiback.graph.ir import Graph, Value
from multiback.graph.passes.dead_code import dead_code
from multiback.graph.passes.linear import fuse_linear
from multiback.porting.outline.blocks import Path
from multiback.porting.outline.forms import Program
from multiback.porting.source.classes import Written
from multiback.porting.source.formatting import indented
from multiback.porting.source.target import Target
from multiback_torch._unsigned import in_int64
from multiback_torch.exporter.expressions import EXPRESSIONS
from multiback_torch.exporter.helpers.adam import Adam
from multiback_torch.exporter.helpers.batch_norm import BatchNorm
from multiback_torch.exporter.modules import Modules
from multiback_torch.exporter.projections import project
from multiback_torch.exporter.training import training_step

_LINEAR = ("in_features", "out_features")
_CONV = ("in_channels", "out_channels", "kernel_size")


class TorchTarget(Target):
    """Writes nn.Modules."""

    name = "torch"
    imports: Mapping[str, str] = {
        "torch": "import torch",
        "nn": "from torch import nn",
        "F": "import torch.nn.functional as F",
        "json": "import json",
        "math": "import math",
    }
    libraries = ("torch",)
    expressions = EXPRESSIONS
    channels_first = True
    keeps_constants = True
    nothing = "nn.Identity()"
    positional: Mapping[str, tuple[str, ...]] = {
        "nn.Linear": _LINEAR,
        **{f"nn.Conv{n}d": _CONV for n in (1, 2, 3)},
        **{f"nn.ConvTranspose{n}d": _CONV for n in (1, 2, 3)},
        **{f"nn.BatchNorm{n}d": ("num_features",) for n in (1, 2, 3)},
        "BatchNorm": ("num_features",),
        "nn.LayerNorm": ("normalized_shape",),
        "nn.RMSNorm": ("normalized_shape",),
        "nn.Embedding": ("num_embeddings", "embedding_dim"),
        "nn.Dropout": ("rate",),
        "torch.randn": ("size",),
        "range": ("count",),
    }

    def rewrite(self, graph: Graph) -> Graph:
        return in_int64(dead_code(fuse_linear(project(graph), lambda e: e.attributes["activation"] == "linear")))

    def idioms(self, program: Program, trainable: Mapping[Value, bool]) -> None:
        Modules(program, trainable).find()

    def dtype(self, dtype: DType) -> str:
        return f"torch.{dtype}" if dtype != dtypes.bool_ else "torch.bool"

    def array(self, array: np.ndarray) -> str:
        return f"torch.tensor({_listed(array)}, dtype={self.dtype(dtypes.as_dtype(array.dtype))})"

    def weight(self, value: Value, trainable: bool, constant: np.ndarray | None) -> str:
        if constant is not None:
            return f"buffer:{self.array(constant)}:False"
        shape = ", ".join(map(str, value.shape))
        dtype = "" if value.dtype == "float32" else f", dtype={self.dtype(value.dtype)}"
        if not trainable or not value.dtype.is_float:
            return f"buffer:torch.zeros({shape or '()'}{dtype})"
        if value.ndim < 2:
            return f"nn.Parameter(torch.zeros({shape or '()'}{dtype}))"
        return f"nn.Parameter(nn.init.xavier_uniform_(torch.empty({shape}{dtype})))"

    def reference(self, path: Path) -> str:
        text = "self"
        for i, part in enumerate(path):
            if keyword.iskeyword(part) or (part.isdigit() and not i):
                text = f'getattr({text}, "{part}")'
            else:
                text += f"[{part}]" if part.isdigit() else f".{part}"
        return text

    def stored_path(self, path: Path, trainable: bool) -> Path:
        return path

    def sequence(self, parts: Sequence[str], chained: bool) -> str:
        if chained and len(parts) > 2 and len(set(parts)) == 1:
            return f"nn.Sequential(*({parts[0]} for _ in range({len(parts)})))"
        if chained:
            return f"nn.Sequential({', '.join(parts)})"
        if len(parts) > 2 and len(set(parts)) == 1:
            return f"nn.ModuleList({parts[0]} for _ in range({len(parts)}))"
        return f"nn.ModuleList([{', '.join(parts)}])"

    def store(self, target: str, value: str) -> list[str]:
        return [f"{target}.copy_({value}.detach())" if value.isidentifier() else f"{target}.copy_(({value}).detach())"]

    def helpers(self, text: str, called: Mapping[str, Any]) -> Mapping[str, Any]:
        own = {"BatchNorm": BatchNorm, "Adam": Adam}
        return {**called, **{name: helper for name, helper in own.items() if re.search(rf"(?<![\w.]){name}\(", text)}}

    def training_step(self, model: Any) -> list[str]:
        return training_step(model)

    def definition(self, written: Written) -> list[str]:
        lines = [f"class {written.name}(nn.Module):", *indented(_documentation(written)), ""]
        if written.members or written.arguments:
            lines += [f"    def __init__({', '.join(['self', *written.arguments])}):", "        super().__init__()"]
            lines += [f"        self.{name} = {name}" for name in written.stored]
            lines += [f"        {_declared(name, right)}" for name, right in written.members]
            lines += [f"        {self.reference(path)} = {self.reference(holder)}" for path, holder in written.ties]
            lines.append("")
        if written.block.statements or not written.block.path or written.parameters:
            lines.append(f"    def forward({', '.join(['self', *written.parameters])}):")
            lines += indented(indented(written.body))
        while not lines[-1]:
            lines.pop()
        return lines

    def closing(self, root: Written, weights: str) -> list[str]:
        return [
            "",
            "",
            f'def load(path="{weights}"):',
            '    """The model with the weights in a file of safetensors."""',
            f"    model = {root.made}",
            "    model.load_state_dict(read_weights(path))",
            "    return model",
            "",
            "",
            "def read_weights(path):",
            '    """The tensors in a file of safetensors, by name."""',
            '    with open(path, "rb") as file:',
            '        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))',
            "        data = bytearray(file.read())",
            '    header.pop("__metadata__", None)',
            "    return {name: _tensor(data, **entry) for name, entry in header.items()}",
            "",
            "",
            "def _tensor(data, dtype, shape, data_offsets):",
            "    start, end = data_offsets",
            "    if start == end:",
            "        return torch.empty(shape, dtype=_DTYPES[dtype])",
            "    return torch.frombuffer(data[start:end], dtype=_DTYPES[dtype]).reshape(shape)",
            "",
            "",
            "_DTYPES = {",
            '    "F64": torch.float64,',
            '    "F32": torch.float32,',
            '    "F16": torch.float16,',
            '    "BF16": torch.bfloat16,',
            '    "I64": torch.int64,',
            '    "I32": torch.int32,',
            '    "I16": torch.int16,',
            '    "I8": torch.int8,',
            '    "U8": torch.uint8,',
            '    "BOOL": torch.bool,',
            "}",
        ]


def _documentation(written: Written) -> list[str]:
    title = _title(written)
    if not written.shapes:
        return [f'"""{title}"""']
    return [f'"""{title}', "", *written.shapes, '"""']


def _title(written: Written) -> str:
    path = "/".join(written.block.path)
    return f"The block {path}." if path else "The model."


def _declared(name: str, right: str) -> str:
    if right.startswith("buffer:"):
        text, _, persistent = right.removeprefix("buffer:").partition("):")
        text = f"{text})" if persistent else text
        return f'self.register_buffer("{name}", {text}{", persistent=False" if persistent else ""})'
    if name.isdigit():
        return f'self.add_module("{name}", {right})'
    if keyword.iskeyword(name):
        return f'setattr(self, "{name}", {right})'
    return f"self.{name} = {right}"


def _listed(array: np.ndarray) -> str:
    text = repr(array.tolist())
    return re.sub(r"\b(inf|nan)\b", r'float("\1")', text)
