"""The goals for multiback's speed, and what a record says about each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from figures import Ratio, geometric_mean, ratio, slope
from report import PHASES, native

TARGET_WORKLOADS = ("mlp-tiny", "mlp", "cnn", "resnet", "lstm", "embedding-lstm", "transformer")
BACKENDS = ("torch", "jax", "tensorflow")
KERAS_GOALS = {"torch": 0.35, "jax": 0.8, "tensorflow": 0.75}
Entry = dict[str, Any]


@dataclass(frozen=True)
class Point:
    """One ratio: on which workload, in which phase."""

    workload: str
    phase: str
    ratio: Ratio


@dataclass(frozen=True)
class Verdict:
    """One goal and what was measured.

    Attributes:
        group: What it is about.
        subject: The backend, or "auto".
        goal: In words.
        measured: In words.
        reached: None where it was not measured.
        detail: Where the worst is, and what is uncertain.
    """

    group: str
    subject: str
    goal: str
    measured: str
    reached: bool | None
    detail: str = ""


def points(record: dict[str, Any], peer: str, base: Callable[[Entry, str], Entry | None]) -> list[Point]:
    """The ratios of a peer to `base(measured, phase)` on every workload that both ran without failing a check."""
    found = []
    for measured in record["workloads"]:
        own = entry_of(measured, peer)
        for phase in PHASES:
            other = base(measured, phase)
            if own is None or other is None or phase not in own or own["failures"]:
                continue
            samples = [entry[phase]["cpu"]["step_ms_by_round"] for entry in (own, other)]
            if len(samples[0]) == len(samples[1]):
                found.append(Point(measured["name"], phase, ratio(*samples)))
    return found


def entry_of(measured: dict[str, Any], peer: str) -> Entry | None:
    """What a peer did on a workload."""
    return next((entry for entry in measured["entries"] if entry["peer"] == peer), None)


def to_native(framework: str) -> Callable[[Entry, str], Entry | None]:
    """The fastest idiomatic code in one framework, as a base."""
    return lambda measured, phase: native(measured, framework, phase)


def to_peer(peer: str) -> Callable[[Entry, str], Entry | None]:
    """A peer as a base, where it did not fail."""

    def base(measured: Entry, phase: str) -> Entry | None:
        entry = entry_of(measured, peer)
        return entry if entry is not None and phase in entry and not entry["failures"] else None

    return base


def to_best_native(measured: Entry, phase: str) -> Entry | None:
    """The fastest idiomatic code of all frameworks, as a base."""
    best = [entry for framework in BACKENDS if (entry := native(measured, framework, phase))]
    return min(best, key=lambda entry: entry[phase]["cpu"]["step_ms"], default=None)


def verdicts(record: dict[str, Any]) -> list[Verdict]:
    """Every goal with what the record says about it, on the workloads of the goals."""
    goals = [measured for measured in record["workloads"] if measured["name"] in TARGET_WORKLOADS]
    seven = {**record, "workloads": goals}
    found: list[Verdict] = []
    for name in BACKENDS:
        found += _steps("Native code, same backend", name, seven, to_native(name), 1.05, 0.85)
    found += _steps("Best native code of all", "auto", seven, to_best_native, 1.0, 0.9)
    for name in BACKENDS:
        found += _steps("Keras 3, same backend", name, seven, to_peer(f"keras-{name}"), 0.95, KERAS_GOALS[name])
    for verdicts_of in (_layers, _calls, _memory, _imports):
        for name in BACKENDS:
            found += verdicts_of(seven, name)
    return found


def _steps(
    group: str, name: str, record: dict[str, Any], base: Callable[[Entry, str], Entry | None], most: float, mean: float
) -> Iterator[Verdict]:
    peer = f"multiback-{name}"
    found = points(record, peer, base)
    failed = [m["name"] for m in record["workloads"] if (entry := entry_of(m, peer)) and entry["failures"]]
    missing = [name for name in TARGET_WORKLOADS if name not in {point.workload for point in found}]
    note = f"failed on {', '.join(failed)}" if failed else f"without {', '.join(missing)}" if missing else ""
    worst_goal, mean_goal = f"none above {most}", f"geometric mean at most {mean}"
    if not found:
        yield Verdict(group, name, worst_goal, "-", False if failed else None, note if failed else "")
        yield Verdict(group, name, mean_goal, "-", False if failed else None, note if failed else "")
        return
    # What failed is not reached; what was left out is not known.
    whole = False if failed else None if missing else True
    worst = max(found, key=lambda point: point.ratio.value)
    above = [point for point in found if point.ratio.value > most]
    always = sum(point.ratio.low > most for point in above)
    where = "; ".join(f"{p.workload} {p.phase} {p.ratio.value:.2f}" for p in sorted(above, key=_worst_first)[:6])
    more = f" and {len(above) - 6} more" if len(above) > 6 else ""
    yield Verdict(
        group,
        name,
        worst_goal,
        f"{worst.ratio.value:.2f}; {len(above)} of {len(found)} above"
        + (f", {always} of them in every round" if above else ""),
        False if above else whole,
        "; ".join(text for text in (where + more, note) if text),
    )
    value = geometric_mean([point.ratio.value for point in found])
    yield Verdict(group, name, mean_goal, f"{value:.3f}", value <= mean if whole else whole, note)


def _worst_first(point: Point) -> float:
    return -point.ratio.value


def layer_slopes(record: dict[str, Any], peer: str) -> dict[str, float]:
    """By "train" and "predict" the microseconds, by "first" the milliseconds that one more Dense(64) layer costs."""
    line = [(p["value"], e) for p in record["scaling"] if p["family"] == "depth" and (e := entry_of(p, peer))]
    line = [(depth, entry) for depth, entry in line if all(phase in entry for phase in PHASES)]
    if len(line) < 2:
        return {}
    depths = [depth for depth, _ in line]
    return {
        **{phase: 1e3 * slope(depths, [entry[phase]["cpu"]["step_ms"] for _, entry in line]) for phase in PHASES},
        "first": 1e3 * slope(depths, [entry["build_s"] + entry["first_train_s"] for _, entry in line]),
    }


def native_slopes(record: dict[str, Any], framework: str) -> dict[str, float]:
    """The least slope of each kind that an idiomatic peer of a framework has."""
    peers = {
        entry["peer"]: layer_slopes(record, entry["peer"])
        for point in record["scaling"]
        for entry in point["entries"]
        if entry["baseline"] and entry["framework"] == framework
    }
    kinds = {kind for slopes in peers.values() for kind in slopes}
    return {kind: min(slopes[kind] for slopes in peers.values() if kind in slopes) for kind in kinds}


def _layers(record: dict[str, Any], name: str) -> Iterator[Verdict]:
    group = "One Dense(64) layer more"
    own, base = layer_slopes(record, f"multiback-{name}"), native_slopes(record, name)
    goal = "train step: at most native's"
    if own and base:
        text = f"{own['train']:.1f} us, native {base['train']:.1f} us"
        yield Verdict(group, name, goal, text, own["train"] <= base["train"])
    else:
        yield Verdict(group, name, goal, "-", None)
    lowering = record.get("once", {}).get("lowering", {}).get(name, {})
    goal = "tracing and lowering: at most 2 ms"
    if "ms_per_layer" in lowering:
        yield Verdict(group, name, goal, f"{lowering['ms_per_layer']:.2f} ms", lowering["ms_per_layer"] <= 2)
    else:
        yield Verdict(group, name, goal, "-", None, lowering.get("failure", ""))


def first_step(record: dict[str, Any], peer: str) -> float | None:
    """CPU seconds of building a small model and its first training step, what is imported meanwhile included."""
    found = record.get("once", {}).get("first_steps", {}).get(peer, {})
    return found["build_s"] + found["step_s"] if "step_s" in found else None


def _best_first(record: dict[str, Any], framework: str, key: Callable[[str], float | None]) -> float | None:
    peers = [p for p in record.get("once", {}).get("first_steps", {}) if p in _native_peers(framework)]
    return min((value for peer in peers if (value := key(peer)) is not None), default=None)


def _native_peers(framework: str) -> Sequence[str]:
    return (f"native-{framework}", f"native-{framework}-xla")


def _calls(record: dict[str, Any], name: str) -> Iterator[Verdict]:
    calls = record.get("once", {}).get("calls", {}).get(f"multiback-{name}", {})
    for action, method in (("train", "fit"), ("predict", "predict"), ("evaluate", "evaluate")):
        goal = f"{method}: under 1 ms beyond the step"
        if action in calls:
            fixed = calls[action]["fixed_ms"]
            yield Verdict("A call on one batch", name, goal, f"{fixed:.2f} ms", fixed < 1)
        else:
            yield Verdict("A call on one batch", name, goal, "-", None, calls.get("failure", ""))


def peaks(record: dict[str, Any], name: str) -> list[tuple[str, float, float]]:
    """On each workload the most MiB that multiback and the faster native code (in training) held."""
    found = []
    for measured in record["workloads"]:
        own, base = entry_of(measured, f"multiback-{name}"), native(measured, name, "train")
        if own and base and own["peak_mib"] and base["peak_mib"]:
            found.append((measured["name"], own["peak_mib"], base["peak_mib"]))
    return found


def _memory(record: dict[str, Any], name: str) -> Iterator[Verdict]:
    goal, found = "peak memory: at most 1.05 x native's", peaks(record, name)
    if not found:
        yield Verdict("Memory", name, goal, "-", None)
        return
    workload, own, base = max(found, key=lambda item: item[1] / item[2])
    text = f"{own / base:.2f} at most, on {workload}"
    missing = [each for each in TARGET_WORKLOADS if each not in {name for name, *_ in found}]
    note = f"without {', '.join(missing)}" if missing else ""
    reached = False if own > 1.05 * base else None if missing else True
    yield Verdict("Memory", name, goal, text, reached, note)


def _imports(record: dict[str, Any], name: str) -> Iterator[Verdict]:
    group, once = "Import and first step", record.get("once", {})
    own, alone = once.get("first_steps", {}).get(f"multiback-{name}", {}), once.get("imports", {}).get(name, {})
    goals = (
        "first step (with building): at most 1.1 x native's",
        "import + first step: at most 1.1 x importing the backend",
        "no second framework loaded",
    )
    if "cpu_s" not in own or "cpu_s" not in alone:
        yield from (Verdict(group, name, goal, "-", None, own.get("failure", "")) for goal in goals)
        return
    first, native_first = (
        first_step(record, f"multiback-{name}"),
        _best_first(record, name, lambda peer: first_step(record, peer)),
    )
    if first is not None and native_first is not None:
        text = f"{first / native_first:.2f} ({first:.2f} s, native {native_first:.2f} s)"
        again = once.get("first_steps_measured_before", {}).get(f"multiback-{name}", {})
        known = again["build_s"] + again["step_s"] if "step_s" in again else None
        note = f"{known:.2f} s where the machine's ways were measured before" if known is not None else ""
        yield Verdict(group, name, goals[0], text, first <= 1.1 * native_first, note)
    else:
        yield Verdict(group, name, goals[0], "-", None)
    whole = _best_first(record, name, lambda peer: once["first_steps"][peer].get("cpu_s"))
    beside = f"native code with its first step: {whole / alone['cpu_s']:.2f}" if whole else ""
    cpu, rss = own["cpu_s"] / alone["cpu_s"], own["rss_mib"] / alone["rss_mib"]
    text = f"CPU {cpu:.2f} ({own['cpu_s']:.2f} s, {alone['cpu_s']:.2f} s), memory {rss:.2f}"
    yield Verdict(group, name, goals[1], text, cpu <= 1.1 and rss <= 1.1, beside)
    others = sorted(set(own["loaded"]) - {name})
    unasked = [other for other in others if other not in alone["loaded"]]
    brought = [other for other in others if other in alone["loaded"]]
    note = f"importing {name} alone loads {', '.join(brought)}" if brought else ""
    yield Verdict(group, name, goals[2], ", ".join(unasked) or "none", not unasked, note)
