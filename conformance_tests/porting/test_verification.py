"""The verification of a port notices what is wrong with it, and says where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from multiback import dtypes, ops
from multiback.backends.probe import Intermediate
from multiback.errors import PortError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.porting import CannotRun, Imported, PortReport, Weight, assemble
from multiback.porting.scopes import module_scope
from multiback.porting.verify import verify

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(6, 4)).astype("float32")
KERNEL = RANDOM.normal(size=(4, 3)).astype("float32")
BIAS = RANDOM.normal(size=3).astype("float32")


class Original:
    """y = tanh(x K + b), with a moving mean of x K + b, written in NumPy."""

    def __init__(self, exact: bool = True) -> None:
        self.exact = exact

    def _hidden(self, x: Any, float64: bool) -> Any:
        if float64 and not self.exact:
            raise CannotRun("it computes in float32 inside")
        kind = np.float64 if float64 else np.float32
        return x.astype(kind) @ KERNEL.astype(kind) + BIAS.astype(kind)

    def forward(self, args: Any, kwargs: Any, *, training: bool, float64: bool) -> Any:
        z = self._hidden(args[0], float64)
        return {"y": np.tanh(z), "count": np.asarray(3)}, {"mean": z.mean(0) * 0.1} if training else {}

    def gradients(self, args: Any, kwargs: Any, *, float64: bool) -> Any:
        y = np.tanh(self._hidden(args[0], float64))
        g = y * (1 - y * y)
        return {"kernel": args[0].astype(y.dtype).T @ g, "bias": g.sum(0)}

    def intermediates(self, args: Any, kwargs: Any) -> list[Intermediate]:
        x = args[0].astype(np.float64)
        product = x @ KERNEL
        values = [product, product + BIAS, np.tanh(product + BIAS)]
        return [Intermediate(str(i), v) for i, v in enumerate(values)]


def port(native: Any, **wrong: float) -> tuple[Any, Imported]:
    """The program, as an importer would give it; a keyword makes one number of it wrong."""

    def program(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        with module_scope("dense", "Dense"):
            z = ops.matmul(args[0], weights["kernel"])
            z = ops.add(z, ops.multiply(weights["bias"], wrong.get("bias", 1.0)))
        if training:
            weights["mean"].assign(ops.multiply(ops.mean(z, axis=0), wrong.get("rate", 0.1)))
        if "batch" in wrong:
            z = ops.multiply(z, float(wrong["batch"]) / 6 if args[0].shape[0] == 6 else args[0].shape[0])
        return {"y": ops.tanh(z), "count": ops.cast(wrong.get("count", 3), "int64")}

    weights = [Weight("kernel", KERNEL), Weight("bias", BIAS), Weight("mean", np.zeros(3, "float32"), False)]
    found = Imported("Net", "numpy", weights, (Spec((Dim.named("batch"), 4), dtypes.float32),), {}, program)
    found.native = native
    return assemble(found), found


def verified(native: Any, backends: Any = ("numpy",), **wrong: float) -> PortReport:
    model, found = port(native, **wrong)
    return verify(model, found.native, (X,), {}, PortReport("Net", "numpy", "multiback"), backends)


def test_a_right_port_passes_in_float64(backend: str) -> None:
    report = verified(Original(), [backend])
    assert report.passed, report
    assert {row.precision for row in report.rows} == {"float64"}
    assert {row.quantity for row in report.rows} == {
        "forward", "forward, another batch size", "gradients", "weights after an SGD step", "forward, training",
        "statistics after a training step",
    }  # fmt: skip
    report.raise_if_failed()


@pytest.mark.parametrize(
    ("wrong", "quantities"),
    [
        ({"bias": 1 + 1e-12}, {"forward", "gradients"}),
        ({"rate": 0.1001}, {"statistics after a training step"}),
        ({"count": 4}, {"forward"}),
    ],
    ids=["formula", "statistics", "integer"],
)
def test_a_wrong_port_fails(wrong: dict[str, float], quantities: set[str], backend: str) -> None:
    report = verified(Original(), [backend], **wrong)
    assert not report.passed
    assert quantities <= {row.quantity for row in report.failed}
    with pytest.raises(PortError, match="does not compute what its original does"):
        report.raise_if_failed()


def test_the_fault_is_located_in_the_import() -> None:
    report = verified(Original(), bias=1.5)
    assert len(report.faults) == 1
    assert "the import departs at multiply in dense" in report.faults[0], report.faults


def test_an_original_that_computes_in_float32_is_judged_in_float32() -> None:
    report = verified(Original(exact=False))
    assert report.passed, report
    assert {row.precision for row in report.rows} == {"its own"}
    assert any("it computes in float32 inside" in note for note in report.notes)
    assert not verified(Original(exact=False), bias=1.001).passed


def test_what_cannot_run_is_said() -> None:
    class Partial(Original):
        def gradients(self, args: Any, kwargs: Any, *, float64: bool) -> Any:
            raise CannotRun("it has no gradients")

        def forward(self, args: Any, kwargs: Any, *, training: bool, float64: bool) -> Any:
            if training:
                raise CannotRun("it has one form")
            return super().forward(args, kwargs, training=training, float64=float64)

    report = verified(Partial())
    assert report.passed
    assert any("it has no gradients" in note for note in report.notes)
    assert any("it has one form" in note for note in report.notes)
    assert {row.quantity for row in report.rows} == {"forward", "forward, another batch size"}


def test_another_number_of_outputs_fails() -> None:
    class More(Original):
        def forward(self, args: Any, kwargs: Any, **options: Any) -> Any:
            outputs, statistics = super().forward(args, kwargs, **options)
            return [outputs["y"], outputs["y"], outputs["count"]], statistics

    assert not verified(More()).passed


def test_outputs_are_matched_by_their_names() -> None:
    class Sorted(Original):
        def forward(self, args: Any, kwargs: Any, **options: Any) -> Any:
            outputs, statistics = super().forward(args, kwargs, **options)
            return dict(reversed(list(outputs.items()))), statistics

    assert verified(Sorted()).passed


def test_what_is_drawn_at_random_is_not_compared() -> None:
    def program(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        z = ops.tanh(ops.add(ops.matmul(args[0], weights["kernel"]), weights["bias"]))
        return {"y": z, "count": ops.cast(3, "int64"), "noise": ops.uniform(key(), (3,))}

    class Noisy(Original):
        def forward(self, args: Any, kwargs: Any, **options: Any) -> Any:
            outputs, statistics = super().forward(args, kwargs, **options)
            return {**outputs, "noise": np.random.default_rng().random(3)}, statistics

    _, found = port(Noisy())
    found.program, found.forms = program, (False,)
    report = verify(assemble(found), found.native, (X,), {}, PortReport("Net", "numpy", "multiback"), ["numpy"])
    assert report.passed, report
    assert {row.name for row in report.rows} == {"y", "count"}
    assert any("random draws" in note for note in report.notes)


def test_a_report_without_comparisons_has_not_passed() -> None:
    report = PortReport("Net", "torch", "multiback", notes=["not verified: verify=False"])
    assert not report.passed and not report.verified
    with pytest.raises(PortError, match="was not verified"):
        report.raise_if_failed()
    assert "verify=False" in str(report)


def test_the_report_is_written_as_json_and_as_a_page(tmp_path: Path) -> None:
    report = verified(Original(), bias=1.5)
    report.save(tmp_path / "port.json")
    report.save(tmp_path / "port.html")
    found = json.loads((tmp_path / "port.json").read_text())
    assert found["schema"] == "multiback-port/1" and found["passed"] is False
    assert len(found["comparisons"]) == len(report.rows)
    page = (tmp_path / "port.html").read_text()
    assert "Where it departs" in page and "arrays differ" in page and "http" not in page


def test_of_a_large_model_only_the_forward_pass_is_compared(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    monkeypatch.setattr("multiback.porting.verify._LARGE", 1)
    report = verified(Original(), [backend])
    assert report.passed
    assert {row.quantity for row in report.rows} == {"forward", "forward, another batch size"}
    assert any("only the forward pass" in note for note in report.notes)
    assert not verified(Original(), [backend], bias=1.001).passed
