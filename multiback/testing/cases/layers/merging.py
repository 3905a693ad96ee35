"""Layers that join several inputs."""

from multiback.testing.cases.layers.case import layer_cases

CASES = layer_cases(
    ("Add", {}, [(2, 3), (2, 3), (2, 3)], (2, 3)),
    ("Add", {}, [(2, 4, 3), (2, 3)], (2, 4, 3), {"note": "broadcast"}),
    ("Subtract", {}, [(2, 3), (2, 1)], (2, 3)),
    ("Multiply", {}, [(2, 3), (2, 3)], (2, 3)),
    ("Average", {}, [(2, 3), (2, 3), (2, 3)], (2, 3)),
    ("Maximum", {}, [(2, 3), (2, 3)], (2, 3)),
    ("Minimum", {}, [(2, 3), (2, 3)], (2, 3)),
    ("Concatenate", {}, [(2, 3), (2, 4)], (2, 7)),
    ("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 2, 4)], (2, 5, 4)),
    ("CustomScaleLayer", {"scale": 0.3}, [(2, 3), (2, 3)], (2, 3), {"keras": False}),
    ("Dot", {"axes": 1}, [(2, 3), (2, 3)], (2, 1)),
    ("Dot", {"axes": (2, 1), "normalize": True}, [(2, 3, 4), (2, 4, 5)], (2, 3, 5)),
    ("Dot", {"axes": (1, 2)}, [(2, 4), (2, 3, 4)], (2, 3)),
)
