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
    ("UpSampling2D", {"size": (2, 3), "interpolation": "bilinear"}, (2, 2, 3, 2), (2, 4, 9, 2)),
    ("UpSampling2D", {"size": 2, "interpolation": "bicubic"}, (2, 5, 4, 2), (2, 10, 8, 2)),
    ("Resizing", {"height": 3, "width": 5}, (2, 4, 3, 2), (2, 3, 5, 2)),
    ("Resizing", {"height": 3, "width": 5, "interpolation": "nearest"}, (2, 4, 3, 2), (2, 3, 5, 2)),
    ("Resizing", {"height": 6, "width": 5, "interpolation": "bicubic"}, (2, 4, 3, 2), (2, 6, 5, 2)),
    ("Resizing", {"height": 2, "width": 4, "crop_to_aspect_ratio": True}, (2, 5, 4, 1), (2, 2, 4, 1)),
    ("Resizing", {"height": 2, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 0.5}, (2, 4, 4, 1), (2, 2, 4, 1)),
    ("CenterCrop", {"height": 2, "width": 3}, (2, 4, 4, 2), (2, 2, 3, 2)),
    ("CenterCrop", {"height": 4, "width": 3}, (2, 3, 4, 2), (2, 4, 3, 2)),
    ("UpSampling3D", {}, (2, 2, 2, 1, 2), (2, 4, 4, 2, 2)),
)
