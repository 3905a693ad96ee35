"""The original model, as the verification of a port runs it: by onnxruntime, or by ONNX's evaluator."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multiback.porting.imported import CannotRun, Weight


class OnnxNative:
    """Runs a model file as it is; it has neither gradients nor a training form."""

    def __init__(self, source: Any, given: Mapping[str, np.ndarray], weights: Sequence[Weight]) -> None:
        self._source = source
        self._given = dict(given)
        self._weights = {w.name for w in weights}
        self._runs: tuple[list[str], Any] | None = None

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs; no statistics change."""
        if training:
            raise CannotRun("An ONNX file describes inference only: it has no training form to compare with.")
        if float64:
            raise CannotRun("The dtypes of an ONNX file are fixed: it cannot be run in float64.")
        names, run = self._prepared()
        feeds = dict(self._given)
        feeds.update(zip((n for n in names if n not in feeds), (np.asarray(a) for a in args), strict=True))
        outputs = run(feeds)
        return (outputs[0] if len(outputs) == 1 else tuple(outputs)), {}

    def gradients(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, float64: bool) -> dict[str, np.ndarray]:
        """Not available."""
        raise CannotRun("Neither onnxruntime nor ONNX's evaluator computes gradients.")

    def _prepared(self) -> tuple[list[str], Any]:
        if self._runs is None:
            self._runs = self._by_runtime() or self._by_evaluator()
        return self._runs

    def _by_runtime(self) -> tuple[list[str], Any] | None:
        if importlib.util.find_spec("onnxruntime") is None:
            return None
        import onnxruntime

        source = self._source
        if hasattr(source, "SerializeToString"):
            source = source.SerializeToString()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            session = onnxruntime.InferenceSession(
                str(source) if isinstance(source, str | Path) else bytes(source), options, ["CPUExecutionProvider"]
            )
        except Exception:  # a newer opset than it knows, or an op that it lacks: the evaluator has them
            return None
        return [i.name for i in session.get_inputs()], lambda feeds: session.run(None, feeds)

    def _by_evaluator(self) -> tuple[list[str], Any]:
        from onnx.reference import ReferenceEvaluator

        source = self._source
        evaluator = ReferenceEvaluator(str(source) if isinstance(source, str | Path) else source)
        return list(evaluator.input_names), lambda feeds: evaluator.run(None, feeds)
