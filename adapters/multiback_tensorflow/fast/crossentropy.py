"""Cross-entropies on logits by TensorFlow's kernels.

That for distributions differs: its gradient takes targets to sum to 1.
"""

import tensorflow as tf

from multiback.backends.protocol import Fast


def sparse_categorical_crossentropy(target, output, *, from_logits, axis):
    known = tf.clip_by_value(target, 0, output.shape[-1] - 1)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(known, output)
    return tf.where(known == target, loss, tf.constant(float("nan"), loss.dtype))


def _on_logits(equation):
    return equation.attributes["from_logits"]


def _last_axis(equation):
    output = equation.flat_inputs[1]
    return _on_logits(equation) and equation.attributes["axis"] == output.ndim - 1 and isinstance(output.shape[-1], int)


FAST = {
    "sparse_categorical_crossentropy": Fast(sparse_categorical_crossentropy, when=_last_axis),
    "binary_crossentropy": Fast(
        "tf.nn.sigmoid_cross_entropy_with_logits({target:array}, {output:array})", when=_on_logits
    ),
}
