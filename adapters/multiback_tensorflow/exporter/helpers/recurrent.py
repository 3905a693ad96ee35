"""Recurrent layers, as they stand in an exported file."""

import tensorflow as tf


def over_time(cell, x, states, mask, reverse, zero_output_for_mask):
    """A cell run along axis 1 of x: its first state after each step, and its last states."""
    rows = tf.transpose(x, (1, 0, 2))
    seen = None if mask is None else tf.transpose(mask)[:, :, None]
    length = rows.shape[0] if rows.shape[0] is not None else tf.shape(rows)[0]
    outputs = tf.TensorArray(x.dtype, length, element_shape=states[0].shape)

    def step(t, states, output, outputs):
        new = cell(rows[t], states)
        if seen is not None:
            blank = tf.zeros_like(output) if zero_output_for_mask else output
            output = tf.where(seen[t], new[0], blank)
            new = tuple(tf.where(seen[t], a, b) for a, b in zip(new, states))
        else:
            output = new[0]
        return t - 1 if reverse else t + 1, new, output, outputs.write(t, output)

    start = length - 1 if reverse else 0
    _, last, _, outputs = tf.while_loop(
        lambda t, *_: t >= 0 if reverse else t < length,
        step,
        (tf.convert_to_tensor(start), states, tf.zeros_like(states[0]), outputs),
        maximum_iterations=length,
    )
    return tf.transpose(outputs.stack(), (1, 0, 2)), *last


def lstm(
    x, kernel, recurrent_kernel, bias=None, h=None, c=None, mask=None, *, activation=tf.tanh,
    recurrent_activation=tf.sigmoid, reverse=False, zero_output_for_mask=False,
):  # fmt: skip
    """Long short-term memory over x (batch, time, features): all outputs, the last output and memory."""
    blank = tf.zeros((tf.shape(x)[0], recurrent_kernel.shape[0]), x.dtype)

    def cell(x, states):
        h, c = states
        z = tf.matmul(x, kernel) + tf.matmul(h, recurrent_kernel)
        i, f, g, o = tf.split(z if bias is None else z + bias, 4, -1)
        c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
        return recurrent_activation(o) * activation(c), c

    states = blank if h is None else h, blank if c is None else c
    return over_time(cell, x, states, mask, reverse, zero_output_for_mask)


def gru(
    x, kernel, recurrent_kernel, bias=None, h=None, mask=None, *, activation=tf.tanh, recurrent_activation=tf.sigmoid,
    reset_after=True, reverse=False, zero_output_for_mask=False,
):  # fmt: skip
    """Gated recurrent units over x (batch, time, features): all outputs, the last output."""
    units = recurrent_kernel.shape[0]
    if bias is None:
        x_bias = h_bias = tf.zeros((), x.dtype)
    else:
        x_bias, h_bias = (bias[0], bias[1]) if reset_after else (bias, tf.zeros((), x.dtype))

    def cell(x, states):
        (h,) = states
        xz, xr, xn = tf.split(tf.matmul(x, kernel) + x_bias, 3, -1)
        if reset_after:
            hz, hr, hn = tf.split(tf.matmul(h, recurrent_kernel) + h_bias, 3, -1)
            n = activation(xn + recurrent_activation(xr + hr) * hn)
        else:
            hz, hr = tf.split(tf.matmul(h, recurrent_kernel[:, : 2 * units]), 2, -1)
            n = activation(xn + tf.matmul(recurrent_activation(xr + hr) * h, recurrent_kernel[:, 2 * units :]))
        z = recurrent_activation(xz + hz)
        return (z * h + (1 - z) * n,)

    blank = tf.zeros((tf.shape(x)[0], units), x.dtype)
    return over_time(cell, x, (blank if h is None else h,), mask, reverse, zero_output_for_mask)


def simple_rnn(
    x, kernel, recurrent_kernel, bias=None, h=None, mask=None, *, activation=tf.tanh, reverse=False,
    zero_output_for_mask=False,
):  # fmt: skip
    """The plain recurrence h = activation(x kernel + h recurrent_kernel + bias): all outputs, the last output."""
    blank = tf.zeros((tf.shape(x)[0], recurrent_kernel.shape[0]), x.dtype)

    def cell(x, states):
        z = tf.matmul(x, kernel) + tf.matmul(states[0], recurrent_kernel)
        return (activation(z if bias is None else z + bias),)

    return over_time(cell, x, (blank if h is None else h,), mask, reverse, zero_output_for_mask)
