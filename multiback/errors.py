"""Every error multiback raises on purpose: one family, each with the remedy in its text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping


class MultibackError(Exception):
    """Base of all errors that multiback raises on purpose."""


class ShapeError(MultibackError, ValueError):
    """Shapes, ranks or sizes that do not fit together."""


class OutOfRangeError(ShapeError, IndexError):
    """An axis or an index that an array does not have."""


class DtypeError(MultibackError, TypeError):
    """A dtype that is unknown, or that an operation does not take."""


class ArgumentError(MultibackError, ValueError):
    """An argument whose value is not one of those allowed."""


class UnknownNameError(ArgumentError):
    """A name that is not registered: a layer, loss, argument, backend..."""


class TraceError(MultibackError, TypeError):
    """Python asked an abstract value for a number, which exists only when the graph runs."""


class GraphError(MultibackError, ValueError):
    """A graph that breaks a rule of the intermediate representation."""


class GradientError(MultibackError, ValueError):
    """A gradient that is not defined or cannot be computed."""


class BackendUnavailable(MultibackError, ImportError):
    """A backend that is unknown, not installed, or cannot start."""


class AdapterError(MultibackError, TypeError):
    """An adapter that does not keep its contract, such as missing primitives."""


class UnsupportedOperation(AdapterError):
    """A graph that a partial adapter cannot run.

    Attributes:
        backend: The backend's name.
        need: The primitive or dtype that it lacks.
        scope: The layer that asked for it; "" outside layers.
    """

    def __init__(self, message: str, *, backend: str = "", need: str = "", scope: str = "") -> None:
        super().__init__(message)
        self.backend, self.need, self.scope = backend, need, scope


class PortError(MultibackError, ValueError):
    """A model that cannot be brought in or handed out as asked, or whose port does not compute the same."""


class UnsupportedModel(PortError):
    """A model that needs ops which cannot be ported.

    Attributes:
        ops: How often each of them occurs, by name; empty where no single op is at fault.
    """

    def __init__(self, message: str, *, ops: Mapping[str, int] | None = None) -> None:
        super().__init__(message)
        self.ops = dict(ops or {})


class DataError(MultibackError, ValueError):
    """Training data that does not fit the model."""


class NotCompiledError(MultibackError, RuntimeError):
    """`fit` or a relative was called before `compile`."""


class NotBuiltError(MultibackError, RuntimeError):
    """Weights were asked for before the layer knew its input shape."""


class NonFiniteError(MultibackError, ArithmeticError):
    """A loss or gradient became NaN or infinite."""


class SavingError(MultibackError, ValueError):
    """A file that cannot be written, or that is damaged, foreign or unsafe."""


class StateError(MultibackError, RuntimeError):
    """State used in a way that cannot be carried by an explicit graph."""


def closest(name: str, choices: Iterable[str]) -> str:
    """` Did you mean 'relu'?`, or an empty string when nothing is near."""
    near = difflib.get_close_matches(str(name), [str(c) for c in choices], n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


def unknown_name(kind: str, name: object, choices: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not registered, with the nearest one that is."""
    choices = sorted(map(str, choices))
    shown = ", ".join(choices[:40]) + (", ..." if len(choices) > 40 else "")
    return UnknownNameError(f"Unknown {kind} {name!r}.{closest(str(name), choices)} Known: {shown}.")
