"""The loop over the steps of sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import ops, tree


def run(
    step: Callable[[Any, list[Any]], tuple[Any, Any]],
    sequences: Any,
    states: list[Any],
    mask: Any,
    *,
    output_size: int | tuple[int, ...],
    all_outputs: bool,
    go_backwards: bool,
    unroll: bool,
    zero_output_for_mask: bool,
) -> tuple[Any, Any, list[Any]]:
    """Runs `step(x, states) -> (output, new states)` along axis 1.

    Arguments:
        step: One step.
        sequences: (batch, steps, ...).
        states: The first states, a tree.
        mask: (batch, steps), False where a step leaves the states as they are; or None.
        output_size: Of the outputs: a number, or several for more than one axis.
        all_outputs: Whether the outputs of all steps are wanted.
        go_backwards: From the last step to the first.
        unroll: Whether to write the steps out.
        zero_output_for_mask: Whether masked steps give zero instead of the output before.

    Returns:
        The last output, all outputs (batch, steps, ...) in the order computed or None, the last states.
    """
    leaves, structure = tree.flatten(states)
    rows = [_time_first(sequences)]
    if mask is not None:
        rows.append(_time_first(ops.expand_dims(ops.cast(mask, "bool"), -1)))
    remembers = not all_outputs or (mask is not None and not zero_output_for_mask)

    def one(carry: Any, row: Any) -> Any:
        old = carry[: len(leaves)]
        output, new = step(row[0], tree.unflatten(structure, old))
        fresh = tree.leaves(new)
        if mask is not None:
            before = 0 if zero_output_for_mask else carry[-1]
            output = _where(row[1], output, before)
            fresh = [_where(row[1], n, o) for n, o in zip(fresh, old)]
        return (*fresh, output) if remembers else tuple(fresh), output if all_outputs else None

    sizes = output_size if isinstance(output_size, tuple) else (output_size,)
    start = tuple(leaves)
    if remembers:
        start = (*start, ops.zeros((sequences.shape[0], *sizes), dtype=leaves[0].dtype))
    carry, outputs = (_written_out if unroll else _scanned)(one, start, tuple(rows), go_backwards)
    if all_outputs:
        outputs = ops.swapaxes(outputs, 0, 1)
    last = carry[-1] if remembers else outputs[:, -1]
    return last, outputs, tree.unflatten(structure, carry[: len(leaves)])


def _scanned(one: Any, start: Any, rows: Any, reverse: bool) -> Any:
    carry, outputs = ops.scan(one, start, rows, reverse=reverse)
    return carry, ops.flip(outputs, axis=0) if reverse and outputs is not None else outputs


def _written_out(one: Any, start: Any, rows: Any, reverse: bool) -> Any:
    carry, outputs = start, []
    steps = range(rows[0].shape[0])
    for t in reversed(steps) if reverse else steps:
        carry, output = one(carry, [row[t] for row in rows])
        outputs.append(output)
    return carry, None if outputs[0] is None else ops.stack(outputs, axis=0)


def _time_first(x: Any) -> Any:
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def _where(kept: Any, new: Any, old: Any) -> Any:
    """`new` where the step counts, for arrays of any rank."""
    extra = len(new.shape) - len(kept.shape)
    return ops.where(ops.reshape(kept, (*kept.shape, *[1] * extra)) if extra > 0 else kept, new, old)
