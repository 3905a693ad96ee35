"""Tests of the suite: while a mistake is planted in an adapter its checks fail, and bisection names the equation."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from planted import PLANTABLE, loaded, planted, plants

from multiback import testing
from multiback.backends import eager
from multiback.backends.protocol import Adapter
from multiback.testing import bisect, chapters
from multiback.testing.collection import all_checks
from multiback.testing.model_graphs import subject
from multiback.testing.records import Result
from multiback.testing.runner import run_check

NOTICED_BY = {
    "gelu_tanh": ("ops/gelu/approximate=False/float32", "models/transformer_encoder/forward/float32"),
    "unbiased_variance": ("ops/batch_norm_train/divergence-38/float32", "models/resnet/steps/float32"),
    "symmetric_padding": ("ops/conv/divergence-27/float32", "models/resnet/forward/float64"),
    "swapped_gates": ("ops/lstm/plain/float32", "models/bilstm_tagger/forward/float64"),
    "epsilon_inside_correction": ("optimizers/Adam/float64", "models/gan/100-steps/float64"),
}
"""For each mistake a check of the op by itself, or of what runs it fused, and one of a whole model."""

NOTICED_BY_LAYERS = {
    "unbiased_variance": "layers/BatchNormalization/training=True/float32",
    "symmetric_padding": "layers/Conv2D/filters=3,kernel_size=3-2,strides=2,padding=same/float64",
    "swapped_gates": "layers/LSTM/units=3/float64",
}

CULPRITS = {
    "gelu_tanh": ("transformer_encoder", "forward", "dense_1"),
    "unbiased_variance": ("resnet", "step", "batch_normalization"),
    "symmetric_padding": ("resnet", "forward", "conv2d_4"),
    "swapped_gates": ("bilstm_tagger", "forward", "forward_lstm"),
    "epsilon_inside_correction": ("gan", "step", "discriminator_adam"),
}
"""For each mistake a model of the suite, its graph, and the layer whose equation comes first."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = [b for b in metafunc.config.getoption("--backend") or PLANTABLE if b in PLANTABLE]
    if "mistake" in metafunc.fixturenames:
        of_layers = metafunc.function is test_checks_of_layers_fail_while_a_mistake_is_there
        known = NOTICED_BY_LAYERS if of_layers else NOTICED_BY
        metafunc.parametrize("native, mistake", [(b, m) for b in chosen for m in PLANTABLE[b] if m in known])


def caches_of_results() -> list[object]:
    """The kit's caches that hold what an adapter computed."""
    packages = (testing, chapters)
    names = [f"{p.__name__}.{i.name}" for p in packages for i in pkgutil.iter_modules(p.__path__) if not i.ispkg]
    found = []
    for name in names:
        for value in vars(importlib.import_module(name)).values():
            if hasattr(value, "cache_clear") and "adapter" in inspect.signature(value).parameters:
                found.append(value)
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def forgetting() -> Iterator[None]:
    """Inside, nothing that an adapter compiled or computed before is used again; nor is it afterwards."""
    _forget()
    try:
        yield
    finally:
        _forget()


def _forget() -> None:
    for cache in caches_of_results():
        cache.cache_clear()  # type: ignore[attr-defined]
    eager._CACHE.clear()


def results(adapter: Adapter, ids: tuple[str, ...]) -> list[Result]:
    found = {check.id: check for check in all_checks() if check.id in ids}
    assert set(found) == set(ids), f"The suite has no check {sorted(set(ids) - set(found))}."
    return [run_check(found[i], adapter) for i in ids]


def assert_noticed(adapter: Adapter, mistake: str, ids: tuple[str, ...]) -> None:
    """The checks pass, fail while the mistake is there, and pass again."""
    assert {r.status for r in results(adapter, ids)} == {"passed"}
    with forgetting(), planted(adapter, mistake):
        found = results(adapter, ids)
    assert {r.status for r in found} == {"failed"}, [(r.check.id, r.status, r.message) for r in found]
    assert {r.status for r in results(adapter, ids)} == {"passed"}


def test_checks_fail_while_a_mistake_is_there(native: str, mistake: str) -> None:
    assert_noticed(loaded(native), mistake, NOTICED_BY[mistake])


@pytest.mark.thorough
def test_checks_of_layers_fail_while_a_mistake_is_there(native: str, mistake: str) -> None:
    assert_noticed(loaded(native), mistake, (NOTICED_BY_LAYERS[mistake],))


def test_every_mistake_has_its_checks() -> None:
    mistakes = {name for names in PLANTABLE.values() for name in names}
    assert mistakes == set(NOTICED_BY) == set(CULPRITS)


def test_bisection_of_a_model_names_the_equation(native: str, mistake: str) -> None:
    adapter = loaded(native)
    name, kind, layer = CULPRITS[mistake]
    of = subject(name, "float32")
    graph = getattr(of, kind)
    state, batch = (of.state, of.batches[0]) if kind == "step" else (of.forward_state, of.forward_inputs[graph.state :])
    with planted(adapter, mistake):
        guilty = bisect(graph, adapter, batch, state=state)
    assert guilty is not None
    assert guilty.op == plants(adapter)[mistake].op
    assert guilty.layer.split("/")[-1] == layer
