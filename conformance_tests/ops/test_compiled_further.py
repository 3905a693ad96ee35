"""What a framework's own compiler makes of a graph keeps the meaning of the ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from multiback import ops
from multiback.backends import registry
from multiback.backends.compile import Compiled
from multiback.backends.protocol import Options

NAN, INF = float("nan"), float("inf")
X = np.array([[1, NAN, -1, 4], [NAN, 2, -INF, NAN], [0, 5, INF, -3], [NAN, NAN, NAN, NAN]], "float32")
Y = np.array([[NAN, 2, 3, -4], [NAN, INF, NAN, 0], [1, 1, 1, 1], [0, NAN, -INF, INF]], "float32")

FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "amax": lambda x, y: ops.amax(x, axis=1) + ops.amax(y, axis=0),
    "amin": lambda x, y: ops.amin(x, axis=0) + ops.amin(y, axis=1),
    "clip": lambda x, y: ops.clip(x, -1.0, y),
    "relu": lambda x, y: ops.relu(x) + ops.relu6(y),
    "argmax": lambda x, y: (ops.argmax(x, axis=1), ops.argmin(y, axis=0)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_is_kept(name: str, backend: str) -> None:
    adapter = registry.get_adapter(backend)
    arrays = [adapter.from_numpy(X), adapter.from_numpy(Y)]

    def run(jit: bool | None) -> list[np.ndarray]:
        found = Compiled(FUNCTIONS[name], name, Options(jit=jit), batched=False)(*arrays, adapter=adapter)
        return [adapter.to_numpy(y) for y in (found if isinstance(found, tuple) else (found,))]

    reference = registry.get_adapter("numpy")
    want = Compiled(FUNCTIONS[name], name, batched=False)(X, Y, adapter=reference)
    for jit in adapter.jit_choices or (None,):
        for y, expected in zip(run(jit), want if isinstance(want, tuple) else (want,), strict=True):
            np.testing.assert_array_equal(y, expected)
