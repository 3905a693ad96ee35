"""Architectures of the `transformers` library, tiny and random, imported and run on every backend.

Importing verifies each on torch: outputs at two batch sizes, gradients, a step. Here its outputs on every backend are
held against the original's, within 16 times what moving weights and inputs by two units of rounding changes.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import torch
from transformers_zoo import ARCHITECTURES, build, example

import multiback as mb
from multiback.errors import UnsupportedModel
from multiback_torch.importer.tensors import to_numpy

BACKENDS = ("torch", "jax", "tensorflow")
USUAL = ("BERT", "GPT-2", "Llama", "Mixtral", "T5", "ViT", "Swin", "ConvNeXt", "ResNet", "CLIP", "Mamba", "SegFormer")
"""What every run tests; the long one tests all."""

_UNIT = 2.0**-24
_SLACK = 16.0

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def _listed(refused: bool, usual: tuple[str, ...]) -> list[Any]:
    names = [n for n, a in ARCHITECTURES.items() if bool(a.refused) == refused]
    return [n if n in usual else pytest.param(n, marks=pytest.mark.thorough) for n in names]


def _floats(results: Any) -> list[np.ndarray]:
    leaves = torch.utils._pytree.tree_leaves(results)
    arrays = [to_numpy(x.detach()) if isinstance(x, torch.Tensor) else mb.ops.convert_to_numpy(x) for x in leaves]
    return [a for a in arrays if a.dtype.kind == "f"]


def _outputs(model: Any, inputs: dict[str, Any], backend: str) -> list[np.ndarray]:
    with mb.use_backend(backend):
        return _floats(model(**{k: to_numpy(v) if isinstance(v, torch.Tensor) else v for k, v in inputs.items()}))


def _moved(x: np.ndarray, random: np.random.Generator) -> np.ndarray:
    if x.dtype.kind != "f":
        return x
    return (x * (1 + 2 * _UNIT * random.choice([-1.0, 1.0], x.shape))).astype(x.dtype)


def _radius(model: Any, inputs: dict[str, torch.Tensor]) -> list[float]:
    """For each output, how much rounding of weights and inputs alone changes it at most."""
    base = _outputs(model, inputs, "torch")
    weights = list({id(v): v for v in model.named_weights.values()}.values())
    kept = [v.numpy() for v in weights]
    largest = [0.0] * len(base)
    for seed in range(3):
        random = np.random.default_rng(seed)
        for variable, array in zip(weights, kept):
            variable.assign(_moved(array, random))
        found = _outputs(model, {k: _moved(to_numpy(v), random) for k, v in inputs.items()}, "torch")
        largest = [max(m, np.abs(a - b).max(initial=0.0)) for m, a, b in zip(largest, found, base)]
    for variable, array in zip(weights, kept):
        variable.assign(array)
    return largest


@pytest.mark.parametrize("name", _listed(False, USUAL))
def test_runs_everywhere(name: str, request: pytest.FixtureRequest) -> None:
    logging.disable(logging.CRITICAL)
    try:
        original = build(name)
        model = mb.from_torch(original, example(name), train=ARCHITECTURES[name].trains)
    finally:
        logging.disable(logging.NOTSET)
    assert model.port_report.passed
    # The batch of 3 is another than the one that was exported.
    batches = (2, 3) if "thorough" in request.keywords else (3,)
    for batch in batches:
        inputs = example(name, batch)
        with torch.no_grad():
            expected = _floats(original(**inputs))
        radius = _radius(model, inputs)
        for backend in BACKENDS:
            found = _outputs(model, inputs, backend)
            assert len(found) == len(expected)
            for a, b, r in zip(found, expected, radius):
                assert a.shape == b.shape
                assert np.abs(a - b).max(initial=0.0) <= _SLACK * max(r, _UNIT * np.abs(b).max(initial=0.0)), backend


@pytest.mark.parametrize("name", _listed(True, ("FSMT",)))
def test_what_decides_by_data_is_refused(name: str) -> None:
    """These are models that torch.export itself cannot follow."""
    with pytest.raises(UnsupportedModel, match=r"decides by the numbers|cannot follow"):
        mb.from_torch(build(name), example(name))


def test_a_cache_among_the_results() -> None:
    """Decoders return the keys and values they computed in an object of a class of their own, unless told not to."""
    original = build("GPT-2")
    original.config.use_cache = True
    tokens = example("GPT-2")["input_ids"]
    model = mb.from_torch(original, tokens)
    with torch.no_grad():
        expected = original(tokens).past_key_values.layers[1].keys.numpy()
    layers = _on("torch", model, tokens.numpy())["past_key_values"]["layers"]
    np.testing.assert_allclose(layers[1]["keys"], expected, rtol=0, atol=_SLACK * _UNIT * np.abs(expected).max())


def _on(backend: str, model: Any, *args: Any) -> Any:
    with mb.use_backend(backend):
        return torch.utils._pytree.tree_map(mb.ops.convert_to_numpy, model(*args))


def test_outputs_do_not_hide_behind_the_bound() -> None:
    """A weight that is off by a thousandth is noticed."""
    original = build("BERT")
    model = mb.from_torch(original, example("BERT"), verify=False)
    inputs = example("BERT")
    radius = _radius(model, inputs)
    kernel = model.get_weight("encoder.layer.1.output.LayerNorm.weight")
    kernel.assign(kernel.numpy() * 1.001)
    with torch.no_grad():
        expected = _floats(original(**inputs))
    assert np.abs(_outputs(model, inputs, "torch")[0] - expected[0]).max() > _SLACK * radius[0]
