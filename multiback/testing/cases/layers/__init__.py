"""The layers under test, by family; layers with a `data_format` have a case in each."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from multiback import layers
from multiback.testing.cases.layers import (
    attention,
    convolutional,
    core,
    merging,
    normalization,
    pooling,
    recurrent,
    regularization,
    reshaping,
)
from multiback.testing.cases.layers.case import Inner, LayerCase, fill, symbolic

__all__ = ["FAMILIES", "LAYER_CASES", "LEADING_CASES", "Inner", "LayerCase", "fill", "symbolic"]


def _in_both_formats(cases: list[LayerCase]) -> Iterator[LayerCase]:
    done = {case.name for case in cases if case.arguments.get("data_format") == "channels_first"}
    for case in cases:
        yield case
        if case.name not in done and "data_format" in inspect.signature(getattr(layers, case.name)).parameters:
            done.add(case.name)
            yield case.channels_first()


FAMILIES: dict[str, tuple[LayerCase, ...]] = {
    module.__name__.rpartition(".")[2]: tuple(_in_both_formats(module.CASES))
    for module in (
        core,
        convolutional,
        pooling,
        normalization,
        reshaping,
        merging,
        regularization,
        recurrent,
        attention,
    )
}
LAYER_CASES = [case for cases in FAMILIES.values() for case in cases]

LEADING_CASES = frozenset({case.name: case for case in reversed(LAYER_CASES)}.values())
"""The first case of each class."""
