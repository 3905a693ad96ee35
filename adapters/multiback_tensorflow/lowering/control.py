"""Control flow and differentiation by tf.cond, tf.while_loop with TensorArrays, and tf.GradientTape."""

import tensorflow as tf


def cond(predicate, operands, *, true_graph, false_graph):
    return tf.cond(predicate, lambda: true_graph(*operands), lambda: false_graph(*operands))


def while_loop(init, captures, *, condition, body):
    return tf.while_loop(lambda *s: condition(*s, *captures)[0], lambda *s: body(*s, *captures), init)


def scan(init, xs, captures, *, body, length, reverse, output_specs):
    count = len(init)
    columns = [tf.TensorArray(x.dtype, size=length, element_shape=x.shape[1:]).unstack(x) for x in xs]
    stacks = tuple(
        tf.TensorArray(dtype, size=length, element_shape=[n if isinstance(n, int) else None for n in shape[1:]])
        for shape, dtype in output_specs[1]
    )

    def step(t, carry, stacks):
        out = body(*carry, *[column.read(t) for column in columns], *captures)
        stacks = tuple(stack.write(t, y) for stack, y in zip(stacks, out[count:]))
        return (t - 1 if reverse else t + 1), out[:count], stacks

    _, carry, stacks = tf.while_loop(
        (lambda t, *_: t >= 0) if reverse else (lambda t, *_: t < length),
        step,
        (tf.convert_to_tensor(length - 1 if reverse else 0), init, stacks),
        maximum_iterations=length,
    )
    return carry, tuple(stack.stack() for stack in stacks)


def value_and_grad(wrt, captures, *, body):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        wrt = [tf.identity(w) for w in wrt]
        tape.watch(wrt)
        outputs = body(*wrt, *captures)
    # A result that depends on nothing is a constant of NumPy.
    gradients = tape.gradient(tf.convert_to_tensor(outputs[0]), wrt, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return outputs, tuple(tf.convert_to_tensor(g) for g in gradients)


LOWER = {
    "cond": cond,
    "while_loop": while_loop,
    "scan": scan,
    "value_and_grad": value_and_grad,
}
