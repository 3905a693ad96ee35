"""What an outline consists of: statements, modules of a framework, and blocks of statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from multiback.graph.ir import Equation, Operand, Result, Value, flat

Path = tuple[str, ...]
"""Where a block stands: the names from the model's root."""


@dataclass(frozen=True)
class View:
    """A weight as something uses it: moved, but with the same numbers.

    Attributes:
        weight: The model's own.
        moves: What is done to it, in order: `("transpose", axes)` or `("reshape", shape)`.
    """

    weight: Value
    moves: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def of(self, array: Any) -> Any:
        """A NumPy array moved like this."""
        for kind, argument in self.moves:
            array = array.transpose(argument) if kind == "transpose" else array.reshape(argument)
        return array

    def undone(self, array: Any) -> Any:
        """The weight's own layout of an array that is moved like this."""
        shapes = [tuple(self.weight.shape)]
        for kind, argument in self.moves:
            shapes.append(tuple(shapes[-1][a] for a in argument) if kind == "transpose" else argument)
        for (kind, argument), shape in zip(reversed(self.moves), reversed(shapes[:-1])):
            if kind == "transpose":
                array = array.transpose(tuple(argument.index(i) for i in range(len(argument))))
            else:
                array = array.reshape(shape)
        return array

    def then(self, kind: str, argument: tuple[int, ...]) -> View:
        """This, and one move more; transpositions that meet become one, and vanish if nothing moves."""
        moves = self.moves
        if kind == "transpose" and moves and moves[-1][0] == "transpose":
            argument = tuple(moves[-1][1][a] for a in argument)
            moves = moves[:-1]
        if kind == "transpose" and argument == tuple(range(len(argument))):
            return View(self.weight, moves)
        return View(self.weight, (*moves, (kind, argument)))


@dataclass(eq=False)
class Module:
    """A module of the framework that a block declares and calls.

    Attributes:
        kind: Its class, such as `nn.Conv2d`.
        arguments: Of its constructor: a name, or None for one by position, and its value.
        weights: What each of its parameters and buffers holds.
        keeps: Its weights that training changes without gradients: names of buffers.
        path: Where it stands; set by the outline.
        ties: For its parameters that another module holds: where that stands. Set by the outline.
    """

    kind: str
    arguments: tuple[tuple[str | None, Any], ...] = ()
    weights: dict[str, View] = field(default_factory=dict)
    keeps: frozenset[str] = frozenset()
    path: Path = ()
    ties: dict[str, Path] = field(default_factory=dict)

    @property
    def key(self) -> Any:
        """Equal for two that are one module called twice."""
        held = tuple((k, v.weight, v.moves) for k, v in self.weights.items())
        return self.kind, self.arguments, held


@dataclass(eq=False)
class Statement:
    """One step of a block.

    Exactly one of `equation`, `module`, `block`, `target` says what it does; without any, it is a choice between the
    two forms: its first operand while training, its second otherwise.

    Attributes:
        inputs: Operands, as in an equation.
        outputs: Values, nested as an op returns them; `()` for the assignment of new state.
        scope: The path of the block that asked for it.
        form: None when it belongs to both forms, True to that of training only, False to that of inference only.
        equation: An op.
        module: A call of a framework's module.
        block: A call of a child block.
        target: A state that gets a new value.
        arguments: What a module is called on; `inputs` are then those of the equation that it stands for.
    """

    inputs: tuple[Operand, ...]
    outputs: Result
    scope: Path = ()
    form: bool | None = None
    equation: Equation | None = None
    module: Module | None = None
    block: Block | None = None
    target: Value | None = None
    arguments: tuple[Operand, ...] = ()

    @property
    def operands(self) -> tuple[Operand, ...]:
        """What it is given: for the call of a module without the weights that the module holds."""
        return self.inputs if self.module is None else self.arguments

    @property
    def reads(self) -> list[Value]:
        """The values among its operands."""
        return [x for x in flat(self.operands) if isinstance(x, Value)]

    @property
    def makes(self) -> list[Value]:
        """The values that it defines."""
        return [x for x in flat(self.outputs) if isinstance(x, Value)]


@dataclass(eq=False)
class Block:
    """A part of a model that stands for itself, as a class or a function.

    Attributes:
        path: Where it stands.
        kind: The name of its class in the original, or "".
        statements: What it does, in order.
        inputs: The values that it gets, weights of other blocks among them.
        outputs: The values that it hands out.
        own: The weights that it holds itself, by name.
        children: Blocks and modules, by name.
        positions: The places of the outputs among all values that its statements make.
    """

    path: Path
    kind: str = ""
    statements: list[Statement] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    own: dict[str, Value] = field(default_factory=dict)
    children: dict[str, Block | Module] = field(default_factory=dict)
    positions: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else ""

    def walk(self) -> Iterator[Block]:
        """This block and all below it, children first."""
        for child in self.children.values():
            if isinstance(child, Block):
                yield from child.walk()
        yield self
