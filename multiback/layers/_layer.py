"""The base of all layers: building, calling in every mode, weights, losses, masks, configuration."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback import dtype_policies, initializers, regularizers, tree
from multiback.backends import registry, select
from multiback.backends.compile import Compiled
from multiback.dtypes import as_dtype
from multiback.errors import ArgumentError, NotBuiltError, ShapeError, closest
from multiback.graph.dims import sketching
from multiback.graph.ir import Value
from multiback.graph.op import OPS
from multiback.graph.trace import current_builder, current_scope, scope, trace, user_line
from multiback.layers import _masks, _rematerialization, _weight_budget
from multiback.layers._call_spec import CallSpec, call_spec
from multiback.layers._configured import Configured
from multiback.layers._construction import keeping_account, legacy_input_shape, recording_arguments
from multiback.layers._context import CallContext, current_context, entered, runs_eagerly
from multiback.layers._names import auto_name, checked_name, snake_case
from multiback.layers._random_keys import RandomKeys
from multiback.layers._symbolic import KerasTensor, Node, any_symbolic, as_shape, public_shape, tensors_of
from multiback.layers._tracking import shapes_of
from multiback.random._seed import key_for
from multiback.variables import StatelessScope, Variable, autocast

_KNOWN = ("activity_regularizer", "trainable", "dtype", "autocast", "name", "input_shape", "input_dim", "batch_size")


class Layer(RandomKeys, Configured):
    """The base class of layers: state (weights) and a computation written in `multiback.ops`.

    A subclass sets attributes in `__init__`, makes weights in `build(input_shape)` with `add_weight`, and computes in
    `call(inputs)`. Called on symbolic tensors it extends a functional model; on arrays of a framework it computes there
    and returns that framework's arrays.

    Arguments:
        activity_regularizer: Penalty on the outputs.
        trainable: Whether training updates its weights.
        dtype: A dtype or dtype policy; default: the global policy.
        autocast: Whether float inputs are cast to the compute dtype.
        name: Default: from the class, made unique.

    Raises:
        ArgumentError: for an unknown keyword argument or an invalid name.

    Example:
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
    """

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._given_input_shape = legacy_input_shape(kwargs)
        if kwargs:
            bad = next(iter(kwargs))
            known = [*inspect.signature(type(self).__init__).parameters, *_KNOWN]
            raise ArgumentError(f"{type(self).__name__} has no argument {bad!r}.{closest(bad, known)}")
        kind = type(self).__name__
        self.name = auto_name(snake_case(kind)) if name is None else checked_name(name, kind)
        self.dtype_policy = dtype_policies.get(dtype)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.supports_masking = False
        self.built = False
        self.input_spec: Any = None
        self._trainable = bool(trainable)
        self._inbound_nodes: list[Node] = []
        self._losses: list[Any] = []
        self._random_state: Variable | None = None
        self._resumed_seed: int | None = None
        self._building = False
        self._build_shapes: dict[str, Any] | None = None
        self._native: Compiled | None = None
        self._path: str | None = None
        self._version = 0
        self._made_at = user_line()
        self._remat = _rematerialization.current_scope()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = recording_arguments(cls.__init__)  # type: ignore[method-assign]
        if "build" in cls.__dict__:
            cls.build = keeping_account(cls.build)  # type: ignore[method-assign]

    # ---- properties

    @property
    def path(self) -> str:
        """Names of the layers around it and its own, separated by slashes."""
        return self._path or self.name

    @property
    def trainable(self) -> bool:
        """Whether training updates its weights; setting it reaches the layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
            layer._version += 1

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation."""
        return self.dtype_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that float inputs are cast to."""
        return self.compute_dtype

    @property
    def losses(self) -> list[Any]:
        """Penalties: what `add_loss` and activity regularizers gave in the last call, and weight regularizers."""
        builder = current_builder()
        root = builder.root if builder else None
        found = [x for layer in self._flatten_layers() for owner, x in layer._losses if owner is root]
        found += [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]
        return found

    @property
    def input(self) -> Any:
        """The symbolic inputs of the only call made on symbolic tensors."""
        arguments = self._only_node("input").arguments
        return arguments[0] if len(arguments) == 1 else list(arguments)

    @property
    def output(self) -> Any:
        """The symbolic outputs of the only call made on symbolic tensors."""
        return self._only_node("output").outputs

    def _only_node(self, what: str) -> Node:
        if len(self._inbound_nodes) != 1:
            raise NotBuiltError(
                f"Layer {self.name!r} has {len(self._inbound_nodes)} symbolic calls; `{what}` needs exactly one."
            )
        return self._inbound_nodes[0]

    @property
    def _call_takes_training(self) -> bool:
        return call_spec(type(self)).training

    @property
    def _call_takes_mask(self) -> bool:
        return "mask" in call_spec(type(self)).masks

    # ---- state

    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """A new weight of this layer.

        Arguments:
            shape: Sizes, all known; default scalar.
            initializer: Name, configuration or function; default glorot_uniform for floats, zeros otherwise.
            dtype: Default: the layer's variable dtype.
            trainable: Whether training updates it.
            autocast: Whether it is read in the compute dtype.
            regularizer, constraint: Penalty on it, and projection after each update.
            aggregation: Kept for Keras configurations.
            overwrite_with_gradient: Whether the optimizer replaces it by its gradient.
            name: Last part of its path; with the global seed, the path decides its initial value.

        Returns:
            The Variable.

        Raises:
            ShapeError: if a size is not known.
        """
        from multiback import constraints

        shape = tuple(shape) if shape is not None else ()
        if any(not isinstance(n, int | np.integer) for n in shape):
            raise ShapeError(f"Weight {name!r} of layer {self.name!r} needs known sizes, got shape {shape}.")
        kind = as_dtype(dtype or self.variable_dtype)
        initializer = initializers.get(initializer or ("glorot_uniform" if kind.is_float else "zeros"))
        name = checked_name(name or f"variable_{len(self._own_variables)}", f"A weight of {type(self).__name__}")
        path = f"{self._scope_path()}/{name}"
        _weight_budget.spend(shape, kind, path)
        if "key" in inspect.signature(initializer).parameters:
            initializer = functools.partial(initializer, key=key_for(path))
        variable = Variable(
            initializer,
            shape=shape,
            dtype=kind,
            trainable=trainable,
            autocast=autocast,
            aggregation=aggregation,
            name=name,
            path=path,
            regularizer=regularizers.get(regularizer),
            constraint=constraints.get(constraint),
        )
        variable.overwrite_with_gradient = overwrite_with_gradient
        self.__dict__.setdefault("_extra_weights", []).append(variable)
        self.__dict__.setdefault("_own", {}).setdefault("_extra_weights", None)
        return variable

    add_variable = add_weight

    def _scope_path(self) -> str:
        around = current_scope()
        if self._path is not None:
            return self._path
        return around if around and around.rpartition("/")[2] == self.name else f"{around}/{self.name}".strip("/")

    def add_loss(self, loss: Any) -> None:
        """Adds a scalar penalty to this call's losses."""
        builder = current_builder()
        root = builder.root if builder else None
        for value in tree.leaves(loss):
            self._losses.append((root, value))
            if (context := current_context()) is not None:
                context.losses.append(value)

    # ---- building

    def build(self, input_shape: Any) -> None:
        """Makes the weights for inputs of this shape; subclasses override it."""
        self.built = True

    def _build(self, shapes: Mapping[str, Any], entered: bool = False) -> None:
        """Builds under the layer's own name (`entered`: the scope is open already), and remembers the shapes."""
        around = current_scope()
        self._path = around if entered else f"{around}/{self.name}".strip("/")
        names = [p for p in inspect.signature(self.build).parameters if p not in ("self", "kwargs", "args")]
        values = [as_shape(s) for s in shapes.values()]
        if len(names) <= 1:
            arguments: dict[str, Any] = {names[0]: values[0]} if names else {}
        else:
            by_name = {k: as_shape(v) for k, v in shapes.items()}
            arguments = {n: by_name.get(n) for n in names if n in by_name}
        self._building = True
        try:
            with contextlib.nullcontext() if entered else scope(self.name):
                self.build(**arguments)
        finally:
            self._building = False
        self._build_shapes = dict(shapes)
        self.built = True

    def _ensure_built(self, bound: Mapping[str, Any]) -> None:
        if self.built:
            return
        shapes: dict[str, Any] = {}
        for name, value in bound.items():
            leaves = [x for x in tree.leaves(value) if hasattr(x, "shape")]
            if leaves and not name.endswith("mask"):
                shapes["input_shape" if not shapes else f"{name}_shape"] = shapes_of(value)
                shapes.setdefault(f"{name}_shape", shapes_of(value))
        if "input_shape" in shapes and len(inspect.signature(self.build).parameters) <= 1:
            shapes = {"input_shape": shapes["input_shape"]}
        self._build(shapes or {"input_shape": None}, entered=True)

    # ---- calling

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation, written in `multiback.ops`; subclasses override it."""
        raise NotImplementedError(f"Layer {type(self).__name__} has no call() method. Define call(self, inputs).")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Applies the layer to symbolic tensors, to arrays of a framework, or to abstract values while tracing."""
        if any_symbolic((args, kwargs)):
            return self._call_symbolically(args, kwargs)
        if current_builder() is not None:
            return self._call_here(args, kwargs)
        if runs_eagerly():
            return self._call_eagerly(args, kwargs)
        return self._call_compiled(args, kwargs)

    def _call_eagerly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Op by op on the backend of the arrays, with the weights there too, so that Python's operators take them."""
        if current_context() is not None:
            return self._call_here(args, kwargs)
        owners = (registry.owner(x) for x in tree.leaves((args, kwargs)) if not isinstance(x, np.ndarray))
        adapter = next((found for found in owners if found is not None), None) or select.selected()
        for variable in self.variables:
            variable.cell(adapter)
        with select.use_backend(adapter.name):
            return self._call_here(args, kwargs)

    def _call_compiled(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._native is None:
            # States kept between calls belong to one batch size.
            fixed = any(getattr(layer, "stateful", False) for layer in self._flatten_layers())
            self._native = Compiled(self._traced, self.name, batched=not fixed)
        masks = _masks.get_masks((args, kwargs))
        version = sum(layer._version for layer in self._flatten_layers())
        home = next((v.adapter for v in self.weights if v.adapter is not None), None)
        outputs, masks = self._native(args, kwargs, masks, version, adapter=home)
        _masks.set_masks(outputs, masks)
        return outputs

    def _traced(self, args: Any, kwargs: Any, masks: Any, version: int) -> Any:
        _masks.set_masks((args, kwargs), masks)
        outputs = self._call_here(args, kwargs)
        return outputs, _masks.get_masks(outputs)

    def _call_symbolically(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        specs = tree.map(lambda x: x.spec if isinstance(x, KerasTensor) else x, (args, kwargs))
        with entered(None), sketching():
            traced = trace(lambda a, k: self._call_here(a, k), *specs, name=self.name)
        node = Node(self, args, kwargs)
        outputs = []
        for i, value in enumerate(traced.graph.results):
            tensor = KerasTensor(public_shape(value.shape), value.dtype, name=f"{self.name}_output")
            tensor.dims = tuple(value.shape)
            tensor.node, tensor.index = node, i
            outputs.append(tensor)
        node.outputs = tree.unflatten(traced.structure, outputs)
        self._inbound_nodes.append(node)
        return node.outputs

    def _call_here(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        spec = call_spec(type(self))
        bound = spec.bind(self, args, kwargs)
        outer = current_context()
        context = outer or CallContext(self, builder=current_builder())
        training = bound.get("training") if spec.training else kwargs.get("training")
        if training is None:
            training = context.training if context.training is not None else None
        entering = dataclasses.replace(context, training=training) if outer else context
        entering.training = training
        with entered(entering), scope(self.name):
            self._check_inputs(bound)
            if not self.built:
                self._ensure_built({k: v for k, v in bound.items() if k not in ("training", "mask")})
                self._check_inputs(bound)
            if spec.training and bound.get("training") is None:
                bound["training"] = bool(training) if training is not None else False
            masks = self._fill_masks(spec, bound)
            cast = self._cast(bound)
            if outer is None:
                for layer in self._flatten_layers():
                    layer._losses = []
            with autocast(self.compute_dtype if self.compute_dtype != self.variable_dtype else None):
                outputs = _rematerialization.invoke(self, lambda: spec.invoke(self, cast))
            if self.activity_regularizer is not None:
                for x in tree.leaves(outputs):
                    self.add_loss(self.activity_regularizer(x) / x.shape[0])
            self._propagate_mask(spec, bound, masks, outputs)
            if outer is None:
                self._advance_random_state(entering)
        if outer is not None:
            context.step_key = entering.step_key
        return outputs

    def _check_inputs(self, bound: Mapping[str, Any]) -> None:
        if self.input_spec is None:
            return
        from multiback.layers._input_spec import check_input_spec

        check_input_spec(self, next(iter(bound.values()), None))

    def _cast(self, bound: dict[str, Any]) -> dict[str, Any]:
        if not self.autocast:
            return bound
        target = as_dtype(self.compute_dtype)

        def convert(x: Any) -> Any:
            dtype = getattr(x, "dtype", None)
            if dtype is None or isinstance(x, Variable):
                return x
            kind = as_dtype(dtype)
            if not kind.is_float or kind == target:
                return x
            converted = OPS["cast"](x, target)
            _masks.set_mask(converted, _masks.get_mask(x))
            return converted

        return {k: v if k in ("training", "mask") else tree.map(convert, v) for k, v in bound.items()}

    # ---- masks

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the outputs, from the inputs and their mask."""
        return previous_mask

    def _fill_masks(self, spec: CallSpec, bound: dict[str, Any]) -> Any:
        first = spec.first
        masks = _masks.get_masks(bound[first]) if first in bound else None
        found = [m for m in tree.leaves(masks) if m is not None]
        for name in spec.masks:
            if bound.get(name) is None:
                source = first if name == "mask" else name.removesuffix("_mask")
                value = _masks.get_masks(bound[source]) if source in bound else None
                bound[name] = value if any(m is not None for m in tree.leaves(value)) else None
        given = bound.get("mask") if "mask" in spec.masks else None
        return given if given is not None else masks if found else None

    def _propagate_mask(self, spec: CallSpec, bound: Mapping[str, Any], masks: Any, outputs: Any) -> None:
        overrides = type(self).compute_mask is not Layer.compute_mask
        if not self.supports_masking or (masks is None and not overrides):
            return
        inputs = bound.get(spec.first)
        mask = self.compute_mask(inputs, masks)
        if mask is not None:
            _masks.set_masks(outputs, mask)

    # ---- shapes without running

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs for symbolic inputs, without recording a call."""
        specs = tree.map(lambda x: x.spec if isinstance(x, KerasTensor | Value) else x, (args, kwargs))
        with entered(None), sketching():
            traced = trace(lambda a, k: self._call_here(a, k), *specs, name=self.name)
        outputs = [KerasTensor(public_shape(v.shape), v.dtype) for v in traced.graph.results]
        return tree.unflatten(traced.structure, outputs)

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the outputs for inputs of these shapes."""
        symbolic = [tensors_of(shape, self.compute_dtype) for shape in [*args, *kwargs.values()]]
        outputs = self.compute_output_spec(*symbolic)
        return tree.map(lambda x: x.shape, outputs)

    # ---- functional use of state

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Calls the layer with these values instead of its own weights, and returns the new state.

        Arguments:
            trainable_variables: Values for `self.trainable_variables`, in order.
            non_trainable_variables: Values for `self.non_trainable_variables`, in order.
            args, kwargs: Of the call.
            return_losses: Whether to return the penalties too.

        Returns:
            `(outputs, non_trainable_variables)`, and the losses if asked for.

        Raises:
            NotBuiltError: if the layer has not been built.
        """
        if not self.built:
            raise NotBuiltError(f"Layer {self.name!r} is not built. Call it once, or build(input_shape), before.")
        trainable, others = self.trainable_variables, self.non_trainable_variables
        for have, given, kind in (
            (trainable, trainable_variables, "trainable"),
            (others, non_trainable_variables, "non-trainable"),
        ):
            if len(have) != len(given):
                raise ArgumentError(f"Layer {self.name!r} has {len(have)} {kind} variables, got {len(given)} values.")
        pairs = [*zip(trainable, trainable_variables), *zip(others, non_trainable_variables)]
        with StatelessScope(pairs) as scoped:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else None
        state = [scoped.get_current_value(v) for v in others]
        return (outputs, state, losses) if return_losses else (outputs, state)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
