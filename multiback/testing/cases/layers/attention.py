"""Attention layers."""

from multiback.testing.cases.layers.case import layer_cases

CASES = layer_cases(
    ("Attention", {}, [(2, 3, 4), (2, 5, 4)], (2, 3, 4)),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, [(2, 3, 4), (2, 5, 6), (2, 5, 4)], (2, 3, 6)),
    ("Attention", {"dropout": 0.4}, [(2, 3, 4), (2, 5, 4)], (2, 3, 4), {"training": True, "keras": False}),
    ("AdditiveAttention", {}, [(2, 3, 4), (2, 5, 4)], (2, 3, 4)),
    ("AdditiveAttention", {"use_scale": False}, [(2, 3, 4), (2, 5, 4)], (2, 3, 4)),
    ("Attention", {}, [(2, 4, 3), (2, 4, 3)], (2, 4, 3), {"keywords": {"use_causal_mask": True}}),
    *(
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, **arguments}, shapes, output, {"spread": True, **more})
        for arguments, shapes, output, more in (
            ({}, [(2, 4, 5), (2, 6, 3)], (2, 4, 5), {}),
            (
                {"value_dim": 2, "dropout": 0.1, "output_shape": 7, "use_bias": False},
                [(2, 4, 5), (2, 6, 3), (2, 6, 4)],
                (2, 4, 7),
                {},
            ),
            ({"use_gate": True}, [(2, 4, 5), (2, 4, 5)], (2, 4, 5), {"keywords": {"use_causal_mask": True}}),
            ({"sliding_window": 2}, [(2, 5, 4), (2, 5, 4)], (2, 5, 4), {"forward_only": True}),
            ({"attention_axes": (2,)}, [(2, 3, 4, 5), (2, 3, 6, 5)], (2, 3, 4, 5), {}),
            ({}, [(2, 3, 4, 5), (2, 3, 4, 5)], (2, 3, 4, 5), {"note": "two axes", "forward_only": True}),
            ({"dropout": 0.3}, [(2, 4, 5), (2, 4, 5)], (2, 4, 5), {"training": True, "keras": False}),
        )
    ),
    (
        "AdditiveAttention",
        {"dropout": 0.4},
        [(2, 3, 4), (2, 5, 4)],
        (2, 3, 4),
        {"training": True, "keras": False, "keywords": {"return_attention_scores": True}},
    ),
    *(
        (name, {}, [(2, 3, 4), (2, 5, 4)], (2, 3, 4), {"masks": {"mask": [(2, 3), (2, 5)]}})
        for name in ("Attention", "AdditiveAttention")
    ),
    (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3},
        [(2, 4, 5), (2, 6, 3)],
        (2, 4, 5),
        # Queries that are masked themselves attend to nothing here, and to something in Keras.
        {"spread": True, "keras": False, "masks": {"query_mask": (2, 4), "value_mask": (2, 6)}},
    ),
    (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3},
        [(2, 4, 5), (2, 6, 3)],
        (2, 4, 5),
        {
            "spread": True,
            "masks": {"attention_mask": (2, 4, 6)},
            "keywords": {"return_attention_scores": True},
        },
    ),
)
