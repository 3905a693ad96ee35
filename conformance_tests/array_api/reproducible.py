"""A pytest plugin for the suite: every run draws the same examples, and reports a failing one as it was drawn.

Simplifying a failing example would run a test hundreds of times, with new shapes: minutes on a backend that compiles.
"""

import random

import pytest
from hypothesis import Phase, settings
from hypothesis.internal.conjecture import providers

settings.register_profile("reproducible", phases=(Phase.explicit, Phase.generate), database=None)
settings.load_profile("reproducible")

# Hypothesis would draw constants from the source of this project, so that each change of it would change examples.
providers.is_local_module_file = lambda path: False


@pytest.fixture(autouse=True)
def seeded() -> None:
    """What the suite draws by `.example()` comes in an order that the global generator decides."""
    random.seed(0)
