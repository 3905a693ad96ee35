"""Small graphs that each pass of `multiback.graph.passes` rewrites."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Dim
from multiback.graph.ir import Graph, Spec
from multiback.graph.trace import trace

BATCH = 6
Shape = tuple[int | str, ...]


@dataclass(frozen=True, eq=False)
class Rewriting:
    """A function that a pass rewrites.

    Attributes:
        of: The name of the pass.
        label: What tells it from the pass's other functions.
        function: Of float32 arrays.
        shapes: Of its arguments; "batch" is symbolic.
        needs: Op that an adapter must have natively for the pass to apply; "" for none.
        differentiated: Whether the gradient of the sum of its weighted result is taken instead.
    """

    of: str
    label: str
    function: Callable[..., Any]
    shapes: tuple[Shape, ...]
    needs: str = ""
    differentiated: bool = False

    @functools.cached_property
    def graph(self) -> Graph:
        """The function, traced."""
        specs = (Spec(tuple(Dim.named(n) if isinstance(n, str) else n for n in s), dtypes.float32) for s in self.shapes)
        return trace(
            _gradients(self.function) if self.differentiated else self.function, *specs, name="rewritten"
        ).graph

    @functools.cached_property
    def arrays(self) -> list[np.ndarray]:
        """Arguments."""
        random = np.random.default_rng(zlib.crc32(f"{self.of}/{self.label}".encode()))
        shapes = (tuple(BATCH if isinstance(n, str) else n for n in s) for s in self.shapes)
        return [random.uniform(0.1, 2.0, s).astype("float32") for s in shapes]


def _gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    def total(*xs: Any) -> Any:
        y = function(*xs)
        return ops.sum(y * ops.cos(y))

    return lambda *xs: ops.value_and_grad(total, argnums=tuple(range(len(xs))))(*xs)


def _normalized(x: Any, *statistics: Any, axis: int = -1) -> Any:
    mean, variance, offset, scale = statistics
    return ops.relu(ops.batch_normalization(x, mean, variance, axis, offset=offset, scale=scale))


def _convolved(x: Any, kernel: Any, *statistics: Any) -> Any:
    return _normalized(ops.conv(x, kernel, padding="same"), *statistics)


def _convolved_first(x: Any, kernel: Any, bias: Any, *statistics: Any) -> Any:
    return _normalized(ops.conv(x, kernel, data_format="channels_first", bias=bias), *statistics, axis=1)


def _projected(x: Any, kernel: Any, bias: Any) -> Any:
    return ops.einsum("abc,cde->abde", x, kernel) + bias


def _steady(x: Any, w: Any) -> Any:
    def step(carry: Any, row: Any) -> Any:
        return ops.tanh(carry + ops.matmul(row, ops.transpose(ops.exp(w)))), carry

    return ops.scan(step, ops.matmul(x[0], ops.transpose(w)), x)[0]


def _unused(x: Any, w: Any) -> Any:
    def step(carry: Any, row: Any) -> Any:
        a, b = carry
        return (ops.tanh(a + row * w), ops.sin(b + row)), (a * 2.0, ops.exp(b))

    (last, _), (doubled, _) = ops.scan(step, (x[0] * 0.1, x[0]), x)
    return last + ops.sum(doubled, axis=0)


def _unused_gradients(x: Any, w: Any) -> Any:
    def loss(x: Any, w: Any) -> Any:
        return ops.sum(ops.sin(x * w)), ops.exp(x)

    (value, _), (gradient, _) = ops.value_and_grad(loss, argnums=(0, 1), has_aux=True)(x, w)
    return gradient * value


def _decided(x: Any) -> Any:
    y = ops.cond(True, lambda x: ops.sin(x) * 2.0, lambda x: ops.cos(x), x)
    return ops.where(np.array([False, False, False]), ops.exp(y), y * 3.0)


_CHANNELS: tuple[Shape, ...] = ((4,), (4,), (4,), (4,))

REWRITINGS = [
    Rewriting("identities", "casts", lambda x: ops.cast(ops.cast(ops.sin(x), "float32"), "float64"), (("batch", 3),)),
    Rewriting(
        "identities", "there and back", lambda x: ops.exp(ops.cast(ops.cast(x, "float64"), "float32")), (("batch", 3),)
    ),
    Rewriting("identities", "numbers", lambda x: ops.negative(-(ops.sin(x) * 1.0 / 1.0 - 0.0)), (("batch", 3),)),
    Rewriting(
        "movement",
        "around a function",
        lambda x: ops.transpose(ops.relu(ops.transpose(x, (0, 2, 1))), (0, 2, 1)),
        (("batch", 3, 4),),
    ),
    Rewriting(
        "movement",
        "one after the other",
        lambda x: ops.reshape(ops.reshape(ops.transpose(ops.transpose(x, (2, 0, 1)), (2, 0, 1)), (-1, 6)), (2, -1)),
        (("batch", 3, 4),),
    ),
    Rewriting("branches", "known", _decided, (("batch", 3),)),
    Rewriting("constants", "product", lambda x: x * ops.matmul(np.eye(3, dtype="f"), np.ones((3, 3), "f")), ((3, 3),)),
    Rewriting("common_subexpressions", "sines", lambda x: ops.sin(x) * ops.sin(x), (("batch", 3),)),
    Rewriting("sizes", "of the batch", lambda x: x / ops.cast(ops.shape(x)[0], "float32"), (("batch", 3),)),
    Rewriting("loops", "transposed weights", _steady, ((5, 4, 3), (4, 3))),
    Rewriting("loops", "transposed weights", _steady, ((5, 4, 3), (4, 3)), differentiated=True),
    Rewriting("dead_code", "of a scan", _unused, ((5, 3), (3,))),
    Rewriting("dead_code", "of a scan", _unused, ((5, 3), (3,)), differentiated=True),
    Rewriting("dead_code", "of a gradient", _unused_gradients, ((5, 3), (3,))),
    Rewriting("contractions", "heads", _projected, (("batch", 3, 4), (4, 2, 5), (2, 5))),
    Rewriting("contractions", "heads", _projected, (("batch", 3, 4), (4, 2, 5), (2, 5)), differentiated=True),
    Rewriting(
        "contractions",
        "two axes summed",
        lambda x, k: ops.einsum("abcd,cde->abe", x, k),
        (("batch", 3, 2, 5), (2, 5, 4)),
        differentiated=True,
    ),
    *(
        Rewriting("linear", label, function, shapes, "linear", differentiated)
        for label, function, shapes in (
            ("bias", lambda x, k, b: ops.matmul(x, k) + b, (("batch", 4), (4, 3), (3,))),
            ("bias before", lambda x, k, b: ops.relu(b + ops.matmul(x, k)), (("batch", 5, 4), (4, 3), (3,))),
            ("heads", _projected, (("batch", 3, 4), (4, 2, 5), (2, 5))),
        )
        for differentiated in (False, True)
    ),
    Rewriting("batch_norm", "convolution", _convolved, (("batch", 9, 8, 1), (2, 2, 1, 4), *_CHANNELS)),
    Rewriting("batch_norm", "channels first", _convolved_first, (("batch", 1, 9, 8), (3, 3, 1, 4), (4,), *_CHANNELS)),
    Rewriting(
        "batch_norm",
        "dense",
        lambda x, k, b, *more: _normalized(ops.matmul(x, k) + b, *more),
        (("batch", 16, 2), (2, 4), (4,), *_CHANNELS),
        "linear",
    ),
]
