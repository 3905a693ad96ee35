"""JAX's errors in the words of this package."""

from __future__ import annotations

from typing import Any

import jax

from multiback.errors import MultibackError, PortError

_DECIDES = (
    jax.errors.TracerBoolConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.TracerArrayConversionError,
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
)


def explained(error: Exception, name: str) -> Exception:
    """The error that tells a person what to do."""
    if isinstance(error, MultibackError):
        return error
    place = _place(error)
    text = str(error).strip().split("\n")[0]
    if isinstance(error, _DECIDES):
        return PortError(
            f"{name!r} needs the numbers in its arrays to decide what to compute{place}: {text} "
            "Write the decision with jax.lax.cond, jax.lax.while_loop or jax.numpy.where, or pass the value as a "
            "Python number."
        )
    return PortError(
        f"{name!r} cannot be called on these parameters and example inputs{place}: {type(error).__name__}: {text}"
    )


def _place(error: Exception) -> str:
    """The nearest line that is not a library's."""
    from multiback_jax.importer.survey import is_library

    found = ""
    traceback: Any = error.__traceback__
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if not is_library(filename):
            found = f" at {filename}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return found
