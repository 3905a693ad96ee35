"""What the definition of a block must be handed beside its inputs: the form that runs, keys, weights, statistics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from multiback.graph.ir import Equation, Value
from multiback.porting.outline.blocks import Block
from multiback.porting.outline.preparing import DRAWS

PARAMETERS, STATE, TRAINING, RANDOM = "parameters", "state", "training", "random"


class Needs:
    """The needs of blocks, those of the blocks that they call included.

    Arguments:
        trainable: Which weights are trained; others are state.
    """

    def __init__(self, trainable: Mapping[Value, bool]) -> None:
        self.trainable = trainable
        self._known: dict[Block, frozenset[str]] = {}

    def of(self, block: Block) -> frozenset[str]:
        """Of `PARAMETERS`, `STATE`, `TRAINING`, `RANDOM` those that a block needs."""
        if block not in self._known:
            self._known[block] = self._found(block)
        return self._known[block]

    def alike(self, blocks: Iterable[Block | None]) -> bool:
        """Whether blocks are handed the same beside their inputs."""
        handed = {TRAINING, RANDOM}
        return len({self.of(b) & handed if b is not None else frozenset() for b in blocks}) == 1

    def _found(self, block: Block) -> frozenset[str]:
        found = {PARAMETERS if self.trainable.get(value, False) else STATE for value in block.own.values()}
        for child in block.children.values():
            if isinstance(child, Block):
                found |= self.of(child) & {PARAMETERS, STATE}
        for s in block.statements:
            if s.block is not None:
                found |= self.of(s.block)
            if s.equation is not None and draws(s.equation):
                found.add(RANDOM)
            if s.form is not None or (s.equation is None and s.block is None and s.module is None and s.target is None):
                found.add(TRAINING)
        return frozenset(found)


def draws(equation: Equation) -> bool:
    """Whether an equation draws random numbers of the framework's own."""
    op = equation.op
    own = op.name in DRAWS and equation.inputs[op.operands.index("key")] is None
    return own or any(draws(e) for graph in equation.graphs.values() for e in graph.equations)
