"""A conformance case of a layer: how it is made, what it is called on, and the shape that comes out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import multiback as mb
from multiback import layers, tree
from multiback.testing.settings import SEED

Shape = tuple[int, ...]


class Inner:
    """A layer that is an argument of another one."""

    def __init__(self, name: str, *arguments: Any, **keywords: Any) -> None:
        self.name, self.arguments, self.keywords = name, arguments, keywords

    def __repr__(self) -> str:
        return self.name


def _made(value: Any, module: Any, more: Mapping[str, Any], name: str = "inner") -> Any:
    if isinstance(value, Inner):
        return getattr(module, value.name)(*value.arguments, **value.keywords, **more, name=name)
    if isinstance(value, list):
        return [_made(v, module, more, f"{name}_{i}") for i, v in enumerate(value)]
    return value


@dataclass(frozen=True, eq=False)
class LayerCase:
    """One layer with its arguments and inputs.

    Attributes:
        name: Of the class.
        arguments: Of the constructor.
        shapes: Of the inputs, batch included; several for a layer that takes a list.
        output: The expected shape of the output, or of the first of several.
        dtype: Of the inputs; "float" for that of the layer.
        high: Upper end of integer inputs.
        training: Passed to the call.
        keras: Whether Keras has the layer with the same meaning, so that the tests may ask it too.
        spread: Whether several inputs are passed one by one instead of as a list.
        states: Whether the inputs after the first are passed as the states that a recurrent layer or cell starts from.
        keywords: Of the call.
        masks: Shapes of masks among the keywords of the call; a list of shapes for a list of masks.
        forward_only: Whether its gradients are left to other cases, from which it differs in layout or masks only.
        note: What tells it from another case with the same arguments.
    """

    name: str
    arguments: Mapping[str, Any]
    shapes: tuple[Shape, ...]
    output: Shape
    dtype: str = "float"
    high: int = 5
    training: bool | None = None
    keras: bool = True
    spread: bool = False
    states: bool = False
    keywords: Mapping[str, Any] = field(default_factory=dict)
    masks: Mapping[str, Any] = field(default_factory=dict)
    forward_only: bool = False
    note: str = ""

    @property
    def label(self) -> str:
        """What tells it from the other cases of the class, such as `units=3,use_bias=False,training=True`."""
        given = {**self.arguments, **self.keywords, **dict.fromkeys(self.masks, "given")}
        if self.training is not None:
            given["training"] = self.training
        words = [self.note] if self.note else []
        return ",".join([*words, *(f"{k}={_shown(v)}" for k, v in given.items())]) or "default"

    def __str__(self) -> str:
        return f"{self.name}({self.label})"

    def make(self, module: Any = layers, **more: Any) -> Any:
        """The layer, made by `multiback.layers` or another module of such classes; its name, and draws, are fixed."""
        arguments = {k: _made(v, module, more) for k, v in self.arguments.items()}
        return getattr(module, self.name)(**arguments, **more, name="tested")

    def built(self, dtype: str = "float64") -> Any:
        """The layer of this dtype or policy, with weights that are neither zero nor one."""
        layer = self.make(dtype=dtype)
        self.call(layer, symbolic(self.inputs(storage(dtype))), symbolic(self.given_masks()))
        layer.set_weights(fill(layer.get_weights(), [v.name for v in layer.weights]))
        return layer

    def inputs(self, dtype: str) -> Any:
        """Fixed inputs: one array, or a list for several shapes."""
        random = np.random.default_rng([7, SEED.get()])
        arrays = [
            random.integers(0, self.high, s).astype(self.dtype)
            if self.dtype != "float"
            else random.uniform(-2, 2, s).astype(dtype)
            for s in self.shapes
        ]
        return arrays if self.is_list else arrays[0]

    def given_masks(self) -> dict[str, Any]:
        """Fixed masks, by keyword; none is empty along its last axis."""
        random = np.random.default_rng([13, SEED.get()])

        def mask(shape: Shape) -> np.ndarray:
            kept = random.random(shape) < 0.6
            kept[..., 0] = True
            return kept

        return {k: [mask(s) for s in v] if isinstance(v, list) else mask(v) for k, v in self.masks.items()}

    @property
    def is_list(self) -> bool:
        """Whether the layer is called on a list."""
        return len(self.shapes) > 1

    def call(self, layer: Any, inputs: Any, masks: Mapping[str, Any] | None = None) -> Any:
        """Calls the layer as the case says."""
        keywords = {**self.keywords, **(self.given_masks() if masks is None else masks)}
        if self.training is not None:
            keywords["training"] = self.training
        if self.states:
            return layer(inputs[0], _states(getattr(layer, "cell", layer).state_size, inputs[1:]), **keywords)
        return layer(*inputs, **keywords) if self.spread else layer(inputs, **keywords)

    def channels_first(self) -> LayerCase:
        """The same with the channels before the other axes."""

        def moved(shape: Shape) -> Shape:
            return (shape[0], shape[-1], *shape[1:-1])

        shapes = tuple(map(moved, self.shapes))
        output = moved(self.output) if len(self.output) == len(self.shapes[0]) else self.output
        arguments = {**self.arguments, "data_format": "channels_first"}
        return dataclasses.replace(self, arguments=arguments, shapes=shapes, output=output, forward_only=True)


def layer_cases(*rows: tuple[Any, ...], **common: Any) -> list[LayerCase]:
    """Cases from rows `(name, arguments, shape or list of shapes, output, other attributes)`."""
    made = []
    for name, arguments, shapes, output, *rest in rows:
        shapes = shapes if isinstance(shapes, list) else [shapes]
        made.append(LayerCase(name, arguments, tuple(shapes), output, **{**common, **(rest[0] if rest else {})}))
    return made


def fill(weights: Sequence[np.ndarray], names: Sequence[str]) -> list[np.ndarray]:
    """Numbers for weights that are neither zero nor one; variances are positive."""
    random = np.random.default_rng(11)
    drawn = []
    for array, name in zip(weights, names):
        low = 0.5 if "variance" in name else -1.0
        values = random.uniform(low, 1.0 if low < 0 else 2.0, array.shape)
        drawn.append(values.astype(array.dtype) if array.dtype.kind == "f" else array)
    return drawn


def symbolic(arrays: Any) -> Any:
    """Symbolic tensors like these arrays, with an unknown batch."""
    return tree.map(lambda x: mb.Input(x.shape[1:], dtype=str(x.dtype)), arrays)


def storage(policy: str) -> str:
    """The dtype in which a policy keeps weights and takes inputs."""
    return "float32" if policy.startswith("mixed_") else policy


def _states(sizes: Any, arrays: Sequence[Any]) -> Any:
    rest = iter(arrays)

    def nested(size: Any) -> Any:
        return next(rest) if isinstance(size, int) else [nested(part) for part in size]

    return [nested(sizes)] if isinstance(sizes, int) else nested(sizes)


def _shown(value: Any) -> str:
    # Without brackets and blanks, which have a meaning in patterns of ids and on command lines.
    if isinstance(value, list | tuple):
        return "-".join(map(_shown, value))
    return str(getattr(value, "name", value))
