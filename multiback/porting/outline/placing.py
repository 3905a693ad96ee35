"""Where weights and modules stand: at the path that their names say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from multiback.graph.ir import Value, flat
from multiback.porting.outline.blocks import Module, Path, Statement
from multiback.porting.outline.forms import Program


class Places:
    """The path of each weight.

    Arguments:
        names: The weights by their names, such as `layer1.0.conv1.weight` or `params/Dense_0/kernel`.
        scopes: The paths of the blocks that there are.
        exact: Whether a path that is no block's is kept; otherwise a weight belongs to the nearest block above.
    """

    def __init__(self, names: dict[str, Value], scopes: Iterable[Path], exact: bool) -> None:
        self.exact = exact
        self.known = {scope[:n] for scope in scopes for n in range(1, len(scope) + 1)}
        parts = {value: tuple(re.split(r"[/.]", name)) for name, value in names.items()}
        skipped = self._collections(list(parts.values()))
        self.paths: dict[Value, Path] = {}
        taken: set[Path] = set()
        for value, whole in parts.items():
            path = whole[skipped:] if len(whole) > skipped else whole[-1:]
            if not exact:
                path = self._nearest(path)
            path = tuple(identifier(p, i == len(path) - 1) for i, p in enumerate(path))
            if path in taken:
                path = (*path[:-1], identifier("_".join(whole), True))
            taken.add(path)
            self.paths[value] = path

    def _collections(self, names: Sequence[Path]) -> int:
        """How many leading parts of names are no blocks, as in `params/Dense_0/kernel`."""

        def found(skipped: int) -> int:
            return sum(name[skipped : skipped + 1] in self.known for name in names if len(name) > skipped + 1)

        return max((0, 1, 2), key=lambda n: (found(n), -n))

    def _nearest(self, path: Path) -> Path:
        for n in range(len(path) - 1, 0, -1):
            if path[:n] in self.known:
                return (*path[:n], path[-1])
        # A layer made before the model that it is in does not have the model in its name.
        for n in range(len(path) - 1, 0, -1):
            inside = [scope for scope in self.known if scope[-n:] == path[:n]]
            if len(inside) == 1:
                return (*inside[0], path[-1])
        return path


def identifier(part: str, name: bool = True) -> str:
    """A part of a name as a Python name; numbers stay as they are where they count the items of a list."""
    text = re.sub(r"\W+", "_", part)
    return f"_{text}" if name and text[:1].isdigit() else text or "_"


def place(program: Program, places: Places) -> None:
    """Gives each module its path; a module that cannot stand anywhere becomes its equation again.

    A module holds its weights alone: of two that want one weight the first keeps it, and where something else reads a
    weight that a module holds in another layout, the module gives way.
    """
    refused: set[object] = set()
    while found := _refused(_needed(program, refused), places, refused):
        refused |= found
    modules: dict[object, Module] = {}
    crowd = Counter(s.scope for s in program.statements)
    for statement in program.statements:
        module = statement.module
        if module is None:
            continue
        if module.key in refused:
            statement.module = None
        elif not module.weights:
            alone = bool(statement.scope) and crowd[statement.scope] == 1
            module.path = statement.scope if alone else (*statement.scope, module.kind.rpartition(".")[2].lower())
        else:
            statement.module = module = modules.setdefault(module.key, module)
            module.path = _home(module, places)


def _needed(program: Program, refused: set[object]) -> list[Statement]:
    """The statements whose values are read, when these modules are equations again."""
    needed = {x for x in program.results if isinstance(x, Value)}
    kept = []
    for s in reversed(program.statements):
        if s.target is not None or any(v in needed for v in s.makes):
            kept.append(s)
            reads = s.reads if s.module is not None and s.module.key not in refused else flat(s.inputs)
            needed.update(x for x in reads if isinstance(x, Value))
    return kept[::-1]


def _refused(statements: Sequence[Statement], places: Places, refused: set[object]) -> set[object]:
    """The modules that conflict with what else uses their weights."""
    raw: set[Value] = set()
    claims: dict[Value, object] = {}
    homes: dict[Path, object] = {}
    conflicts: set[object] = set()
    kept: list[Module] = []
    for statement in statements:
        module = statement.module
        if module is None or module.key in refused:
            raw.update(v for v in statement.reads if v in places.paths)
            continue
        if not module.weights:
            continue
        kept.append(module)
        home = _home(module, places)
        alone = all(places.paths[v.weight][:-1] == home for v in module.weights.values())
        if places.exact and any(_named_otherwise(places.paths[v.weight][-1], n) for n, v in module.weights.items()):
            conflicts.add(module.key)
        if not alone or not home or home[: len(statement.scope)] != statement.scope:
            conflicts.add(module.key)
        if homes.setdefault(home, module.key) != module.key:
            conflicts.add(module.key)
        for view in module.weights.values():
            if claims.setdefault(view.weight, module.key) != module.key:
                conflicts.add(module.key)
    for module in kept:
        if any(v.moves and v.weight in raw for v in module.weights.values()):
            conflicts.add(module.key)
    return conflicts


def _named_otherwise(name: str, parameter: str) -> bool:
    """Whether a weight's own name says that it is a parameter of another module, as `in_proj_weight` does."""
    return name != parameter and ("weight" in name or "bias" in name)


def _home(module: Module, places: Places) -> Path:
    return places.paths[next(iter(module.weights.values())).weight][:-1]


def settle(statements: Sequence[Statement], exact: bool) -> None:
    """After flattening: a module that would stand where a block stands gives way to it.

    Arguments:
        statements: Whose modules have their paths.
        exact: Whether paths must stay; otherwise the module moves into the block.
    """
    scopes = {s.scope[:n] for s in statements for n in range(1, len(s.scope) + 1)}
    for statement in statements:
        module = statement.module
        if module is not None and module.path in scopes:
            if exact and module.weights:
                statement.module = None
            else:
                module.path = (*module.path, module.kind.rpartition(".")[2].lower())


def prune(program: Program, sure: bool = True) -> list[Statement]:
    """Drops statements whose values nobody reads, and returns them.

    Arguments:
        program: That is changed.
        sure: Whether modules are sure to stay modules; otherwise what their equations read stays too.
    """
    needed = {x for x in program.results if isinstance(x, Value)}
    kept, dropped = [], []
    for statement in reversed(program.statements):
        if statement.target is not None or any(v in needed for v in statement.makes):
            kept.append(statement)
            needed.update(statement.reads)
            if not sure:
                needed.update(x for x in flat(statement.inputs) if isinstance(x, Value))
        else:
            dropped.append(statement)
    program.statements = kept[::-1]
    return dropped[::-1]


def restore(program: Program, dropped: Sequence[Statement]) -> None:
    """Puts statements that are read again before the first that reads them, into its block."""
    for statement in reversed(dropped):
        made = set(statement.makes)
        for at, reader in enumerate(program.statements):
            if any(v in made for v in reader.reads):
                statement.scope = reader.scope
                program.statements.insert(at, statement)
                break
