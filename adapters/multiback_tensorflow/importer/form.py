"""One concrete function of TensorFlow, taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback_tensorflow.importer.interpreter import Resource
from multiback_tensorflow.importer.opening import is_array, leaves, mapped
from multiback_tensorflow.importer.program import Function, library_of, read_function


class Form:
    """One concrete function, taken apart.

    Attributes:
        concrete: TensorFlow's own.
        function: As plain data.
        captures: What it takes from outside, after its arguments.
        variables: The variables that it captures, by the position of the capture.
        names: Names of the variables by their identity; set once all forms are known.
    """

    def __init__(self, concrete: Any) -> None:
        self.concrete = concrete
        library = library_of(concrete.graph)
        self.function: Function = read_function(concrete.function_def, library)
        handles = {id(v.handle): v for v in concrete.graph.variables}
        self.captures = list(concrete.captured_inputs)
        self.names: Mapping[int, str] = {}
        self.variables = {i: handles[id(t)] for i, t in enumerate(self.captures) if id(t) in handles}

    def ordered(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
        """The arrays of a call in the order of the function's arguments.

        TensorFlow puts arguments by keyword at the place of their parameter, and those of keywords alone by name.
        """
        positional, by_keyword = self.concrete.structured_input_signature
        names = list(self.concrete.function_type.parameters)[: len(positional)]
        places: list[Any] = [*args, *[None] * max(0, len(positional) - len(args))]
        alone = {}
        for name, value in kwargs.items():
            if name in by_keyword or name not in names:
                alone[name] = value
            else:
                places[names.index(name)] = value
        return [x for x in leaves((places, alone)) if is_array(x)]

    def captured(self) -> list[Any]:
        """The values of the captures."""
        return [
            Resource(self.names[id(self.variables[i])])
            if i in self.variables
            else Resource(f"capture {i}")
            if tensor.dtype.name in ("resource", "variant")
            else np.asarray(tensor)
            for i, tensor in enumerate(self.captures)
        ]

    def nested(self, results: list[Any]) -> Any:
        """The results, nested as the function returns them."""
        import tensorflow as tf

        structure = self.concrete.structured_outputs
        iterator = iter(results)
        flat = [next(iterator) if is_array(x) else x for x in tf.nest.flatten(structure, expand_composites=True)]
        return mapped(lambda x: x, tf.nest.pack_sequence_as(structure, flat, expand_composites=True))
