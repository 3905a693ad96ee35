"""What a program needs that has no handler: found before any work."""

from __future__ import annotations

from collections.abc import Sequence

from multiback.porting.handlers import custom
from multiback.porting.unsupported import Inventory
from multiback_tensorflow.importer import folding
from multiback_tensorflow.importer.program import Function, Node
from multiback_tensorflow.importer.written import every

_STRINGS = "strings are not numbers"
_TABLES = "lookup tables are not arrays"
_DATA = "the size of its result depends on data"
_QUEUES = "queues and datasets are input pipelines, not models"

REASONS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("XlaCallModule", "XlaLaunch"),
        "a compiled StableHLO program without TensorFlow ops; import the original instead",
    ),
    (("Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2", "Where", "ListDiff"), _DATA),
    (("BooleanMask", "DynamicPartition", "NonMaxSuppression", "CombinedNonMaxSuppression"), _DATA),
    (("LookupTable", "HashTable", "MutableHashTable", "InitializeTable", "AnonymousHashTable"), _TABLES),
    (("String", "Regex", "AsString", "Substr", "Unicode", "DecodeRaw", "ReduceJoin"), _STRINGS),
    (("Queue", "FIFOQueue", "Iterator", "TensorSliceDataset", "BatchDataset"), _QUEUES),
    (("PyFunc", "EagerPyFunc"), "Python code inside the graph; write it with tf"),
    (("Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond"), "control flow of TensorFlow 1; save it again"),
)
"""Beginnings of names of ops, and why they are not supported."""


def check_supported(name: str, functions: Sequence[Function]) -> None:
    """Checks that every op has a handler.

    Raises:
        UnsupportedModel: naming all that have none, how often they occur, and where.
    """
    from multiback_tensorflow.importer.tables import CONTEXTUAL, HANDLERS

    known = {*HANDLERS, *CONTEXTUAL, *custom("tensorflow")}
    found = Inventory()
    seen: set[str] = set()
    for function in functions:
        for owner, node in every(function, seen):
            if node.op not in known and not (node.op in folding.NUMERIC and _constant(owner, node)):
                found.add(node.op, node.name, _reason(node.op))
    found.raise_if_any("tensorflow", name)


def _constant(function: Function, node: Node) -> bool:
    """Whether a node depends on constants alone, so that it is computed while the graph is built."""
    origins = [function.by_name.get(name) for name, _ in node.inputs]
    return all(n is not None and (n.op == "Const" or (n.inputs and _constant(function, n))) for n in origins)


def _reason(op: str) -> str:
    return next((why for starts, why in REASONS if op.startswith(starts)), "")
