"""What `compile` was told to minimise and measure, matched to the model's outputs."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback import losses as losses_module
from multiback import metrics as metrics_module
from multiback import ops, tree
from multiback.errors import ArgumentError, DataError, closest
from multiback.metrics.resolve import resolve

Outputs = list[tuple[str, Any, Any, Any]]
"""Per output: its name, target, prediction and sample weight."""


def pair_outputs(names: Sequence[str] | None, y: Any, y_pred: Any, sample_weight: Any) -> Outputs:
    """Targets, predictions and weights side by side.

    Raises:
        DataError: if the numbers of targets and of outputs differ, or a name is unknown.
    """
    predictions = _by_name(y_pred, names)
    labels = list(predictions)
    targets = _matched(y, labels, "target")
    weights = _matched(sample_weight, labels, "sample_weight", share=True)
    return [(n, targets[n], predictions[n], weights[n]) for n in labels]


def _by_name(y_pred: Any, names: Sequence[str] | None) -> dict[str, Any]:
    if isinstance(y_pred, Mapping):
        return dict(y_pred)
    leaves = tree.leaves(y_pred)
    if names is None or len(set(names)) != len(leaves):
        names = [f"output_{i}" if i else "output" for i in range(len(leaves))]
    return dict(zip(names, leaves))


def _matched(given: Any, labels: Sequence[str], what: str, share: bool = False) -> dict[str, Any]:
    if given is None:
        return dict.fromkeys(labels)
    if isinstance(given, Mapping):
        for name in given:
            if name not in labels:
                raise DataError(f"There is no output {name!r} for a {what}.{closest(name, labels)} "
                                f"Outputs: {', '.join(labels)}.")  # fmt: skip
        return {n: given.get(n) for n in labels}
    leaves = tree.leaves(given)
    if len(leaves) == 1 and (share or len(labels) == 1):
        return dict.fromkeys(labels, leaves[0])
    if len(leaves) != len(labels):
        raise DataError(f"The model has {len(labels)} outputs ({', '.join(labels)}), got {len(leaves)} {what}s.")
    return dict(zip(labels, leaves))


def _per_output(given: Any, labels: Sequence[str], what: str) -> dict[str, Any]:
    """One setting for all outputs, or a list or dict with one for each."""
    if isinstance(given, Mapping) and "class_name" not in given:
        for name in given:
            if name not in labels:
                raise ArgumentError(f"compile({what}=...) names {name!r}, which is not an output."
                                    f"{closest(name, labels)} Outputs: {', '.join(labels)}.")  # fmt: skip
        return {n: given.get(n) for n in labels}
    if isinstance(given, list | tuple):
        if len(given) != len(labels):
            raise ArgumentError(f"compile({what}=...) has {len(given)} entries for {len(labels)} outputs.")
        return dict(zip(labels, given))
    return dict.fromkeys(labels, given)


class Objective:
    """The total loss: a weighted sum over outputs.

    Arguments:
        loss: Name, function or object; or a list or dict of them.
        loss_weights: Factors; or None.

    Raises:
        ArgumentError: if a factor is no number.
    """

    def __init__(self, loss: Any, loss_weights: Any = None) -> None:
        for factor in tree.leaves(loss_weights):
            if factor is not None and not isinstance(factor, numbers.Real | np.ndarray | np.generic):
                raise ArgumentError(
                    f"compile(loss_weights=...) takes one number for each output, got {factor!r}. "
                    "Metrics are given by name: metrics=[...]."
                )
        self.loss = loss
        self.loss_weights = loss_weights
        self.by_output: dict[str, Any] = {}
        self.trackers: dict[str, Any] = {}

    def resolve(self, labels: Sequence[str]) -> None:
        """Makes one loss object per output."""
        if list(self.by_output) == list(labels):
            return
        given = _per_output(self.loss, labels, "loss")
        self.by_output = {n: _as_loss(v) for n, v in given.items()}
        if len(labels) > 1:
            self.trackers = {
                n: metrics_module.Mean(name=f"{n}_loss") for n, v in self.by_output.items() if v is not None
            }

    def __call__(self, outputs: Outputs) -> Any:
        """The scalar loss of a batch; also updates the trackers of single outputs."""
        labels = [n for n, *_ in outputs]
        self.resolve(labels)
        factors = _per_output(self.loss_weights, labels, "loss_weights")
        total: Any = None
        for name, target, prediction, weight in outputs:
            loss = self.by_output[name]
            if loss is None:
                continue
            if target is None:
                raise DataError(f"Output {name!r} has a loss but no target. Pass y, or leave the loss out.")
            value = loss(target, prediction, sample_weight=weight)
            if self.trackers:
                self.trackers[name].update_state(value, sample_weight=prediction.shape[0])
            factor = factors[name]
            value = value if factor is None else ops.multiply(value, float(factor))
            total = value if total is None else ops.add(total, value)
        return total


def _as_loss(identifier: Any) -> Any:
    loss = losses_module.get(identifier)
    if loss is None or isinstance(loss, losses_module.Loss):
        return loss
    name = getattr(loss, "__name__", None)
    return losses_module.LossFunctionWrapper(loss, name=name)


class Measures:
    """The metrics of `compile`, made when the outputs' shapes are known."""

    def __init__(self, metrics: Any, weighted_metrics: Any, objective: Objective) -> None:
        self.given = (metrics, weighted_metrics)
        self.objective = objective
        self.entries: list[tuple[str, Any, bool]] | None = None

    @property
    def metrics(self) -> list[Any]:
        """The metric objects, in order."""
        return [m for _, m, _ in self.entries or ()]

    def update(self, outputs: Outputs) -> None:
        """Updates every metric with a batch."""
        if self.entries is None:
            self._resolve(outputs)
        rows = {n: rest for n, *rest in outputs}
        for name, metric, weighted in self.entries or ():
            target, prediction, weight = rows[name]
            if target is None:
                raise DataError(f"Output {name!r} has metrics but no target. Pass y, or leave the metrics out.")
            metric.update_state(target, prediction, sample_weight=weight if weighted else None)

    def _resolve(self, outputs: Outputs) -> None:
        labels = [n for n, *_ in outputs]
        entries, used = [], set()
        for given, weighted in zip(self.given, (False, True)):
            for name, chosen in _metrics_per_output(given, labels).items():
                _, target, prediction, _ = outputs[labels.index(name)]
                for identifier in chosen:
                    loss = self.objective.by_output.get(name)
                    metric = resolve(identifier, None if target is None else target.shape, prediction.shape, loss)
                    label = f"{name}_{metric.name}" if len(labels) > 1 else metric.name
                    while label in used:
                        label = f"weighted_{label}" if weighted else f"{label}_1"
                    used.add(label)
                    metric.label = label
                    entries.append((name, metric, weighted))
        self.entries = entries


def _metrics_per_output(given: Any, labels: Sequence[str]) -> dict[str, list[Any]]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {n: _as_list(v) for n, v in _per_output(given, labels, "metrics").items() if v is not None}
    given = _as_list(given)
    if len(labels) == 1:
        return {labels[0]: [m for item in given for m in _as_list(item)]}
    if any(isinstance(item, list | tuple) for item in given) or len(given) == len(labels):
        return {n: _as_list(v) for n, v in _per_output(given, labels, "metrics").items() if v is not None}
    return {n: list(given) for n in labels}


def _as_list(x: Any) -> list[Any]:
    return list(x) if isinstance(x, list | tuple) else [x]
