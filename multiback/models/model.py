"""Models: layers that can be compiled, trained, evaluated, saved and moved between backends."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from multiback.errors import ArgumentError, unknown_name
from multiback.layers._layer import Layer
from multiback.layers._registry import MODELS, REGISTRY
from multiback.models.building import BuiltByCalling
from multiback.saving.registry import custom_object_scope, file_under
from multiback.saving.saveable import Saveable
from multiback.training.trainer import Trainer


@MODELS.register()
@REGISTRY.register()
@file_under("keras")
class Model(Saveable, BuiltByCalling, Trainer, Layer):
    """A layer that can be trained.

    `Model(inputs, outputs)` on symbolic tensors gives a functional model; a subclass with `call` is a model of its own.

    Example:
        >>> x = Input((4,))
        >>> model = Model(x, Dense(2)(x))
    """

    _hands_remat_down = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        from multiback.models.functional import Functional

        if cls is Model and (len(args) >= 2 or "inputs" in kwargs or "outputs" in kwargs):
            return Functional.__new__(Functional, *args, **kwargs)
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from multiback.models.functional import Functional

        if args or "inputs" in kwargs or "outputs" in kwargs:
            # A subclass called as Subclass(inputs, outputs) is functional and keeps its own methods.
            own_class: type = type(self)
            self.__class__ = _functional_class(own_class, Functional)
            Functional.__init__(self, *args, **kwargs)  # type: ignore[arg-type]
            return
        Trainer.__init__(self)
        Layer.__init__(self, **kwargs)

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside."""
        return self._layers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or by position.

        Raises:
            UnknownNameError: if no layer has this name.
            ArgumentError: if neither or both are given, or the index is out of range.
        """
        if (name is None) == (index is None):
            raise ArgumentError("get_layer() takes either name or index.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ArgumentError(f"Model {self.name!r} has {len(self.layers)} layers; there is no index {index}.")
            return self.layers[index]
        found = {layer.name: layer for layer in self.layers}
        if name not in found:
            raise unknown_name(f"layer of model {self.name!r}:", name, found)
        return found[name]

    def call(self, *args: Any, **kwargs: Any) -> Any:
        raise ArgumentError(f"Model {type(self).__name__} has no call() method. Define call(self, inputs).")

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
        *,
        flops: bool = False,
    ) -> None:
        """Prints the layers with their output shapes, numbers of weights and, if asked, operations for a sample."""
        from multiback.models.summary import print_summary

        print_summary(self, line_length, print_fn, expand_nested, show_trainable, layer_range, flops)

    def flops(self, batch_size: int = 1, training: bool = False, sizes: Mapping[str, int] | None = None) -> int:
        """The floating-point operations of a call: nothing is run; a multiplication with an addition counts as two.

        Arguments:
            batch_size: The number of samples.
            training: Whether to add the backward pass to all trainable weights.
            sizes: Named sizes, where inputs have other axes of unknown size.

        Raises:
            NotBuiltError: if the model is not built.
            ArgumentError: if an axis of unknown size is not given.

        Example:
            >>> Sequential([Input((3,)), Dense(4, use_bias=False)]).flops()
            24
        """
        from multiback.profiling.models import model_costs

        return model_costs(self, batch_size, training, sizes).costs.flops

    def profile(
        self,
        x: Any,
        y: Any = None,
        *,
        batch_size: int | None = None,
        steps: int = 10,
        training: bool | None = None,
        clock: str = "wall",
    ) -> Any:
        """Measures where the time of a step goes on the model's backend, by layer and op; the model does not change.

        The whole step is timed as it runs; then each equation of the compiled graph alone, on the arrays it gets there,
        which says where the time goes, but not exactly how long, where a backend fuses equations.

        Arguments:
            x, y: Arrays, as in `fit`.
            batch_size: Rows that are used, from the front; default 32.
            steps: Over how many runs each time is the median.
            training: Whether to measure the training step; by default if there are targets and the model is compiled.
            clock: "wall", or "cpu": processor time, steadier on a busy machine, without what an accelerator does.

        Returns:
            A `multiback.profiling.Profile`: its `str()` is a table; `html(path)` and `json(path)` write files.

        Raises:
            NotCompiledError: for a training step of a model that is not compiled.
            ArgumentError: if `steps` is not positive, or there is no such clock.

        Example:
            >>> print(model.profile(x, y, batch_size=64))  # doctest: +SKIP
        """
        from multiback.profiling.step_profile import profile

        return profile(self, x, y, batch_size=batch_size, steps=steps, training=training, clock=clock)

    def to_torch(self, **options: Any) -> Any:
        """The model as a `torch.nn.Module` that trains; see `multiback.porting.to_torch`."""
        from multiback.porting import exporting

        return exporting.to_torch(self, **options)

    def to_jax(self, **options: Any) -> Any:
        """The model as `(apply, params)`, or as a Flax nnx module; see `multiback.porting.to_jax`."""
        from multiback.porting import exporting

        return exporting.to_jax(self, **options)

    def to_tensorflow(self, **options: Any) -> Any:
        """The model as a `tf.Module` that trains; see `multiback.porting.to_tensorflow`."""
        from multiback.porting import exporting

        return exporting.to_tensorflow(self, **options)

    def to_keras(self, **options: Any) -> Any:
        """The model as a Keras 3 model; see `multiback.porting.to_keras`."""
        from multiback.porting import exporting

        return exporting.to_keras(self, **options)

    def to_onnx(self, path: Any = None, **options: Any) -> Any:
        """The model as an ONNX model, written to a file if a path is given; see `multiback.porting.to_onnx`."""
        from multiback.porting import exporting

        return exporting.to_onnx(self, path, **options)

    def to_source(self, framework: str, path: Any = None, **options: Any) -> str:
        """One readable Python file that needs only the framework; see `multiback.porting.to_source`."""
        from multiback.porting import exporting

        return exporting.to_source(self, framework, path, **options)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        if "layers" in config and "input_layers" in config:
            from multiback.models.functional_config import functional_from_config

            return functional_from_config(cls, config, custom_objects)
        with custom_object_scope(custom_objects or {}):
            return super().from_config(config)


@functools.cache
def _functional_class(cls: type, functional: type) -> type:
    if issubclass(cls, functional):
        return cls
    return type(cls.__name__, (cls, functional), {"__module__": cls.__module__, "_saved_as": cls})
