"""Results that are computed again for the gradient."""

import jax

from multiback.backends.protocol import Fast


def remat(operands, *, body):
    return jax.checkpoint(lambda *values: tuple(body(*values)))(*operands)


FAST = {"remat": Fast(remat)}
