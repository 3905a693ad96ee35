"""Mistakes that people make when they write an adapter, planted on purpose: what checks a backend must notice them."""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from multiback.backends.protocol import Adapter, Fast
from multiback.backends.registry import get_adapter

PLANTABLE = {
    "torch": ("gelu_tanh", "unbiased_variance", "symmetric_padding", "swapped_gates", "epsilon_inside_correction"),
    "jax": ("gelu_tanh", "symmetric_padding"),
    "tensorflow": ("gelu_tanh", "unbiased_variance", "symmetric_padding", "epsilon_inside_correction"),
}
"""The mistakes by backend, known without importing a framework."""


@dataclass(frozen=True)
class Plant:
    """One wrong entry of an adapter's tables.

    Attributes:
        op: The entry's name.
        lowering: What stands there instead.
        symptom: What is wrong, for a person.
    """

    op: str
    lowering: Any
    symptom: str


def loaded(name: str) -> Adapter:
    """The adapter; warnings that a framework gives while it is imported are not ours to fail on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_adapter(name)


def plants(adapter: Adapter) -> dict[str, Plant]:
    """The mistakes that can be planted in this adapter, by name."""
    return importlib.import_module(f"planted_{adapter.name}").PLANTS


@contextlib.contextmanager
def planted(adapter: Adapter, name: str) -> Iterator[Plant]:
    """Inside, the adapter computes one op wrongly.

    Arguments:
        adapter: A loaded adapter whose tables are dicts.
        name: One of `PLANTABLE[adapter.name]`.
    """
    plant = plants(adapter)[name]
    table: Any = adapter.fast if plant.op in adapter.fast or plant.op not in adapter.lower else adapter.lower
    before = table.get(plant.op)
    if table is adapter.fast:
        table[plant.op] = Fast(plant.lowering, before.when if before is not None else lambda equation: True)
    else:
        table[plant.op] = plant.lowering
    try:
        yield plant
    finally:
        if before is None:
            del table[plant.op]
        else:
            table[plant.op] = before
