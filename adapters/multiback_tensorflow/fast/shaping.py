"""Single calls in place of a composite's body."""

from itertools import pairwise

import tensorflow as tf

from multiback.backends.protocol import Fast


def split(x, *, indices_or_sections, axis):
    ends = [0, *indices_or_sections]
    return tf.split(x, [*(b - a for a, b in pairwise(ends)), -1], axis)


def known_cuts(equation):
    cuts = equation.attributes["indices_or_sections"]
    size = equation.inputs[0].shape[equation.attributes["axis"]]
    if not all(isinstance(n, int) for n in (*cuts, size)):
        return False
    return list(cuts) == sorted(cuts) and min(cuts, default=0) >= 0 and max(cuts, default=0) <= size


def repeats_each_axis(equation):
    repeats = equation.attributes["repeats"]
    x = equation.inputs[0]
    return isinstance(repeats, tuple) and len(repeats) == x.ndim > 0 and x.dtype != "uint16"  # which has no kernel


def one_axis(equation):
    return isinstance(equation.attributes["axis"], int)


def drops_axes(equation):
    return len(equation.attributes["axis"]) > 0  # TensorFlow would drop all of size 1


def mirrors(equation):
    # The kernel cannot reflect an axis that is empty, even by nothing.
    known = all(isinstance(n, int) for n in equation.inputs[0].shape)
    return equation.attributes["mode"] == "symmetric" or (equation.attributes["mode"] == "reflect" and known)


FAST = {
    "expand_dims": Fast("tf.expand_dims({x}, {axis})", one_axis),
    "squeeze": Fast("tf.squeeze({x}, {axis})", drops_axes),
    "tile": Fast("tf.tile({x}, {repeats})", repeats_each_axis),
    "stack": Fast("tf.stack({x}, {axis})"),
    "split": Fast(split, known_cuts),
    "unstack": Fast("tf.unstack({x}, axis={axis})"),
    "pad": Fast("tf.pad({x}, {pad_width}, {mode})", mirrors),
}
