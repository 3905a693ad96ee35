"""Control flow and differentiation by jax.lax and jax.value_and_grad."""

import jax
from jax import lax


def cond(predicate, operands, *, true_graph, false_graph):
    return lax.cond(predicate, true_graph, false_graph, *operands)


def while_loop(init, captures, *, condition, body):
    return lax.while_loop(lambda s: condition(*s, *captures)[0], lambda s: body(*s, *captures), init)


def scan(init, xs, captures, *, body, length, reverse):
    count = len(init)

    def step(carry, x):
        out = body(*carry, *x, *captures)
        return out[:count], out[count:]

    return lax.scan(step, init, xs, length=length, reverse=reverse)


def value_and_grad(wrt, captures, *, body):
    def scalar(*values):
        outputs = body(*values, *captures)
        return outputs[0], outputs[1:]

    indices = tuple(range(len(wrt)))
    (value, rest), gradients = jax.value_and_grad(scalar, argnums=indices, has_aux=True)(*wrt)
    return (value, *rest), gradients


LOWER = {
    "cond": cond,
    "while_loop": while_loop,
    "scan": scan,
    "value_and_grad": value_and_grad,
}
