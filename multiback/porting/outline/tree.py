"""Statements with scopes as a tree of blocks: each scope becomes a block that is called where its statements stood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from multiback.graph.ir import Graph, Value, map_tuple
from multiback.porting.outline.blocks import Block, Module, Path, Statement
from multiback.porting.outline.forms import Program
from multiback.porting.outline.ordering import contracted, ordered
from multiback.porting.outline.placing import Places


def outline(program: Program, places: Places, classes: Mapping[Path, str] | None = None) -> Block:
    """The tree of blocks of a program whose modules have been placed.

    A scope that is entered more than once with the same body becomes one block called more than once; one whose parts
    lie apart is drawn together where the flow of data allows it, and otherwise dissolved into the block above.

    Arguments:
        program: Its statements' scopes are the paths of the blocks; they are changed where a block is dissolved.
        places: The paths of the weights.
        classes: Names of classes by path.
    """
    builder = _Builder(program, places, classes or {})
    root = builder.block((), program.statements, [*program.arguments], list(program.results))
    builder.declare(root)
    return root


class _Builder:
    def __init__(self, program: Program, places: Places, classes: Mapping[Path, str]) -> None:
        self.program = program
        self.places = places
        self.classes = classes
        self.weights = set(program.state.values()) | set(program.constants)

    def block(self, path: Path, statements: Sequence[Statement], inputs: list[Value], outputs: list[Any]) -> Block:
        """The block of these statements, all of which stand at `path` or below."""
        block = Block(path, self.classes.get(path, ""), inputs=inputs, outputs=outputs)
        while True:
            calls, loose = self._calls(len(path), statements)
            items = ordered(contracted(statements, [run for runs in calls.values() for run in runs]))
            if items is not None:
                break
            for statement in loose:
                statement.scope = path
        for item in items:
            if item[0].scope == path:
                block.statements.append(item[0])
            else:
                child = next(name for name, runs in calls.items() if any(run is item for run in runs))
                block.statements.append(self._call(block, child, item, calls[child], statements))
        return block

    def _calls(
        self, depth: int, statements: Sequence[Statement]
    ) -> tuple[dict[Path, list[list[Statement]]], list[Statement]]:
        """For each child the statements of each of its calls; those that are dissolved if this has no order.

        A child is named by its path from here: the items of a list are children of the block that has the list.
        """
        runs: defaultdict[Path, list[list[Statement]]] = defaultdict(list)
        single = {s.scope[depth] for s in statements if len(s.scope) == depth + 1}
        single |= {s.scope[depth] for s in statements if len(s.scope) > depth + 1 and not s.scope[depth + 1].isdigit()}
        last: Path = ()
        for statement in statements:
            child = statement.scope[depth : depth + 2]
            if child and child[0] in single:
                child = child[:1]
            if child and child == last:
                runs[child][-1].append(statement)
            elif child:
                runs[child].append([statement])
            last = child
        apart: list[list[Statement]] = []
        for child, parts in runs.items():
            keys = [self._body_key(part) for part in parts]
            if any(key != keys[0] for key in keys):
                together = [s for part in parts for s in part]
                runs[child] = [together]
                apart.append(together)
        return runs, max(apart, key=len, default=[])

    def _body_key(self, run: Sequence[Statement]) -> Any:
        """Equal for two calls of one block."""
        numbers: dict[Any, int] = {}

        def operand(x: Any) -> Any:
            if isinstance(x, Value) and x not in self.weights:
                return numbers.setdefault(x, len(numbers)), x.spec
            return x

        key = []
        for s in run:
            what = s.module.key if s.module is not None else s.equation and s.equation.op.name
            attributes = [] if s.equation is None else [(k, _key(v)) for k, v in s.equation.attributes.items()]
            outputs = map_tuple(operand, s.outputs)
            key.append((s.scope, s.form, what, attributes, map_tuple(operand, s.inputs), outputs, s.target))
        return key

    def _call(
        self,
        parent: Block,
        child: Path,
        run: list[Statement],
        runs: Sequence[list[Statement]],
        around: Sequence[Statement],
    ) -> Statement:
        """A call of a child block, which is made at its first call."""
        path = (*parent.path, *child)
        made = [v for s in run for v in s.makes]
        inputs = self._inputs(path, run)
        holder = parent if len(child) == 1 else self._at(parent, child[:1])
        known = holder.children.get(child[-1])
        if not isinstance(known, Block):
            # A value that any of the calls hands out is handed out by all.
            positions = sorted({i for other in runs for i in self._handed_out(other, around, parent.outputs)})
            known = self.block(path, run, inputs, [made[i] for i in positions])
            known.positions = tuple(positions)
            holder.children[child[-1]] = known
        forms = {s.form for s in run}
        form = forms.pop() if len(forms) == 1 else None
        return Statement(tuple(inputs), tuple(made[i] for i in known.positions), parent.path, form, block=known)

    def _inputs(self, path: Path, run: Sequence[Statement]) -> list[Value]:
        """What the statements read and neither make nor hold, in the order of first use."""
        made = {v for s in run for v in s.makes}
        found: dict[Value, None] = {}
        for s in run:
            held = set() if s.module is None else {view.weight for view in s.module.weights.values()}
            for v in [*s.reads, *([] if s.target is None else [s.target])]:
                if v not in made and v not in held and not self._held_by(path, v):
                    found[v] = None
        # Data first, then masks, then weights of others.
        return sorted(found, key=lambda v: (v in self.weights, v.dtype.kind == "b"))

    def _held_by(self, path: Path, value: Value) -> bool:
        place = self.places.paths.get(value)
        if place is None:
            return value in self.program.constants
        return place[: len(path)] == path and len(place) > len(path)

    @staticmethod
    def _handed_out(run: Sequence[Statement], around: Sequence[Statement], results: Sequence[Any]) -> list[int]:
        """The positions, among all values that these statements make, of those that others read."""
        inside = set(map(id, run))
        read = {v for s in around if id(s) not in inside for v in s.reads}
        read |= {v for v in results if isinstance(v, Value)}
        return [i for i, v in enumerate(v for s in run for v in s.makes) if v in read]

    def declare(self, root: Block) -> None:
        """Puts modules and weights into the blocks that hold them, making empty blocks for what lies between."""
        modules: dict[int, Module] = {}
        raw: dict[Value, None] = {}
        claimed: set[Value] = set()
        for block in list(root.walk()):
            for s in block.statements:
                if s.module is not None:
                    modules[id(s.module)] = s.module
                    claimed.update(view.weight for view in s.module.weights.values())
                else:
                    raw.update((v, None) for v in s.reads)
                    if s.target is not None:
                        raw[s.target] = None
        for module in modules.values():
            holder = self._at(root, module.path[:-1])
            name, n = module.path[-1], 1
            while name in holder.children and holder.children[name] is not module:
                n += 1
                name = f"{module.path[-1]}_{n}"
            module.path = (*module.path[:-1], name)
            holder.children[name] = module
        for value, place in self.places.paths.items():
            if value in raw and value not in claimed:
                self._at(root, place[:-1]).own[place[-1]] = value

    def _at(self, root: Block, path: Path) -> Block:
        """The block at a path from `root`, made if it is not there."""
        block = root
        for name in path:
            child = block.children.get(name)
            if child is None:
                whole = (*block.path, name)
                child = block.children[name] = Block(whole, self.classes.get(whole, ""))
            assert isinstance(child, Block), path
            block = child
        return block


def _key(x: Any) -> Any:
    return str(x) if isinstance(x, Graph) else x
