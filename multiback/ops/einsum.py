"""Einstein summation."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ArgumentError, ShapeError
from multiback.graph.dims import Size
from multiback.graph.ir import Spec
from multiback.ops._cases import ALL_FLOATS, ALL_INTEGERS, HALVES, Bound, Case, Sample
from multiback.ops._define import Array, primitive
from multiback.ops._rules import chained, promoting
from multiback.ops.diagonals import diagonal
from multiback.ops.joining import sequence_of
from multiback.ops.shaping import broadcast_to, reshape, shown, squeeze


def _canonical(call: dict[str, Any]) -> None:
    """Explicit output, no ellipsis, no label twice in an operand, equal sizes per label, labels named in order."""
    operands = list(call["operands"])
    terms, output = _terms(call["subscripts"], operands)
    for i, term in enumerate(terms):
        operands[i], terms[i] = _without_repeats(operands[i], term)
    sizes: dict[str, Size] = {}
    for x, term in zip(operands, terms):
        for label, size in zip(term, x.shape):
            if sizes.get(label, 1) == 1:
                sizes[label] = size
            elif size not in (1, sizes[label]):
                raise ShapeError(f"einsum {call['subscripts']!r}: label {label!r} has sizes {sizes[label]} and {size}.")
    for i, (x, term) in enumerate(zip(operands, terms)):
        extra = [axis for axis, label in enumerate(term) if x.shape[axis] != sizes[label]]
        if extra:
            operands[i] = squeeze(x, tuple(extra))
            terms[i] = [label for axis, label in enumerate(term) if axis not in extra]
    names: dict[str, str] = {}
    for label in [label for term in terms for label in term]:
        names.setdefault(label, string.ascii_letters[len(names)])
    if missing := [label for label in output if label not in names]:
        raise ArgumentError(f"einsum {call['subscripts']!r}: label {missing[0]!r} of the result is in no operand.")
    left = ",".join("".join(names[label] for label in term) for term in terms)
    call["subscripts"] = f"{left}->{''.join(names[label] for label in output)}"
    call["operands"] = tuple(operands)


def _terms(subscripts: str, operands: Sequence[Any]) -> tuple[list[list[str]], list[str]]:
    """The labels of each operand and of the result; axes of an ellipsis are labelled ".0", ".1", ... from the right."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    for part in [*parts, right]:
        if not re.fullmatch(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*", part):
            raise ArgumentError(f"einsum subscripts consist of letters, commas, '...' and '->', got {subscripts!r}.")
    if len(parts) != len(operands):
        raise ArgumentError(f"einsum {subscripts!r} describes {len(parts)} operands, got {len(operands)}.")
    terms = []
    for part, x in zip(parts, operands):
        hidden = x.ndim - len(part.replace("...", ""))
        if hidden < 0 or (hidden and "..." not in part):
            raise ShapeError(f"einsum {subscripts!r}: {part!r} does not fit an operand of shape {shown(x.shape)}.")
        terms.append(_labels(part, hidden))
    widest = max((sum(label[0] == "." for label in term) for term in terms), default=0)
    if arrow:
        output = _labels(right, widest)
    else:
        every = [label for term in terms for label in term]
        once = sorted(label for label in set(every) if every.count(label) == 1 and label[0] != ".")
        output = [*_labels("...", widest), *once]
    if len(set(output)) != len(output):
        raise ArgumentError(f"einsum {subscripts!r}: a label occurs twice in the result.")
    return terms, output


def _labels(part: str, hidden: int) -> list[str]:
    before, dots, after = part.partition("...")
    return [*before, *(f".{i}" for i in reversed(range(hidden if dots else 0))), *after]


def _without_repeats(x: Any, term: list[str]) -> tuple[Any, list[str]]:
    for label in dict.fromkeys(term):
        while term.count(label) > 1:
            first = term.index(label)
            second = term.index(label, first + 1)
            x = diagonal(x, 0, first, second)
            term = [*(other for i, other in enumerate(term) if i not in (first, second)), label]
    return x, term


def _case(
    label: str,
    subscripts: str,
    *operands: Any,
    dtypes: Sequence[str] = ("float32",),
    c: float = 8,
    differentiable: bool = True,
) -> Case:
    def scale(xs: Any, subscripts: str) -> Any:
        return np.einsum(subscripts, *map(np.abs, xs))

    samples = tuple(Sample(shape, -2, 2) if dtypes[0] != "int32" else Sample(shape, 0, 5) for shape in operands)
    return Case((samples,), {"subscripts": subscripts}, label, dtypes, Bound(c, scale), differentiable)


@primitive(
    name="einsum",
    canonical=chained(sequence_of("operands"), promoting("operands"), _canonical),
    cases=[
        _case("matmul", "ij,jk->ik", ("batch", 4), (4, 3)),
        _case("implicit", "ba,ac", ("batch", 4), (4, 3)),
        _case("batch", "bqhd,bkhd->bhqk", ("batch", 3, 2, 4), ("batch", 5, 2, 4)),
        _case("projection", "abc,cde->abde", ("batch", 2, 3), (3, 2, 4)),
        _case("ellipsis", "...ij,...jk->...ik", ("batch", 2, 3, 4), (2, 4, 5)),
        _case("ellipsis of size 1", "...i,...i", ("batch", 1, 3), (2, 3)),
        _case("transpose", "abc->cab", ("batch", 2, 3)),
        _case("sum", "abc->b", ("batch", 2, 3)),
        _case("to a scalar", "ab,ab->", ("batch", 3), ("batch", 3)),
        _case("diagonal", "aab->ab", (3, 3, "batch")),
        _case("trace", "ii", (4, 4)),
        _case("three", "ab,bc,cd->ad", ("batch", 3), (3, 4), (4, 2)),
        _case("summed alone", "ab,c->a", ("batch", 3), (4,)),
        _case("outer", "a,b->ab", ("batch",), (3,)),
        _case("copy", "ab->ab", ("batch", 3)),
        _case("elementwise", "ab,ab->ab", ("batch", 3), ("batch", 3)),
        _case("scalars", ",->", (), ()),
        _case("scalar and matrix", ",ab->ba", (), ("batch", 3)),
        _case("implicit ellipsis", "...a", ("batch", 2, 3)),
        _case("ellipsis in the middle", "a...b,b->a...", (2, "batch", 3), (3,)),
        _case("ellipsis of different lengths", "...ab,...bc->...ac", (2, "batch", 3, 4), (4, 2)),
        Case(
            ((Sample(("batch", 2, 3)),),),
            {"subscripts": "...a->a"},
            "summed ellipsis",
            bound=Bound(8, lambda xs, subscripts: np.abs(xs[0]).sum((0, 1))),
        ),
        _case("diagonals of two", "aab,bcc->ac", (3, 3, 2), (2, 4, 4)),
        _case("spaces and capitals", "a B, B c -> a c", ("batch", 3), (3, 2)),
        _case("four", "ab,bc,cd,d->a", ("batch", 3), (3, 4), (4, 2), (2,)),
        _case("nothing to add", "ab,bc->ac", (2, 0), (0, 3)),
        _case("dtypes", "bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 5, 2, 4), dtypes=ALL_FLOATS[1:], differentiable=False),
        _case("dtypes", "aab,bc->ac", (3, 3, 4), (4, 2), dtypes=ALL_INTEGERS),
        _case("long", "ab,bc->ac", (3, 700), (700, 2), c=700, differentiable=False),  # as of matmul
        _case("long", "ab,bc->ac", (3, 700), (700, 2), dtypes=HALVES, c=2, differentiable=False),
    ],
)
def _einsum(operands: Sequence[Array], subscripts: str) -> Spec:
    """Sums of products over labelled axes."""
    inputs, output = subscripts.split("->")
    sizes = {label: size for term, x in zip(inputs.split(","), operands) for label, size in zip(term, x.shape)}  # type: ignore[call-overload]
    return Spec(tuple(sizes[label] for label in output), operands[0].dtype)  # type: ignore[index]


@_einsum.meaning
def _(operands: Any, subscripts: Any) -> Any:
    if operands[0].dtype == dtypes.bfloat16.numpy:
        operands = [x.astype(np.float32) for x in operands]
    return np.einsum(subscripts, *operands, optimize=True)


@_einsum.vjp
def _(g: Any, y: Any, operands: Any, subscripts: str) -> Any:
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    cotangents = []
    for i, (x, term) in enumerate(zip(operands, terms)):
        others = [*terms[:i], *terms[i + 1 :]]
        seen = "".join([output, *others])
        found = "".join(label for label in term if label in seen)
        c = _einsum([g, *operands[:i], *operands[i + 1 :]], f"{','.join([output, *others])}->{found}")
        if found != term:
            c = reshape(c, tuple(n if label in seen else 1 for n, label in zip(x.shape, term)))
            c = broadcast_to(c, x.shape)
        cotangents.append(c)
    return tuple(cotangents)


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Sums of products over labelled axes: y[output labels] = sum over the other labels of the product of the operands.

    Arguments:
        subscripts: Labels of each operand's axes, such as "bij,bjk->bik". "..." stands for axes that broadcast; without
            "->" the result has the labels that occur once, in alphabetical order. A label that is twice in one operand
            takes its diagonal.
        operands: Arrays; their dtypes are promoted.
        kwargs: `optimize` is accepted for compatibility; each framework orders the products itself.

    Returns:
        Array in the promoted dtype.

    Raises:
        ArgumentError: for subscripts that cannot be read.
        ShapeError: if they do not fit the operands.

    Source: NumPy's einsum.

    Example:
        >>> ops.einsum("ij,j->i", [[1, 2], [3, 4]], [1, 1]).tolist()
        [3, 7]
    """
    if unknown := set(kwargs) - {"optimize"}:
        raise ArgumentError(f"einsum() has no argument {sorted(unknown)[0]!r}.")
    return _einsum(list(operands), subscripts)
