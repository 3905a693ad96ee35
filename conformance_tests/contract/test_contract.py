"""The contract of adapters, kept by the four of this repository and by one from another distribution."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import multiback as mb
from multiback import dtypes, layers, ops
from multiback.backends import Adapter, Options, Plugin, get_adapter, plugins
from multiback.errors import AdapterError, BackendUnavailable
from multiback.graph.ir import Spec
from multiback.graph.op import OPS
from multiback.graph.trace import trace
from multiback.testing.collection import select
from multiback.testing.runner import run_checks

ADAPTERS = ("numpy", "torch", "jax", "tensorflow", "toy")
MOVED = ["bool", "int8", "uint8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=ADAPTERS)
def contracted(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    with mb.use_backend(request.param):
        yield get_adapter(request.param)


def test_every_primitive_has_a_lowering(contracted: Adapter) -> None:
    contracted.verify()


@pytest.mark.parametrize("dtype", MOVED)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
def test_arrays_move_in_and_out_unchanged(contracted: Adapter, dtype: str, shape: tuple[int, ...]) -> None:
    array = (np.arange(np.prod(shape)).reshape(shape) % 2).astype(dtypes.as_dtype(dtype).numpy)
    native = contracted.from_numpy(array)
    assert contracted.is_native(native)
    assert contracted.is_concrete(native)
    assert contracted.shape(native) == shape
    assert contracted.dtype(native) == dtype
    back = contracted.to_numpy(native)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_arrays_are_copied_on_the_way_in(contracted: Adapter) -> None:
    array = np.zeros(3, "float32")
    native = contracted.from_numpy(array)
    array[:] = 7
    np.testing.assert_array_equal(contracted.to_numpy(native), np.zeros(3))


def test_state_goes_in_and_new_state_comes_out(contracted: Adapter) -> None:
    counter = mb.Variable(np.float32(2.0), name="counter")
    still = mb.Variable(np.ones(3, "float32"), name="still")

    def step(x: Any) -> Any:
        counter.assign(counter * 3.0)
        return x + still

    traced = trace(step, Spec((3,), dtypes.float32))
    executable = contracted.compile(traced.graph)
    assert [v.name for v in traced.variables] == ["counter", "still"]
    assert traced.graph.updates == (0,)
    for expected in (6.0, 18.0):
        state = [v.cell(contracted) for v in traced.variables]
        new, (result,) = executable.run(state, [contracted.from_numpy(np.arange(3, dtype="float32"))])
        mb.Variable.scatter(traced.updated, new, contracted)
        assert float(counter.numpy()) == expected
        np.testing.assert_array_equal(contracted.to_numpy(result), [1, 2, 3])


def test_the_source_that_runs_can_be_read(contracted: Adapter) -> None:
    traced = trace(lambda x: ops.exp(x) + 1.0, Spec((3,), dtypes.float32), name="plus_one")
    source = contracted.compile(traced.graph).source
    assert source.startswith("def plus_one(x):")
    compile(source, "source", "exec")


@pytest.mark.parametrize(
    "name", ["add", "matmul", "softmax", "conv", "max_pool", "sum", "layer_normalization", "cumsum"]
)
def test_an_adapter_from_elsewhere_runs_the_suite(name: str) -> None:
    checks = list(select([f"ops/{name}/*"]))
    results = list(run_checks(checks, get_adapter("toy")))
    assert results
    assert not [result.message for result in results if not result.acceptable]


def test_a_model_trains(contracted: Adapter) -> None:
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    model = mb.Sequential([layers.Input((4,)), layers.Dense(8, "relu"), layers.Dense(2)])
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(mb.optimizers.Adam(0.05), loss, metrics=["accuracy"], backend=contracted.name)
    losses = model.fit(x, y, epochs=8, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert model.evaluate(x, y, verbose=0)[1] > 0.9


def test_both_paths_of_a_composite_compile(contracted: Adapter) -> None:
    traced = trace(lambda x: ops.softmax(x), Spec((2, 3), dtypes.float32))
    x = np.array([[0.0, 1.0, 2.0], [3.0, 3.0, 3.0]], "float32")
    fast = contracted.to_numpy(contracted.compile(traced.graph)(x)[0])
    body = contracted.to_numpy(contracted.compile(traced.graph, Options(fast=False))(x)[0])
    np.testing.assert_allclose(fast, body, rtol=1e-6)


class TestPlugins:
    def test_a_missing_framework_names_the_command(self) -> None:
        plugin = Plugin("nowhere", "nowhere.runtime", ("nowhere_at_all",), (), "pip install nowhere")
        with pytest.raises(BackendUnavailable, match=r"needs nowhere_at_all, .* Install it: pip install nowhere"):
            plugin.load()

    def test_missing_primitives_are_named_all_at_once(self) -> None:
        class Partial(type(get_adapter("numpy"))):  # type: ignore[misc]
            lower: ClassVar[dict[str, Any]] = {
                n: f for n, f in get_adapter("numpy").lower.items() if n not in ("exp", "matmul", "sum")
            }

        with pytest.raises(AdapterError, match=r"lacks 3 primitives: exp, matmul, sum\."):
            Partial(plugins()["numpy"]).verify()

    def test_backends_lists_what_is_there(self) -> None:
        out = subprocess.run(
            [sys.executable, "-m", "multiback", "backends", "--json"], capture_output=True, text=True, check=True
        )
        facts = {row["name"]: row for row in json.loads(out.stdout)["backends"]}
        assert set(ADAPTERS) <= set(facts)
        for row in facts.values():
            assert row["version"]
            assert row["devices"]

    def test_an_adapter_has_the_same_files_as_the_others(self) -> None:
        def _is_common(path: Path) -> bool:
            # What is native, and how foreign programs are read and written, differs from framework to framework.
            if path.parts[0] in ("importer", "exporter"):
                return path.parts[1:] in (("__init__.py",), ("target.py",))
            public = path.name == "__init__.py" or not path.name.startswith("_")
            return public and not {"fast", "backward"} & set(path.parts[:-1])

        def files(name: str) -> set[str]:
            folder = ROOT / "adapters" / f"multiback_{name}"
            return {str(p) for p in (q.relative_to(folder) for q in folder.rglob("*.py")) if _is_common(p)}

        assert files("torch") == files("jax") == files("tensorflow")
        assert files("numpy") <= files("torch")

    @pytest.mark.parametrize("name", ["torch", "jax", "tensorflow"])
    def test_native_versions_are_of_composites(self, name: str) -> None:
        adapter = get_adapter(name)
        assert set(adapter.fast) <= {n for n, op in OPS.items() if op.composite}
        assert set(adapter.lower) == {n for n, op in OPS.items() if not op.composite}
