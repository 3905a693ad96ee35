"""Statements with scopes as a tree of blocks: each scope becomes a block that is called where its statements stood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from multiback.graph.ir import Graph, Literal, Value, flat, map_tuple
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

    def block(
        self, path: Path, statements: Sequence[Statement], inputs: list[Value], outputs: list[Any]
    ) -> Block:
        """The block of these statements, all of which stand at `path` or below."""
        block = Block(path, self.classes.get(path, ""), inputs=inputs, outputs=outputs)
        depth = len(path)
        while True:
            groups, loose = self._groups(depth, statements, outputs)
            items = ordered(contracted(statements, groups))
            if items is not None:
                break
            for statement in loose:
                statement.scope = path
        for item in items:
            block.statements.append(item[0] if item[0].scope == path else self._call(block, item, statements, outputs))
        return block

    def _groups(
        self, depth: int, statements: Sequence[Statement], outputs: Sequence[Any]
    ) -> tuple[list[list[Statement]], list[Statement]]:
        """The statements that become one call each, and those of the block that is dissolved if they cannot be."""
        runs: defaultdict[str, list[list[Statement]]] = defaultdict(list)
        last = ""
        for statement in statements:
            child = statement.scope[depth] if len(statement.scope) > depth else ""
            if child and child == last:
                runs[child][-1].append(statement)
            elif child:
                runs[child].append([statement])
            last = child
        groups: list[list[Statement]] = []
        apart: list[list[list[Statement]]] = []
        for child, parts in runs.items():
            if len(parts) == 1 or self._alike(parts):
                groups += parts
            else:
                groups.append([s for part in parts for s in part])
                apart.append(parts)
        loose = [s for part in max(apart, key=len) for s in part] if apart else []
        return groups, loose

    def _alike(self, runs: Sequence[list[Statement]]) -> bool:
        keys = [self._body_key(run) for run in runs]
        return all(key == keys[0] for key in keys)

    def _body_key(self, run: Sequence[Statement]) -> Any:
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

    def _call(self, parent: Block, run: list[Statement], around: Sequence[Statement], results: Sequence[Any]) -> Statement:
        """A call of the child block of these statements, which is made at its first call."""
        path = (*parent.path, run[0].scope[len(parent.path)])
        name = path[-1]
        inputs = self._inputs(path, run)
        made = [v for s in run for v in s.makes]
        known = parent.children.get(name)
        if not isinstance(known, Block):
            wanted = self._used_outside(made, run, around, results)
            known = self.block(path, run, inputs, [v for v in made if v in wanted])
            known.positions = [made.index(v) for v in known.outputs]
            parent.children[name] = known
        forms = {s.form for s in run}
        outputs = tuple(made[i] for i in known.positions)
        return Statement(tuple(inputs), outputs, parent.path, forms.pop() if len(forms) == 1 else None, block=known)

    def _inputs(self, path: Path, run: Sequence[Statement]) -> list[Value]:
        """What the statements read and neither make nor hold, in the order of first use."""
        made = {v for s in run for v in s.makes}
        found: dict[Value, None] = {}
        for s in run:
            reads = [] if s.module is not None and False else s.reads
            if s.module is not None:
                held = {view.weight for view in s.module.weights.values()}
                reads = [v for v in reads if v not in held]
            for v in [*reads, *([s.target] if s.target is not None else [])]:
                if v not in made and not self._held_by(path, v):
                    found[v] = None
        return list(found)

    def _held_by(self, path: Path, value: Value) -> bool:
        place = self.places.paths.get(value)
        if place is None:
            return value in self.program.constants
        return place[: len(path)] == path and len(place) > len(path)

    def _used_outside(
        self, made: Sequence[Value], run: Sequence[Statement], around: Sequence[Statement], results: Sequence[Any]
    ) -> set[Value]:
        """Which values are read outside of any of the calls of the block; by position in its first call."""
        body = self._body_key(run)
        child = run[0].scope[: len(around[0].scope) or None]
        del child
        inside = set(map(id, run))
        used = {v for s in around if id(s) not in inside for v in s.reads} | {v for v in results if isinstance(v, Value)}
        wanted = {v for v in made if v in used}
        # Another call of the same block may hand out what this one keeps to itself.
        for other in self._other_runs(run, around):
            if self._body_key(other) == body:
                theirs = [v for s in other for v in s.makes]
                own = set(map(id, other))
                reads = {v for s in around if id(s) not in own for v in s.reads} | set(map(_identity, results))
                wanted |= {mine for mine, v in zip(made, theirs) if v in reads}
        return wanted

    def _other_runs(self, run: Sequence[Statement], around: Sequence[Statement]) -> list[list[Statement]]:
        scope = run[0].scope
        found: list[list[Statement]] = []
        inside = set(map(id, run))
        depth = next((n for n in range(1, len(scope) + 1) if all(s.scope[:n] == scope[:n] for s in run)), 1)
        depth = max(n for n in range(depth, len(scope) + 1) if all(s.scope[:n] == scope[:n] for s in run))
        last = False
        for s in around:
            here = s.scope[:depth] == scope[:depth] and id(s) not in inside
            if here and last:
                found[-1].append(s)
            elif here:
                found.append([s])
            last = here
        return found

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
        block = root
        for n, name in enumerate(path, 1):
            child = block.children.get(name)
            if child is None:
                child = block.children[name] = Block(path[:n], self.classes.get(path[:n], ""))
            assert isinstance(child, Block), path
            block = child
        return block


def _identity(x: Any) -> Any:
    return x if isinstance(x, Value | Literal) else None


def _key(x: Any) -> Any:
    return str(x) if isinstance(x, Graph) else x


def _leaves(x: Any) -> list[Any]:
    return list(flat(x))
