"""Blocks as they are written, and which of them share one definition."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from multiback.porting.outline.blocks import Block, Path
from multiback.porting.source.formatting import numbers

if TYPE_CHECKING:
    from multiback.porting.source.target import Target

MOST_ARGUMENTS = 10


@dataclass(eq=False)
class Written:
    """A block as text.

    Attributes:
        block: What is written.
        base: The name it would like to have.
        parameters: Of its forward pass, by name.
        members: What it declares: a name, and the right side of the declaration.
        weights: Among these, the weights of its own: whether they are trained, by name.
        body: The lines of its forward pass.
        inputs, outputs: Names and shapes, for the documentation.
        name: Of the class or function.
        arguments: Of the constructor.
        actual: What it is made with: the text of each argument.
        shapes: Lines of the documentation, of all blocks that share the definition.
        stored: The arguments that the forward pass uses.
        ties: The parameters below it that are the same as others: both paths.
    """

    block: Block
    base: str
    parameters: list[str]
    members: list[tuple[str, str]]
    weights: dict[str, bool]
    body: list[str]
    inputs: list[tuple[str, str]]
    outputs: list[str]
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    actual: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    ties: list[tuple[Path, Path]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What two blocks that share a definition have in common, numbers aside."""
        members = "\n".join(f"{name} = {right}" for name, right in self.members)
        return f"{', '.join(self.parameters)}\n{members}\n\f\n" + "\n".join(self.body)

    @property
    def made(self) -> str:
        """The expression that makes one."""
        return f"{self.name}({', '.join(self.actual)})"


def share(blocks: Sequence[Written], names: dict[str, str], target: Target) -> list[Written]:
    """Names the blocks; those that differ in nothing, or only in numbers, get one definition.

    Arguments:
        blocks: Whose children have been named.
        names: The text of each definition that exists, by name; the new ones are added.
        target: How it makes blocks.

    Returns:
        One block for each definition, to be printed.
    """
    groups: dict[Any, list[Written]] = {}
    for block in blocks:
        text = block.text
        skeleton = re.sub(r"\s+$", "", _skeleton(text)) if target.shares else text
        groups.setdefault((block.base, skeleton), []).append(block)
    definitions = []
    for group in groups.values():
        for part in _parts(group, target):
            definitions.append(_define(part, names, target))
    return definitions


def _skeleton(text: str) -> str:
    pieces, last = [], 0
    for start, end, _ in numbers(text):
        pieces += [text[last:start], "\0"]
        last = end
    return "".join([*pieces, text[last:]])


def _parts(group: list[Written], target: Target) -> list[list[Written]]:
    """The group, or its exact copies where too many numbers differ."""
    if len(group) == 1 or len(_columns(group, target)) <= MOST_ARGUMENTS:
        return [group]
    exact: dict[str, list[Written]] = {}
    for block in group:
        exact.setdefault(block.text, []).append(block)
    return list(exact.values())


def _columns(group: Sequence[Written], target: Target) -> dict[Any, list[int]]:
    """The places of numbers that differ, by the argument that they become: a name and its value in each block."""
    rows = [[value for _, _, value in numbers(block.text)] for block in group]
    labels = _labels(group[0].text, target)
    found: dict[Any, list[int]] = {}
    for place, column in enumerate(zip(*rows)):
        if len(set(column)) > 1:
            label = labels.get(place, "size")
            found.setdefault((label if label not in _SIZES else "features", column), []).append(place)
    return found


_SIZES = frozenset({
    "in_channels", "out_channels", "num_features", "in_features", "out_features", "normalized_shape", "embedding_dim",
    "inputs", "outputs", "features", "size", "units", "filters", "hidden_size", "input_size", "groups",
})  # fmt: skip


def _labels(text: str, target: Target) -> dict[int, str]:
    """What each number is, by its place among the numbers of the text: the name of the argument that it is."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    places = {start: i for i, (start, _, _) in enumerate(numbers(text))}
    head, _, body = text.partition("\f")
    source = head.split("\n", 1)
    try:
        tree = ast.parse(source[1])
    except (SyntaxError, IndexError):
        return {}
    offset = len(source[0]) + 1
    lines = [0]
    for line in source[1].split("\n"):
        lines.append(lines[-1] + len(line) + 1)
    del body
    found: dict[int, str] = {}

    def note(node: ast.AST, name: str) -> None:
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, int | float):
                at = offset + lines[part.lineno - 1] + part.col_offset
                if at in places:
                    found[places[at]] = name

    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        known = target.positional.get(ast.unparse(call.func), ())
        for argument, name in zip(call.args, known):
            note(argument, name)
        for keyword in call.keywords:
            if keyword.arg:
                note(keyword.value, keyword.arg)
    for assignment in (n for n in ast.walk(tree) if isinstance(n, ast.Assign)):
        for shape in (n for n in ast.walk(assignment.value) if isinstance(n, ast.Tuple)):
            roles = ["features"] if len(shape.elts) == 1 else [*["window"] * (len(shape.elts) - 2), "inputs", "outputs"]
            for element, role in zip(shape.elts, roles):
                at = offset + lines[element.lineno - 1] + element.col_offset
                if at in places:
                    found.setdefault(places[at], role)
    return found


def _define(group: Sequence[Written], names: dict[str, str], target: Target) -> Written:
    """Gives all blocks of a group one name, with arguments for the numbers in which they differ."""
    first = group[0]
    columns = _columns(group, target) if len(group) > 1 else {}
    taken = {"self", *first.parameters, *(name for name, _ in first.members)}
    arguments: dict[int, str] = {}
    actual: list[list[str]] = [[] for _ in group]
    ordered = sorted(columns.items(), key=lambda item: item[1][0])
    for (label, column), places in ordered:
        plain = label if label != "features" else _role(first.text, places, columns, target)
        name, n = plain, 1
        while name in taken:
            n += 1
            name = f"{plain}_{n}"
        taken.add(name)
        arguments.update(dict.fromkeys(places, name))
        for values, value in zip(actual, column):
            values.append(value)
    text, split = first.text, first.text.index("\f")
    pieces, last, stored = [], 0, set()
    for place, (start, end, _) in enumerate(numbers(text)):
        if place in arguments:
            inside = start > split
            name = arguments[place]
            stored |= {name} if inside else set()
            pieces += [text[last:start], f"self.{name}" if inside else name]
            last = end
    text = "".join([*pieces, text[last:]])
    head, _, body = text.partition("\n\f\n")
    lines = head.split("\n")[1:]
    first.members = [(name, line.partition(" = ")[2]) for (name, _), line in zip(first.members, lines)]
    first.body = body.split("\n")
    names_in_order = list(dict.fromkeys(arguments[places[0]] for _, places in ordered))
    first.arguments = names_in_order
    first.stored = [n for n in names_in_order if n in stored]
    name = _name(first.base, names, text)
    for block, values in zip(group, actual):
        block.name, block.actual = name, values if block is not first else list(values)
    first.shapes = _shapes(group)
    return first


def _role(text: str, places: Sequence[int], columns: Mapping[Any, list[int]], target: Target) -> str:
    labels = _labels(text, target)
    found = next((labels[p] for p in places if p in labels), "size")
    return {"num_features": "features", "normalized_shape": "features"}.get(found, found)


def _name(base: str, names: dict[str, str], text: str) -> str:
    name, n = base, 1
    while name in names:
        n += 1
        name = f"{base}{n}"
    names[name] = text
    return name


def _shapes(group: Sequence[Written]) -> list[str]:
    """For each input and output its shape, or its shapes in the blocks that share the definition."""
    lines = []
    for i, (name, _) in enumerate(group[0].inputs):
        lines.append(f"{name}: {_some([w.inputs[i][1] for w in group])}")
    for i in range(len(group[0].outputs)):
        label = "returns" if len(group[0].outputs) == 1 else f"returns[{i}]"
        lines.append(f"{label}: {_some([w.outputs[i] for w in group])}")
    return lines


def _some(shapes: Sequence[str]) -> str:
    found = list(dict.fromkeys(shapes))
    return ", or ".join([*found[:3], *(["..."] if len(found) > 3 else [])])
