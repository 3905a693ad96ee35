"""Automatic names of layers counted from their own block, so that blocks that are alike are named alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from multiback.layers._names import snake_case
from multiback.porting.outline.blocks import Path


def local_names(paths: Iterable[Path], classes: Mapping[Path, str]) -> dict[Path, Path]:
    """New paths for those whose names were counted over the whole program, as `dense_7`; names given by hand stay.

    Arguments:
        paths: Of blocks. Those directly in the model keep their names.
        classes: Names of classes by path.
    """
    by_name = {path[-1]: name for path, name in classes.items() if path}
    known = {path[:n] for path in paths for n in range(1, len(path) + 1)}
    siblings: defaultdict[Path, list[str]] = defaultdict(list)
    for path in sorted(known):
        siblings[path[:-1]].append(path[-1])
    found: dict[Path, Path] = {(): ()}
    for parent in sorted(siblings, key=len):
        names = siblings[parent]
        new = _counted(names, parent, classes, by_name) if parent else {}
        for name in names:
            found[(*parent, name)] = (*found[parent], new.get(name, name))
    return found


def _counted(names: list[str], parent: Path, classes: Mapping[Path, str], by_name: Mapping[str, str]) -> dict[str, str]:
    automatic: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in names:
        kind = classes.get((*parent, name)) or by_name.get(name, "")
        base, number = re.fullmatch(r"(.*?)(?:_(\d+))?", name).groups()  # type: ignore[union-attr]
        if kind and base == snake_case(kind):
            automatic[base].append((int(number or 0), name))
    new: dict[str, str] = {}
    for base, found in automatic.items():
        for place, (_, name) in enumerate(sorted(found)):
            new[name] = f"{base}_{place}" if place else base
    if len(set(new.values()) | (set(names) - set(new))) < len(names):
        return {}  # one of the new names is taken by hand
    return new
