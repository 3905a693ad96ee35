"""Recurrent layers without a mask by torch's kernels (the LSTM's is oneDNN's on a CPU)."""

import torch

from multiback.backends.protocol import Fast


def lstm(
    x, kernel, recurrent_kernel, bias, h, c, mask, *, activation, recurrent_activation, reverse, zero_output_for_mask
):
    zeros = x.new_zeros(1, x.shape[0], recurrent_kernel.shape[0]) if h is None or c is None else None
    states = [zeros if s is None else s.unsqueeze(0) for s in (h, c)]
    weights = [kernel.t(), recurrent_kernel.t()]
    weights += [] if bias is None else [bias, torch.zeros_like(bias)]
    x = x.flip(1) if reverse else x
    y, h, c = torch.lstm(x, states, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    return y.flip(1) if reverse else y, h.squeeze(0), c.squeeze(0)


def gru(
    x, kernel, recurrent_kernel, bias, h, mask, *, activation, recurrent_activation, reset_after, reverse,
    zero_output_for_mask,
):  # fmt: skip
    units = recurrent_kernel.shape[0]
    state = x.new_zeros(1, x.shape[0], units) if h is None else h.unsqueeze(0)

    def reordered(w):
        update, reset, new = w.split(units, -1)
        return torch.cat((reset, update, new), -1)

    weights = [reordered(w).t() for w in (kernel, recurrent_kernel)]
    weights += [] if bias is None else list(reordered(bias))
    x = x.flip(1) if reverse else x
    y, h = torch.gru(x, state, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    return y.flip(1) if reverse else y, h.squeeze(0)


def simple_rnn(x, kernel, recurrent_kernel, bias, h, mask, *, activation, reverse, zero_output_for_mask):
    state = x.new_zeros(1, x.shape[0], recurrent_kernel.shape[0]) if h is None else h.unsqueeze(0)
    weights = [kernel.t(), recurrent_kernel.t()]
    weights += [] if bias is None else [bias, torch.zeros_like(bias)]
    x = x.flip(1) if reverse else x
    run = torch.rnn_tanh if activation == "tanh" else torch.rnn_relu
    y, h = run(x, state, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    return y.flip(1) if reverse else y, h.squeeze(0)


def _unmasked(equation):
    return equation.inputs[equation.op.operands.index("mask")] is None


def _usual(equation):
    a = equation.attributes
    return _unmasked(equation) and (a["activation"], a["recurrent_activation"]) == ("tanh", "sigmoid")


FAST = {
    "lstm": Fast(lstm, when=_usual),
    "gru": Fast(gru, when=lambda e: _usual(e) and e.attributes["reset_after"]),
    "simple_rnn": Fast(simple_rnn, when=lambda e: _unmasked(e) and e.attributes["activation"] in ("tanh", "relu")),
}
