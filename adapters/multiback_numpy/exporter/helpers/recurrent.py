"""Recurrent layers, as they stand in an exported file."""

import numpy as np

from multiback_numpy.exporter.helpers.elementwise import sigmoid


def over_time(cell, x, states, mask, reverse, zero_output_for_mask):
    """A cell run along axis 1 of x: its first state after each step, and its last states."""
    output = np.zeros_like(states[0])
    outputs = np.zeros((x.shape[0], x.shape[1], states[0].shape[1]), x.dtype)
    for t in range(x.shape[1] - 1, -1, -1) if reverse else range(x.shape[1]):
        new = cell(x[:, t], states)
        if mask is None:
            output = new[0]
        else:
            seen = mask[:, t, None]
            new = tuple(np.where(seen, a, b) for a, b in zip(new, states))
            output = np.where(seen, new[0], np.zeros_like(output) if zero_output_for_mask else output)
        states = new
        outputs[:, t] = output
    return outputs, *states


def lstm(
    x, kernel, recurrent_kernel, bias=None, h=None, c=None, mask=None, *, activation=np.tanh,
    recurrent_activation=sigmoid, reverse=False, zero_output_for_mask=False,
):  # fmt: skip
    """Long short-term memory over x (batch, time, features): all outputs, the last output and memory."""
    blank = np.zeros((x.shape[0], recurrent_kernel.shape[0]), x.dtype)

    def cell(x, states):
        h, c = states
        z = x @ kernel + h @ recurrent_kernel
        i, f, g, o = np.split(z if bias is None else z + bias, 4, -1)
        c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
        return recurrent_activation(o) * activation(c), c

    states = blank if h is None else h, blank if c is None else c
    return over_time(cell, x, states, mask, reverse, zero_output_for_mask)


def gru(
    x, kernel, recurrent_kernel, bias=None, h=None, mask=None, *, activation=np.tanh,
    recurrent_activation=sigmoid, reset_after=True, reverse=False, zero_output_for_mask=False,
):  # fmt: skip
    """Gated recurrent units over x (batch, time, features): all outputs, the last output."""
    units = recurrent_kernel.shape[0]
    if bias is None:
        x_bias = h_bias = 0.0
    else:
        x_bias, h_bias = bias if reset_after else (bias, 0.0)

    def cell(x, states):
        (h,) = states
        xz, xr, xn = np.split(x @ kernel + x_bias, 3, -1)
        if reset_after:
            hz, hr, hn = np.split(h @ recurrent_kernel + h_bias, 3, -1)
            n = activation(xn + recurrent_activation(xr + hr) * hn)
        else:
            hz, hr = np.split(h @ recurrent_kernel[:, : 2 * units], 2, -1)
            n = activation(xn + (recurrent_activation(xr + hr) * h) @ recurrent_kernel[:, 2 * units :])
        z = recurrent_activation(xz + hz)
        return (z * h + (1 - z) * n,)

    blank = np.zeros((x.shape[0], units), x.dtype)
    return over_time(cell, x, (blank if h is None else h,), mask, reverse, zero_output_for_mask)


def simple_rnn(
    x, kernel, recurrent_kernel, bias=None, h=None, mask=None, *, activation=np.tanh, reverse=False,
    zero_output_for_mask=False,
):  # fmt: skip
    """The plain recurrence h = activation(x kernel + h recurrent_kernel + bias): all outputs, the last output."""
    blank = np.zeros((x.shape[0], recurrent_kernel.shape[0]), x.dtype)

    def cell(x, states):
        z = x @ kernel + states[0] @ recurrent_kernel
        return (activation(z if bias is None else z + bias),)

    return over_time(cell, x, (blank if h is None else h,), mask, reverse, zero_output_for_mask)
