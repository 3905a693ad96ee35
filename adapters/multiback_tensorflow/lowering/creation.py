"""Arrays made from sizes."""

LOWER = {"iota": "tf.range({size}, dtype=tf.int32)"}
