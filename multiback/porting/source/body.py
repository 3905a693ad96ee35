"""The lines of a block's forward pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.errors import PortError
from multiback.graph.dims import Dim, names
from multiback.graph.ir import Graph, Literal, Value, flat
from multiback.porting.outline.blocks import Block, Path, Statement
from multiback.porting.source import naming
from multiback.porting.source.branches import Branching
from multiback.porting.source.classes import Written
from multiback.porting.source.expressions import Expressions, is_atom
from multiback.porting.source.formatting import WIDTH
from multiback.porting.source.loops import Loop, find_loops
from multiback.porting.source.target import Target, plain_number

DEPTH, LENGTH = 3, 72
"""How deep and how long expressions may become by putting one into another."""


@dataclass
class Context:
    """What the blocks of one file have in common.

    Attributes:
        target: The framework.
        expressions: Writes equations.
        paths: The place of each weight: its block's path, and its name.
        trainable: Which weights are trained.
        constants: Arrays captured while tracing.
        written: The text of the blocks so far.
        sizes: The named sizes that a block must be given after its other arguments.
        chained: The paths of numbered children that are called as one.
        labels: Names of the model's arguments.
    """

    target: Target
    expressions: Expressions
    paths: dict[Value, Path]
    trainable: dict[Value, bool]
    constants: dict[Value, np.ndarray]
    written: dict[Block, Written] = field(default_factory=dict)
    sizes: dict[Block, list[str]] = field(default_factory=dict)
    chained: set[Path] = field(default_factory=set)
    labels: dict[Value, str] = field(default_factory=dict)


class Body(Branching):
    """Writes one block.

    Arguments:
        block: The blocks that it calls have been written.
        context: Of the file.
        results: Writes the expression that is returned, from the texts of the outputs.
    """

    def __init__(self, block: Block, context: Context, results: Callable[[list[str]], str] | None = None) -> None:
        self.block = block
        self.context = context
        self.target = context.target
        self.results = results or (lambda texts: texts[0] if len(texts) == 1 else ", ".join(texts))
        self.names: dict[Any, str] = {}
        self.depths: dict[Any, int] = {}
        self.roots: dict[Any, list[Value]] = {}
        self.lines: list[str] = []
        self.prologue: list[str] = []
        self.bound: dict[str, str] = {}
        self.needs: list[str] = []
        self.chosen: dict[int, str] = {}
        self.hints: dict[Value, str] = {}
        self.held: set[str] = set()  # names that a branch is going to give
        self.outer: Body | None = None
        weights = {v: p[-1] for v, p in context.paths.items()}
        labels = naming.inputs(block, weights)
        if not block.path:
            labels = []
            for value in block.inputs:
                taken = [*labels, *self.target.reserved, *self.target.reserved_in_root]
                labels.append(naming.unique(context.labels.get(value, "x"), taken))
        self.parameters = labels
        self.reserved = {*self.target.imports, *self.target.reserved, "training"}
        self.functions: set[str] = set()
        if self.target.alike:
            self.functions = {written.name for written in context.written.values()}
            self.reserved |= self.functions
            labels[:] = [naming.unique(label, {*self.functions, *labels[:i]}) for i, label in enumerate(labels)]
        self.locals: set[str] = set(labels)
        for value, name in zip(block.inputs, labels):
            self.names[value] = name
        self.items = self._grouped(self._looped())
        self.order = {id(s): i for i, s in enumerate(self._linear())}
        self.last: dict[Any, float] = {}
        self.uses: Counter[Any] = Counter()
        for s in self._linear():
            for v in s.reads:
                self.last[v] = self.order[id(s)]
                self.uses[v] += 1
        for v in block.outputs:
            self.last[v] = float("inf")
            self.uses[v] += 2 if len(block.outputs) > 1 else 1

    # ---- the whole

    def write(self) -> tuple[list[str], list[str]]:
        """The parameters, sizes that are handed in last, and the lines."""
        for i, item in enumerate(self.items):
            following = self.items[i + 1] if i + 1 < len(self.items) else None
            if isinstance(item, Loop):
                self._loop(item)
            elif isinstance(item, list):
                self._branches(item)
            else:
                self._statement(item, following if isinstance(following, Statement) else None, following is None)
        texts = [self._returned(v) for v in self.block.outputs]
        if texts:
            self.lines.append(f"return {self.results(texts)}")
        return [*self.parameters, *self.needs], [*self.prologue, *self.lines] or ["pass"]

    def _returned(self, x: Any) -> str:
        if isinstance(x, Literal):
            return self.target.array(np.asarray(x.value, x.dtype.numpy))
        return self.value(x)

    def _looped(self) -> Iterable[Any]:
        target, context = self.target, self.context
        for item in find_loops(self.block, target.lists, context.chained if target.chains else set()):
            if isinstance(item, Loop):
                blocks = [s.block for s in item.calls]
                names = {context.written[b].name if b is not None else "" for b in blocks}
                inside = target.loops_inside or len(item.container) > len(self.block.path)
                yield from [item] if inside and target.may_loop(blocks, names) else item.calls
            else:
                yield item

    def _grouped(self, items: Iterable[Any]) -> list[Any]:
        """Statements of one form, and the choices that follow them, put together."""
        found: list[Any] = []
        for item in items:
            special = isinstance(item, Statement) and (item.form is not None or _is_choice(item))
            if special and found and isinstance(found[-1], list):
                found[-1].append(item)
            else:
                found.append([item] if special else item)
        return found

    def _linear(self) -> list[Statement]:
        order: list[Statement] = []
        for item in self.items:
            if isinstance(item, Loop):
                order += item.calls
            elif isinstance(item, list):
                for form in (True, False):
                    order += [s for s in item if s.form is form]
                order += [s for s in item if s.form is None]
            else:
                order.append(item)
        return order

    # ---- values

    def value(self, v: Value) -> str:
        """The text of a value: a name, an expression, or the weight that it is."""
        if v in self.names:
            return self.names[v]
        if v in self.context.paths:
            path = self.context.paths[v]
            depth = len(self.block.path)
            if path[:depth] != self.block.path:
                raise PortError(f"The weight {'.'.join(path)} does not reach the block {'.'.join(self.block.path)!r}.")
            return self.target.weight_reference(path[depth:], self.context.trainable.get(v, False))
        if v in self.context.constants:
            return self.target.array(self.context.constants[v])
        raise PortError(
            f"A value of shape {v.shape} is used before it is made, in {'.'.join(self.block.path) or 'the model'}."
        )

    def _live(self, position: float, but: Iterable[Any] = ()) -> set[str]:
        skipped = set(but)
        names_ = {
            n
            for v, n in self.names.items()
            if self.last.get(v, -1) > position and v not in skipped and n.isidentifier()
        }
        return names_ | set(self.needs) | set(self.bound.values()) | self.reserved | self.held

    def _dying(self, statement: Statement) -> list[Value]:
        """The named values that nothing after this statement reads."""
        position = self.order[id(statement)]
        found: list[Value] = []
        for v in statement.reads:
            for root in self.roots.get(v, [v]):
                if self.names.get(root, "").isidentifier() and self.last.get(root, -1) <= position:
                    found.append(root)
        return found

    def name(self, statement: Statement, value: Value, suggestion: str) -> str:
        """A name for a value that a statement makes."""
        if not self.uses[value]:
            return "_"
        if suggestion[-1:].isdigit() or suggestion in self.functions:
            suggestion = naming.plain(value)
        position = self.order[id(statement)]
        live = self._live(position)
        if suggestion in ("y", "mask", "indices"):
            for old in self._dying(statement):
                plain = self.names[old] in naming.PLAIN
                if (
                    plain
                    and old.dtype.kind == value.dtype.kind
                    and self.names[old] not in live
                    and not _counts(old, value)
                ):
                    return self.names[old]
        return naming.unique("x" if suggestion == "y" and "x" not in live else suggestion, live)

    # ---- sizes

    def _sizes(self) -> Any:
        return _Sizes(self)

    def size(self, name: str) -> str:
        """The text of a named size; bound at the top of the block on first use."""
        if name in self.bound:
            return self.bound[name]
        for value, label in zip(self.block.inputs, self.parameters):
            for axis, size in enumerate(value.shape):
                if isinstance(size, Dim) and size.name == name:
                    chosen = naming.unique(
                        naming.snake(name) or "size", {*self.locals, *self.reserved, *self.names.values()}
                    )
                    self.bound[name] = chosen
                    self.prologue.append(f"{chosen} = {self.target.size(label, axis)}")
                    return chosen
        if self.outer is not None:
            self.bound[name] = self.outer.size(name)
            return self.bound[name]
        if not self.block.path:
            return self._solved(name)
        chosen = naming.unique(naming.snake(name) or "size", {*self.locals, *self.reserved, *self.names.values()})
        self.needs.append(chosen)
        self.bound[name] = chosen
        self.context.sizes.setdefault(self.block, []).append(name)
        return chosen

    def _solved(self, name: str) -> str:
        """A size that stands in no shape alone, from one that is a multiple of it."""
        for value, label in zip(self.block.inputs, self.parameters):
            for axis, size in enumerate(value.shape):
                if isinstance(size, Dim) and names(size) == {name} and len(size.terms) == 1:
                    ((monomial, factor),) = size.terms
                    if len(monomial) == 1 and monomial[0].kind == "name":
                        self.bound[name] = naming.unique(naming.snake(name), {*self.locals, *self.reserved})
                        self.prologue.append(f"{self.bound[name]} = {self.target.size(label, axis)} // {factor}")
                        return self.bound[name]
        raise PortError(f"The size {name!r} is not the size of any input.")

    # ---- statements

    def _statement(self, s: Statement, following: Statement | None, last: bool, preset: str = "") -> None:
        if s.target is not None:
            self.lines += self.target.store(self.value(s.target), self.value(s.inputs[0]))  # type: ignore[arg-type]
            return
        text = self.text(s)
        made = s.makes
        suggested = self._suggested(s)
        if len(made) == 1 and (isinstance(s.outputs, Value) or s.block is not None) and not preset:
            v = made[0]
            if self._inlined(s, v, text, following, last):
                return
        chosen: list[str] = []
        for v, suggestion in zip(made, suggested):
            name = preset or self.name(s, v, suggestion)
            if name in chosen and name != "_":
                name = naming.unique(suggestion, {*self._live(self.order[id(s)]), *chosen})
            chosen.append(name)
        for v, name in zip(made, chosen):
            self.names[v] = name
            self.locals.add(name)
        left = _target_text(s.outputs, dict(zip(made, chosen)))
        if s.block is not None and len(made) == 1:
            left = chosen[0]
        if left == text:
            return
        self.lines.append(f"{left} = {text}" if left else text)

    def _suggested(self, s: Statement) -> list[str]:
        """Names for what a statement makes; what is only moved keeps the name that it had."""
        found = naming.suggestions(s)
        if s.equation is not None and s.module is None and s.equation.op.name in naming.MOVES and s.reads:
            found = [self.hints.get(s.reads[0], name) for name in found]
        self.hints.update((v, name) for v, name in zip(s.makes, found) if name not in naming.PLAIN)
        return found

    def _inlined(self, s: Statement, v: Value, text: str, following: Statement | None, last: bool) -> bool:
        """Puts the expression of a value that is read once, by what comes next, into that."""
        depth = 1 + max([self.depths.get(x, 0) for x in s.reads], default=0)
        weight_view = bool(s.reads) and all(x in self.context.paths or self.depths.get(x) == 0 for x in s.reads)
        if s.equation is not None and s.equation.graphs:
            return False
        if (
            weight_view
            and self.uses[v] == 1
            and len(text) <= LENGTH
            and v not in self.block.outputs
            and s.module is None
        ):
            self.names[v], self.depths[v], self.roots[v] = text, 0, []
            return True
        if self.uses[v] != 1:
            return False
        if last and len(self.block.outputs) == 1 and self.block.outputs[0] is v and len(text) <= WIDTH - 15:
            self.names[v] = text
            return True
        if depth > DEPTH:
            return False
        if following is None or v not in following.reads or len(text) > LENGTH or following.target is not None:
            return False
        if not self._reads_once(following, v) or (s.block is not None and len(text) > LENGTH // 2):
            return False
        self.names[v], self.depths[v] = text, depth
        self.roots[v] = [r for x in s.reads for r in self.roots.get(x, [x])]
        for root in self.roots[v]:
            self.last[root] = max(self.last.get(root, -1), self.order[id(following)])
        return True

    def _reads_once(self, statement: Statement, v: Value) -> bool:
        if statement.equation is None or statement.module is not None:
            return True
        if statement.equation.graphs:
            return False
        template = self.target.template(statement.equation.replace(inputs=statement.inputs))
        names_ = [n for n, x in zip(statement.equation.op.operands, statement.inputs) if any(y is v for y in flat(x))]
        return template is not None and all(len(re.findall(r"\{" + n + r"[:}]", template.text)) <= 1 for n in names_)

    def text(self, s: Statement) -> str:
        """The right side of a statement."""
        if s.module is not None:
            path = s.module.path[len(self.block.path) :]
            return self.target.call(path, [self._argument(x) for x in s.arguments], s.module.kind)
        if s.block is not None:
            return self._call(s.block, s.block.path[len(self.block.path) :], s.inputs)
        assert s.equation is not None
        inner = {k: self._function(g, f"{s.equation.op.name}_{k}") for k, g in s.equation.graphs.items()}
        equation = s.equation.replace(inputs=s.inputs)
        return self.context.expressions.text(equation, self.value, self._sizes(), inner, self._device)

    def _call(self, block: Block, path: Path, inputs: Sequence[Any], reference: str = "") -> str:
        written = self.context.written[block]
        arguments = [self._argument(x) for x in inputs]
        arguments += [self.size(n) for n in self.context.sizes.get(block, [])]
        if reference:
            return f"{reference}({', '.join(arguments)})"
        return self.target.call_block(block, path, arguments, written.name)

    def _argument(self, x: Any) -> str:
        if isinstance(x, Value):
            return self.value(x)
        if isinstance(x, Literal):
            return plain_number(x)
        if isinstance(x, tuple):
            return f"({', '.join(map(self._argument, x))}{',' if len(x) == 1 else ''})"
        return repr(x)

    def _device(self) -> str:
        for value in self.block.inputs:
            if value in self.names and self.names[value].isidentifier():
                return f"{self.parameters[self.block.inputs.index(value)]}.device"
        for path in self.context.paths.values():
            if path[: len(self.block.path)] == self.block.path:
                return f"{self.target.reference(path[len(self.block.path) :])}.device"
        return "None"

    def _function(self, graph: Graph, label: str) -> str:
        """Defines the function of a sub-graph, and returns its name."""
        name = naming.unique(label, self.locals)
        self.locals.add(name)
        from multiback.porting.source.inner import inner_function

        self.lines += inner_function(graph, name, self)
        return name


class _Sizes(dict):  # type: ignore[type-arg]
    """The named sizes of a block, bound when they are asked for."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.body = body

    def __getitem__(self, name: str) -> str:
        return self.body.size(name)


def _is_choice(s: Statement) -> bool:
    return s.equation is None and s.module is None and s.block is None and s.target is None


def _counts(old: Value, new: Value) -> bool:
    """Whether integers of one value are words or places, and of the other something else."""
    return old.dtype.kind in "iu" and old.ndim != new.ndim


def _target_text(outputs: Any, chosen: dict[Value, str]) -> str:
    if isinstance(outputs, tuple):
        items = []
        for o in outputs:
            text = _target_text(o, chosen)
            items.append(f"({text})" if isinstance(o, tuple) and o else text)
        return ", ".join(items) + ("," if len(items) == 1 else "") if items else "_"
    return chosen[outputs]


__all__ = ["Body", "Context", "is_atom"]
