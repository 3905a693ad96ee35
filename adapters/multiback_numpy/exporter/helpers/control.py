"""Control flow, as it stands in an exported file."""

import numpy as np


def cond(predicate, operands, *, true_graph, false_graph):
    """One of two functions."""
    return (true_graph if predicate else false_graph)(*operands)


def while_loop(init, captures, *, condition, body):
    """A state changed as long as a condition holds."""
    state = tuple(init)
    while condition(*state, *captures)[0]:
        state = body(*state, *captures)
    return state


def scan(init, xs, captures, *, body, length, reverse, output_specs):
    """A state carried along the first axis: the last state, and what each step gives."""
    carry, rows = tuple(init), []
    for t in range(length - 1, -1, -1) if reverse else range(length):
        outputs = body(*carry, *(x[t] for x in xs), *captures)
        carry = outputs[: len(carry)]
        rows.append(outputs[len(carry) :])
    if not rows:
        return carry, tuple(np.zeros(shape, dtype) for shape, dtype in output_specs[1])
    return carry, tuple(np.stack(column) for column in zip(*(rows[::-1] if reverse else rows)))
