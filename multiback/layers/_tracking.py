"""What a layer owns: its variables and the layers, metrics and generators stored in its attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from multiback import tree
from multiback.errors import ArgumentError, ShapeError
from multiback.variables import Variable

_OWN = "_own"


class Tracked:
    """Finds variables and sub-layers among attributes, in the order in which they were set."""

    _own: dict[str, Any]

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name.startswith("__") or name in _UNTRACKED:
            return
        own = self.__dict__.setdefault(_OWN, {})
        if _is_tracked(value):
            own.setdefault(name, None)
        else:
            own.pop(name, None)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self.__dict__.get(_OWN, {}).pop(name, None)

    def _children(self, kind: type) -> Iterator[Any]:
        """Tracked attributes of this kind, each once."""
        seen: set[int] = set()
        for name in tuple(self.__dict__.get(_OWN, ())):
            for item in _items(self.__dict__[name]):
                if isinstance(item, kind) and id(item) not in seen:
                    seen.add(id(item))
                    yield item

    @property
    def _layers(self) -> list[Any]:
        return list(self._children(Tracked))

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> Iterator[Any]:
        """This layer and those inside it, depth first, each once."""
        seen: set[int] = set()

        def visit(layer: Any, itself: bool) -> Iterator[Any]:
            if id(layer) in seen:
                return
            seen.add(id(layer))
            if itself:
                yield layer
            if recursive or layer is self:
                for inner in layer._layers:
                    yield from visit(inner, True)

        yield from visit(self, include_self)

    @property
    def _own_variables(self) -> list[Variable]:
        return list(self._children(Variable))

    @property
    def variables(self) -> list[Variable]:
        """All variables: weights, and the state of random generators and metrics."""
        found = dict.fromkeys(self.weights)
        for layer in self._flatten_layers():
            found.update(dict.fromkeys(layer._own_variables))
            for item in layer._stateful():
                found.update(dict.fromkeys(item.variables))
        return list(found)

    @property
    def weights(self) -> list[Variable]:
        """The variables that are saved as weights: of this layer, then of the layers inside, in order."""
        own = [v for v in self._own_variables if v not in self._not_weights()]
        found = dict.fromkeys([v for v in own if v.trainable] + [v for v in own if not v.trainable])
        for layer in self._layers:
            found.update(dict.fromkeys(layer.weights))
        return list(found)

    def _not_weights(self) -> list[Variable]:
        return [v for v in (self.__dict__.get("_random_state"),) if v is not None]

    def _stateful(self) -> list[Any]:
        """Tracked objects with variables that are neither layers nor variables: generators and metrics."""
        found = []
        for name in tuple(self.__dict__.get(_OWN, ())):
            found += [x for x in _items(self.__dict__[name]) if not isinstance(x, Variable | Tracked)]
        return found

    @property
    def trainable_weights(self) -> list[Variable]:
        """Weights that training updates: empty when `trainable` is False."""
        frozen = _frozen(self)
        return [v for v in self.weights if v.trainable and v not in frozen]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Weights that training leaves alone, statistics included."""
        trainable = set(self.trainable_weights)
        return [v for v in self.weights if v not in trainable]

    @property
    def trainable_variables(self) -> list[Variable]:
        """As `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """All variables that training does not differentiate."""
        trainable = set(self.trainable_weights)
        return [v for v in self.variables if v not in trainable]

    def count_params(self) -> int:
        """The number of elements of all weights."""
        return sum(v.size for v in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """The weights as NumPy arrays."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Sets the weights from arrays in the order of `get_weights`; all shapes are checked before any is set.

        Raises:
            ArgumentError: if their number differs.
            ShapeError: if a shape differs.
        """
        own = self.weights
        if len(weights) != len(own):
            raise ArgumentError(f"{self!r} has {len(own)} weights, got {len(weights)} arrays.")
        for variable, array in zip(own, weights):
            if tuple(np.shape(array)) != variable.shape:
                raise ShapeError(
                    f"Weight {variable.path!r} has shape {variable.shape}, got an array of shape {np.shape(array)}."
                )
        for variable, array in zip(own, weights):
            variable.assign(array)


_UNTRACKED = frozenset({"_inbound_nodes", "_losses", "_native", "_build_shapes", "_random_state", "_functional_nodes"})


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, Variable | Tracked) or hasattr(value, "__multiback_stateful__"):
        yield value
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _items(item)


def _is_tracked(value: Any) -> bool:
    if isinstance(value, list | tuple | dict):
        # An empty container may be filled later.
        return not value or any(True for _ in _items(value))
    return any(True for _ in _items(value))


def _frozen(layer: Any) -> set[Variable]:
    found: set[Variable] = set()

    def visit(layer: Any, frozen: bool) -> None:
        frozen = frozen or not layer.trainable
        if frozen:
            found.update(layer._own_variables)
        for inner in layer._layers:
            visit(inner, frozen)

    visit(layer, False)
    return found


def shapes_of(arrays: Any) -> Any:
    """The shapes of a tree of arrays, as Keras shows them."""
    from multiback.layers._symbolic import public_shape

    return tree.map(lambda x: public_shape(x.shape) if hasattr(x, "shape") else None, arrays)
