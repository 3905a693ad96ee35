"""A step on native arrays, outside any graph that is being traced: traced and compiled once per kind of arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multiback.backends import registry
from multiback.backends.compile import Compiled, Program, natives
from multiback.backends.protocol import Options
from multiback.graph.ir import Spec
from multiback.graph.trace import as_host_array
from multiback.variables import Variable

Step = Callable[[Sequence[Any], Sequence[Variable]], None]


def run(
    programs: dict[Any, Program], step: Step, gradients: Sequence[Any], variables: Sequence[Variable], *, consume: bool
) -> None:
    """Runs `step(gradients, variables)` as one compiled program.

    Arguments:
        programs: Where programs are kept for the next time.
        step: Written in ops; assigns Variables.
        gradients: Native arrays, NumPy arrays, lists or Variables.
        variables: The model's variables, in the order of the gradients.
        consume: Whether the storage of the old values may be reused for the new ones.
    """
    adapter = variables[0].adapter
    arrays = list(gradients)
    if adapter is None or not all(map(adapter.is_native, arrays)):
        adapter, arrays, _ = natives([_array(g) for g in gradients], adapter)
    specs = tuple(Spec(v.shape, adapter.dtype(a)) for a, v in zip(arrays, variables))
    key = (adapter.name, consume, specs, tuple(variables))
    program = programs.get(key)
    if program is None:
        options = Options(differentiable=not consume)
        compiled = Compiled(lambda *values: step(values, variables), "optimizer_step", options)
        program = compiled.build(adapter, specs)
        programs[key] = program
    program.run(arrays)


def _array(x: Any) -> Any:
    if isinstance(x, Variable):
        return x.value
    return x if registry.owner(x) is not None else as_host_array(x)
