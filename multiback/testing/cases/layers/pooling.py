"""Pooling over windows and over whole images."""

from multiback.testing.cases.layers.case import layer_cases

CASES = layer_cases(
    ("MaxPooling1D", {}, (2, 7, 3), (2, 3, 3)),
    ("MaxPooling2D", {"pool_size": (2, 3), "strides": 2, "padding": "same"}, (2, 5, 6, 2), (2, 3, 3, 2)),
    ("MaxPooling2D", {"data_format": "channels_first"}, (2, 2, 4, 6), (2, 2, 2, 3)),
    ("MaxPooling3D", {}, (2, 4, 4, 4, 2), (2, 2, 2, 2, 2)),
    ("AveragePooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, (2, 6, 2), (2, 6, 2)),
    ("AveragePooling2D", {"pool_size": 2}, (2, 5, 6, 2), (2, 2, 3, 2)),
    ("AveragePooling3D", {"pool_size": (1, 2, 2)}, (2, 2, 4, 4, 2), (2, 2, 2, 2, 2)),
    ("GlobalMaxPooling1D", {}, (2, 5, 3), (2, 3)),
    ("GlobalMaxPooling2D", {"keepdims": True}, (2, 4, 5, 3), (2, 1, 1, 3)),
    ("GlobalMaxPooling3D", {"data_format": "channels_first"}, (2, 3, 2, 4, 2), (2, 3)),
    ("GlobalAveragePooling1D", {}, (2, 5, 3), (2, 3)),
    ("GlobalAveragePooling2D", {"data_format": "channels_first"}, (2, 3, 4, 5), (2, 3)),
    ("GlobalAveragePooling3D", {"keepdims": True}, (2, 2, 4, 2, 3), (2, 1, 1, 1, 3)),
    ("GlobalAveragePooling1D", {}, (2, 5, 3), (2, 3), {"masks": {"mask": (2, 5)}}),
    ("GlobalAveragePooling2D", {}, (2, 4, 5, 3), (2, 3)),
    ("GlobalMaxPooling3D", {}, (2, 2, 4, 2, 3), (2, 3)),
)
