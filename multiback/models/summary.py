"""A model as a table: its layers, their output shapes, and how many weights there are."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from multiback import tree
from multiback.errors import ArgumentError, MultibackError
from multiback.layers._operation import Operation
from multiback.layers._symbolic import Node
from multiback.models.functional import Functional
from multiback.models.parts import Part

_PLAIN_WIDTH = 100
_COLORS = {"type": "cyan", "number": "green", "rule": "dim"}


def print_summary(
    model: Any,
    line_length: int | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
    flops: bool = False,
) -> None:
    """Prints a model's layers and the numbers of its weights; without colours where nobody sees them.

    Arguments:
        model: Any model; what is not built yet shows `?`.
        line_length: Width of the table; default: the terminal's, or 100 where there is none.
        print_fn: Takes the whole text, plain; default: it is written to the standard output.
        expand_nested: Whether to show the layers of models inside.
        show_trainable: Whether to show which layers are trained.
        layer_range: Names, or regular expressions for them, of the first and the last layer to show.
        flops: Whether to show the floating-point operations of the forward pass for one sample, in each layer (all its
            calls together) and in the model; `?` where an axis other than the batch has no fixed size.

    Raises:
        ArgumentError: if `layer_range` names no layers.
        NotBuiltError: with `flops`, if the model is not built.

    Example:
        >>> print_summary(model, expand_nested=True)
    """
    from rich.console import Console

    buffer = io.StringIO() if print_fn is not None else None
    console = Console(file=buffer, highlight=False, soft_wrap=False)
    if not console.is_terminal or line_length is not None:
        console.width = line_length or _PLAIN_WIDTH
    layers = _chosen(model, layer_range)
    counted = _Operations(model) if flops else None
    console.print(_styled((f'Model: "{model.name}"', "bold")))
    console.print(_table(model, layers, expand_nested, show_trainable, counted))
    for line in _totals(model):
        console.print(line)
    if counted is not None:
        console.print(_styled((" FLOPs per sample: ", "bold"), (counted.of(model.name), "number")))
    if buffer is not None and print_fn is not None:
        print_fn(buffer.getvalue())


def _styled(*parts: tuple[str, str]) -> Any:
    from rich.text import Text

    return Text.assemble(*((text, _COLORS.get(style, style)) for text, style in parts))


def _chosen(model: Any, layer_range: Sequence[str] | None) -> list[Any]:
    layers = model.summary_parts() if hasattr(model, "summary_parts") else model.layers
    if layer_range is None:
        return layers
    if isinstance(layer_range, str) or len(layer_range) != 2:
        raise ArgumentError(f"layer_range takes two names, of the first and the last layer, got {layer_range!r}.")
    first, last = ([i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in layer_range)
    if not first or not last or last[-1] < first[0]:
        names = ", ".join(layer.name for layer in layers)
        raise ArgumentError(f"layer_range {tuple(layer_range)!r} matches no layers. They are, in order: {names}.")
    return layers[first[0] : last[-1] + 1]


class _Operations:
    """The floating-point operations of a forward pass for one sample, by layer."""

    def __init__(self, model: Any) -> None:
        from multiback.profiling.models import model_costs

        self.costs, self.samples = None, 1
        # What is not built is an error; axes whose sizes nobody knows are not.
        with contextlib.suppress(ArgumentError):
            counted = model_costs(model)
            self.costs, self.samples = counted.costs, counted.samples

    def of(self, path: str) -> str:
        """What the layer at this path takes, as text."""
        if self.costs is None:
            return "?"
        rows = self.costs.within(path)
        least = "" if all(row.exact for row in rows) else "at least "
        return f"{least}{round(sum(row.flops for row in rows) / self.samples):,}"


def _table(
    model: Any, layers: Sequence[Any], expand_nested: bool, show_trainable: bool, counted: _Operations | None
) -> Any:
    from rich.box import ROUNDED
    from rich.table import Table

    calls: dict[Any, list[Node]] = {}
    if branched := isinstance(model, Functional) and not _is_chain(model):
        for node in model._nodes:
            calls.setdefault(node.layer, []).append(node)
    table = Table(box=ROUNDED, border_style=_COLORS["rule"], header_style="bold")
    table.add_column("Layer (type)", overflow="fold")
    table.add_column("Output shape", overflow="fold")
    table.add_column("Params", justify="right", no_wrap=True)
    if counted is not None:
        table.add_column("FLOPs", justify="right", no_wrap=True)
    if branched:
        table.add_column("Connected to", overflow="fold")
    if show_trainable:
        table.add_column("Trainable", justify="center", no_wrap=True)
    for layer, depth, path in _rows(layers, expand_nested, model.name):
        indent = "   " * (depth - 1) + "└─ " if depth else ""
        cells = [
            _styled((indent, "rule"), (layer.name, ""), (" (", ""), (_kind(layer), "type"), (")", "")),
            _styled((_output_shape(layer), "number")),
            _styled((_params(layer), "number")),
        ]
        if counted is not None:
            cells.append(_styled((counted.of(path), "number")))
        if branched:
            cells.append(_styled((_connections(calls, layer) if depth == 0 else "", "")))
        if show_trainable:
            cells.append(_styled((_trainable(layer), "")))
        table.add_row(*cells)
    return table


def _rows(layers: Sequence[Any], expand_nested: bool, above: str, depth: int = 0) -> Iterator[tuple[Any, int, str]]:
    """Each layer with its depth and the path of its calls."""
    for layer in layers:
        path = f"{above}/{layer.name}"
        yield layer, depth, path
        inside = list(layer.parts.values()) if isinstance(layer, Part) else getattr(layer, "layers", [])
        if expand_nested and inside:
            yield from _rows(inside, True, path, depth + 1)


def _params(layer: Any) -> str:
    if isinstance(layer, Part):
        return f"{layer.params:,}"
    return f"{layer.count_params():,}" if layer.built else "not built"


def _trainable(layer: Any) -> str:
    if isinstance(layer, Part) or not layer.weights:
        return "-"
    return "yes" if layer.trainable else "no"


def _kind(layer: Any) -> str:
    if isinstance(layer, Part):
        return layer.kind or "module"
    return f"ops.{layer.op.name}" if isinstance(layer, Operation) else type(layer).__name__


def _output_shape(layer: Any) -> str:
    if isinstance(layer, Part):
        return str(layer.shape)
    if layer._inbound_nodes:
        outputs = layer._inbound_nodes[-1].outputs
        return str(tree.map(lambda x: _Shape(x.shape), outputs))
    shapes = layer._build_shapes
    if not shapes or any(shape is None for shape in shapes.values()):
        return "?"
    try:
        found = layer.compute_output_shape(next(iter(shapes.values())))
    except MultibackError:
        return "?"
    return str(found)


class _Shape:
    """A shape that a tree takes for one leaf."""

    def __init__(self, shape: tuple[int | None, ...]) -> None:
        self.shape = shape

    def __repr__(self) -> str:
        return str(self.shape)


def _is_chain(model: Functional) -> bool:
    """Whether each layer is called once, on the output of the one before."""
    sources = [id(node.inputs[0].node) for node in model._nodes if len(node.inputs) == 1]
    called = {id(node.layer) for node in model._nodes}
    return len(set(sources)) == len(model._nodes) == len(called) and len(model.inputs) == len(model.outputs) == 1


def _connections(calls: Mapping[Any, Sequence[Node]], layer: Any) -> str:
    sources = [_source(calls, x) for node in calls.get(layer, ()) for x in node.inputs]
    return ", ".join(dict.fromkeys(sources)) or "-"


def _source(calls: Mapping[Any, Sequence[Node]], x: Any) -> str:
    """The layer that gives a tensor; with the call and the output, where there are several."""
    made_by = calls.get(x.node.layer, ())
    call = next((i for i, node in enumerate(made_by) if node is x.node), 0)
    if len(tree.leaves(x.node.outputs)) > 1:
        return f"{x.node.layer.name}[{call}][{x.index}]"
    return f"{x.node.layer.name}[{call}]" if len(made_by) > 1 else x.node.layer.name


def _totals(model: Any) -> Iterator[Any]:
    groups = {"Trainable": model.trainable_weights, "Non-trainable": model.non_trainable_weights}
    if model.compiled and model.optimizer is not None and model.optimizer.built:
        groups["Optimizer"] = model.optimizer.variables
    everything = [variable for variables in groups.values() for variable in variables]
    for name, variables in {"Total": everything, **groups}.items():
        count = sum(v.size for v in variables)
        size = readable_size(sum(v.size * v.dtype.itemsize for v in variables))
        yield _styled((f" {name} params: ", "bold"), (f"{count:,}", "number"), (f" ({size})", ""))


def readable_size(size: float) -> str:
    """A number of bytes as people read it.

    Example:
        >>> readable_size(1536)
        '1.50 KB'
    """
    if size < 1024:
        return f"{size:.0f} B"
    size /= 1024
    for unit in ("KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"
