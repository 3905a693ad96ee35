"""Running sums and products."""

LOWER = {
    "cumulative_sum": "lax.cumsum({x:array}, {axis}, {reverse})",
    "cumulative_prod": "lax.cumprod({x:array}, {axis}, {reverse})",
}
