"""Models that are one layer after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multiback.errors import ArgumentError, NotBuiltError
from multiback.layers._layer import Layer
from multiback.layers._registry import MODELS, REGISTRY
from multiback.layers._symbolic import KerasTensor
from multiback.layers.core.input_layer import Input, InputLayer
from multiback.models.functional import Functional
from multiback.models.model import Model
from multiback.saving.registry import file_under


@MODELS.register()
@REGISTRY.register()
@file_under("keras")
class Sequential(Model):
    """A stack of layers, each with one input and one output.

    Arguments:
        layers: In order; may start with `Input`, which builds the model at once.
        trainable: Whether training updates its weights.
        name: Of the model.

    Raises:
        ArgumentError: for something that is not a layer, or a name that occurs twice.

    Example:
        >>> model = Sequential([Input((4,)), Dense(2)])
    """

    def __init__(
        self, layers: Sequence[Any] | None = None, trainable: bool = True, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        self._stack: list[Layer] = []
        self._input: KerasTensor | None = None
        self._functional: Functional | None = None
        self.supports_masking = True
        self.autocast = False
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Appends a layer.

        Raises:
            ArgumentError: if it is not a layer, or its name occurs already.
        """
        if isinstance(layer, KerasTensor) and layer.node is not None:
            layer = layer.node.layer
        if isinstance(layer, InputLayer):
            if self._stack or self._input is not None:
                raise ArgumentError(f"Sequential {self.name!r}: Input must be the first, and only once.")
            self._input = layer.output
        elif not isinstance(layer, Layer):
            raise ArgumentError(f"Sequential {self.name!r} takes layers, got {type(layer).__name__}: {layer!r}.")
        else:
            if any(layer.name == other.name for other in self._stack):
                raise ArgumentError(f"Two layers of {self.name!r} are named {layer.name!r}. Give one another name.")
            shape = layer._given_input_shape
            if not self._stack and self._input is None and shape is not None:
                self._input = Input(shape)
            elif not self._stack and self._input is None and isinstance(layer, Functional):
                only = layer.inputs[0]
                self._input = Input(batch_shape=only.shape, dtype=only.dtype)
            self._stack = [*self._stack, layer]
        if rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Layer:
        """Removes and returns the last layer."""
        layer = self._stack[-1]
        self._stack = self._stack[:-1]
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        self._functional = None
        self.built = False
        if self._input is not None and self._stack:
            self.build(self._input.shape)

    def build(self, input_shape: Any = None) -> None:
        if not self._stack:
            raise NotBuiltError(f"Sequential {self.name!r} has no layers yet. Use add().")
        if input_shape is None:
            return
        if self._input is None or self._input.shape[1:] != tuple(input_shape)[1:]:
            self._input = Input(batch_shape=tuple(input_shape))
        from multiback.graph.trace import current_scope, scope

        x: Any = self._input
        if current_scope().rpartition("/")[2] == self.name:
            for layer in self._stack:
                x = layer(x)
        else:
            with scope(self.name):
                for layer in self._stack:
                    x = layer(x)
        self._functional = Functional(self._input, x, name=self.name)
        self.built = True
        self._build_shapes = {"input_shape": tuple(input_shape)}

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return list(self._stack)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._functional is not None:
            return self._functional.call(inputs, training=training, mask=mask)
        x = inputs
        for layer in self._stack:
            x = layer(x, training=training) if layer._call_takes_training else layer(x)
        return x

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None

    def _as_functional(self) -> Functional:
        if self._functional is None:
            raise NotBuiltError(
                f"Sequential {self.name!r} is not built. Start it with Input(shape), or call it on data once."
            )
        return self._functional

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs."""
        return self._as_functional().inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs."""
        return self._as_functional().outputs

    @property
    def input(self) -> Any:
        return self._as_functional().input

    @property
    def output(self) -> Any:
        return self._as_functional().output

    @property
    def input_names(self) -> list[str]:
        """The name of the input."""
        return self._as_functional().input_names

    @property
    def output_names(self) -> list[str]:
        """The name of the layer that gives the output."""
        return self._as_functional().output_names

    @property
    def input_shape(self) -> Any:
        """The shape of the input."""
        return self._as_functional().input_shape

    @property
    def output_shape(self) -> Any:
        """The shape of the output."""
        return self._as_functional().output_shape

    def get_config(self) -> dict[str, Any]:
        layers = [self._input.node.layer] if self._input is not None and self._input.node else []
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": super().get_config()["dtype"],
            "layers": [REGISTRY.serialize(layer) for layer in [*layers, *self._stack]],
        }
        if self._build_shapes:
            config["build_input_shape"] = list(self._build_shapes["input_shape"])
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        layers = [REGISTRY.deserialize(c, custom_objects) for c in config["layers"]]
        rest = {k: v for k, v in config.items() if k in ("name", "trainable")}
        model = cls([x.output if isinstance(x, InputLayer) else x for x in layers], **rest)
        if not model.built and config.get("build_input_shape"):
            model.build(tuple(config["build_input_shape"]))
        return model
