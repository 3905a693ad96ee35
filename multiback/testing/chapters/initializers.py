"""Checks of the initializers: the same bits in the weights of every backend, definitions, laws, configurations."""

from __future__ import annotations

import functools
import inspect
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from multiback import dtypes, initializers, layers
from multiback.backends.protocol import Adapter
from multiback.random._seed import key_for
from multiback.testing.cases.initializers import INITIALIZERS, LARGE, InitializerCase
from multiback.testing.judge import judge
from multiback.testing.records import Check, Row, holds

KIND = "initializers"
DTYPES = ("float32", "float64", "bfloat16", "float16")

EXEMPT = frozenset({"Initializer", "RandomInitializer"})
"""Bases of the others."""

DEVIATIONS = 5.0
"""A mean or a variance is accepted within five of its standard deviations; the keys are fixed, so it cannot flicker."""


def checks() -> Iterator[Check]:
    """All checks of all initializers."""
    for case in INITIALIZERS:
        for dtype in DTYPES:
            yield _check(case, "", dtype, functools.partial(weights_are_equal, case, dtype))
        yield _check(case, "/definition", "float64", functools.partial(agrees_with_definition, case))
        yield _check(case, "/configuration", "", functools.partial(configuration, case))


def uncovered() -> list[str]:
    """Exported initializers without a case."""
    exported = (getattr(initializers, name) for name in initializers.__all__)
    known = EXEMPT.union(case.name for case in INITIALIZERS)
    return sorted({c.__name__ for c in exported if inspect.isclass(c)} - known)


def _check(case: InitializerCase, label: str, dtype: str, run: Any) -> Check:
    return Check(KIND, case.name, f"{case.label}{label}", dtype, run)


def _made(case: InitializerCase, **more: Any) -> Any:
    return getattr(initializers, case.name)(**case.arguments, **more)


def weights_are_equal(case: InitializerCase, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """A new weight, as it lies on the backend, has the bits that the initializer makes for the path of the weight."""
    for shape in case.shapes:
        layer = layers.Layer(name="tested")
        weight = layer.add_weight(shape, _made(case), dtype=dtype, name="weight")
        got = adapter.to_numpy(weight.native(adapter))
        want = _called(case, key_for("tested/weight"), shape, dtype)
        yield Row(f"weight of shape {shape}", judge(got, want.astype(np.float64), dtypes.as_dtype(dtype), c=0.0))
        wide = _called(case, key_for("tested/weight"), shape, "float64")
        rounded = np.array_equal(want, wide.astype(want.dtype))
        yield holds(f"rounding of shape {shape}", rounded, "The narrow draw is not the rounded wide draw.")


def _called(case: InitializerCase, key: np.ndarray, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return _made(case)(shape, dtype, key=key)


def agrees_with_definition(case: InitializerCase, adapter: Adapter) -> Iterator[Row]:
    """Compares the values with the definition, and their moments with the law."""
    key = key_for("tested/weight")
    for shape in case.shapes:
        got, want = _called(case, key, shape, "float64"), case.meaning(key, shape)
        scale = float(np.abs(want).max())
        yield Row(f"shape {shape}", judge(got, want, dtypes.float64, c=case.roundings, scale=scale))
    if (law := case.law) is None:
        return
    x = _called(case, key, LARGE, "float64") - law.mean
    mean, variance = float(x.mean()), float(x.var())
    distance = DEVIATIONS * math.sqrt(law.variance / x.size)
    yield holds("mean", abs(mean) <= distance, f"off by {mean}, expected at most {distance}")
    distance = DEVIATIONS * law.variance * math.sqrt((law.kurtosis - 1.0) / x.size)
    off = abs(variance - law.variance)
    yield holds("variance", off <= distance, f"{variance}, expected {law.variance} within {distance}")
    largest = float(np.abs(x).max())
    yield holds("limit", largest <= law.limit * (1.0 + 2.0**-50), f"{largest}, expected at most {law.limit}")


def configuration(case: InitializerCase, adapter: Adapter) -> Iterator[Row]:
    """A configuration is JSON and makes the same initializer; a seed gives the same values, a key another one's."""
    takes_seed = "seed" in inspect.signature(getattr(initializers, case.name)).parameters
    made = _made(case, **({"seed": 3} if takes_seed else {}))
    config = json.loads(json.dumps(initializers.serialize(made)))
    again = initializers.deserialize(config)
    yield holds("class", type(again) is type(made), f"{type(again)}, expected {type(made)}")
    yield holds("configuration", again.get_config() == made.get_config(), f"{again.get_config()}, expected {config}")
    shape = case.shapes[0]
    yield holds("values", np.array_equal(again(shape), made(shape)), "The initializer made again gives other values.")
    if takes_seed:
        free, keys = _made(case), [key_for("one"), key_for("other")]
        apart = not np.array_equal(free(shape, key=keys[0]), free(shape, key=keys[1]))
        yield holds("keys", apart, "Two keys give the same values.")
        alike = np.array_equal(made(shape, key=keys[0]), made(shape, key=keys[1]))
        yield holds("seed", alike, "With a seed, the key of the path must not matter.")
