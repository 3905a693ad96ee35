"""Multi-layer perceptrons, and the families of them that the scaling lines are drawn over."""

from dataclasses import replace

from workloads.definition import CLASSES, Chunks, Input, Weights, Workload
from workloads.weights import dense


def _weights(inputs: int, hidden: tuple[int, ...]) -> Weights:
    widths = (inputs, *hidden, CLASSES)
    return tuple(
        weight
        for number in range(1, len(widths))
        for weight in dense(f"dense_{number}", *widths[number - 1 : number + 1])
    )


def mlp(
    name: str, title: str, inputs: int, hidden: tuple[int, ...], batch: int, train: Chunks, predict: Chunks
) -> Workload:
    """Dense layers with relu, then one to the classes."""
    return Workload(
        name=name,
        title=f"{title}, batch {batch}",
        kind="mlp",
        batch=batch,
        inputs=(Input((inputs,)),),
        weights=_weights(inputs, hidden),
        train=train,
        predict=predict,
        sizes={"hidden": hidden},
    )


WORKLOADS = (
    mlp("mlp-tiny", "MLP 64-128-128-10", 64, (128, 128), 32, Chunks(64, 512), Chunks(128, 1024)),
    mlp("mlp", "MLP 784-1024-1024-10", 784, (1024, 1024), 256, Chunks(2, 16), Chunks(4, 32)),
    mlp("mlp-batch-1", "MLP 64-128-128-10", 64, (128, 128), 1, Chunks(64, 512), Chunks(128, 1024)),
    mlp("wide-mlp", "MLP 256-2048-2048-10", 256, (2048, 2048), 8, Chunks(2, 16), Chunks(8, 64)),
)


_VANISHING = "gradients vanish with depth, below Adam's epsilon, which torch.optim adds after correcting the bias"


def scaling(family: str, value: int) -> Workload:
    """One point of a scaling line.

    "depth": `value` x Dense(64), batch 32. "width": two hidden layers of `value` units, batch 32.
    "batch": the model of mlp-tiny at batch size `value`. Raises ValueError for another family.
    """
    match family:
        case "depth":
            title, hidden, batch = f"{value} x Dense(64)", (64,) * value, 32
        case "width":
            title, hidden, batch = f"MLP 64-{value}-{value}-10", (value, value), 32
        case "batch":
            title, hidden, batch = "MLP 64-128-128-10", (128, 128), value
        case _:
            raise ValueError(f"no family {family!r} to scale, expected depth, width or batch")
    workload = mlp(f"{family}-{value}", title, 64, hidden, batch, Chunks(1, 2), Chunks(1, 2))
    steps = _steps(6 * workload.parameters * batch, len(hidden))
    chunks = Chunks(steps // 8, steps), Chunks(steps // 4, 2 * steps)
    return replace(
        mlp(workload.name, title, 64, hidden, batch, *chunks), other_step=_VANISHING if len(hidden) > 8 else ""
    )


def _steps(operations: int, layers: int) -> int:
    """Steps that last a third of a second or so: at 50 GFLOP/s, and 60 us and 30 us a layer besides."""
    step = operations / 50e9 + 60e-6 + 30e-6 * layers
    return 8 * min(64, max(1, round(0.3 / step / 8)))
