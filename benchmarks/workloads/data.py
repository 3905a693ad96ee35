"""The samples every peer is trained on: made up, learnable, and never learnt completely.

One label in five is wrong. That keeps the loss off zero, where subnormal gradients would be timed instead of the model.
"""

import numpy as np

from workloads.definition import Input, Workload

Array = np.ndarray
WRONG = 0.2


def data(workload: Workload) -> tuple[Array, Array]:
    """The first (for most workloads the only) input and the targets; see `arrays`."""
    (x, *_), y = arrays(workload)
    return x, y


def arrays(workload: Workload) -> tuple[list[Array], Array]:
    """One array of shape (rows, *shape) for each input, and the targets of shape (rows, *target_shape)."""
    rng = np.random.default_rng(7)
    match workload.task:
        case "classes":
            return _classes(rng, workload)
        case "tokens":
            return _next_tokens(rng, workload)
        case "clicks":
            return _clicks(rng, workload)
        case "images":
            return _noisy_images(rng, workload)


def _classes(rng: np.random.Generator, workload: Workload) -> tuple[list[Array], Array]:
    (spec,), classes, rows = workload.inputs, workload.outputs, workload.rows
    labels = rng.integers(0, classes, rows, dtype=np.int32)
    x = _tokens_of(rng, labels, classes, spec) if spec.limits else _around_centres(rng, labels, classes, spec)
    wrong = rng.random(rows) < WRONG
    return [x], np.where(wrong, rng.integers(0, classes, rows, dtype=np.int32), labels).astype(np.int32)


def _around_centres(rng: np.random.Generator, labels: Array, classes: int, spec: Input) -> Array:
    centres = rng.standard_normal((classes, *spec.shape), dtype=np.float32)
    return 0.5 * centres[labels] + rng.standard_normal((len(labels), *spec.shape), dtype=np.float32)


def _tokens_of(rng: np.random.Generator, labels: Array, classes: int, spec: Input) -> Array:
    """Half of the tokens from the part of the vocabulary that belongs to the class, half from anywhere."""
    shape, (vocabulary,) = (len(labels), *spec.shape), spec.limits
    own = labels[:, None] + classes * rng.integers(0, vocabulary // classes, shape)
    return np.where(rng.random(shape) < 0.5, own, rng.integers(0, vocabulary, shape)).astype(np.int32)


def _next_tokens(rng: np.random.Generator, workload: Workload) -> tuple[list[Array], Array]:
    """Walks through a random permutation of the vocabulary, from which one token in five strays."""
    (spec,), rows = workload.inputs, workload.rows
    (vocabulary,), length = spec.limits, spec.shape[0]
    successor = rng.permutation(vocabulary).astype(np.int32)
    walk = rng.integers(0, vocabulary, (rows, length + 1), dtype=np.int32)
    stray = rng.random(walk.shape) < WRONG
    for position in range(length):
        walk[:, position + 1] = np.where(stray[:, position], walk[:, position + 1], successor[walk[:, position]])
    return [walk[:, :-1].copy()], walk[:, 1:].copy()


def _clicks(rng: np.random.Generator, workload: Workload) -> tuple[list[Array], Array]:
    """Identifiers, small ones far more often than large ones, and numbers on which most of the click depends."""
    identifiers, numbers = workload.inputs
    rows = workload.rows
    columns = [(limit * rng.random(rows) ** 3).astype(np.int32) for limit in identifiers.limits]
    x = rng.standard_normal((rows, *numbers.shape), dtype=np.float32)
    score = x @ rng.standard_normal(numbers.shape, dtype=np.float32)
    score += sum((column % 2) - 0.5 for column in columns)
    clicked = (score > 0) ^ (rng.random(rows) < WRONG)
    return [np.stack(columns, 1), x], clicked[:, None].astype(np.float32)


def _noisy_images(rng: np.random.Generator, workload: Workload) -> tuple[list[Array], Array]:
    """Smooth images of mean square one as targets and the same with noise as inputs."""
    (spec,), rows = workload.inputs, workload.rows
    height, width, channels = spec.shape
    down, across = np.linspace(0, 2 * np.pi, height), np.linspace(0, 2 * np.pi, width)
    waves = rng.integers(1, 4, (2, rows, 1, channels)).astype(np.float32)
    vertical = np.sin(waves[0] * down[None, :, None]).astype(np.float32)
    horizontal = np.cos(waves[1] * across[None, :, None]).astype(np.float32)
    y = 2 * vertical[:, :, None, :] * horizontal[:, None, :, :]
    return [y + rng.standard_normal(y.shape, dtype=np.float32)], y
