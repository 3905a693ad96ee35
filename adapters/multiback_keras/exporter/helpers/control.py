"""Control flow, as it stands in an exported file."""

from keras import ops


def cond(predicate, operands, *, true_graph, false_graph):
    """One of two functions."""
    return ops.cond(predicate, lambda: true_graph(*operands), lambda: false_graph(*operands))


def while_loop(init, captures, *, condition, body):
    """A state changed as long as a condition holds."""
    return ops.while_loop(lambda *s: condition(*s, *captures)[0], lambda *s: tuple(body(*s, *captures)), init)


def scan(init, xs, captures, *, body, length, reverse):
    """A state carried along the first axis: the last state, and what each step gives."""

    def step(carry, rows):
        outputs = body(*carry, *(rows or ()), *captures)
        return tuple(outputs[: len(init)]), tuple(outputs[len(init) :])

    return ops.scan(step, tuple(init), tuple(xs) or None, length, reverse)
