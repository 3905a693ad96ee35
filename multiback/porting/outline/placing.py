"""Where weights and modules stand: at the path that their names say."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from multiback.graph.ir import Value, flat
from multiback.porting.outline.blocks import Module, Path, Statement
from multiback.porting.outline.forms import Program


class Places:
    """The path of each weight.

    Arguments:
        names: The weights by their names, such as `layer1.0.conv1.weight` or `params/Dense_0/kernel`.
        scopes: The paths of the blocks that there are.
        exact: Whether a path that is no block's is kept; otherwise a weight belongs to the nearest block above.
        aliases: Other names of weights.
    """

    def __init__(
        self,
        names: dict[str, Value],
        scopes: Iterable[Path],
        exact: bool,
        aliases: Mapping[Value, Sequence[str]] | None = None,
    ) -> None:
        self.exact = exact
        self.known = {scope[:n] for scope in scopes for n in range(1, len(scope) + 1)}
        parts = {value: tuple(re.split(r"[/.]", name)) for name, value in names.items()}
        skipped = self._collections(list(parts.values()))
        below: defaultdict[Path, set[str]] = defaultdict(set)
        for whole in parts.values():
            for n in range(1, len(whole)):
                below[whole[:n]].add(whole[n] if n < len(whole) - 1 else "weight")
        # What holds weights of its own, or names, is no list: its numbers are names too.
        mixed = {path for path, found in below.items() if not all(part.isdigit() for part in found)}
        self.containers = {path[skipped:] for path in mixed if len(path) > skipped} - self.known
        self.paths: dict[Value, Path] = {}
        taken: set[Path] = set()
        for value, whole in parts.items():
            path = whole[skipped:] if len(whole) > skipped else whole[-1:]
            if not exact:
                path = self._nearest(path)
            path = tuple(identifier(p, i == len(path) - 1 or path[:i] in self.containers) for i, p in enumerate(path))
            if path in taken:
                path = (*path[:-1], identifier("_".join(whole), True))
            taken.add(path)
            self.paths[value] = path
        self.aliases = {
            value: [tuple(identifier(p, False) for p in re.split(r"[/.]", name)[skipped:]) for name in others]
            for value, others in (aliases or {}).items()
        }

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
    homes: dict[object, tuple[Path, dict[str, Path]]] = {}
    while found := _refused(_needed(program, refused), places, refused, homes):
        refused |= found
    modules: dict[object, Module] = {}
    crowd = Counter(s.scope for s in program.statements)
    for statement in program.statements:
        module = statement.module
        if module is None:
            continue
        if module.key in refused or (module.weights and module.key not in homes):
            statement.module = None
        elif not module.weights:
            alone = bool(statement.scope) and crowd[statement.scope] == 1
            module.path = statement.scope if alone else (*statement.scope, module.kind.rpartition(".")[2].lower())
        else:
            statement.module = module = modules.setdefault(module.key, module)
            module.path, module.ties = homes[module.key]


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


def _refused(
    statements: Sequence[Statement],
    places: Places,
    refused: set[object],
    homes: dict[object, tuple[Path, dict[str, Path]]],
) -> set[object]:
    """The modules that conflict with what else uses their weights; puts where the others stand into `homes`."""
    raw: set[Value] = set()
    claims: dict[Value, tuple[object, Path, object]] = {}
    taken: dict[Path, object] = {}
    conflicts: set[object] = set()
    kept: dict[object, Module] = {}
    holders = {path[:n] for path in places.paths.values() for n in range(1, len(path) - 1)}
    homes.clear()
    for statement in statements:
        module = statement.module
        if module is None or module.key in refused:
            reads = statement.reads if module is None else flat(statement.inputs)
            raw.update(v for v in reads if isinstance(v, Value) and v in places.paths)
            continue
        if not module.weights:
            continue
        if module.key not in kept:
            kept[module.key] = module
            found = _home(module, statement.scope, places, claims)
            # A module has no room for the blocks that its place holds.
            if found is None or found[0] in holders or taken.setdefault(found[0], module.key) != module.key:
                conflicts.add(module.key)
                continue
            homes[module.key] = found
        if module.key in homes and homes[module.key][0][: len(statement.scope)] != statement.scope:
            conflicts.add(module.key)
    loose = {places.paths[v][:-1] for v in raw}
    for key, module in kept.items():
        if key in homes and homes[key][0] in loose:
            # Nor has it room for a weight that something else reads there.
            own = {view.weight for view in module.weights.values()}
            conflicts |= {key} if any(places.paths[v][:-1] == homes[key][0] and v not in own for v in raw) else set()
        if any(v.moves and v.weight in raw for v in module.weights.values()):
            conflicts.add(key)
    return conflicts


def _home(
    module: Module, scope: Path, places: Places, claims: dict[Value, tuple[object, Path, object]]
) -> tuple[Path, dict[str, Path]] | None:
    """Where a module stands by the names of its weights, and the parameters that others hold; None: nowhere."""
    paths: list[Path] = []
    ties: dict[str, Path] = {}
    new: dict[Value, tuple[object, Path, object]] = {}
    for parameter, view in module.weights.items():
        named = [places.paths[view.weight], *places.aliases.get(view.weight, ())]
        inside = [p for p in named if p[: len(scope)] == scope]
        claim = claims.get(view.weight)
        if claim is not None:
            inside = [p for p in inside if p != claim[1] and p[-1] == parameter]
            if not inside or claim[2] != view.moves:
                return None
            ties[parameter] = claim[1]
        if not inside:
            return None
        path = inside[0]
        if places.exact and (_named_otherwise(path[-1], parameter) or (path[-1] == parameter and view.moves)):
            return None
        paths.append(path)
        if claim is None:
            new[view.weight] = (module.key, (*path[:-1], parameter), view.moves)
    home = paths[0][:-1]
    if not home or any(p[:-1] != home for p in paths):
        return None
    claims.update(new)
    return home, ties


def _named_otherwise(name: str, parameter: str) -> bool:
    """Whether a weight's own name says that it is a parameter of another module, as `in_proj_weight` does."""
    return name != parameter and ("weight" in name or "bias" in name)


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
