"""What the page and the summary say about a small record."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

Record = dict[str, Any]


@pytest.fixture
def record() -> Record:
    """A run on torch alone: mlp-tiny, points of the three lines, limits and what is paid once."""
    return json.loads(Path(__file__).with_name("record.json").read_text())


def entry(measured: Record, peer: str) -> Record:
    return next(entry for entry in measured["entries"] if entry["peer"] == peer)


def verdict(benchmarks: SimpleNamespace, record: Record, group: str, goal: str, subject: str = "torch") -> Any:
    found = [v for v in benchmarks.targets.verdicts(record) if v.group == group and v.subject == subject]
    return next(v for v in found if v.goal.startswith(goal))


def with_all_workloads(benchmarks: SimpleNamespace, record: Record) -> Record:
    """The same figures under the name of every workload that the goals name."""
    (measured,) = record["workloads"]
    names = benchmarks.targets.TARGET_WORKLOADS
    return {**record, "workloads": [{**copy.deepcopy(measured), "name": name} for name in names]}


def slower(entry: Record, factor: float) -> None:
    for phase in ("train", "predict"):
        cpu = entry[phase]["cpu"]
        cpu["step_ms"] *= factor
        cpu["step_ms_by_round"] = [factor * value for value in cpu["step_ms_by_round"]]


class _Links(HTMLParser):
    """What a page refers to, and whether its elements are closed in order."""

    void = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []
        self.balanced = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "data")]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.balanced = self.balanced and bool(self.open) and self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(benchmarks: SimpleNamespace, record: Record) -> None:
    text = benchmarks.page.render(record)
    reader = _Links()
    reader.feed(text)
    assert reader.links == []
    assert reader.balanced
    assert reader.open == []
    assert "<script" not in text
    assert "url(" not in text
    assert text.count("<svg") == 2 + 3 + 2
    assert "nan" not in re.findall(r'(?:width|x|y|cx|cy|d)="([^"]*)"', text)


def test_what_comes_from_outside_is_escaped(benchmarks: SimpleNamespace, record: Record) -> None:
    record["workloads"][0]["title"] = "<b>&"
    entry(record["workloads"][0], "multiback-torch")["failures"] = ["<script>alert(1)</script>"]
    text = benchmarks.page.render(record)
    assert "<script" not in text
    assert "&lt;b&gt;&amp;" in text


def test_a_record_of_nothing_still_makes_a_page_and_a_summary(benchmarks: SimpleNamespace, record: Record) -> None:
    empty = {**record, "workloads": [], "scaling": []}
    del empty["limits"], empty["once"]
    assert all(v.reached is None for v in benchmarks.targets.verdicts(empty))
    assert "<h2>Goals</h2>" in benchmarks.page.render(empty)
    assert "not measured" in benchmarks.summary.markdown(empty)


def test_a_record_of_another_schema_is_refused(benchmarks: SimpleNamespace, record: Record, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="schema 2, got 1"):
        benchmarks.page.publish({**record, "schema": 1}, tmp_path / "page.html", None)
    assert not (tmp_path / "page.html").exists()


def test_files_are_written_from_a_record(benchmarks: SimpleNamespace, record: Record, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    benchmarks.report.write(record, path)
    benchmarks.page.main(
        [str(path), "--html", str(tmp_path / "a" / "page.html"), "--markdown", str(tmp_path / "summary.md")]
    )
    assert (tmp_path / "a" / "page.html").read_text().startswith("<!doctype html>")
    tables = [line for line in (tmp_path / "summary.md").read_text().splitlines() if line.startswith("|")]
    assert any("multiback-torch" in line for line in tables)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".partial"] == []


def test_every_goal_is_there_once_for_each_backend(benchmarks: SimpleNamespace, record: Record) -> None:
    found = [(v.group, v.subject, v.goal) for v in benchmarks.targets.verdicts(record)]
    assert len(found) == len(set(found)) == 3 * (2 + 2 + 2 + 3 + 1 + 3) + 2


def test_a_goal_over_seven_workloads_is_open_until_all_were_measured(
    benchmarks: SimpleNamespace, record: Record
) -> None:
    group = "Native code, same backend"
    slower(entry(record["workloads"][0], "native-torch"), 100)
    found = verdict(benchmarks, record, group, "geometric mean")
    assert found.reached is None
    assert "without mlp," in found.detail
    assert verdict(benchmarks, with_all_workloads(benchmarks, record), group, "geometric mean").reached is True


def test_one_workload_above_the_bound_misses_the_goal(benchmarks: SimpleNamespace, record: Record) -> None:
    group = "Native code, same backend"
    whole = with_all_workloads(benchmarks, record)
    for measured in whole["workloads"]:
        slower(entry(measured, "native-torch"), 100)
    assert verdict(benchmarks, whole, group, "none above 1.05").reached is True
    slower(entry(whole["workloads"][3], "multiback-torch"), 1000)
    found = verdict(benchmarks, whole, group, "none above 1.05")
    assert found.reached is False
    assert "2 of 14 above, 2 of them in every round" in found.measured
    assert "resnet train" in found.detail


def test_a_peer_that_failed_a_check_reaches_nothing_and_is_no_base(benchmarks: SimpleNamespace, record: Record) -> None:
    whole = with_all_workloads(benchmarks, record)
    for measured in whole["workloads"]:
        slower(entry(measured, "native-torch"), 100)
    entry(whole["workloads"][0], "multiback-torch")["failures"] = ["loss did not fall"]
    found = verdict(benchmarks, whole, "Native code, same backend", "geometric mean")
    assert found.reached is False
    assert "failed on mlp-tiny" in found.detail
    entry(whole["workloads"][1], "native-torch")["failures"] = ["loss did not fall"]
    assert benchmarks.report.native(whole["workloads"][1], "torch", "train") is None


def test_the_base_is_the_faster_of_the_idiomatic_peers(benchmarks: SimpleNamespace, record: Record) -> None:
    (measured,) = record["workloads"]
    quick, tuned = (copy.deepcopy(entry(measured, "native-torch")) for _ in range(2))
    quick["peer"], tuned["peer"], tuned["baseline"] = "native-torch-other", "native-torch-tuned", False
    slower(quick, 0.5)
    slower(tuned, 0.1)
    measured["entries"] += [quick, tuned]
    assert benchmarks.report.native(measured, "torch", "train")["peer"] == "native-torch-other"


def test_the_cost_of_a_layer_is_the_slope_over_depth(benchmarks: SimpleNamespace, record: Record) -> None:
    for point in record["scaling"]:
        if point["family"] == "depth":
            for name, each in (("native-torch", 0.05), ("multiback-torch", 0.04)):
                entry(point, name)["train"]["cpu"]["step_ms"] = 0.2 + each * point["value"]
    found = verdict(benchmarks, record, "One Dense(64) layer more", "train step")
    assert found.measured == "40.0 us, native 50.0 us"
    assert found.reached is True


def test_a_framework_that_the_backend_does_not_bring_is_named(benchmarks: SimpleNamespace, record: Record) -> None:
    group, goal = "Import and first step", "no second framework"
    assert verdict(benchmarks, record, group, goal).reached is True
    record["once"]["first_steps"]["multiback-torch"]["loaded"] = ["jax", "torch"]
    found = verdict(benchmarks, record, group, goal)
    assert (found.reached, found.measured) == (False, "jax")


def test_the_share_of_the_limit_follows_from_operations_and_time(benchmarks: SimpleNamespace, record: Record) -> None:
    record["limits"]["best_gemm"]["gflops"] = 100.0
    (measured,) = record["workloads"]
    measured["operations"]["train"] = 2_000_000
    entry(measured, "multiback-torch")["train"]["cpu"]["step_ms"] = 0.1
    share = benchmarks.tables.share_of_limit(record, measured, "multiback-torch", "train")
    assert share == pytest.approx(0.2)


def test_bars_point_to_the_quicker_side(benchmarks: SimpleNamespace) -> None:
    charts = benchmarks.charts
    text = charts.ratio_bars(
        "t", [("a", [charts.Bar("multiback", 0.5, 0.4, 0.6, "")]), ("b", [charts.Bar("keras", 2.0, 2.0, 2.0, "")])]
    )
    quick, slow = (
        tuple(map(float, box)) for box in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', text)
    )
    assert quick[0] + quick[1] == pytest.approx(slow[0], abs=0.2)
    assert quick[1] == pytest.approx(slow[1], abs=0.2)


@pytest.mark.parametrize("text", ["nothing", "mlp,no*"])
def test_a_name_that_matches_nothing_is_refused(benchmarks: SimpleNamespace, text: str) -> None:
    with pytest.raises(benchmarks.run.argparse.ArgumentTypeError, match="nothing is called"):
        benchmarks.run.known(text, ["mlp", "mlp-tiny", "cnn"])


def test_patterns_keep_the_order_of_the_names(benchmarks: SimpleNamespace) -> None:
    assert benchmarks.run.known("cnn,mlp*", ["mlp", "mlp-tiny", "cnn", "lstm"]) == ["mlp", "mlp-tiny", "cnn"]
