"""Rounding to integers."""

LOWER = {
    "floor": "torch.floor({x:array})",
    "round_half_even": "torch.round({x:array})",
}
