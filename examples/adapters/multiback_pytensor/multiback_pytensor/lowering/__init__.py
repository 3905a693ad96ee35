"""The table of primitives, gathered from one module per family of ops."""

from multiback.backends.protocol import gather

LOWER = gather(__name__, "LOWER")
