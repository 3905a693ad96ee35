"""Recurrent layers in the weight layout of Keras: kernels (inputs, gates), gates i, f, c, o or z, r, h."""

import torch


def lstm(
    x, kernel, recurrent_kernel, bias=None, h=None, c=None, mask=None, reverse=False, zero_output_for_mask=False
):  # fmt: skip
    """An LSTM over (batch, time, features): its outputs, and the last h and c. Where `mask` is False both stay."""
    zeros = x.new_zeros(x.shape[0], recurrent_kernel.shape[0])
    h, c = zeros if h is None else h, zeros if c is None else c
    if reverse:
        x, mask = x.flip(1), None if mask is None else mask.flip(1)
    if mask is None:
        weights = [kernel.t(), recurrent_kernel.t()]
        weights += [] if bias is None else [bias, torch.zeros_like(bias)]
        states = [h.unsqueeze(0), c.unsqueeze(0)]
        y, h, c = torch.lstm(x, states, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
        return y.flip(1) if reverse else y, h.squeeze(0), c.squeeze(0)
    projected = x @ kernel if bias is None else x @ kernel + bias
    output, outputs = zeros, []
    for t in range(x.shape[1]):
        i, f, g, o = (projected[:, t] + h @ recurrent_kernel).chunk(4, -1)
        new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        new_h = torch.sigmoid(o) * torch.tanh(new_c)
        known = mask[:, t].unsqueeze(-1)
        output = torch.where(known, new_h, zeros if zero_output_for_mask else output)
        h, c = torch.where(known, new_h, h), torch.where(known, new_c, c)
        outputs.append(output)
    y = torch.stack(outputs, 1)
    return y.flip(1) if reverse else y, h, c


def gru(x, kernel, recurrent_kernel, bias=None, h=None, mask=None, reverse=False, zero_output_for_mask=False):
    """A GRU over (batch, time, features): its outputs, and the last h. Where `mask` is False h stays."""
    zeros = x.new_zeros(x.shape[0], recurrent_kernel.shape[0])
    h = zeros if h is None else h
    if reverse:
        x, mask = x.flip(1), None if mask is None else mask.flip(1)
    inner, outer = (None, None) if bias is None else bias
    projected = x @ kernel if inner is None else x @ kernel + inner
    output, outputs = zeros, []
    for t in range(x.shape[1]):
        recurrent = h @ recurrent_kernel if outer is None else h @ recurrent_kernel + outer
        update_x, reset_x, new_x = projected[:, t].chunk(3, -1)
        update_h, reset_h, new_h = recurrent.chunk(3, -1)
        update = torch.sigmoid(update_x + update_h)
        new = torch.tanh(new_x + torch.sigmoid(reset_x + reset_h) * new_h)
        new = update * h + (1 - update) * new
        if mask is None:
            output = h = new
        else:
            known = mask[:, t].unsqueeze(-1)
            output = torch.where(known, new, zeros if zero_output_for_mask else output)
            h = torch.where(known, new, h)
        outputs.append(output)
    y = torch.stack(outputs, 1)
    return y.flip(1) if reverse else y, h


def simple_rnn(x, kernel, recurrent_kernel, bias=None, h=None, activation="tanh", reverse=False):
    """A simple recurrent layer over (batch, time, features): its outputs, and the last one."""
    state = x.new_zeros(1, x.shape[0], recurrent_kernel.shape[0]) if h is None else h.unsqueeze(0)
    weights = [kernel.t(), recurrent_kernel.t()]
    weights += [] if bias is None else [bias, torch.zeros_like(bias)]
    x = x.flip(1) if reverse else x
    run = torch.rnn_tanh if activation == "tanh" else torch.rnn_relu
    y, h = run(x, state, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    return y.flip(1) if reverse else y, h.squeeze(0)
