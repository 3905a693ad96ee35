"""The conformance kit: cases, bounds and comparisons that judge whether backends agree."""

from multiback.testing.steps import one_step_distance, reference_step

__all__ = ["one_step_distance", "reference_step"]
