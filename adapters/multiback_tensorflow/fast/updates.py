"""Optimizer updates by TensorFlow's kernels on the variables themselves.

The runtime keeps these equations only where every operand is a variable of the step's state and the result is nothing
but that variable's new value; elsewhere the composite's body runs. The operands then are the tf.Variables, and what is
returned are the same variables, already updated.
"""

import tensorflow as tf

from multiback.backends.protocol import Fast


def sgd_update(parameters, gradients, learning_rate):
    for p, g in zip(parameters, gradients):
        tf.raw_ops.ResourceApplyGradientDescent(var=p.handle, alpha=learning_rate, delta=g)
    return parameters


def momentum_update(parameters, gradients, means, learning_rate, *, momentum, nesterov):
    momentum = tf.constant(momentum, learning_rate.dtype)
    for p, g, m in zip(parameters, gradients, means):
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=p.handle, accum=m.handle, lr=learning_rate, grad=g, momentum=momentum, use_nesterov=nesterov
        )
    return parameters, means


def adam_update(parameters, gradients, means, squares, largest, learning_rate, *, beta_1, beta_2, epsilon):
    kind = learning_rate.dtype
    zero, beta_1, beta_2, epsilon = (tf.constant(x, kind) for x in (0.0, beta_1, beta_2, epsilon))
    for p, g, m, v in zip(parameters, gradients, means, squares):
        # The learning rate already holds the bias correction, so the kernel's own is switched off: 0 for beta ** step.
        tf.raw_ops.ResourceApplyAdam(
            var=p.handle, m=m.handle, v=v.handle, beta1_power=zero, beta2_power=zero, lr=learning_rate, beta1=beta_1,
            beta2=beta_2, epsilon=epsilon, grad=g,
        )  # fmt: skip
    return parameters, means, squares, ()


IN_PLACE = {
    "sgd_update": ("parameters",),
    "momentum_update": ("parameters", "means"),
    "adam_update": ("parameters", "means", "squares"),
}
"""The operands that an update replaces, in the order of its results."""


def _covers(equation):
    """The kernel knows no largest squares, and in half precision its beta_2 of 0.999 rounds to 1."""
    return not equation.inputs[4] and equation.flat_inputs[0].dtype.bits >= 32


FAST = {
    "sgd_update": Fast(sgd_update),
    "momentum_update": Fast(momentum_update),
    "adam_update": Fast(adam_update, when=_covers),
}
