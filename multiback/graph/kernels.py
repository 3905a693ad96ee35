"""Native operations that only one adapter knows, recorded by its own passes after tracing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from multiback import dtypes
from multiback.errors import GraphError
from multiback.graph.ir import Spec, map_tuple
from multiback.graph.source import Lowering
from multiback.graph.trace import current_builder


@dataclass(frozen=True, eq=False)
class Kernel:
    """An operation that stands in equations as an op does, without a meaning that others know.

    Attributes:
        name: What a printed graph shows.
        lowering: An expression or a function, as in an adapter's table.
        operands: Names of the array parameters.
        attributes: Names of the other parameters.
        shape: The Specs of what comes out of operands and attributes; needed for a kernel that has rivals.

    Example:
        >>> step = Kernel("threshold_backward", "torch.ops.aten.threshold_backward({g}, {y}, 0)", ("g", "y"))
        >>> step(g, y, outputs=y)
    """

    name: str
    lowering: Lowering
    operands: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    shape: Callable[..., Any] | None = None

    composite = False
    numpy = None
    gradient = None
    accepts = ""
    variadic = frozenset[str]()

    def __call__(self, *operands: Any, outputs: Any = None, **attributes: Any) -> Any:
        """Records one equation in the graph being traced; `outputs` are Specs, or values of which it takes them.

        Raises:
            GraphError: outside a trace, or for other operands and attributes than it has.
        """
        builder = current_builder()
        operands = (*operands, *(attributes.pop(n) for n in self.operands[len(operands) :] if n in attributes))
        if outputs is None and self.shape is not None:
            outputs = self.shape(*operands, **attributes)
        if (
            builder is None
            or outputs is None
            or len(operands) != len(self.operands)
            or tuple(attributes) != self.attributes
        ):
            raise GraphError(
                f"Kernel {self.name} takes {self.operands} and {self.attributes} while a graph is traced; "
                f"got {len(operands)} operands and {tuple(attributes)}."
            )
        lifted = (map_tuple(lambda x: None if x is None else builder.lift(x), x) for x in operands)
        specs = map_tuple(lambda x: x if isinstance(x, Spec) else x.spec, outputs)
        call = {**dict(zip(self.operands, lifted)), **attributes}
        return builder.emit(self, call, specs)  # type: ignore[arg-type]


def opaque() -> Spec:
    """What stands for something that is no array, such as a workspace that one kernel leaves to another."""
    return Spec((), dtypes.bool_)
