"""Recurrent layers, as they stand in an exported file."""

from keras import ops


def over_time(cell, x, states, mask, reverse, zero_output_for_mask):
    """A cell run along axis 1 of x: its first state after each step, and its last states."""

    rows = ops.swapaxes(x, 0, 1)
    rows = rows if mask is None else (rows, ops.transpose(mask))

    def step(carry, row):
        states, output = carry[:-1], carry[-1]
        if mask is None:
            new = cell(row, states)
            return (*new, new[0]), new[0]
        row, seen = row
        new = cell(row, states)
        output = ops.where(seen[:, None], new[0], ops.zeros_like(output) if zero_output_for_mask else output)
        new = tuple(ops.where(seen[:, None], a, b) for a, b in zip(new, states))
        return (*new, output), output

    last, outputs = ops.scan(step, (*states, ops.zeros_like(states[0])), rows, reverse=reverse)
    return ops.swapaxes(outputs, 0, 1), *last[:-1]


def lstm(
    x, kernel, recurrent_kernel, bias=None, h=None, c=None, mask=None, *, activation=ops.tanh,
    recurrent_activation=ops.sigmoid, reverse=False, zero_output_for_mask=False,
):  # fmt: skip
    """Long short-term memory over x (batch, time, features): all outputs, the last output and memory."""
    blank = ops.zeros((ops.shape(x)[0], recurrent_kernel.shape[0]), x.dtype)

    def cell(x, states):
        h, c = states
        z = ops.matmul(x, kernel) + ops.matmul(h, recurrent_kernel)
        i, f, g, o = ops.split(z if bias is None else z + bias, 4, -1)
        c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
        return recurrent_activation(o) * activation(c), c

    states = blank if h is None else h, blank if c is None else c
    return over_time(cell, x, states, mask, reverse, zero_output_for_mask)


def gru(
    x, kernel, recurrent_kernel, bias=None, h=None, mask=None, *, activation=ops.tanh,
    recurrent_activation=ops.sigmoid, reset_after=True, reverse=False, zero_output_for_mask=False,
):  # fmt: skip
    """Gated recurrent units over x (batch, time, features): all outputs, the last output."""
    units = recurrent_kernel.shape[0]
    if bias is None:
        x_bias = h_bias = 0.0
    else:
        x_bias, h_bias = (bias[0], bias[1]) if reset_after else (bias, 0.0)

    def cell(x, states):
        (h,) = states
        xz, xr, xn = ops.split(ops.matmul(x, kernel) + x_bias, 3, -1)
        if reset_after:
            hz, hr, hn = ops.split(ops.matmul(h, recurrent_kernel) + h_bias, 3, -1)
            n = activation(xn + recurrent_activation(xr + hr) * hn)
        else:
            hz, hr = ops.split(ops.matmul(h, recurrent_kernel[:, : 2 * units]), 2, -1)
            n = activation(xn + ops.matmul(recurrent_activation(xr + hr) * h, recurrent_kernel[:, 2 * units :]))
        z = recurrent_activation(xz + hz)
        return (z * h + (1 - z) * n,)

    blank = ops.zeros((ops.shape(x)[0], units), x.dtype)
    return over_time(cell, x, (blank if h is None else h,), mask, reverse, zero_output_for_mask)


def simple_rnn(
    x, kernel, recurrent_kernel, bias=None, h=None, mask=None, *, activation=ops.tanh, reverse=False,
    zero_output_for_mask=False,
):  # fmt: skip
    """The plain recurrence h = activation(x kernel + h recurrent_kernel + bias): all outputs, the last output."""
    blank = ops.zeros((ops.shape(x)[0], recurrent_kernel.shape[0]), x.dtype)

    def cell(x, states):
        z = ops.matmul(x, kernel) + ops.matmul(states[0], recurrent_kernel)
        return (activation(z if bias is None else z + bias),)

    return over_time(cell, x, (blank if h is None else h,), mask, reverse, zero_output_for_mask)
