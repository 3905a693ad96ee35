"""Reports and the command that writes them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import multiback as mb
from multiback.backends.registry import get_adapter
from multiback.cli import main
from multiback.testing.records import STATUSES
from multiback.testing.report import html, json_report, markdown, tables

SELECTION = ["conformance", "--backend", "numpy", "--workers", "1", "--only", "ops/exp/*,ops/equal/*"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    forms = [argument for form in ("json", "xml", "md", "html") for argument in ("--report", f"{folder}/run.{form}")]
    assert main([*SELECTION, *forms]) == 0
    return folder


@pytest.fixture
def report(folder: Path) -> dict[str, Any]:
    return json_report.read(folder / "run.json")


def test_the_schema_is_stable(report: dict[str, Any]) -> None:
    assert set(report) == {"schema", "suite", "environment", "backends", "results"}
    assert report["schema"] == "multiback-conformance/1"
    assert report["suite"]["selection"]["only"] == ["ops/exp/*", "ops/equal/*"]
    assert set(report["environment"]) == {"time", "python", "platform", "cpu", "flags", "packages"}
    summary = report["backends"]["numpy"]["summary"]
    assert set(summary) == {*STATUSES, "acceptable", "total", "seconds"}
    assert summary["passed"] == summary["total"] == len(report["results"]) > 10
    figures = {"c", "bound", "margin", "ulp_max", "ulp_p99", "relative_norm"}
    for result in report["results"]:
        assert figures | {"id", "kind", "subject", "case", "dtype", "path", "backend", "status"} < set(result)
    worst = next(r for r in report["results"] if r["id"] == "ops/exp/batch/float32")["rows"][0]["worst"]
    assert set(worst) == {"index", "got", "want", "inputs"}
    assert set(worst["inputs"]) == {"x"}


def test_junit_has_a_case_for_each_check(folder: Path, report: dict[str, Any]) -> None:
    root = ElementTree.parse(folder / "run.xml").getroot()
    assert [case.get("name") for case in root.iter("testcase")] == [r["id"] for r in report["results"]]


def test_markdown_has_a_badge_and_the_denominators(folder: Path, report: dict[str, Any]) -> None:
    text = (folder / "run.md").read_text()
    total = len(report["results"])
    assert re.search(rf"!\[numpy: {total} of {total}\]\(https://img\.shields\.io/badge/.*-brightgreen\)", text)
    assert f"| ops | {total} of {total} |" in text


def test_the_page_needs_nothing_else_and_holds_the_report(folder: Path, report: dict[str, Any]) -> None:
    page = (folder / "run.html").read_text()
    assert not re.search(r"<(link|img|iframe)|src=|@import", page)
    data = re.search(r'<script type="application/json" id="report">(.*?)</script>', page, re.DOTALL)
    assert data
    assert json.loads(data.group(1)) == report


def test_a_report_cannot_end_the_script_it_is_embedded_in(report: dict[str, Any]) -> None:
    report["results"][0]["message"] = "</script><script>alert(1)</script>"
    assert "<script>alert" not in html.render(report)


def test_what_fails_is_shown(report: dict[str, Any], tmp_path: Path) -> None:
    first = report["results"][0]
    first.update(status="failed", acceptable=False, message="output 0: wrong")
    report["backends"]["numpy"]["summary"].update(failed=1, passed=len(report["results"]) - 1)
    text = markdown.render(report)
    assert "### Not passed" in text
    assert f"`{first['id']}` | failed: output 0: wrong" in text


def test_tables_of_the_documentation(report: dict[str, Any]) -> None:
    assert re.search(r"^\| exp \| [0-9.]+ \|", tables.accuracy(report), re.MULTILINE)
    assert len(re.findall(r"^\| \d+ \|", tables.divergences(report), re.MULTILINE)) == 59


def test_two_runs_are_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SELECTION, "--compare", f"{folder}/run.json"]) == 0
    assert "No status changed since the earlier run." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--report", "run.pdf"], "A report is written as .json, .xml, .md, .html; got 'run.pdf'."),
        (["--report", "nowhere/run.json"], "The folder of the report 'nowhere/run.json' does not exist."),
        (["--only", "matmull"], "No check is about 'matmull'. Did you mean 'matmul'?"),
        (["--backend", "torhc"], "Unknown backend 'torhc'. Did you mean 'torch'?"),
        (["--adapter", "no_such_package"], "The adapter package 'no_such_package' cannot be imported"),
        (["--adapter", "json"], "The package 'json' holds no Plugin under the name 'adapter'."),
        (["--backend", "numpy", "--device", "tpu:7"], "Backend 'numpy' has no device 'tpu:7'. It has: cpu."),
        (["--compare", "pyproject.toml"], "pyproject.toml is not a conformance report"),
        (["--model", "net.keras"], "--model and --data go together"),
    ],
)
def test_bad_arguments_are_refused_before_anything_runs(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conformance", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_an_adapter_from_a_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "--adapter", "multiback_toy", "--only", "ops/exp/*", "--workers", "1"]) == 0
    assert "toy" in capsys.readouterr().out


def test_checks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "--only", "exp", "--list"]) == 0
    assert "ops/exp/batch/float32" in capsys.readouterr().out.splitlines()


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    model = mb.Sequential([mb.layers.Input((4,)), mb.layers.Dense(8, "tanh"), mb.layers.Dense(1)])
    model.compile("adam", "mean_squared_error")
    path = tmp_path_factory.mktemp("model") / "net.keras"
    model.save(path)
    return str(path)


def test_a_model_from_a_file(model_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    np.savez(tmp_path / "batch.npz", x=random.normal(size=(8, 4)), y=random.normal(size=(8, 1)))
    arguments = ["--model", model_file, "--data", f"{tmp_path}/batch.npz", "--report", f"{tmp_path}/found.json"]
    assert main(["conformance", "--backend", "numpy", "--backend", "torch", *arguments]) == 0
    shown = capsys.readouterr().out
    assert "gradients" in shown
    assert "torch" in shown
    assert json.loads((tmp_path / "found.json").read_text())["passed"] is True


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"inputs": np.zeros(3)}, "has an array 'inputs'; expected x (or x/<input>)"),
        ({"y": np.zeros(3)}, "has no array 'x'"),
        ({"x": np.array([None])}, "is not a .npz file of plain arrays"),
    ],
)
def test_bad_data_is_refused(
    arrays: dict[str, Any], message: str, model_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "batch.npz", **arrays)
    assert main(["conformance", "--model", model_file, "--data", f"{tmp_path}/batch.npz"]) == 2
    assert message in capsys.readouterr().err


def test_a_model_that_fails_leaves_its_evidence(
    model_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "batch.npz", x=np.ones((8, 4)), y=np.ones((8, 1)))
    adapter = get_adapter("torch")
    monkeypatch.setattr(adapter, "lower", {**adapter.lower, "tanh": "torch.sin({x})"})
    monkeypatch.setattr(adapter, "fast", {k: v for k, v in adapter.fast.items() if k != "tanh"})
    monkeypatch.chdir(tmp_path)
    arguments = ["conformance", "--backend", "torch", "--model", model_file, "--data", "batch.npz"]
    assert main(arguments) == 1
    assert "tanh" in capsys.readouterr().out
    assert {p.name for p in (tmp_path / "multiback_report").iterdir()} == {
        "report.json",
        "guilty_torch.npz",
        "guilty_torch.py",
    }
