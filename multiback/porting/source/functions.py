"""How source without classes is written: a function for each block, its weights in nested dicts.

A function takes `params`, the weights that are trained, and where it needs them `state`, the others; then its inputs;
then, where it or what it calls needs them, `training` and `keys`. The containers of `state` are new in each call of the
model, so that a block may put new statistics into its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from multiback.graph.ir import Value
from multiback.porting.outline.blocks import Block, Path
from multiback.porting.outline.forms import Program
from multiback.porting.source import naming
from multiback.porting.source.classes import Written
from multiback.porting.source.formatting import indented
from multiback.porting.source.needs import PARAMETERS, RANDOM, STATE, TRAINING, Needs
from multiback.porting.source.target import Target


class FunctionalTarget(Target):
    """A framework whose models are functions.

    Attributes:
        helper_names: Names that definitions of blocks must not have.
    """

    training = "training"
    shares = False
    chains = False
    alike = True
    loops_inside = True
    reserved = ("params", "state", "training", "keys")
    reserved_in_root = ("key",)
    helper_names: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.needs = Needs({})

    def idioms(self, program: Program, trainable: Mapping[Value, bool]) -> None:
        self.needs = Needs(trainable)

    def stored_path(self, path: Path, trainable: bool) -> Path:
        path = (f"layer_{path[0]}", *path[1:]) if path[0].isdigit() else path
        return path if trainable else ("state", *path)

    def definition_name(self, base: str, root: bool) -> str:
        name = "apply" if root else re.sub(r"(?<=\d)_d(?=\d*$)", "d", naming.snake(base))
        return f"{name}_block" if name in self.helper_names or (name == "apply" and not root) else name

    def reference(self, path: Path) -> str:
        return "params" + _items(path)

    def weight_reference(self, path: Path, trainable: bool) -> str:
        return ("params" if trainable else "state") + _items(path)

    def call_block(self, block: Block, path: Path, arguments: Sequence[str], function: str) -> str:
        if path == block.path and path[0].isdigit():  # the model itself is a list, which has no place for its state
            path = (f"layer_{path[0]}", *path[1:])
        weights = [f"{tree}{_items(path)}" for tree in self._trees(block)]
        return f"{function}({', '.join([*weights, *arguments, *self._handed(block)])})"

    def loop(
        self, block: Block | None, path: Path, span: str, variable: str, arguments: Sequence[str], function: str
    ) -> tuple[str, str]:
        assert block is not None
        trees = self._trees(block)
        names = [f"{variable}_{tree}" for tree in trees]
        parts = [f"{tree}{_items(path)}{span}" for tree in trees]
        over = parts[0] if len(parts) == 1 else f"zip({', '.join(parts)}, strict=True)"
        return (
            f"for {', '.join(names)} in {over}:",
            f"{function}({', '.join([*names, *arguments, *self._handed(block)])})",
        )

    def may_loop(self, blocks: Sequence[Block | None], functions: Collection[str]) -> bool:
        return len(functions) == 1

    def _trees(self, block: Block) -> list[str]:
        needs = self.needs.of(block)
        return [name for name, need in (("params", PARAMETERS), ("state", STATE)) if need in needs]

    def _handed(self, block: Block) -> list[str]:
        needs = self.needs.of(block)
        return [name for name, need in (("training", TRAINING), ("keys", RANDOM)) if need in needs]

    def weight(self, value: Value, trainable: bool, fixed: np.ndarray | None = None) -> str:
        return "params" if trainable else "state"

    def sequence(self, parts: Sequence[str], chained: bool) -> str:
        return f"[{', '.join(parts)}]"

    def definition(self, written: Written) -> list[str]:
        block = written.block
        if block.path and not block.statements:
            return []
        if not block.path:
            return self.root(written)
        parameters = [*self._trees(block), *written.parameters, *self._handed(block)]
        header = f"def {written.name}({', '.join(parameters)}):"
        return [header, *indented([*documentation(written), *written.body])]

    def root(self, written: Written) -> list[str]:
        """The function that is the model."""
        needs = self.needs.of(written.block)
        lines = []
        if STATE in needs:
            lines.append(self.fresh_state())
        if RANDOM in needs:
            lines.append("keys = random_keys(key)")
        *body, last = written.body
        result = last.removeprefix("return ")
        if result.isidentifier():
            lines += body
        else:
            lines += [*body, f"y = {result}"]
            result = "y"
        lines += ["if training:", f"    return {result}, {'state' if STATE in needs else '{}'}", f"return {result}"]
        header = f"def apply({', '.join(['params', *written.parameters])}, *, training=False, key=None):"
        return [header, *indented([*self.documentation_of_root(written), *lines])]

    def fresh_state(self) -> str:
        """The line that makes containers of the state that are this call's own."""
        raise NotImplementedError

    def documentation_of_root(self, written: Written) -> list[str]:
        """The docstring of the model."""
        shapes = [f"    {line}" for line in written.shapes]
        return [
            '"""The model; while training it returns the new state too, which belongs into `params["state"]`.',
            "",
            "Arguments:",
            "    params: Nested dicts, as `load` gives them.",
            *shapes[: len(written.inputs)],
            "    training: Whether dropout acts, and statistics are those of the batch.",
            "    key: Of random numbers, where some are drawn.",
            "",
            "Returns:",
            *(line.replace("returns: ", "", 1) for line in shapes[len(written.inputs) :]),
            '"""',
        ]


def documentation(written: Written) -> list[str]:
    """A docstring with the shapes of what goes in and comes out."""
    shapes = list(written.shapes)
    if len(shapes) <= 2 and len("; ".join(shapes)) < 100:
        return [f'"""{"; ".join(shapes)}."""'] if shapes else ['"""Weights."""']
    return ['"""Arrays of these shapes.', "", *shapes, '"""']


def _items(path: Path) -> str:
    return "".join(f"[{p}]" if p.isdigit() else f'["{p}"]' for p in path)
