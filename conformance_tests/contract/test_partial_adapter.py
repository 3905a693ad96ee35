"""Adapters that say they are partial: they load, and refuse what they lack before anything is compiled."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

import multiback as mb
from multiback import dtypes, layers, ops
from multiback.backends import get_adapter, plugins
from multiback.errors import AdapterError, UnsupportedOperation
from multiback.graph.ir import Spec
from multiback.graph.trace import trace

Toy = type(get_adapter("toy"))


class Partial(Toy):  # type: ignore[misc, valid-type]
    """The toy adapter without convolutions, exponentials and half precision."""

    lower: ClassVar[dict[str, Any]] = {n: f for n, f in Toy.lower.items() if n not in ("conv", "exp")}
    partial = True
    dtypes_missing = frozenset(["bfloat16", "float16"])

    def wrap(self, *arguments: Any) -> Any:
        self.wrapped = True
        return super().wrap(*arguments)


@pytest.fixture
def partial() -> Partial:
    adapter = Partial(plugins()["toy"])
    adapter.verify()
    return adapter


def graph_of(function: Any, *specs: Spec) -> Any:
    return trace(function, *specs).graph


VECTOR = Spec((3,), dtypes.float32)


def test_what_is_missing_is_listed(partial: Partial) -> None:
    assert partial.missing_primitives() == ["conv", "exp"]
    assert get_adapter("toy").missing_primitives() == []


def test_an_adapter_that_does_not_say_so_must_be_complete() -> None:
    class Silent(Partial):
        partial = False

    with pytest.raises(AdapterError, match=r"lacks 2 primitives: conv, exp\. .* set `partial = True`"):
        Silent(plugins()["toy"]).verify()


def test_what_it_has_runs(partial: Partial) -> None:
    (y,) = partial.compile(graph_of(lambda x: ops.sin(x) + 1.0, VECTOR))(np.zeros(3, "float32"))
    np.testing.assert_array_equal(partial.to_numpy(y), np.ones(3))


def test_a_missing_primitive_names_op_line_and_remedy(partial: Partial) -> None:
    graph = graph_of(lambda x: ops.exp(x), VECTOR)
    text = r"Backend 'toy' has no lowering of 'exp', needed by op 'exp'.*Choose another backend.* or add 'exp' to"
    with pytest.raises(UnsupportedOperation, match=text) as caught:
        partial.compile(graph)
    assert (caught.value.backend, caught.value.need, caught.value.scope) == ("toy", "exp", "")
    assert not hasattr(partial, "wrapped")


def test_it_is_found_in_the_body_of_a_composite_and_in_sub_graphs(partial: Partial) -> None:
    for function in (ops.softmax, lambda x: ops.scan(lambda c, r: (c + ops.exp(r), c), ops.sum(x), x)[0]):
        with pytest.raises(UnsupportedOperation, match="no lowering of 'exp'"):
            partial.compile(graph_of(function, VECTOR))


def test_the_layer_that_needs_it_is_named(partial: Partial) -> None:
    layer = layers.Conv2D(2, 3, name="c1")
    layer.build((None, 5, 5, 1))
    with pytest.raises(UnsupportedOperation, match="no lowering of 'conv', needed by layer 'c1'") as caught:
        partial.compile(graph_of(layer, Spec((4, 5, 5, 1), dtypes.float32)))
    assert caught.value.scope == "c1"


def test_a_missing_dtype_is_named(partial: Partial) -> None:
    layer = layers.Dense(2, name="d1", dtype="mixed_bfloat16")
    layer.build((None, 3))
    with pytest.raises(UnsupportedOperation, match=r"has no dtype 'bfloat16', needed by layer 'd1'.*another dtype"):
        partial.compile(graph_of(layer, Spec((4, 3), dtypes.float32)))
    with pytest.raises(UnsupportedOperation, match=r"has no dtype 'float16'\. ") as caught:
        partial.compile(graph_of(lambda x: x, Spec((3,), dtypes.float16)))
    assert caught.value.need == "float16"
    constant = graph_of(lambda x: (x, ops.zeros((3,), "bfloat16")), VECTOR)
    with pytest.raises(UnsupportedOperation, match="has no dtype 'bfloat16'"):
        partial.compile(constant)


def test_a_model_cannot_be_trained_but_the_error_says_why(partial: Partial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mb.backends.registry._LOADED, "toy", partial)
    model = mb.Sequential([layers.Input((5, 5, 1)), layers.Conv2D(2, 3, name="c2"), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse", backend="toy")
    with pytest.raises(UnsupportedOperation, match=r"no lowering of 'conv', needed by layer '.*c2'"):
        model.fit(np.zeros((4, 5, 5, 1)), np.zeros((4, 1)), verbose=0)
