"""Batch normalization with its moving statistics, found among the statements of both forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from multiback.graph.ir import Literal, Value
from multiback.porting.outline.blocks import Module, Statement, View

if TYPE_CHECKING:
    from multiback_torch.exporter.modules import Modules

OWN = "BatchNorm"
"""The helper for moving variances that divide by n."""


@dataclass(frozen=True)
class _Moved:
    """A moving statistic: its state, the share of the new one, and whether that is unbiased."""

    state: Value
    rate: float
    unbiased: bool
    assignment: Statement


def find_batch_norm(modules: Modules) -> None:
    """Puts a module in place of each batch normalization whose parts are all there."""
    program = modules.program
    assigned = {s.inputs[0]: s for s in program.statements if s.target is not None}
    done: set[int] = set()
    for statement in list(program.statements):
        if statement.equation is None and statement.target is None and statement.module is None:
            gone = _trained(modules, statement, assigned)
            if statement.module is not None:
                done |= gone
                # It stands where its computation stood, not where its result is first read.
                program.statements.remove(statement)
                program.statements.insert(program.statements.index(modules.makers[statement.inputs[0]]), statement)  # type: ignore[index]
    moving = {s.target for s in program.statements if s.target is not None}
    for statement in program.statements:
        fixed = statement.equation is not None and statement.equation.op.name == "batch_normalization"
        if fixed and statement.form is None and not moving & set(statement.reads):
            _frozen(modules, statement)
    program.statements = [s for s in program.statements if id(s) not in done]


def _trained(modules: Modules, choice: Statement, assigned: dict[Any, Statement]) -> set[int]:
    """Recognises one, and returns the statements that it does away with."""
    first, second = (modules.makers.get(x) if isinstance(x, Value) else None for x in choice.inputs)
    if first is None or second is None or first.equation is None or second.equation is None:
        return set()
    if (first.equation.op.name, second.equation.op.name) != ("batch_norm_train", "batch_normalization"):
        return set()
    y, mean, variance = first.makes
    x, offset, scale = first.inputs
    other, moving_mean, moving_variance, *affine = second.inputs
    epsilon = first.equation.attributes["epsilon"]
    same = other is x and affine == [offset, scale] and choice.inputs[0] is y and x.ndim > 1  # type: ignore[union-attr]
    if not same or {first.equation.attributes["axis"], second.equation.attributes["axis"]} != {1}:
        return set()
    if second.equation.attributes["epsilon"] != epsilon:
        return set()
    linear = _Linear(modules, {mean, variance})
    moved = []
    for state, new in ((moving_mean, mean), (moving_variance, variance)):
        found = [linear.moved(v, s, state, new) for v, s in assigned.items() if s.target is state]
        if len(found) != 1 or found[0] is None:
            return set()
        moved.append(found[0])
    if moved[0].rate != moved[1].rate or moved[0].unbiased:
        return set()
    weights = modules.parameters(
        {"weight": scale, "bias": offset, "running_mean": moving_mean, "running_var": moving_variance}
    )
    if weights is None or any(v.moves for v in weights.values()):
        return set()
    unbiased = moved[1].unbiased
    gone = {id(m.assignment) for m in moved}
    if unbiased and (scale is None) != (offset is None):
        return set()
    if unbiased:
        counter = _counter(modules, moving_mean)
        if counter is None:
            return set()
        weights["num_batches_tracked"] = View(counter.target)  # type: ignore[arg-type]
        gone.add(id(counter))
    kind = f"nn.BatchNorm{min(max(x.ndim - 2, 1), 3)}d" if unbiased else OWN  # type: ignore[union-attr]
    parts: list[tuple[str | None, str]] = [(None, str(moving_mean.shape[0]))]  # type: ignore[union-attr]
    parts += [("eps", repr(epsilon))] if epsilon != 1e-5 else []
    parts += [("momentum", repr(moved[0].rate))] if moved[0].rate != 0.1 else []
    if unbiased and scale is None:
        parts.append(("affine", "False"))
    elif not unbiased:
        parts += [("scale", "False")] if scale is None else []
        parts += [("center", "False")] if offset is None else []
    keeps = frozenset({"running_mean", "running_var", "num_batches_tracked"} & set(weights))
    choice.module = Module(kind, tuple(parts), weights, keeps)
    choice.arguments = (x,)
    choice.scope = first.scope
    return gone


def _frozen(modules: Modules, statement: Statement) -> None:
    """A normalization by fixed statistics in both forms."""
    assert statement.equation is not None
    x, mean, variance, offset, scale = statement.inputs
    weights = modules.parameters({"weight": scale, "bias": offset, "running_mean": mean, "running_var": variance})
    if weights is None or any(v.moves for v in weights.values()) or statement.equation.attributes["axis"] != 1:
        return
    epsilon = statement.equation.attributes["epsilon"]
    parts: list[tuple[str | None, str]] = [(None, str(mean.shape[0]))]  # type: ignore[union-attr]
    parts += [("eps", repr(epsilon))] if epsilon != 1e-5 else []
    parts += [("scale", "False")] if scale is None else []
    parts += [("center", "False")] if offset is None else []
    parts.append(("frozen", "True"))
    statement.module = Module(OWN, tuple(parts), weights, frozenset({"running_mean", "running_var"}))
    statement.arguments = (x,)


def _counter(modules: Modules, moving_mean: Any) -> Statement | None:
    """The statement that counts the batches seen beside a moving mean."""
    names = {value: name for name, value in modules.program.state.items()}
    wanted = names[moving_mean].removesuffix("running_mean") + "num_batches_tracked"
    for s in modules.program.statements:
        if s.target is not None and names.get(s.target) == wanted and s.form is not False:
            return s
    return None


class _Linear:
    """Values as sums of a few others with known factors."""

    def __init__(self, modules: Modules, statistics: set[Value]) -> None:
        self.modules = modules
        self.statistics = statistics

    def moved(self, value: Any, assignment: Statement, state: Any, new: Value) -> _Moved | None:
        """What a new value of `state` is, if it is (1 - rate) * state + rate * new."""
        terms = self.terms(value, state)
        if terms is None or set(terms) != {state, new}:
            return None
        kept, _ = terms[state]
        rate, unbiased = terms[new]
        count = self._count()
        if not unbiased and isinstance(count, int) and count > 1 and abs(kept + rate * (count - 1) / count - 1) < 1e-12:
            rate, unbiased = rate * (count - 1) / count, True
        if abs(kept + rate - 1) > 1e-12:
            return None
        shown = float(f"{rate:.12g}")
        return _Moved(state, shown if abs(shown - rate) < 1e-15 else rate, unbiased, assignment)

    def terms(self, value: Any, state: Any) -> dict[Any, tuple[float, bool]] | None:
        """The factor of each value that is not taken apart further, and whether n / (n - 1) is in it."""
        if value is state or value in self.statistics:
            return {value: (1.0, False)}
        maker = self.modules.makers.get(value)
        if maker is None or maker.equation is None:
            return None
        name, inputs = maker.equation.op.name, maker.inputs
        if name in ("cast", "stop_gradient"):
            return self.terms(inputs[0], state)
        if name in ("add", "subtract"):
            left, right = (self.terms(x, state) for x in inputs)
            if left is None or right is None:
                return None
            total = dict(left)
            for key, (factor, unbiased) in right.items():
                factor = factor if name == "add" else -factor
                old = total.get(key)
                if old is not None and old[1] != unbiased:
                    return None
                total[key] = (factor + (old[0] if old else 0.0), unbiased)
            return total
        if name == "multiply":
            for x, y in (inputs, inputs[::-1]):
                terms = self.terms(x, state) if isinstance(x, Value) else None
                if terms is None:
                    continue
                number = self.number(y)
                if number is not None:
                    return {k: (f * number, u) for k, (f, u) in terms.items()}
                if self._corrects(y, x) and not any(u for _, u in terms.values()):
                    return {k: (f, True) for k, (f, _) in terms.items()}
        return None

    def number(self, x: Any) -> float | None:
        """The number that a value is, computed from literals and constants."""
        if isinstance(x, Literal):
            return float(x.value)
        array = self.modules.program.constants.get(x)
        if array is not None:
            return float(array.item()) if array.size == 1 else None
        maker = self.modules.makers.get(x)
        if maker is None or maker.equation is None or maker.equation.op.name not in _NUMBERS:
            return None
        parts = [self.number(y) for y in maker.inputs]
        return None if None in parts else _NUMBERS[maker.equation.op.name](*parts)

    def _corrects(self, factor: Any, _: Any) -> bool:
        """Whether a factor is n / (n - 1) for the number of elements that the statistics are taken over."""
        maker = self.modules.makers.get(factor)
        if maker is None or maker.equation is None or maker.equation.op.name != "divide":
            return False
        count, less = maker.inputs
        one_less = self.modules.makers.get(less)  # type: ignore[arg-type]
        if one_less is None or one_less.equation is None or one_less.equation.op.name != "subtract":
            return False
        size = self.modules.makers.get(count)  # type: ignore[arg-type]
        if size is None or size.equation is None or size.equation.op.name != "dimension":
            return False
        again = one_less.inputs[0]
        same = again is count or (
            (other := self.modules.makers.get(again)) is not None  # type: ignore[arg-type]
            and other.equation is not None
            and other.equation.op.name == "dimension"
            and other.equation.attributes["size"] == size.equation.attributes["size"]
        )
        return same and self.number(one_less.inputs[1]) == 1.0 and size.equation.attributes["size"] == self._count()

    def _count(self) -> Any:
        """How many elements a statistic is taken over."""
        from multiback.graph.dims import product

        maker = self.modules.makers[next(iter(self.statistics))]
        x = maker.inputs[0]
        return product((x.shape[0], *x.shape[2:]))  # type: ignore[union-attr]


_NUMBERS: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negative": lambda a: -a,
    "cast": lambda a: a,
    "broadcast_to": lambda a: a,
    "reshape": lambda a: a,
}
