"""The lines of loops over children, and of what only one of the two forms does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from multiback.graph.ir import Value
from multiback.porting.outline.blocks import Block, Statement
from multiback.porting.source import naming
from multiback.porting.source.loops import Loop

if TYPE_CHECKING:
    from collections import Counter

    from multiback.porting.source.body import Context
    from multiback.porting.source.target import Target


class Branching:
    """The part of `Body` that writes more than one statement at once."""

    block: Block
    context: Context
    target: Target
    names: dict[Any, str]
    lines: list[str]
    locals: set[str]
    reserved: set[str]
    order: dict[int, int]
    last: dict[Any, float]
    uses: Counter[Any]
    items: list[Any]
    chosen: dict[int, str]
    held: set[str]
    value: Callable[[Any], str]
    size: Callable[[str], str]
    _argument: Callable[[Any], str]
    _live: Callable[..., set[str]]
    _statement: Callable[..., None]

    def _loop(self, loop: Loop) -> None:
        depth = len(self.block.path)
        container = loop.container[depth:]
        first, last = loop.calls[0], loop.calls[-1]
        names_: list[str] = []
        chained = loop.container in self.context.chained
        carried_in = [first.operands[i] for i in loop.carried]
        for start, position in zip(carried_in, loop.carried_from):
            end = last.makes[position]
            live = self._live(self.order[id(last)])
            text = self.value(start)  # type: ignore[arg-type]
            dies = self.last.get(start, -1) <= self.order[id(last)] and text.isidentifier() and start in self.names
            name = text if dies and text not in live else naming.unique("y", {*live, *names_})
            if name != text and not chained:
                self.lines.append(f"{name} = {text}")
            names_.append(name)
            self.locals.add(name)
            self.names[end] = name
        if chained:
            text = self.target.call(container, [self.value(carried_in[0])], "")  # type: ignore[arg-type]
            end = last.makes[0]
            if self.items[-1] is loop and self.uses[end] == 1 and self.block.outputs == [end]:
                self.names[end] = text
            else:
                self.lines.append(f"{names_[0]} = {text}")
            return
        variable = naming.unique(_singular(container[-1]), {*self.locals, *self.reserved})
        self.locals.add(variable)
        span = f"[{loop.start}:{loop.stop}]" if not loop.whole else ""
        arguments = [self._argument(x) for x in first.operands]
        for place, name in zip(loop.carried, names_):
            arguments[place] = name
        if first.block is not None:
            arguments += [self.size(n) for n in self.context.sizes.get(first.block, [])]
        left = ["_"] * len(first.makes)
        for position, name in zip(loop.carried_from, names_):
            left[position] = name
        function = self.context.written[first.block].name if first.block is not None else ""
        head, call = self.target.loop(first.block, container, span, variable, arguments, function)
        self.lines.append(head)
        self.lines.append(f"    {', '.join(left)} = {call}")

    def _branches(self, group: list[Statement]) -> None:
        """Statements of one form under an `if`, and the values that are chosen by it."""
        parts: dict[bool, list[Statement]] = {form: [s for s in group if s.form is form] for form in (True, False)}
        choices = [s for s in group if s.form is None]
        end = max(self.order[id(s)] for s in group)
        local: dict[bool, set[Value]] = {form: {v for s in part for v in s.makes} for form, part in parts.items()}
        presets: dict[Value, str] = {}
        tails: dict[bool, list[tuple[Value, Any, str]]] = {True: [], False: []}
        taken: set[str] = set()
        for choice in choices:
            name = self._choice_name(choice, local, end, taken)
            taken.add(name)
            for form, x in zip((True, False), choice.inputs):
                alone = isinstance(x, Value) and x in local[form] and self.uses[x] == 1
                if alone and x not in presets and not self._reads_later(name, x, parts[form]):  # type: ignore[arg-type]
                    presets[x] = name  # type: ignore[index]
                else:
                    tails[form].append((choice.makes[0], x, name))
        for s in group:
            for v in s.makes:
                if self.last.get(v, -1) > end and s.form is not None:
                    name = naming.unique(naming.plain(v), {*self._live(-1), *taken})
                    taken.add(name)
                    presets[v] = name
                    self.lines.append(f"{name} = None")
        self.held = {*presets.values(), *taken}
        written = {form: self._branch(parts[form], presets, tails[form]) for form in (True, False)}
        self.held = set()
        for choice in choices:
            self.names[choice.makes[0]] = self.chosen[id(choice)]
        if written[True]:
            self.lines += [f"if {self.target.training}:", *("    " + line for line in written[True])]
            if written[False]:
                self.lines += ["else:", *("    " + line for line in written[False])]
        elif written[False]:
            self.lines += [f"if not {self.target.training}:", *("    " + line for line in written[False])]

    def _choice_name(self, choice: Statement, local: dict[bool, set[Value]], end: int, taken: set[str]) -> str:
        """The name of what is chosen: that of an operand that is not read afterwards, if there is one."""
        live = self._live(end) | taken
        found = ""
        for form, x in ((False, choice.inputs[1]), (True, choice.inputs[0])):
            text = self.names.get(x, "") if isinstance(x, Value) and x not in local[form] else ""
            if text.isidentifier() and self.last.get(x, -1) <= end and text not in live:
                found = text
                break
        self.chosen[id(choice)] = found or naming.unique(naming.plain(choice.makes[0]), live)
        self.locals.add(self.chosen[id(choice)])
        return self.chosen[id(choice)]

    def _reads_later(self, name: str, made: Value, part: Sequence[Statement]) -> bool:
        """Whether a statement after the one that makes a value reads another of this name."""
        after = False
        for s in part:
            if after and any(self.names.get(v) == name for v in s.reads):
                return True
            after = after or made in s.makes
        return False

    def _branch(
        self, part: list[Statement], presets: dict[Value, str], tail: list[tuple[Value, Any, str]]
    ) -> list[str]:
        outer, self.lines = self.lines, []
        for i, s in enumerate(part):
            following = part[i + 1] if i + 1 < len(part) else None
            preset = presets.get(s.makes[0], "") if len(s.makes) == 1 else ""
            self._statement(s, following, False, preset)
            for v in s.makes:
                if v in presets and self.names[v] != presets[v]:
                    self.lines.append(f"{presets[v]} = {self.names[v]}")
                    self.names[v] = presets[v]
        moves = [(name, self._argument(x)) for _, x, name in tail]
        moves = [(name, text) for name, text in moves if name != text]
        if len(moves) == 1:
            self.lines.append(f"{moves[0][0]} = {moves[0][1]}")
        elif moves:
            self.lines.append(f"{', '.join(n for n, _ in moves)} = {', '.join(t for _, t in moves)}")
        lines, self.lines = self.lines, outer
        return lines


def _singular(name: str) -> str:
    if name.isdigit():
        return "layer"
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("ss", "us")):
        return f"one_{name}"
    return name[:-1] if name.endswith("s") and len(name) > 2 else f"{name}_item" if name != "layer" else "block"
