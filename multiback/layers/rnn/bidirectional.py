"""A recurrent layer run in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multiback import ops, tree
from multiback.errors import ArgumentError, StateError
from multiback.layers._arguments import title
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY, deserialize, serialize

_MODES = ("sum", "mul", "ave", "concat", None)


@REGISTRY.register()
class Bidirectional(Layer):
    """Runs a recurrent layer forwards and a second one backwards over sequences, and merges their outputs step by step.

    Arguments:
        layer: A recurrent layer; its configuration is used, not the layer itself.
        merge_mode: "concat", "sum", "mul", "ave", or None to return both outputs.
        weights: First weights: those of the forward layer, then those of the backward layer.
        backward_layer: The layer that runs backwards; default: as `layer`, with go_backwards.

    Input shape: (batch, steps, features).
    Output shape: that of the layer, twice as many units for "concat"; with return_state, the states of both follow.

    Raises:
        ArgumentError: for something that is not a recurrent layer, another mode, or layers that do not fit each other.

    Source: Schuster and Paliwal 1997, Bidirectional recurrent neural networks.

    Example:
        >>> Bidirectional(LSTM(4, return_sequences=True))(numpy.ones((2, 6, 3))).shape
        (2, 6, 8)
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Sequence[Any] | None = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for given in (layer, backward_layer or layer):
            if not isinstance(given, Layer) or not hasattr(given, "go_backwards"):
                raise ArgumentError(f"{title(self)} takes a recurrent layer, got {given!r}.")
        if merge_mode not in _MODES:
            raise ArgumentError(f"{title(self)}: merge_mode must be one of {_MODES}, got {merge_mode!r}.")
        self.merge_mode = merge_mode
        self.forward_layer = _renamed(layer, "forward_")
        if backward_layer is None:
            backward_layer = _renamed(layer, "backward_", go_backwards=not layer.go_backwards)
        self.backward_layer = backward_layer
        self._check_pair()
        for one in (self.forward_layer, self.backward_layer):
            one.zero_output_for_mask = one.return_sequences
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.stateful = layer.stateful
        self._first_weights = list(weights) if weights is not None else None
        self.supports_masking = True

    def _check_pair(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ArgumentError(
                f"{title(self)}: one layer must go backwards and the other not, got {forward.go_backwards} twice."
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(forward, name) != getattr(backward, name):
                raise ArgumentError(f"{title(self)}: both layers must have the same {name}.")

    @property
    def states(self) -> list[Any] | None:
        """The states of both layers, if they are stateful and built."""
        both = [self.forward_layer.states, self.backward_layer.states]
        return None if None in both else [*both[0], *both[1]]

    def reset_state(self) -> None:
        """Sets the states of stateful layers to zero.

        Raises:
            StateError: if the layers are not stateful.
        """
        if not self.stateful:
            raise StateError(f"{title(self)} has no states between calls. Make its layer with stateful=True.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def build(self, input_shape: Any) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(input_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        half = len(initial_state) // 2 if initial_state is not None else 0
        first, second = (initial_state[:half], initial_state[half:]) if half else (None, None)
        y = self.forward_layer(sequences, initial_state=first, mask=mask, training=training)
        z = self.backward_layer(sequences, initial_state=second, mask=mask, training=training)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*y[1:], *z[1:])
            y, z = y[0], z[0]
        if self.return_sequences:
            z = ops.flip(z, axis=1)
        merged = self._merged(y, z)
        if self.merge_mode is None:
            return (*merged, *states)
        return (merged, *states) if self.return_state else merged

    def _merged(self, y: Any, z: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([y, z], axis=-1)
        if self.merge_mode == "sum":
            return y + z
        if self.merge_mode == "ave":
            return (y + z) / 2
        return y * z if self.merge_mode == "mul" else (y, z)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        found = tree.leaves(previous_mask)
        mask = found[0] if found and self.return_sequences else None
        outputs = [mask] if self.merge_mode else [mask, mask]
        if self.return_state:
            count = len(tree.leaves(self.forward_layer.state_size))
            outputs += [None] * (2 * count)
        return outputs if len(outputs) > 1 else mask

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialize(self.forward_layer),
            "backward_layer": serialize(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        config = dict(config)
        for name in ("layer", "backward_layer"):
            if isinstance(config.get(name), Mapping):
                config[name] = deserialize(config[name], custom_objects)
        return super().from_config(config)


def _renamed(layer: Any, prefix: str, **changes: Any) -> Any:
    """A new layer with this one's configuration and a prefix to its name."""
    config = {**layer.get_config(), "name": f"{prefix}{layer.name.removeprefix(prefix)}", **changes}
    return type(layer).from_config(config)
