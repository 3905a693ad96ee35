"""What a framework says about how its source is written."""

from __future__ import annotations

import keyword
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.errors import ArgumentError
from multiback.graph.ir import Equation, Graph, Literal, Value
from multiback.porting.outline.blocks import Block, Module, Path
from multiback.porting.outline.forms import Program
from multiback.porting.source.calls import Entry, Template, resolve
from multiback.porting.source.classes import Written


class Target(ABC):
    """A framework as the printer sees it.

    Attributes:
        name: As in `to_source(name, ...)`.
        imports: The import that gives each name which generated code may use, such as `{"torch": "import torch"}`.
        libraries: Packages that copied helpers may import.
        expressions: How each op is written; ops without an entry are expanded.
        channels_first: Whether images have their channels after the batch.
        native_random: Whether draws are the framework's own, without keys.
        draws_inside: Whether the bodies of loops and branches can draw.
        training: The expression that says which form runs.
        shares: Whether blocks that differ in numbers share one definition, with these numbers as arguments.
        positional: Names of the arguments by position of constructors, by constructor: they name such numbers.
        lists: Whether numbered children are called in a loop.
        chains: Whether such children may be declared as one that is called once.
        alike: Whether definitions are functions, whose names no value may have.
        loops_inside: Whether a block may loop over its own numbered children.
        taken_members: Names that the framework's own classes use for attributes.
        trains: Whether it has a form for training.
        reserved: Names that no value may have.
        reserved_in_root: Names that no argument of the model may have.
        nothing: The declaration of an item of a list that does nothing.
        keeps_constants: Whether small constants that are no numbers are declared like weights, not written in place.
    """

    name: str
    imports: Mapping[str, str]
    libraries: tuple[str, ...] = ()
    expressions: Mapping[str, Entry]
    channels_first = False
    native_random = True
    draws_inside = True
    training = "self.training"
    shares = True
    positional: Mapping[str, tuple[str, ...]] = {}
    lists = True
    chains = True
    alike = False
    loops_inside = False
    taken_members: frozenset[str] = frozenset()
    trains = True
    reserved: tuple[str, ...] = ("self",)
    reserved_in_root: tuple[str, ...] = ()
    keeps_constants = False
    nothing = "None"

    # ---- ops

    def template(self, equation: Equation) -> Template | None:
        """How an equation is written; None: it is expanded."""
        return resolve(self.expressions.get(equation.op.name), equation)

    def keeps(self, equation: Equation) -> bool:
        """Whether a composite is written as one expression."""
        return self.template(equation) is not None

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with ops in the shape in which idioms are found."""
        return graph

    def idioms(self, program: Program, trainable: Mapping[Value, bool]) -> None:  # noqa: B027
        """Gives statements that are calls of a framework's module their `module`."""

    # ---- things that are not ops

    @abstractmethod
    def dtype(self, dtype: DType) -> str:
        """A dtype, such as `torch.float32`."""

    @abstractmethod
    def array(self, array: np.ndarray) -> str:
        """A constant array."""

    def size(self, x: str, axis: int) -> str:
        """The size of an axis."""
        return f"{x}.shape[{axis}]"

    def maximum(self, x: str, y: str) -> str:
        """The larger of two sizes."""
        return f"max({x}, {y})"

    def number(self, x: Literal, beside: Sequence[Any]) -> str | None:
        """A number among operands as it stands; None: it must be an array."""
        others = [v for v in beside if isinstance(v, Value)]
        return plain_number(x) if any(v.dtype == x.dtype for v in others) else None

    # ---- blocks

    def reference(self, path: Path) -> str:
        """A child or weight, by its path from the block that is written: `self.layers[0].kernel`."""
        return "self" + "".join(f"[{p}]" if p.isdigit() and i else f".{self.member(p)}" for i, p in enumerate(path))

    def member(self, name: str) -> str:
        """The name of an attribute, changed where Python or the framework's classes have this name."""
        if name.isdigit():
            return f"layer_{name}"
        return f"{name}_" if name in self.taken_members or keyword.iskeyword(name) else name

    def call(self, path: Path, arguments: Sequence[str], function: str) -> str:
        """A call of a child; `function` is the name of its class or function."""
        return f"{self.reference(path)}({', '.join(arguments)})"

    def weight_reference(self, path: Path, trainable: bool) -> str:
        """A weight, by its path from the block that is written."""
        return self.reference(path)

    def call_block(self, block: Block, path: Path, arguments: Sequence[str], function: str) -> str:
        """A call of a child block."""
        return self.call(path, arguments, function)

    def loop(
        self, block: Block | None, path: Path, span: str, variable: str, arguments: Sequence[str], function: str
    ) -> tuple[str, str]:
        """The head of a loop over numbered children, and the call of one; `span` says which, as a slice."""
        return f"for {variable} in {self.reference(path)}{span}:", f"{variable}({', '.join(arguments)})"

    def stored_path(self, path: Path, trainable: bool) -> Path:
        """Where a weight stands in the file of weights, by its place in the model."""
        return tuple(p if p.isdigit() else self.member(p) for p in path)

    def may_loop(self, blocks: Sequence[Block | None], functions: Collection[str]) -> bool:
        """Whether children may be called in a loop; `functions` are the names of their definitions."""
        return True

    def definition_name(self, base: str, root: bool) -> str:
        """The name that the definition of a block would like to have, of one in CamelCase."""
        return base

    @abstractmethod
    def weight(self, value: Value, trainable: bool, constant: np.ndarray | None) -> str:
        """The declaration of a weight of its own: the right side, such as `nn.Parameter(torch.empty(3))`.

        Arguments:
            value: Its shape and dtype.
            trainable: Whether it is trained.
            constant: What it holds for good, where it is no weight but a constant of the program.
        """

    def module(self, module: Module) -> str:
        """The declaration of a framework's module."""
        parts = [text if name is None else f"{name}={text}" for name, text in module.arguments]
        return f"{module.kind}({', '.join(parts)})"

    def helpers(self, text: str, called: Mapping[str, Any]) -> Mapping[str, Any]:
        """The functions and classes that are copied into the file: those called by expressions, and others it names."""
        return called

    @abstractmethod
    def definition(self, written: Written) -> list[str]:
        """The lines of a class or function."""

    def sequence(self, parts: Sequence[str], chained: bool) -> str:
        """The declaration of numbered children; `chained`: they are called as one, each on what the one before gave."""
        raise NotImplementedError

    def store(self, target: str, value: str) -> list[str]:
        """The lines that give a state a new value."""
        return [f"{target} = {value}"]

    @abstractmethod
    def closing(self, root: Written, weights: str) -> list[str]:
        """The lines at the end of a file: how the model is made with the weights in the file of this name."""

    def training_step(self, model: Any) -> list[str]:
        """The lines of a compiled model's training step: its optimizer and its loss.

        Raises:
            ArgumentError: if the model is not compiled, or with something that cannot be written.
        """
        raise ArgumentError(f"The training step cannot be written for {self.name!r}. Leave training_step out.")


def plain_number(x: Literal) -> str:
    """A number in Python."""
    value = x.value
    if x.dtype.kind == "b":
        return repr(bool(value))
    if x.dtype.kind in "iu":
        return repr(int(value))
    if x.dtype.kind == "c":
        return repr(complex(value))
    if x.dtype.bits < 32:
        value = np.asarray(value, x.dtype.numpy)
    return real(float(value))


def listed(array: np.ndarray) -> str:
    """The numbers of an array as nested lists in Python, infinities and NaN included."""
    return re.sub(r"\b(nan|inf)\b", r'float("\1")', repr(array.tolist()))


def real(value: float) -> str:
    """A float in Python, infinities and NaN included."""
    return repr(value) if value == value and abs(value) != float("inf") else f'float("{value}")'
