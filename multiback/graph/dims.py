"""Symbolic sizes: a `Dim` is a polynomial with integer coefficients over named sizes, such as `batch` or `2*batch + 1`.

Sizes are taken to be at least 1. Equality is structural, so two sizes are equal only when they are so for every batch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import TypeAlias

from multiback.errors import ShapeError

Size: TypeAlias = "int | Dim"
Shape: TypeAlias = "tuple[Size, ...]"
_Monomial: TypeAlias = "tuple[_Atom, ...]"
_SKETCHING: ContextVar[bool] = ContextVar("multiback_sketching", default=False)


class _Atom:
    """An indivisible size: a name, or a quotient, remainder or maximum that does not simplify."""

    __slots__ = ("arguments", "key", "kind")

    def __init__(self, kind: str, *arguments: str | Size) -> None:
        self.kind = kind
        self.arguments = arguments
        self.key = (kind, *map(str, arguments))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Atom) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __lt__(self, other: _Atom) -> bool:
        return self.key < other.key

    def __str__(self) -> str:
        if self.kind == "name":
            return str(self.arguments[0])
        if self.kind == "max":
            return f"max({self.arguments[0]}, {self.arguments[1]})"
        return f"({_wrapped(self.arguments[0])} {self.kind} {_wrapped(self.arguments[1])})"

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        if self.kind == "name":
            return sizes[str(self.arguments[0])]
        left, right = (evaluate(a, sizes) for a in self.arguments)  # type: ignore[arg-type]
        return {"//": left // right, "%": left % right}[self.kind] if self.kind != "max" else max(left, right)


class Dim:
    """A size that is known only when the graph runs.

    Supports `+ - * // %` with integers and other Dims; the result is an `int` whenever it does not depend on a name.

    Example:
        >>> batch = Dim.named("batch")
        >>> str(2 * batch + batch - 1)
        '3*batch - 1'
    """

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: Mapping[_Monomial, int]) -> None:
        self.terms = tuple(sorted(terms.items(), key=lambda t: (-len(t[0]), t[0])))
        self._hash = hash(self.terms)

    @staticmethod
    def named(name: str) -> Dim:
        """The size called `name`."""
        return Dim({(_Atom("name", name),): 1})

    @property
    def name(self) -> str | None:
        """The name when this is one bare named size, else None."""
        if len(self.terms) == 1 and self.terms[0][1] == 1 and len(self.terms[0][0]) == 1:
            atom = self.terms[0][0][0]
            return str(atom.arguments[0]) if atom.kind == "name" else None
        return None

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Dim) and self.terms == other.terms)

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        parts = []
        for monomial, coefficient in self.terms:
            factors = [str(a) for a in monomial]
            if abs(coefficient) != 1 or not factors:
                factors.insert(0, str(abs(coefficient)))
            sign = "- " if coefficient < 0 else "+ "
            parts.append(sign + "*".join(factors))
        text = " ".join(parts)
        return text[2:] if text.startswith("+ ") else "-" + text[2:]

    __repr__ = __str__

    def __add__(self, other: Size) -> Size:
        return _combine([(self, 1), (other, 1)])

    def __sub__(self, other: Size) -> Size:
        return _combine([(self, 1), (other, -1)])

    def __rsub__(self, other: Size) -> Size:
        return _combine([(other, 1), (self, -1)])

    def __neg__(self) -> Size:
        return _combine([(self, -1)])

    def __mul__(self, other: Size) -> Size:
        if not isinstance(other, int | Dim):
            return NotImplemented
        terms: dict[_Monomial, int] = {}
        for left, a in self.terms:
            for right, b in _terms(other):
                key = tuple(sorted(left + right))
                terms[key] = terms.get(key, 0) + a * b
        return _simplified(terms)

    __radd__ = __add__
    __rmul__ = __mul__

    def __floordiv__(self, other: Size) -> Size:
        quotient = divide_exactly(self, other)
        return quotient if quotient is not None else _simplified({(_Atom("//", self, other),): 1})

    def __rfloordiv__(self, other: int) -> Size:
        return _simplified({(_Atom("//", other, self),): 1})

    def __mod__(self, other: Size) -> Size:
        if divide_exactly(self, other) is not None:
            return 0
        return _simplified({(_Atom("%", self, other),): 1})

    def __rmod__(self, other: int) -> Size:
        return _simplified({(_Atom("%", other, self),): 1})

    def __bool__(self) -> bool:
        return True

    def __index__(self) -> int:
        raise ShapeError(
            f"The size {self} is not known while the graph is traced. "
            "Write the computation with multiback.ops, or give the input a fixed size."
        )

    __int__ = __index__

    def __lt__(self, other: Size) -> bool:
        return self._ordered("<", lower_bound(other - self) >= 1, lower_bound(self - other) >= 0, other)

    def __le__(self, other: Size) -> bool:
        return self._ordered("<=", lower_bound(other - self) >= 0, lower_bound(self - other) >= 1, other)

    def __gt__(self, other: Size) -> bool:
        return self._ordered(">", lower_bound(self - other) >= 1, lower_bound(other - self) >= 0, other)

    def __ge__(self, other: Size) -> bool:
        return self._ordered(">=", lower_bound(self - other) >= 0, lower_bound(other - self) >= 1, other)

    def _ordered(self, sign: str, yes: bool, no: bool, other: Size) -> bool:
        if yes or no:
            return yes
        raise ShapeError(
            f"Whether {self} {sign} {other} is not known while the graph is traced. Give the input a fixed size here."
        )


def _wrapped(size: object) -> str:
    text = str(size)
    return f"({text})" if " " in text and not text.startswith("(") else text


def _terms(size: Size) -> Iterable[tuple[_Monomial, int]]:
    return size.terms if isinstance(size, Dim) else (((), int(size)),)


def _simplified(terms: Mapping[_Monomial, int]) -> Size:
    terms = {m: c for m, c in terms.items() if c}
    if not terms:
        return 0
    if set(terms) == {()}:
        return terms[()]
    return Dim(terms)


def _combine(parts: Iterable[tuple[Size, int]]) -> Size:
    terms: dict[_Monomial, int] = {}
    for size, sign in parts:
        if not isinstance(size, Dim) and (isinstance(size, bool) or not hasattr(size, "__index__")):
            return NotImplemented
        for monomial, coefficient in _terms(size):
            terms[monomial] = terms.get(monomial, 0) + sign * coefficient
    return _simplified(terms)


def divide_exactly(size: Size, by: Size) -> Size | None:
    """size / by when that is a whole polynomial, else None."""
    if isinstance(size, int) and isinstance(by, int):
        return size // by if by and size % by == 0 else None
    if size == by:
        return 1
    divisor = list(_terms(by))
    if len(divisor) != 1:
        return None
    monomial, coefficient = divisor[0]
    if coefficient == 0:
        return None
    quotient: dict[_Monomial, int] = {}
    for factors, value in _terms(size):
        rest = list(factors)
        for atom in monomial:
            if atom not in rest:
                return None
            rest.remove(atom)
        if value % coefficient:
            return None
        quotient[tuple(rest)] = value // coefficient
    return _simplified(quotient)


@contextlib.contextmanager
def sketching() -> Iterator[None]:
    """Inside, symbolic sizes that may be equal count as equal where arrays meet: shapes are only looked at, not run."""
    token = _SKETCHING.set(True)
    try:
        yield
    finally:
        _SKETCHING.reset(token)


def common(a: Size, b: Size) -> Size | None:
    """The size of two that must be equal, or None if they are not; while sketching, one of two that may be equal."""
    if a == b:
        return a
    if not _SKETCHING.get() or isinstance(_combine([(a, 1), (b, -1)]), int):
        return None
    return a if isinstance(a, int) else b


def maximum(a: Size, b: Size) -> Size:
    """The larger of two sizes, symbolic when neither is known to be."""
    try:
        return a if a >= b else b
    except ShapeError:
        return _simplified({(_Atom("max", a, b),): 1})


def lower_bound(size: Size) -> float:
    """A bound from below, taking every named size to be at least 1; -inf when there is none."""
    total: float = 0
    for monomial, coefficient in _terms(size):
        if not monomial:
            total += coefficient
        elif coefficient < 0:
            return float("-inf")
        else:
            total += coefficient * (1 if all(a.kind in ("name", "max") for a in monomial) else 0)
    return total


def evaluate(size: Size, sizes: Mapping[str, int]) -> int:
    """The number that `size` is when the named sizes are those given."""
    if not isinstance(size, Dim):
        return int(size)
    total = 0
    for monomial, coefficient in size.terms:
        for atom in monomial:
            coefficient *= atom.evaluate(sizes)
        total += coefficient
    return total


def names(size: Size) -> set[str]:
    """The named sizes that `size` depends on."""
    found: set[str] = set()
    for monomial, _ in _terms(size):
        for atom in monomial:
            if atom.kind == "name":
                found.add(str(atom.arguments[0]))
            else:
                for argument in atom.arguments:
                    found |= names(argument)  # type: ignore[arg-type]
    return found


def substitute(size: Size, with_: Callable[[str], Size | None]) -> Size:
    """`size` with named sizes replaced by what `with_(name)` returns (None keeps the name)."""
    if not isinstance(size, Dim):
        return size
    total: Size = 0
    for monomial, coefficient in size.terms:
        product: Size = coefficient
        for atom in monomial:
            product = product * _substitute_atom(atom, with_)
        total = total + product
    return total


def _substitute_atom(atom: _Atom, with_: Callable[[str], Size | None]) -> Size:
    if atom.kind == "name":
        replaced = with_(str(atom.arguments[0]))
        return Dim({(atom,): 1}) if replaced is None else replaced
    left, right = (substitute(a, with_) for a in atom.arguments)  # type: ignore[arg-type]
    if atom.kind == "max":
        return maximum(left, right)
    return left // right if atom.kind == "//" else left % right


def product(sizes: Iterable[Size]) -> Size:
    """The product of sizes: the number of elements of a shape."""
    result: Size = 1
    for size in sizes:
        result = result * size
    return result
