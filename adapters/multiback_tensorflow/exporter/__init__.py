"""Models as tf.Modules and source files."""
