"""Models as JAX functions, Flax modules and source files."""
