"""Normalizations, by the batch, by the sample and by given statistics."""

from multiback.testing.cases.layers.case import layer_cases

CASES = layer_cases(
    ("BatchNormalization", {}, (4, 3), (4, 3), {"training": False}),
    ("BatchNormalization", {}, (4, 3), (4, 3), {"training": True}),
    ("BatchNormalization", {"axis": 1, "momentum": 0.8}, (2, 3, 4, 4), (2, 3, 4, 4), {"training": True}),
    ("BatchNormalization", {"center": False, "scale": False}, (2, 4, 3), (2, 4, 3), {"training": True}),
    ("LayerNormalization", {}, (2, 4, 3), (2, 4, 3)),
    ("LayerNormalization", {"axis": [1, 2], "center": False}, (2, 4, 3), (2, 4, 3)),
    ("RMSNormalization", {}, (2, 4, 3), (2, 4, 3)),
    ("GroupNormalization", {"groups": 2}, (2, 3, 4), (2, 3, 4)),
    ("GroupNormalization", {"groups": -1, "axis": 1}, (2, 3, 4, 4), (2, 3, 4, 4)),
    ("UnitNormalization", {"axis": 1}, (2, 4, 3), (2, 4, 3)),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 4.0, 0.0]}, (2, 3), (2, 3)),
    ("Normalization", {"mean": 1.0, "variance": 4.0, "axis": -1, "invert": True}, (2, 4, 3), (2, 4, 3)),
    ("Normalization", {"axis": None}, (2, 3), (2, 3)),
    ("BatchNormalization", {}, (2, 4, 3), (2, 4, 3), {"training": True, "masks": {"mask": (2, 4)}}),
)
