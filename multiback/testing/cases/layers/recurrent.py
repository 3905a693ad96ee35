"""Recurrent layers, their cells and the wrappers around them."""

from multiback.testing.cases.layers.case import Inner, layer_cases

CASES = layer_cases(
    ("SimpleRNN", {"units": 3}, (2, 4, 5), (2, 3)),
    ("SimpleRNN", {"units": 3, "return_sequences": True, "go_backwards": True}, (2, 4, 5), (2, 4, 3)),
    ("LSTM", {"units": 3}, (2, 4, 5), (2, 3)),
    ("LSTM", {"units": 3, "return_sequences": True, "use_bias": False}, (2, 4, 5), (2, 4, 3)),
    ("LSTM", {"units": 3, "activation": "relu", "recurrent_activation": "hard_sigmoid"}, (2, 4, 5), (2, 3)),
    ("LSTM", {"units": 3, "return_sequences": True, "go_backwards": True, "unroll": True}, (2, 4, 5), (2, 4, 3)),
    ("GRU", {"units": 3}, (2, 4, 5), (2, 3)),
    ("GRU", {"units": 3, "reset_after": False, "return_sequences": True}, (2, 4, 5), (2, 4, 3)),
    ("GRU", {"units": 3, "use_bias": False, "go_backwards": True}, (2, 4, 5), (2, 3)),
    ("RNN", {"cell": [Inner("LSTMCell", 3), Inner("GRUCell", 2)]}, (2, 4, 5), (2, 2)),
    ("RNN", {"cell": Inner("SimpleRNNCell", 3), "return_sequences": True}, (2, 4, 5), (2, 4, 3)),
    ("Bidirectional", {"layer": Inner("LSTM", 3)}, (2, 4, 5), (2, 6)),
    (
        "Bidirectional",
        {"layer": Inner("GRU", 3, return_sequences=True), "merge_mode": "ave"},
        (2, 4, 5),
        (2, 4, 3),
        {"forward_only": True},
    ),
    ("TimeDistributed", {"layer": Inner("Dense", 3)}, (2, 4, 5), (2, 4, 3)),
    ("TimeDistributed", {"layer": Inner("Conv1D", 3, 2)}, (2, 4, 5, 2), (2, 4, 4, 3)),
    ("TimeDistributed", {"layer": Inner("BatchNormalization")}, (4, 3, 5), (4, 3, 5), {"training": True}),
    (
        "LSTM",
        {"units": 3, "dropout": 0.3, "recurrent_dropout": 0.2},
        (2, 4, 5),
        (2, 3),
        {"training": True, "keras": False},
    ),
    (
        "GRU",
        {"units": 3, "dropout": 0.3, "recurrent_dropout": 0.2},
        (2, 4, 5),
        (2, 3),
        {"training": True, "keras": False},
    ),
    ("SimpleRNN", {"units": 3, "dropout": 0.3}, (2, 4, 5), (2, 3), {"training": True, "keras": False}),
    *(
        (name, {"units": 3, "return_sequences": True}, (2, 4, 5), (2, 4, 3), {"masks": {"mask": (2, 4)}})
        for name in ("SimpleRNN", "LSTM", "GRU")
    ),
    ("SimpleRNN", {"units": 3, "return_state": True}, [(2, 4, 5), (2, 3)], (2, 3), {"states": True}),
    ("LSTM", {"units": 3, "return_state": True}, [(2, 4, 5), (2, 3), (2, 3)], (2, 3), {"states": True}),
    ("GRU", {"units": 3, "return_state": True}, [(2, 4, 5), (2, 3)], (2, 3), {"states": True, "forward_only": True}),
    (
        "RNN",
        {"cell": Inner("GRUCell", 3), "return_sequences": True, "zero_output_for_mask": True},
        (2, 4, 5),
        (2, 4, 3),
        {"masks": {"mask": (2, 4)}},
    ),
    ("RNN", {"cell": Inner("LSTMCell", 3, dropout=0.3)}, (2, 4, 5), (2, 3), {"training": True, "keras": False}),
    ("Bidirectional", {"layer": Inner("LSTM", 3)}, (2, 4, 5), (2, 6), {"masks": {"mask": (2, 4)}}),
    (
        "Bidirectional",
        {"layer": Inner("GRU", 3, dropout=0.3), "merge_mode": "mul"},
        (2, 4, 5),
        (2, 3),
        {"training": True, "keras": False},
    ),
    ("TimeDistributed", {"layer": Inner("Dense", 3)}, (2, 4, 5), (2, 4, 3), {"masks": {"mask": (2, 4)}}),
    ("SimpleRNNCell", {"units": 3}, [(2, 5), (2, 3)], (2, 3), {"states": True}),
    ("LSTMCell", {"units": 3}, [(2, 5), (2, 3), (2, 3)], (2, 3), {"states": True}),
    ("GRUCell", {"units": 3}, [(2, 5), (2, 3)], (2, 3), {"states": True}),
    ("GRUCell", {"units": 3, "reset_after": False}, [(2, 5), (2, 3)], (2, 3), {"states": True}),
    *(
        (
            name,
            {"units": 3, "dropout": 0.3, "recurrent_dropout": 0.2},
            [(2, 5), *[(2, 3)] * count],
            (2, 3),
            {"states": True, "training": True, "keras": False},
        )
        for name, count in (("SimpleRNNCell", 1), ("LSTMCell", 2), ("GRUCell", 1))
    ),
    *(
        (
            "StackedRNNCells",
            {"cells": [Inner("LSTMCell", 3), Inner("GRUCell", 2, dropout=0.3)]},
            [(2, 5), (2, 3), (2, 3), (2, 2)],
            (2, 2),
            {"states": True, "keras": False, **more},
        )
        for more in ({}, {"training": True})
    ),
)
