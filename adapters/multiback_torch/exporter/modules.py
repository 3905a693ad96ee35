"""Statements that are modules of torch.nn: linear maps, convolutions, normalizations, embeddings, dropout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from multiback.graph.dims import Dim
from multiback.graph.ir import Equation, Literal, Value
from multiback.graph.op import OPS
from multiback.porting.outline.blocks import Module, Statement, View
from multiback.porting.outline.forms import Program
from multiback.porting.outline.placing import prune
from multiback_torch.exporter.batch_norm import find_batch_norm
from multiback_torch.exporter.expressions import plain
from multiback_torch.exporter.stateless import stateless


class Modules:
    """Finds modules in a program.

    Arguments:
        program: Whose statements get their `module`.
        trainable: Which weights are trained.
    """

    def __init__(self, program: Program, trainable: Mapping[Value, bool]) -> None:
        self.program = program
        self.trainable = trainable
        self.weights = set(program.state.values())
        self.makers = program.makers()

    def find(self) -> None:
        """Gives every statement that is a module's call its module."""
        find_batch_norm(self)
        self._dropouts()
        for statement in self.program.statements:
            self._padded_pool(statement)
        statements: list[Statement] = []
        for statement in self.program.statements:
            rule = _RULES.get(statement.equation.op.name) if statement.equation is not None else None
            if rule is not None and statement.module is None:
                before = rule(self, statement)
                if before is not None:
                    statements += before
            statements.append(statement)
        self.program.statements = statements
        self._items()

    def _items(self) -> None:
        """What stands alone at a number, as an item of a list, is a module even if it holds nothing."""
        prune(self.program, sure=False)
        crowd = Counter(s.scope for s in self.program.statements)
        for s in self.program.statements:
            if s.equation is None or s.module is not None or not s.scope or not s.scope[-1].isdigit():
                continue
            if crowd[s.scope] == 1 and sum(isinstance(x, Value) for x in s.inputs) == 1:
                made = stateless(s.equation.replace(inputs=s.inputs))
                if made is not None:
                    s.module = made
                    s.arguments = (s.inputs[0],)

    def view(self, x: Any) -> View | None:
        """The weight that a value is, moved or not; None if it is computed."""
        if not isinstance(x, Value):
            return None
        if x in self.weights:
            return View(x)
        maker = self.makers.get(x)
        if maker is None or maker.equation is None or maker.form is not None:
            return None
        inner = self.view(maker.inputs[0]) if maker.inputs else None
        if inner is None or any(isinstance(n, Dim) for n in x.shape):
            return None
        if maker.equation.op.name == "transpose":
            return inner.then("transpose", maker.equation.attributes["axes"])
        if maker.equation.op.name in ("reshape", "expand_dims", "squeeze"):
            return inner.then("reshape", tuple(x.shape))  # type: ignore[arg-type]
        return None

    def parameters(self, wanted: Mapping[str, Any]) -> dict[str, View] | None:
        """Views of trained weights by the module's names, None among them left out; None if one is something else."""
        found: dict[str, View] = {}
        for name, x in wanted.items():
            if x is None:
                continue
            view = x if isinstance(x, View) else self.view(x)
            if view is None:
                return None
            found[name] = view
        return found

    def _padded_pool(self, statement: Statement) -> None:
        """A maximum over an image with minus infinity around it is one with padding."""
        equation = statement.equation
        if equation is None or equation.op.name != "max_pool" or equation.attributes["padding"] != "valid":
            return
        maker = self.makers.get(statement.inputs[0])  # type: ignore[arg-type]
        if maker is None or maker.equation is None or maker.equation.op.name != "constant_pad":
            return
        a = equation.attributes
        widths = maker.equation.attributes["pad_width"]
        if maker.equation.attributes["value"] != float("-inf") or a["data_format"] != "channels_first":
            return
        if (
            any(widths[0])
            or any(widths[1])
            or any(b != e or 2 * b > k for (b, e), k in zip(widths[2:], a["pool_size"]))
        ):
            return
        statement.equation = equation.replace(attributes={**a, "padding": tuple(widths[2:])})
        statement.inputs = (maker.inputs[0], *statement.inputs[1:])

    def _dropouts(self) -> None:
        """A choice between dropout and nothing is nn.Dropout, which looks at the mode itself."""
        statements = self.program.statements
        for choice in list(statements):
            if choice.equation is not None or choice.target is not None or choice.module is not None:
                continue
            dropped, kept = choice.inputs
            maker = self.makers.get(dropped)  # type: ignore[arg-type]
            if maker is None or maker.equation is None or maker.equation.op.name != "dropout":
                continue
            shape = maker.equation.attributes["noise_shape"]
            x = maker.inputs[0]
            if x is not kept or not isinstance(x, Value) or (shape is not None and tuple(shape) != tuple(x.shape)):
                continue
            choice.module = Module("nn.Dropout", ((None, repr(maker.equation.attributes["rate"])),))
            choice.arguments = (x,)
            choice.scope = maker.scope
            statements.remove(choice)
            statements.insert(statements.index(maker), choice)


def linear(modules: Modules, statement: Statement) -> list[Statement] | None:
    """x @ kernel + bias."""
    x, kernel, *rest = statement.inputs
    bias = rest[0] if rest else None
    view = modules.view(kernel)
    assert statement.equation is not None
    if view is None or kernel.ndim != 2 or not isinstance(x, Value) or x.ndim < 1:  # type: ignore[union-attr]
        return None
    if statement.equation.attributes.get("activation", "linear") != "linear":
        return None
    weights = modules.parameters({"weight": view.then("transpose", (1, 0)), "bias": bias})
    if weights is None or (bias is not None and bias.ndim != 1):  # type: ignore[union-attr]
        return None
    inner, outer = kernel.shape  # type: ignore[union-attr]
    options = () if bias is not None else (("bias", "False"),)
    statement.module = Module("nn.Linear", ((None, str(inner)), (None, str(outer)), *options), weights)
    statement.arguments = (x,)
    return None


def conv(modules: Modules, statement: Statement) -> list[Statement] | None:
    """A convolution of channels_first arrays."""
    assert statement.equation is not None
    x, kernel, bias = statement.inputs
    a = statement.equation.attributes
    view = modules.view(kernel)
    if view is None or a["data_format"] != "channels_first" or set(a["input_dilation"]) != {1}:
        return None
    n = len(a["strides"])
    weights = modules.parameters({"weight": view.then("transpose", (n + 1, n, *range(n))), "bias": bias})
    if weights is None or not 1 <= n <= 3:
        return None
    *size, inner, outer = kernel.shape  # type: ignore[union-attr]
    parts: list[tuple[str | None, Any]] = [(None, inner * a["groups"]), (None, outer), (None, plain(size))]
    padding = a["padding"]
    before: list[Statement] = []
    if isinstance(padding, str):
        if padding == "same" and set(a["strides"]) != {1}:
            return None
        padding = [(0, 0)] * n if padding == "valid" else padding
    if set(a["strides"]) != {1}:
        parts.append(("stride", plain(a["strides"])))
    if isinstance(padding, str):
        parts.append(("padding", '"same"'))
    elif any(left != right or left < 0 for left, right in padding):
        x = _padded(statement, padding, before)
    elif any(left for left, _ in padding):
        parts.append(("padding", plain([left for left, _ in padding])))
    if set(a["dilation_rate"]) != {1}:
        parts.append(("dilation", plain(a["dilation_rate"])))
    if a["groups"] != 1:
        parts.append(("groups", a["groups"]))
    if bias is None:
        parts.append(("bias", "False"))
    statement.module = Module(f"nn.Conv{n}d", tuple((name, str(v)) for name, v in parts), weights)
    statement.arguments = (x,)
    return before


def _padded(statement: Statement, padding: Any, before: list[Statement]) -> Value:
    """The input with zeros around it, uneven as they are."""
    x = statement.inputs[0]
    widths = ((0, 0), (0, 0), *padding)
    shape = tuple(n + left + right for n, (left, right) in zip(x.shape, widths))  # type: ignore[union-attr]
    out = Value(shape, x.dtype)  # type: ignore[union-attr]
    attributes = {"pad_width": widths, "value": 0}
    equation = Equation(OPS["constant_pad"], (x,), attributes, out)
    before.append(Statement(equation.inputs, out, statement.scope, statement.form, equation))
    return out


def depthwise_conv(modules: Modules, statement: Statement) -> list[Statement] | None:
    """A depthwise convolution is one in as many groups as there are channels."""
    assert statement.equation is not None
    x, kernel = statement.inputs
    a = statement.equation.attributes
    view = modules.view(kernel)
    n = len(a["strides"])
    if view is None or a["data_format"] != "channels_first" or isinstance(a["padding"], str) or not 1 <= n <= 3:
        return None
    *size, channels, multiplier = kernel.shape  # type: ignore[union-attr]
    shape = (*size, 1, channels * multiplier)
    weight = view.then("reshape", shape).then("transpose", (n + 1, n, *range(n)))
    parts: list[tuple[str | None, Any]] = [(None, channels), (None, channels * multiplier), (None, plain(size))]
    before: list[Statement] = []
    if set(a["strides"]) != {1}:
        parts.append(("stride", plain(a["strides"])))
    if any(left != right for left, right in a["padding"]):
        x = _padded(statement, a["padding"], before)
    elif any(left for left, _ in a["padding"]):
        parts.append(("padding", plain([left for left, _ in a["padding"]])))
    if set(a["dilation_rate"]) != {1}:
        parts.append(("dilation", plain(a["dilation_rate"])))
    parts += [("groups", channels), ("bias", "False")]
    statement.module = Module(f"nn.Conv{n}d", tuple((name, str(v)) for name, v in parts), {"weight": weight})
    statement.arguments = (x,)
    return before


def conv_transpose(modules: Modules, statement: Statement) -> list[Statement] | None:
    """A transposed convolution; its padding says what is left off the full result."""
    assert statement.equation is not None
    x, kernel = statement.inputs
    a = statement.equation.attributes
    view = modules.view(kernel)
    n = len(a["strides"])
    if view is None or a["data_format"] != "channels_first" or isinstance(a["padding"], str) or not 1 <= n <= 3:
        return None
    *size, outer, inner = kernel.shape  # type: ignore[union-attr]
    pads, more = [], []
    for k, d, s, (before, after) in zip(size, a["dilation_rate"], a["strides"], a["padding"]):
        start, end = (k - 1) * d - before, (k - 1) * d - after
        if start < 0 or not 0 <= start - end < max(s, d):
            return None
        pads.append(start)
        more.append(start - end)
    parts: list[tuple[str | None, Any]] = [(None, inner), (None, outer), (None, plain(size))]
    parts += [("stride", plain(a["strides"]))] if set(a["strides"]) != {1} else []
    parts += [("padding", plain(pads))] if any(pads) else []
    parts += [("output_padding", plain(more))] if any(more) else []
    parts += [("dilation", plain(a["dilation_rate"]))] if set(a["dilation_rate"]) != {1} else []
    weights = {"weight": view.then("transpose", (n + 1, n, *range(n)))}
    added = _only_bias(modules, statement, int(outer))
    if added is None:
        parts.append(("bias", "False"))
    module = Module(f"nn.ConvTranspose{n}d", tuple((name, str(v)) for name, v in parts), weights)
    if added is None:
        statement.module, statement.arguments = module, (x,)
        return None
    total, bias = added
    weights["bias"] = bias
    total.module, total.arguments = module, (x,)
    return None


def _only_bias(modules: Modules, statement: Statement, channels: int) -> tuple[Statement, View] | None:
    """The statement that adds a bias to the result of another, if that is all that happens to it."""
    out: Any = statement.outputs
    readers = [s for s in modules.program.statements if any(v is out for v in s.reads)]
    if len(readers) != 1 or any(x is out for x in modules.program.results):
        return None
    reader = readers[0]
    if reader.equation is None or reader.equation.op.name != "add" or reader.form is not statement.form:
        return None
    other = next((x for x in reader.inputs if x is not out), None)
    view = modules.view(other)
    if (
        view is None
        or view.weight.shape != (channels,)
        or not isinstance(other, Value)
        or other.ndim not in (1, out.ndim - 1, out.ndim)
    ):  # type: ignore[union-attr]
        return None
    axis = other.ndim - out.ndim + 1  # type: ignore[union-attr]
    if other.ndim > 1 and other.shape[axis if axis >= 0 else 0] != channels:
        return None
    if other.ndim == 1 and out.ndim != 2:  # type: ignore[union-attr]
        return None
    return reader, View(view.weight)


def embedding(modules: Modules, statement: Statement) -> list[Statement] | None:
    """Rows of a matrix of weights."""
    assert statement.equation is not None
    table, indices = statement.inputs
    if statement.equation.attributes["axis"] != 0 or not isinstance(indices, Value):
        return None
    view = modules.view(table)
    if view is None or view.moves or table.ndim != 2 or indices in modules.weights:  # type: ignore[union-attr]
        return None
    rows, size = table.shape  # type: ignore[union-attr]
    statement.module = Module("nn.Embedding", ((None, str(rows)), (None, str(size))), {"weight": view})
    statement.arguments = (indices,)
    return None


def layer_norm(modules: Modules, statement: Statement) -> list[Statement] | None:
    """Normalization over the last axes."""
    assert statement.equation is not None
    x, *affine = statement.inputs
    axis, epsilon = statement.equation.attributes["axis"], statement.equation.attributes["epsilon"]
    axis = (axis,) if isinstance(axis, int) else tuple(axis)
    rank = x.ndim  # type: ignore[union-attr]
    shape = tuple(x.shape[a] for a in axis)  # type: ignore[union-attr]
    if axis != tuple(range(rank - len(axis), rank)) or any(isinstance(n, Dim) for n in shape) or affine[0] is None:
        return None
    rms = statement.equation.op.name == "rms_normalization"
    weights = modules.parameters(dict(zip(("weight",) if rms else ("weight", "bias"), affine)))
    if weights is None or any(tuple(v.weight.shape) != shape for v in weights.values()):
        return None
    parts: list[tuple[str | None, str]] = [(None, str(shape[0] if len(shape) == 1 else shape))]
    if rms or epsilon != 1e-5:
        parts.append(("eps", repr(epsilon)))
    if not rms and affine[1] is None:
        parts.append(("bias", "False"))
    statement.module = Module("nn.RMSNorm" if rms else "nn.LayerNorm", tuple(parts), weights)
    statement.arguments = (x,)
    return None


def padded_embedding(modules: Modules, statement: Statement) -> list[Statement] | None:
    """Rows of which one gets no gradients: where(indices == padding, stop_gradient(rows), rows)."""
    mask, stopped, rows = statement.inputs
    maker, outer, inner = (modules.makers.get(x) for x in (stopped, mask, rows))  # type: ignore[arg-type]
    if maker is None or outer is None or inner is None or inner.module is None or inner.module.kind != "nn.Embedding":
        return None
    compared = modules.makers.get(outer.inputs[0]) if outer.inputs else None  # type: ignore[arg-type]
    names = [s.equation.op.name if s is not None and s.equation is not None else "" for s in (maker, outer, compared)]
    if names != ["stop_gradient", "expand_dims", "equal"] or maker.inputs[0] is not rows or compared is None:
        return None
    indices, padding = compared.inputs
    if indices is not inner.arguments[0] or not isinstance(padding, Literal) or int(padding.value) < 0:
        return None
    if outer.equation.attributes["axis"] not in (-1, indices.ndim):  # type: ignore[union-attr]
        return None
    given = inner.module
    arguments = (*given.arguments, ("padding_idx", str(int(padding.value))))
    statement.module = Module(given.kind, arguments, given.weights)
    statement.arguments = (indices,)
    return None


_RULES = {
    "where": padded_embedding,
    "linear": linear,
    "matmul": linear,
    "conv": conv,
    "depthwise_conv": depthwise_conv,
    "conv_transpose": conv_transpose,
    "take": embedding,
    "layer_normalization": layer_norm,
    "rms_normalization": layer_norm,
}
