"""The base of recurrent layers with a cell of their own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from multiback.layers._arguments import described
from multiback.layers._names import snake_case
from multiback.layers.rnn._cell import RecurrentCell
from multiback.layers.rnn.rnn import RNN


class WholeSequence(RNN):
    """A recurrent layer made of one kind of cell, whose arguments are attributes of the layer too."""

    cell_class: ClassVar[type[RecurrentCell]]

    def __init__(self, **arguments: Any) -> None:
        known = (*inspect.signature(self.cell_class).parameters, "implementation")
        of_cell = {k: v for k, v in arguments.items() if k in known}
        shared = {k: arguments[k] for k in ("dtype", "trainable") if k in arguments}
        cell = self.cell_class(**of_cell, **shared, name=snake_case(self.cell_class.__name__))
        super().__init__(cell, **{k: v for k, v in arguments.items() if k not in known})

    def __getattr__(self, name: str) -> Any:
        if name in self.cell_class._config and "cell" in self.__dict__:
            return getattr(self.cell, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        return {**config, **described(self.cell, *self.cell._config)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        return super(RNN, cls).from_config(config)
