"""Run in a process of its own, with the Keras backend of its environment: ports models of Keras and writes what it saw.

python in_keras.py OUT zoo|applications NAMES [BACKENDS]
"""

from __future__ import annotations

import json
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras_zoo import ZOO

import multiback as mb
from multiback.porting.exporting import random_inputs, to_keras
from multiback.porting.forward import forward_graph
from multiback.porting.imported import CannotRun
from multiback.porting.importing import from_keras
from multiback.porting.report import PortReport
from multiback.porting.verify import verify

SIZES = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
SMALLER: dict[str, dict[str, Any]] = {
    "MobileNet": {"alpha": 0.25},
    "MobileNetV2": {"alpha": 0.35},
    "MobileNetV3Small": {"alpha": 0.75},
}

NOT_TRAINED = ("segmentation",)  # Keras on torch fails in its way back: "grad_input must be contiguous"


class ForwardOnly:
    """A native model without a way back, which would cost the most."""

    def __init__(self, native: Any) -> None:
        self.native = native

    def forward(self, args: Any, kwargs: Any, *, training: bool, float64: bool) -> Any:
        if training:
            raise CannotRun("left out")
        return self.native.forward(args, kwargs, training=False, float64=float64)


def leaves(outputs: Any) -> list[np.ndarray]:
    return [np.asarray(a) for a in mb.tree.leaves(outputs)]


def numbers(variables: Any) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in variables]


def numbers_of(outputs: Any) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(y)) for y in mb.tree.leaves(outputs)]


def said(report: PortReport) -> dict[str, Any]:
    quantities: dict[str, int] = {}
    for row in report.rows:
        quantities[row.quantity] = quantities.get(row.quantity, 0) + 1
    return {"verified": report.verified, "failed": str(report) if report.failed else "", "quantities": quantities}


def port_example(name: str, backends: list[str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    keras.utils.set_random_seed(1)
    theirs, x, y = ZOO[name](keras)
    if name not in NOT_TRAINED:
        theirs.train_on_batch(x, y)
    ours = from_keras(theirs, verify="report")
    found: dict[str, Any] = {"report": said(ours.port_report), "layers": [layer.name for layer in ours.layers]}
    found["their_layers"] = [layer.name for layer in theirs.layers]
    arrays: dict[str, np.ndarray] = {}

    def keep(what: str, values: list[np.ndarray]) -> None:
        arrays.update({f"{what}/{i}": a for i, a in enumerate(values)})

    keep("wanted weight", numbers(theirs.weights))
    keep("weight", ours.get_weights())
    keep("wanted slot", numbers(theirs.optimizer.variables))
    keep("slot", [v.numpy() for v in ours.optimizer.variables])
    keep("wanted output", leaves(theirs.predict(x, verbose=0)))
    for backend in backends:
        keep(f"output on {backend}", leaves(ours.to(backend).predict(x, verbose=0)))
    ours.to("torch")
    again = to_keras(ours, verify=False)
    keep("weight again", numbers(again.weights))
    keep("slot again", numbers(again.optimizer.variables))
    keep("output again", leaves(again.predict(x, verbose=0)))
    random = any(e.op.name == "dropout" for e in forward_graph(ours, training=True).graph.walk())
    found["stepped"] = not random and name not in NOT_TRAINED
    if not random and name not in NOT_TRAINED:
        theirs.train_on_batch(x, y)
        ours.train_on_batch(x, y)
        keep("wanted weight after a step", numbers(theirs.weights))
        keep("weight after a step", ours.get_weights())
    return found, arrays


def port_application(name: str, full: bool) -> dict[str, Any]:
    size = SIZES.get(name, 32)
    options = {} if full else SMALLER.get(name, {})
    build = getattr(keras.applications, name)
    keras.utils.set_random_seed(1)
    theirs = build(weights=None, input_shape=(size, size, 3), include_top=False, pooling="avg", **options)
    random = np.random.default_rng(0)
    for variable in theirs.weights:
        # So that batch normalization does something, and residuals do not grow from block to block.
        low, high = {"gamma": (0.3, 0.7), "beta": (-0.2, 0.2), "moving_mean": (-0.2, 0.2),
                     "moving_variance": (0.5, 1.5)}.get(variable.path.rpartition("/")[2], (None, None))  # fmt: skip
        if low is not None:
            variable.assign(random.uniform(low, high, variable.shape))
    ours = from_keras(theirs, verify=False)
    for variable in ours.weights:
        variable.trainable = False
    from multiback_keras.importer import native

    report = PortReport(name, "keras", "multiback")
    args, kwargs = random_inputs(ours)
    verify(ours, ForwardOnly(native(theirs, ours)), args, kwargs, report, ["torch"])
    largest = max(float(np.abs(a).max()) for a in numbers_of(theirs(args[0], training=False)))
    return {
        "report": said(report),
        "parameters": ours.count_params(),
        "theirs": theirs.count_params(),
        "largest": largest,
    }


def main(out: Path, kind: str, names: list[str], backends: list[str]) -> None:
    results: dict[str, Any] = {}
    for name in names:
        try:
            if kind == "zoo":
                results[name], arrays = port_example(name, backends)
                np.savez(out / f"{name}.npz", **arrays)
            else:
                results[name] = port_application(name, full=kind == "all")
        except Exception:
            results[name] = {"error": traceback.format_exc()[-3000:]}
        keras.utils.clear_session()
    (out / f"{kind}.json").write_text(json.dumps(results))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3].split(","), sys.argv[4].split(",") if len(sys.argv) > 4 else [])
