"""Clipping between numbers; torch.clamp has gradient 1 at the bounds and keeps NaN."""

from multiback.backends.protocol import Fast
from multiback.graph.ir import Literal


def _between_numbers(equation):
    return all(isinstance(bound, Literal) for bound in equation.inputs[1:])


FAST = {
    "clip": Fast("torch.clamp({x}, {x_min}, {x_max})", _between_numbers),
}
