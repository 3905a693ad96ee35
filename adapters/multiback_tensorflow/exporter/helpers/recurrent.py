"""Recurrent layers, as they stand in an exported file."""

import tensorflow as tf


def over_time(cell, x, states, mask, reverse, zero_output_for_mask):
    """A cell run along axis 1 of x: its first state after each step, and its last states."""

    def step(t, states, output):
        new = cell(x[:, t], states)
        if mask is None:
            return new, new[0]
        seen = mask[:, t, None]
        output = tf.where(seen, new[0], tf.zeros_like(output) if zero_output_for_mask else output)
        return tuple(tf.where(seen, a, b) for a, b in zip(new, states)), output

    output, length = tf.zeros_like(states[0]), x.shape[1]
    if length is not None and length <= 64:
        # Written out: TFLite has no loop over rows of an unknown batch.
        outputs = []
        for t in reversed(range(length)) if reverse else range(length):
            states, output = step(t, states, output)
            outputs.append(output)
        return tf.stack(outputs[::-1] if reverse else outputs, 1), *states
    length = tf.shape(x)[1]

    def loop_step(t, states, output, outputs):
        states, output = step(t, states, output)
        return t - 1 if reverse else t + 1, states, output, outputs.write(t, output)

    outputs = tf.TensorArray(x.dtype, length, element_shape=states[0].shape)
    start = length - 1 if reverse else tf.zeros_like(length)
    _, states, _, outputs = tf.while_loop(
        lambda t, *_: t >= 0 if reverse else t < length,
        loop_step,
        (start, states, output, outputs),
        maximum_iterations=length,
    )
    return tf.transpose(outputs.stack(), (1, 0, 2)), *states


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
