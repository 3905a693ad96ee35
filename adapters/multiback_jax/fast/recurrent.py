"""Recurrent layers as one scan each way; the gradients of the weights are matrix products over all steps, after it.

The gradient that JAX derives from a scan adds a small product to every weight's gradient in each step. Here the scan
back gives only the gradients of the gates, and one product for each weight follows: some 15 to 20 % off a step.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from multiback.backends.protocol import Fast


class Cell:
    """From what x and h give to the gates: the new states and what the way back needs; and the way back.

    The last of the gradients that `backward` gives first is that of what h gives to the gates.
    """

    @staticmethod
    def for_x(product, d_gates):
        """A product with the gradient of what x gives to the gates: here the same as that for h."""
        return product(d_gates[-1])


class LSTM(Cell):
    """Four gates and two states."""

    @staticmethod
    def forward(from_x, from_h, states):
        i, f, g, o = jnp.split(from_x + from_h, 4, -1)
        i, f, g, o = lax.logistic(i), lax.logistic(f), jnp.tanh(g), lax.logistic(o)
        c = f * states[1] + i * g
        return (o * jnp.tanh(c), c), (i, f, g, o)

    @staticmethod
    def backward(saved, before, after, gradients):
        (i, f, g, o), (dh, dc) = saved, gradients
        t = jnp.tanh(after[1])
        dc = dc + dh * o * (1 - t * t)
        parts = dc * g * i * (1 - i), dc * before[1] * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)
        return (jnp.concatenate(parts, -1),), (0, dc * f)


class GRU(Cell):
    """Three gates and one state; the reset gate acts after the product of h."""

    @staticmethod
    def forward(from_x, from_h, states):
        (xz, xr, xn), (hz, hr, hn) = jnp.split(from_x, 3, -1), jnp.split(from_h, 3, -1)
        z, r = lax.logistic(xz + hz), lax.logistic(xr + hr)
        n = jnp.tanh(xn + r * hn)
        return (z * states[0] + (1 - z) * n,), (z, r, n, hn)

    @staticmethod
    def backward(saved, before, after, gradients):
        (z, r, n, hn), (dh,) = saved, gradients
        dz = dh * (before[0] - n) * z * (1 - z)
        dn = dh * (1 - z) * (1 - n * n)
        dr = dn * hn * r * (1 - r)
        return (dn, jnp.concatenate((dz, dr, dn * r), -1)), (dh * z,)

    @staticmethod
    def for_x(product, d_gates):
        dn, d_h = d_gates
        return jnp.concatenate((product(d_h)[..., : -dn.shape[-1]], product(dn)), -1)


class Tanh(Cell):
    """The plain recurrence."""

    @staticmethod
    def forward(from_x, from_h, states):
        return (jnp.tanh(from_x + from_h),), ()

    @staticmethod
    def backward(saved, before, after, gradients):
        return (gradients[0] * (1 - after[0] * after[0]),), (0,)


class Weights(NamedTuple):
    """Of x, of h, and what is added to each product, or None."""

    x: Any
    h: Any
    x_bias: Any
    h_bias: Any


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def recurrence(cell, reverse, zero_output, x, weights, states, mask):
    """The outputs (time, batch, units) for x (time, batch, features), and the last states."""
    outputs, last, *_ = _forward(cell, reverse, zero_output, x, weights, states, mask)
    return outputs, last


def _forward(cell, reverse, zero_output, x, weights, states, mask):
    blank = jnp.zeros_like(states[0])

    def step(carry, rows):
        states, output = carry
        row, known = rows
        new, saved = cell.forward(
            _biased(row @ weights.x, weights.x_bias), _biased(states[0] @ weights.h, weights.h_bias), states
        )
        if known is None:
            return (new, None), (new[0], new, saved)
        new = tuple(jnp.where(known, a, b) for a, b in zip(new, states))
        output = jnp.where(known, new[0], blank if zero_output else output)
        return (new, output), (output, new, saved)

    start = states, None if mask is None else blank
    (last, _), (outputs, after, saved) = lax.scan(step, start, (x, mask), reverse=reverse)
    return outputs, last, after, saved


def _biased(x, bias):
    return x if bias is None else x + bias


def _saving(cell, reverse, zero_output, x, weights, states, mask):
    outputs, last, after, saved = _forward(cell, reverse, zero_output, x, weights, states, mask)
    return (outputs, last), (x, weights, states, mask, after, saved)


def _backward(cell, reverse, zero_output, residuals, gradients):
    x, weights, states, mask, after, saved = residuals
    d_outputs, d_last = gradients
    ends = (lambda s, a: (a[1:], s[None])) if reverse else (lambda s, a: (s[None], a[:-1]))
    before = tuple(jnp.concatenate(ends(s, a)) for s, a in zip(states, after))
    transposed = weights.h.T

    def step(carry, rows):
        d_states, d_repeated = carry
        d_output, known, before, after, saved = rows
        d_new, d_kept = d_states, (0,) * len(d_states)
        if known is None:
            d_new = d_new[0] + d_output, *d_new[1:]
        else:
            d_output = d_output + d_repeated
            d_kept = tuple(jnp.where(known, 0, d) for d in d_new)
            d_new = d_new[0] + d_output, *d_new[1:]
            d_new = tuple(jnp.where(known, d, 0) for d in d_new)
            d_repeated = d_repeated if zero_output else jnp.where(known, 0, d_output)
        d_gates, direct = cell.backward(saved, before, after, d_new)
        direct = direct[0] + d_gates[-1] @ transposed, *direct[1:]
        return (tuple(a + b for a, b in zip(direct, d_kept)), d_repeated), d_gates

    start = d_last, None if mask is None else jnp.zeros_like(states[0])
    rows = d_outputs, mask, before, after, saved
    (d_states, _), d_gates = lax.scan(step, start, rows, reverse=not reverse)
    # As products of two matrices: XLA takes longer over those of more axes.
    x_rows, h_rows = (a.reshape(-1, a.shape[-1]) for a in (x, before[0]))
    d_rows = [d.reshape(-1, d.shape[-1]) for d in d_gates]
    d_weights = Weights(
        cell.for_x(lambda d: x_rows.T @ d, d_rows),
        h_rows.T @ d_rows[-1],
        None if weights.x_bias is None else cell.for_x(lambda d: d.sum(0), d_rows),
        None if weights.h_bias is None else d_rows[-1].sum(0),
    )
    d_x = (cell.for_x(lambda d: d, d_rows) @ weights.x.T).reshape(x.shape)
    return d_x, d_weights, d_states, None


recurrence.defvjp(_saving, _backward)


def _run(cell, x, weights, states, mask, reverse, zero_output):
    shape = x.shape[0], weights.h.shape[0]
    states = tuple(jnp.zeros(shape, x.dtype) if s is None else s for s in states)
    known = None if mask is None else mask.T[..., None]
    outputs, last = recurrence(cell, reverse, zero_output, x.swapaxes(0, 1), weights, states, known)
    return outputs.swapaxes(0, 1), *last


def lstm(
    x, kernel, recurrent_kernel, bias, h, c, mask, *, activation, recurrent_activation, reverse, zero_output_for_mask
):
    weights = Weights(kernel, recurrent_kernel, bias, None)
    return _run(LSTM, x, weights, (h, c), mask, reverse, zero_output_for_mask)


def gru(
    x, kernel, recurrent_kernel, bias, h, mask, *, activation, recurrent_activation, reset_after, reverse,
    zero_output_for_mask,
):  # fmt: skip
    weights = Weights(kernel, recurrent_kernel, *((None, None) if bias is None else bias))
    return _run(GRU, x, weights, (h,), mask, reverse, zero_output_for_mask)


def simple_rnn(x, kernel, recurrent_kernel, bias, h, mask, *, activation, reverse, zero_output_for_mask):
    weights = Weights(kernel, recurrent_kernel, bias, None)
    return _run(Tanh, x, weights, (h,), mask, reverse, zero_output_for_mask)


def _usual(equation):
    a = equation.attributes
    return (a["activation"], a.get("recurrent_activation", "sigmoid")) == ("tanh", "sigmoid")


FAST = {
    "lstm": Fast(lstm, when=_usual),
    "gru": Fast(gru, when=lambda e: _usual(e) and e.attributes["reset_after"]),
    "simple_rnn": Fast(simple_rnn, when=_usual),
}
