"""Dropout, noise and penalties."""

from multiback.testing.cases.layers.case import layer_cases

CASES = layer_cases(
    ("Dropout", {"rate": 0.4, "seed": 3}, (2, 6), (2, 6)),
    ("Dropout", {"rate": 0.4, "noise_shape": [None, 1]}, (4, 6), (4, 6), {"training": True, "keras": False}),
    ("SpatialDropout1D", {"rate": 0.5}, (2, 4, 6), (2, 4, 6), {"training": True, "keras": False}),
    ("SpatialDropout2D", {"rate": 0.5}, (2, 4, 3, 6), (2, 4, 3, 6), {"training": True, "keras": False}),
    (
        "SpatialDropout3D",
        {"rate": 0.5, "data_format": "channels_first"},
        (2, 6, 2, 3, 2),
        (2, 6, 2, 3, 2),
        {"training": True, "keras": False},
    ),
    ("GaussianNoise", {"stddev": 0.4}, (2, 6), (2, 6), {"training": True, "keras": False}),
    ("GaussianDropout", {"rate": 0.4}, (2, 6), (2, 6), {"training": True, "keras": False}),
    ("AlphaDropout", {"rate": 0.4}, (2, 6), (2, 6), {"training": True, "keras": False}),
    ("AlphaDropout", {"rate": 0.4, "noise_shape": [None, 1]}, (4, 6), (4, 6), {"training": True, "keras": False}),
    ("ActivityRegularization", {"l2": 0.1}, (2, 6), (2, 6)),
    ("Dropout", {"rate": 0.4}, (2, 6), (2, 6), {"training": True, "keras": False}),
    ("SpatialDropout1D", {"rate": 0.5}, (2, 4, 6), (2, 4, 6)),
    ("SpatialDropout2D", {"rate": 0.5}, (2, 4, 3, 6), (2, 4, 3, 6)),
    ("SpatialDropout3D", {"rate": 0.5}, (2, 2, 3, 2, 6), (2, 2, 3, 2, 6)),
    ("GaussianNoise", {"stddev": 0.4}, (2, 6), (2, 6)),
    ("GaussianDropout", {"rate": 0.4}, (2, 6), (2, 6)),
    ("AlphaDropout", {"rate": 0.4}, (2, 6), (2, 6)),
)
