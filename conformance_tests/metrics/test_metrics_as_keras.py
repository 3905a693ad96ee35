"""Metrics against Keras itself: results, names, state, configurations, lookup, and the accuracy that shapes choose."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import losses, metrics
from multiback.errors import ArgumentError, ShapeError, StateError, UnknownNameError
from multiback.metrics.resolve import resolve
from multiback.testing.cases.metrics import DEFINITIONS, Definition, draw
from multiback.testing.chapters.metrics import OF_VALUES, make

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64"),
]
BASES = ("Metric", "MeanMetricWrapper")
CLASSES = [n for n in metrics.__all__ if inspect.isclass(getattr(metrics, n)) and n not in BASES]
REQUIRED = {
    "IoU": {"num_classes": 3, "target_class_ids": [0, 1]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}


@pytest.fixture(autouse=True)
def on_numpy():
    with mb.use_backend("numpy"):
        yield


def peer(metric: metrics.Metric) -> Any:
    """Keras's metric of the same class and configuration."""
    kind = getattr(keras.metrics, type(metric).__name__)
    return kind(**{k: v for k, v in metric.get_config().items() if k in inspect.signature(kind).parameters})


VARIANTS = [
    pytest.param(d, marks=[pytest.mark.thorough] if d.label else [])
    for d in DEFINITIONS
    if d.name not in OF_VALUES | {"MeanMetricWrapper"}
]


@pytest.mark.parametrize("definition", VARIANTS, ids=str)
def test_results(definition: Definition) -> None:
    ours, theirs = make(definition, dtype="float32"), peer(make(definition, dtype="float32"))
    for i, (y_true, y_pred, weight) in enumerate(definition.data((5, 5))):
        for metric in (ours, theirs):
            metric.update_state(y_true, y_pred, sample_weight=weight if i else None)
    assert np.allclose(ours.result(), np.asarray(theirs.result()), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", CLASSES)
def test_defaults_state_and_configuration(name: str) -> None:
    ours, theirs = (getattr(place, name)(**REQUIRED.get(name, {}), name="mine") for place in (metrics, keras.metrics))
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    assert [v.shape for v in ours.variables] == [v.shape for v in theirs.variables]
    config, other = metrics.serialize(ours), keras.metrics.serialize(theirs)
    assert config["module"] == other["module"]
    assert config["registered_name"] is other["registered_name"] is None
    assert {k: config["config"][k] for k in other["config"]} == other["config"] | (
        {"target_class_ids": [0, 1]} if name == "BinaryIoU" else {}
    )
    assert metrics.deserialize(config).get_config() == ours.get_config()
    assert metrics.deserialize(other).get_config() == ours.get_config()
    assert keras.metrics.deserialize(config).name == "mine"
    parameters = [list(inspect.signature(getattr(place, name)).parameters) for place in (metrics, keras.metrics)]
    assert parameters[0] == parameters[1]
    default = (getattr(place, name)(**REQUIRED.get(name, {})).name for place in (metrics, keras.metrics))
    assert len({n.rstrip("_0123456789") for n in default}) == 1


@pytest.mark.parametrize("name", ["mse", "MSE", "mae", "bce", "auc", "AUC", "kl_divergence", "accuracy", "f1_score",
                                  "top_k_categorical_accuracy", "MeanSquaredError"])  # fmt: skip
def test_lookup_by_name(name: str) -> None:
    assert type(metrics.get(name)).__name__ == type(keras.metrics.get(name)).__name__


def test_lookup_of_everything_else() -> None:
    assert metrics.get(None) is None
    assert isinstance(metrics.get(metrics.Mean), metrics.Mean)
    with pytest.raises(UnknownNameError, match="Did you mean 'accuracy'"):
        metrics.get("acuracy")


def test_functions_travel_in_keras_form() -> None:
    for function in (metrics.binary_accuracy, metrics.mean_squared_error):
        ours = metrics.MeanMetricWrapper(function, name="f")
        theirs = keras.metrics.MeanMetricWrapper(getattr(keras.metrics, function.__name__), name="f")
        assert metrics.serialize(ours) == keras.metrics.serialize(theirs)
        again = metrics.deserialize(metrics.serialize(ours))
        y = np.array([[1.0], [0.0]], "float32"), np.array([[0.75], [0.75]], "float32")
        assert again(*y) == ours(*y)


def shaped(kind: str, y_true: tuple, y_pred: tuple) -> str:
    from keras.src.trainers.compile_utils import get_metric

    return type(get_metric(kind, np.zeros(y_true), np.zeros(y_pred))).__name__


@pytest.mark.parametrize("name", ["accuracy", "acc"])
@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [((8,), (8, 1)), ((8, 1), (8, 1)), ((8,), (8, 3)), ((8, 1), (8, 3)), ((8, 3), (8, 3)), ((8, 2), (8, 2, 3)),
     ((8, 2, 3), (8, 2, 3)), ((8, 2, 1), (8, 2, 3))],
)  # fmt: skip
def test_accuracy_by_shapes(name: str, y_true: tuple, y_pred: tuple) -> None:
    metric = resolve(name, y_true, y_pred)
    assert metric.name == name
    assert type(metric).__name__ == shaped(name, y_true, y_pred)


def test_accuracy_by_the_loss_while_targets_are_unknown() -> None:
    for loss, kind in [
        (losses.SparseCategoricalCrossentropy(), metrics.SparseCategoricalAccuracy),
        (losses.sparse_categorical_crossentropy, metrics.SparseCategoricalAccuracy),
        (losses.BinaryCrossentropy(), metrics.BinaryAccuracy),
        (losses.CategoricalCrossentropy(), metrics.CategoricalAccuracy),
        (None, metrics.CategoricalAccuracy),
    ]:
        assert type(resolve("accuracy", None, (8, 3), loss)) is kind
    assert type(resolve("accuracy", None, (8, 1))) is metrics.BinaryAccuracy


def test_other_metrics_take_the_name_they_were_asked_by() -> None:
    metric = resolve("mse", (8,), (8,))
    assert (metric.name, metric.variables[0].path) == ("mse", "mse/total")
    assert resolve(metrics.binary_accuracy, (8,), (8,)).name == "binary_accuracy"
    given = metrics.AUC(name="area")
    assert resolve(given, (8,), (8,)) is given
    with pytest.raises(ArgumentError, match="got None"):
        resolve(None, (8,), (8,))


BAD = [
    (lambda: metrics.AUC(curve="RCO"), ArgumentError, "Did you mean 'ROC'"),
    (lambda: metrics.AUC(num_thresholds=1), ArgumentError, "at least 2"),
    (lambda: metrics.AUC(thresholds=[0.5, 1.5]), ArgumentError, "between 0 and 1, got 1.5"),
    (lambda: metrics.AUC(num_labels=2), ArgumentError, "multi_label=True only"),
    (lambda: metrics.AUC(multi_label=True)(np.ones(3), np.ones(3)), ShapeError, r"\(n, labels\), got \(3,\)"),
    (lambda: metrics.Precision(class_id=0)(np.ones(3), np.ones(3)), ShapeError, r"\(n, classes\), got \(3,\)"),
    (lambda: metrics.Recall([0.1, -0.2]), ArgumentError, "got -0.2"),
    (lambda: metrics.PrecisionAtRecall(1.2), ArgumentError, "recall must be between 0 and 1"),
    (lambda: metrics.F1Score(average="mean"), ArgumentError, "Unknown average 'mean'"),
    (lambda: metrics.F1Score(threshold=0.0), ArgumentError, "above 0 and at most 1"),
    (lambda: metrics.FBetaScore(beta=1), ArgumentError, "float above 0"),
    (lambda: metrics.F1Score()(np.ones(3), np.ones(3)), ShapeError, "expects targets and predictions of shape"),
    (lambda: metrics.R2Score("mean"), ArgumentError, "Unknown class_aggregation"),
    (lambda: metrics.R2Score(num_regressors=-1), ArgumentError, "at least 0"),
    (lambda: metrics.IoU(2, [2]), ArgumentError, "below num_classes = 2, got 2"),
    (lambda: metrics.MeanSquaredError()(np.ones((2, 3)), np.ones((2, 4))), ShapeError, r"\(2, 3\) and \(2, 4\)"),
    (lambda: metrics.Metric().result(), ArgumentError, "needs a method result"),
]


@pytest.mark.parametrize(("action", "error", "text"), BAD, ids=[b[2] for b in BAD])
def test_mistakes_have_clear_errors(action: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text):
        action()


def test_forgetting_to_call_the_base_class() -> None:
    class Forgetful(metrics.Metric):
        def __init__(self) -> None:
            self.total = self.add_weight(name="total")

    with pytest.raises(StateError, match="must call super"):
        Forgetful()


def test_fractional_weights_in_an_integer_matrix_are_reported() -> None:
    with pytest.warns(UserWarning, match="Give it dtype='float32'"):
        metrics.MeanIoU(4)(draw("classes", 0, 3), draw("classes", 1, 3), sample_weight=np.full(3, 0.5))
