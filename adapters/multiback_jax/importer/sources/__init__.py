"""The kinds of models that come in through JAX, each in a file of its own.

A kind is asked only about objects that come from its library, by the name of the module that defines their class, so
that no library is imported for another's models.
"""

from __future__ import annotations

from typing import Any

from multiback_jax.importer.program import Program
from multiback_jax.importer.sources import equinox, haiku, linen, nnx, plain
from multiback_jax.importer.sources.arguments import Options

_KINDS = (linen, nnx, equinox, haiku, plain)


def program_of(source: Any, params: Any, args: tuple[Any, ...], kwargs: dict[str, Any], options: Options) -> Program:
    """The model as a pure function.

    Raises:
        PortError: for an object that is no model.
    """
    return next(kind for kind in _KINDS if kind.recognises(source)).program(source, params, args, kwargs, options)
