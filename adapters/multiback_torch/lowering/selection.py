"""Choosing between elements; a tie shares its gradient, as PyTorch does it."""

LOWER = {
    "where": "torch.where({condition:array}, {x1:array}, {x2:array})",
    "maximum": "torch.maximum({x1:array}, {x2:array})",
    "minimum": "torch.minimum({x1:array}, {x2:array})",
}
