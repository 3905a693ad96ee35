"""A pytest plugin for the suite: failing examples are reported as they were drawn.

Simplifying one runs a test hundreds of times, with new shapes, which takes minutes on a backend that compiles.
"""

from hypothesis import Phase, settings

settings.register_profile("unshrunk", phases=(Phase.explicit, Phase.generate), database=None)
settings.load_profile("unshrunk")
