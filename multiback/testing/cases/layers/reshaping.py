"""Layers that move elements: reshaping, padding, cropping, repeating."""

from multiback.testing.cases.layers.case import layer_cases

CASES = layer_cases(
    ("Flatten", {}, (2, 3, 4), (2, 12)),
    ("Flatten", {"data_format": "channels_first"}, (2, 3, 4, 5), (2, 60)),
    ("Flatten", {}, (2,), (2, 1), {"note": "vector"}),
    ("Reshape", {"target_shape": (2, -1)}, (2, 3, 4), (2, 2, 6)),
    ("Permute", {"dims": (2, 1, 3)}, (2, 3, 4, 5), (2, 4, 3, 5)),
    ("RepeatVector", {"n": 3}, (2, 4), (2, 3, 4)),
    ("ZeroPadding1D", {"padding": (1, 2)}, (2, 3, 4), (2, 6, 4)),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 1))}, (2, 3, 4, 2), (2, 4, 7, 2)),
    ("ZeroPadding2D", {"padding": (1, 2), "data_format": "channels_first"}, (2, 2, 3, 4), (2, 2, 5, 8)),
    ("ZeroPadding3D", {}, (2, 2, 3, 2, 2), (2, 4, 5, 4, 2)),
    ("Cropping1D", {"cropping": (1, 0)}, (2, 4, 3), (2, 3, 3)),
    ("Cropping2D", {"cropping": ((1, 0), (1, 1))}, (2, 4, 5, 2), (2, 3, 3, 2)),
    ("Cropping3D", {}, (2, 3, 4, 5, 2), (2, 1, 2, 3, 2)),
    ("UpSampling1D", {"size": 3}, (2, 2, 3), (2, 6, 3)),
    ("UpSampling2D", {"size": (2, 3)}, (2, 2, 3, 2), (2, 4, 9, 2)),
    ("UpSampling3D", {}, (2, 2, 2, 1, 2), (2, 4, 4, 2, 2)),
)
