"""Order by torch's stable sort; torch.topk orders ties as it likes."""

import torch

from multiback.backends.protocol import Fast


def top_k(x, *, k, sorted):
    values, indices = torch.sort(x, dim=-1, descending=True, stable=True)
    return values[..., :k], indices[..., :k].to(torch.int32)


SEARCH = (
    "torch.searchsorted({sorted_sequence:array}.contiguous(), {values:array}.contiguous(), side={side}, out_int32=True)"
)

FAST = {
    "sort": Fast("torch.sort({x}, dim={axis}, stable=True)[0]"),
    "top_k": Fast(top_k),
    "searchsorted": Fast(SEARCH),
}
