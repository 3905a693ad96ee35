"""Layers of single weights and functions: dense, embedding, rescaling, activations."""

from multiback import ops
from multiback.testing.cases.layers.case import layer_cases

CASES = layer_cases(
    ("Dense", {"units": 3}, (2, 4), (2, 3)),
    ("Dense", {"units": 3, "activation": "relu", "use_bias": False}, (2, 5, 4), (2, 5, 3)),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, (2, 4), (2, 4, 3), {"dtype": "int32"}),
    ("Embedding", {"input_dim": 5, "output_dim": 2}, (2, 3, 2), (2, 3, 2, 2), {"dtype": "uint8"}),
    ("Activation", {"activation": "tanh"}, (2, 3), (2, 3)),
    ("Identity", {}, (2, 3), (2, 3)),
    ("Masking", {"mask_value": 0.5}, (2, 3, 1), (2, 3, 1)),
    ("Rescaling", {"scale": 2.0, "offset": -1.0}, (2, 3), (2, 3)),
    ("Rescaling", {"scale": [1.0, 2.0, 3.0], "offset": 0.5}, (2, 3), (2, 3), {"dtype": "uint8"}),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}, (2, 4), (2, 3)),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 3)}, (2, 5, 4), (2, 5, 3)),
    (
        "EinsumDense",
        {"equation": "...x,xyz->...yz", "output_shape": (3, 2), "bias_axes": "yz", "activation": "relu"},
        (2, 5, 4),
        (2, 5, 3, 2),
    ),
    ("EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 3, "bias_axes": "c"}, (2, 4, 5), (2, 3, 5)),
    ("ReLU", {}, (2, 3), (2, 3)),
    ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.3}, (2, 6), (2, 6)),
    ("LeakyReLU", {"negative_slope": 0.2}, (2, 3), (2, 3)),
    ("PReLU", {}, (2, 3, 4), (2, 3, 4)),
    ("PReLU", {"shared_axes": [1]}, (2, 3, 4), (2, 3, 4)),
    ("ELU", {"alpha": 0.5}, (2, 3), (2, 3)),
    ("CategoryEncoding", {"num_tokens": 5}, (2, 3), (2, 5), {"dtype": "int32"}),
    ("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, (2, 1), (2, 5), {"dtype": "int32"}),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, (2, 6), (2, 4), {"dtype": "int32"}),
    ("LayerScale", {"init_values": 0.1, "projection_dim": 3}, (2, 4, 3), (2, 4, 3), {"keras": False}),
    ("Softmax", {}, (2, 3), (2, 3)),
    ("Softmax", {"axis": [1, 2]}, (2, 3, 4), (2, 3, 4)),
    ("Softmax", {}, (2, 3), (2, 3), {"masks": {"mask": (2, 3)}}),
    ("Lambda", {"function": ops.tanh}, (2, 3), (2, 3), {"keras": False}),
)
