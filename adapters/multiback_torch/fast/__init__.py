"""Native versions of composites, gathered from one module per family of ops."""

from multiback.backends.protocol import gather

FAST = gather(__name__, "FAST")
RIVALS = gather(__name__, "RIVALS")
