"""Products of matrices and tensors."""

import tensorflow as tf


def computable(dtype):
    """The dtype to multiply in: there are kernels for two integers only, and those of float16 may add in float16."""
    if dtype == tf.float16:
        return tf.float32
    if dtype.is_integer:
        return tf.int64 if dtype.size == 8 else tf.int32
    return dtype


def matmul(x1, x2):
    x1, x2 = tf.convert_to_tensor(x1), tf.convert_to_tensor(x2)
    dtype = x1.dtype
    if dtype.is_integer and dtype != computable(dtype):
        return tf.cast(matmul(*(tf.cast(x, computable(dtype)) for x in (x1, x2))), dtype)
    if _lacks_kernel(x1.dtype):
        return tf.cast(matmul(tf.cast(x1, tf.int64), tf.cast(x2, tf.int64)), x1.dtype)
    if x1.shape.rank == 1 or x2.shape.rank == 1:
        left = x1[None] if x1.shape.rank == 1 else x1
        right = x2[:, None] if x2.shape.rank == 1 else x2
        added = [axis for axis, x in ((-2, x1), (-1, x2)) if x.shape.rank == 1]
        return tf.squeeze(matmul(left, right), added)
    if x1.shape.rank == 2 or x2.shape.rank > 2:
        return tf.matmul(x1, x2)
    # As one product of matrices, so is its gradient; that of a broadcast stack is a sum over a stack of kernels.
    rows = tf.matmul(tf.reshape(x1, [-1, sizes(x1)[-1]]), x2)
    shape = [*sizes(x1)[:-1], sizes(x2)[-1]]
    if sum(not isinstance(n, int) for n in shape) == 1:
        shape = [n if isinstance(n, int) else -1 for n in shape]
    return tf.reshape(rows, shape)


def _lacks_kernel(dtype):
    """Whether TensorFlow multiplies no matrices of these integers; cut off, 64-bit products are the same."""
    return dtype.is_integer and dtype not in (tf.int32, tf.int64)


def sizes(x):
    """The sizes of x: integers where they are known, else scalar tensors."""
    return [tf.shape(x)[i] if n is None else n for i, n in enumerate(x.shape)]


def einsum(operands, *, subscripts):
    dtype = operands[0].dtype
    kind = computable(dtype)
    return tf.cast(tf.einsum(subscripts, *(tf.cast(x, kind) for x in operands)), dtype)


LOWER = {
    "matmul": matmul,
    "einsum": einsum,
}
