"""The conformance kit: cases, bounds and comparisons that judge whether backends agree."""
