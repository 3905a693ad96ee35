"""Names of values: short, telling, and used again where a value replaces another."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection

from multiback.graph.ir import Value
from multiback.porting.outline.blocks import Block, Statement

_OF_OPS = {
    "argmax": "index", "argmin": "index", "argsort": "order", "iota": "positions", "arange": "positions",
    "softmax": "probabilities", "log_softmax": "log_probabilities", "mean": "mean", "var": "variance",
    "not_equal": "mask", "equal": "mask", "logical_and": "mask", "logical_or": "mask", "logical_not": "mask",
    "greater": "mask", "less": "mask", "greater_equal": "mask", "less_equal": "mask", "tril": "mask",
    "dot_product_attention": "attended", "cumsum": "counts", "sin": "sine", "cos": "cosine", "one_hot": "one_hot",
    "normal": "noise", "uniform": "noise", "random_bits": "bits", "zeros": "zeros", "ones": "ones",
}  # fmt: skip
MOVES = frozenset(["reshape", "transpose", "expand_dims", "squeeze", "cast", "broadcast_to", "repeat"])
"""Ops after which a value is still what it was."""
_OF_OUTPUTS = {
    "moments": ("mean", "variance"),
    "batch_norm_train": ("y", "mean", "variance"),
    "lstm": ("sequence", "hidden", "cell"),
    "gru": ("sequence", "hidden"),
    "simple_rnn": ("sequence", "hidden"),
    "top_k": ("values", "indices"),
}
_PLAIN = "yzuvw"
PLAIN = frozenset(["x", *_PLAIN, "mask", "indices"])
"""Names that say nothing, and may stand for one value after the other."""
_TELLING = re.compile(
    r"(query|key|value|.*attention.*|.*attn.*|embeddings?|.*encoder.*|.*decoder.*|gate|head|mask|position.*|features|"
    r"logits|hidden|shortcut|residual|downsample|generator|discriminator|pooler|backbone)"
)


def snake(text: str) -> str:
    """`MultiHeadAttention` as `multi_head_attention`."""
    text = re.sub(r"\W+", "_", text)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower().strip("_")


def camel(text: str) -> str:
    """`multi_head_attention` as `MultiHeadAttention`; capitals stay."""
    parts = [p for p in re.split(r"[^A-Za-z0-9]+", text) if p]
    name = "".join(p[0].upper() + p[1:] for p in parts) or "Block"
    return f"Block{name}" if name[0].isdigit() else name


def suggestions(statement: Statement) -> list[str]:
    """A name for each value that a statement makes."""
    count = len(statement.makes)
    child = statement.block.name if statement.block else statement.module.path[-1] if statement.module else ""
    if child and _TELLING.fullmatch(child) and count == 1:
        return [child]
    equation = statement.equation
    if equation is not None and statement.module is None:
        if equation.op.name in _OF_OUTPUTS:
            return [*_OF_OUTPUTS[equation.op.name], *["y"] * count][:count]
        if equation.op.name in _OF_OPS and count == 1:
            return [_OF_OPS[equation.op.name]]
    return [plain(v) for v in statement.makes]


def plain(value: Value) -> str:
    """A name by dtype alone."""
    return "mask" if value.dtype.kind == "b" else "indices" if value.dtype.kind in "iu" and value.ndim else "y"


def inputs(block: Block, weights: dict[Value, str]) -> list[str]:
    """Names for what a block gets."""
    roles: dict[Value, str] = {}
    for statement in block.statements:
        if statement.equation is None or statement.module is not None:
            continue
        for role, x in zip(statement.equation.op.operands, statement.inputs):
            if role in ("mask", "query", "key", "value", "bias", "indices") and isinstance(x, Value):
                roles.setdefault(x, role)
    found: list[str] = []
    for value in block.inputs:
        if value in weights:
            name = weights[value]
        elif value in roles and len(block.inputs) > 1:
            name = roles[value]
        else:
            name = "x" if plain(value) == "y" else plain(value)
        found.append(unique(name, found))
    return found


def unique(name: str, taken: Collection[str]) -> str:
    """The name, or one like it that is not taken."""
    name = f"{name}_" if keyword.iskeyword(name) else name
    if name not in taken:
        return name
    if name in ("x", "y"):
        for letter in _PLAIN:
            if letter not in taken:
                return letter
    n = 2
    while f"{name}_{n}" in taken:
        n += 1
    return f"{name}_{n}"
