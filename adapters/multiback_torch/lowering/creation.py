"""Arrays made from sizes."""

LOWER = {"iota": "torch.arange({size}, dtype=torch.int32)"}
