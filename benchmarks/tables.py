"""What the page and the summary both show of a record: means, key figures and rows of tables."""

from dataclasses import dataclass
from typing import Any

from figures import geometric_mean
from report import PHASES, short
from targets import (
    BACKENDS,
    TARGET_WORKLOADS,
    Point,
    entry_of,
    layer_slopes,
    native_slopes,
    points,
    to_best_native,
    to_native,
    to_peer,
)

Rows = list[list[str]]
PHASE_NAMES = {"train": "training step", "predict": "inference"}


@dataclass(frozen=True)
class Comparison:
    """Ratios of one peer to one kind of other."""

    name: str
    peer: str
    points: list[Point]

    def mean(self, only: tuple[str, ...] = (), phase: str = "") -> float | None:
        """The geometric mean over some workloads and one phase, or all."""
        chosen = [
            p.ratio.value for p in self.points if (not only or p.workload in only) and (not phase or p.phase == phase)
        ]
        return geometric_mean(chosen) if chosen else None


def comparisons(record: dict[str, Any]) -> list[Comparison]:
    """multiback against native code and Keras 3 on each backend, and against the best native code of all."""
    found = [
        *(Comparison(f"native {name}", f"multiback-{name}", _to_native(record, name)) for name in BACKENDS),
        *(Comparison(f"Keras 3 on {name}", f"multiback-{name}", _to_keras(record, name)) for name in BACKENDS),
        Comparison("the best native code of all", "multiback-auto", points(record, "multiback-auto", to_best_native)),
    ]
    return [comparison for comparison in found if comparison.points]


def _to_native(record: dict[str, Any], name: str) -> list[Point]:
    return points(record, f"multiback-{name}", to_native(name))


def _to_keras(record: dict[str, Any], name: str) -> list[Point]:
    return points(record, f"multiback-{name}", to_peer(f"keras-{name}"))


def mean_rows(record: dict[str, Any]) -> tuple[list[str], Rows]:
    """Geometric means: over the workloads of the goals and over all, for training and inference."""
    head = ["against", "goals' workloads", "training", "inference", "all workloads", "workloads"]
    rows = []
    for comparison in comparisons(record):
        means = [
            comparison.mean(TARGET_WORKLOADS),
            *(comparison.mean(TARGET_WORKLOADS, phase) for phase in PHASES),
            comparison.mean(),
        ]
        count = len({point.workload for point in comparison.points})
        rows.append([comparison.name, *("-" if mean is None else f"{mean:.3f}" for mean in means), str(count)])
    return head, rows


def peer_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Everything that was measured of one workload."""
    head = ["peer", *(f"{phase} {what}" for phase in PHASES for what in ("cpu ms", "spread", "wall ms", "call ms"))]
    head += ["import s", "build s", "tune s", "first s", "peak MiB"]
    rows = []
    for entry in measured["entries"]:
        row = [entry["peer"]]
        for phase in PHASES:
            if phase not in entry:
                row += ["-"] * 4
                continue
            cpu, wall = entry[phase]["cpu"], entry[phase]["wall"]
            row += [
                short(cpu["step_ms"]),
                f"{100 * cpu['spread']:.0f} %",
                short(wall["step_ms"]),
                f"{cpu['call_ms']:.2g}",
            ]
        keys = ("import_s", "build_s", "tune_s", "first_train_s", "peak_mib")
        rows.append([*row, *("-" if entry[key] is None else short(entry[key]) for key in keys)])
    return head, rows


def step_rows(record: dict[str, Any], phase: str) -> tuple[list[str], Rows]:
    """CPU milliseconds of every peer on every workload; for multiback with the ratio to native code."""
    peers = list(dict.fromkeys(entry["peer"] for each in record["workloads"] for entry in each["entries"]))
    rows = []
    for measured in record["workloads"]:
        row = [measured["name"]]
        for peer in peers:
            entry = entry_of(measured, peer)
            if entry is None or phase not in entry:
                row.append("-" if entry is None else "failed")
                continue
            row.append(short(entry[phase]["cpu"]["step_ms"]) + (" (failed a check)" if entry["failures"] else ""))
        rows.append(row)
    return ["workload", *peers], rows


def share_of_limit(record: dict[str, Any], measured: dict[str, Any], peer: str, phase: str) -> float | None:
    """The rate of floating-point operations of a peer as a share of the quickest matrix product measured."""
    limit = record.get("limits", {}).get("best_gemm", {}).get("gflops")
    entry, operations = entry_of(measured, peer), measured["operations"].get(phase)
    if entry is None or phase not in entry or not limit or not operations:
        return None
    return operations / (1e6 * entry[phase]["cpu"]["step_ms"]) / limit


def limit_rows(record: dict[str, Any]) -> tuple[list[str], Rows]:
    """Matrix products and copies on this machine."""
    limits = record.get("limits", {})
    sizes = list(dict.fromkeys(size for rates in limits.get("gemm_gflops", {}).values() for size in rates))
    rows = [
        [library, *(f"{rates[size]:.0f}" for size in sizes)] for library, rates in limits.get("gemm_gflops", {}).items()
    ]
    return ["GFLOP/s, float32", *(f"{size} x {size}" for size in sizes)], rows


def once_rows(record: dict[str, Any]) -> tuple[list[str], Rows]:
    """What each peer pays once, in a fresh process."""
    head = ["in a fresh process", "CPU s in all", "import s", "build s", "first step s", "RSS MiB", "peak MiB", "loads"]
    once = record.get("once", {})
    rows = []
    for name, found in once.get("imports", {}).items():
        rows.append([f"import {name}", *_numbers(found, ("cpu_s",)), *["-"] * 3, *_memory(found)])
    for peer, found in once.get("first_steps", {}).items():
        rows.append([peer, *_numbers(found, ("cpu_s", "import_s", "build_s", "step_s")), *_memory(found)])
    for peer, found in once.get("first_steps_measured_before", {}).items():
        numbers = _numbers(found, ("cpu_s", "import_s", "build_s", "step_s"))
        rows.append([f"{peer}, ways measured before", *numbers, *_memory(found)])
    return head, rows


def call_rows(record: dict[str, Any]) -> tuple[list[str], Rows]:
    """The fixed CPU milliseconds of a call on one batch, beyond the step."""
    actions = ("train", "predict", "evaluate")
    rows = [
        [peer, *(f"{found[action]['fixed_ms']:.2f}" if action in found else "-" for action in actions)]
        for peer, found in record.get("once", {}).get("calls", {}).items()
    ]
    return ["CPU ms beyond the step", "fit", "predict", "evaluate"], rows


def layer_rows(record: dict[str, Any]) -> tuple[list[str], Rows]:
    """What one Dense(64) layer more costs."""
    head = ["one Dense(64) more", "train us", "native us", "predict us", "native us"]
    head += ["first step ms", "native ms", "trace + lower ms"]
    rows = []
    for name in BACKENDS:
        own, base = layer_slopes(record, f"multiback-{name}"), native_slopes(record, name)
        if not own:
            continue
        pairs = [f"{slopes[kind]:.3g}" if slopes else "-" for kind in (*PHASES, "first") for slopes in (own, base)]
        lowering = record.get("once", {}).get("lowering", {}).get(name, {})
        rows.append([name, *pairs, f"{lowering['ms_per_layer']:.2f}" if "ms_per_layer" in lowering else "-"])
    return head, rows


def _numbers(found: dict[str, Any], keys: tuple[str, ...]) -> list[str]:
    return [f"{found[key]:.2f}" if key in found else "-" for key in keys]


def _memory(found: dict[str, Any]) -> list[str]:
    sizes = [f"{found[key]:.0f}" if key in found else "-" for key in ("rss_mib", "peak_mib")]
    return [*sizes, ", ".join(found.get("loaded", [])) or found.get("failure", "-")]


def versions(record: dict[str, Any]) -> dict[str, str]:
    """The version of every library that took part."""
    found: dict[str, str] = {}
    for measured in (*record["workloads"], *record["scaling"]):
        for entry in measured["entries"]:
            found.update(entry["versions"] or {})
    return found
