"""Keras's three projections of an attention layer as one, for the peers whose usual code has one."""

import numpy as np
from workloads import Array


def joined_projections(weights: dict[str, Array]) -> dict[str, Array]:
    """The weights with `*_project` for query, key and value, `*_output` for the output, and matrices as kernels."""
    joined: dict[str, Array] = {}
    for name, value in weights.items():
        layer, _, part = name.partition("/")
        match part:
            case "query/kernel":
                kernels = [weights[f"{layer}/{each}/kernel"] for each in ("query", "key", "value")]
                joined[f"{layer}_project/kernel"] = np.concatenate([each.reshape(len(each), -1) for each in kernels], 1)
            case "query/bias":
                biases = [weights[f"{layer}/{each}/bias"] for each in ("query", "key", "value")]
                joined[f"{layer}_project/bias"] = np.concatenate([each.ravel() for each in biases])
            case "key/kernel" | "key/bias" | "value/kernel" | "value/bias":
                pass
            case "attention_output/kernel":
                joined[f"{layer}_output/kernel"] = value.reshape(-1, value.shape[-1])
            case "attention_output/bias":
                joined[f"{layer}_output/bias"] = value
            case _:
                joined[name] = value
    return joined
