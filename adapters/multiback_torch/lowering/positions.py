"""Where the extreme elements are."""

LOWER = {
    "argmax": "torch.argmax({x:array}, {axis}, {keepdims}).to(torch.int32)",
}
