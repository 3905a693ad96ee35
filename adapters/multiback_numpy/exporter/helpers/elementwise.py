"""Elementwise functions that NumPy lacks, as they stand in an exported file."""

import math

import numpy as np


def erf(x):
    """The error function."""
    x = np.asarray(x)
    return np.array([math.erf(v) for v in x.ravel().tolist()], x.dtype).reshape(x.shape)


def sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    decay = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, decay) / (1 + decay)


def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def elu(x, alpha=1.0):
    """x where it is positive, else alpha * (exp(x) - 1)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def gelu(x, approximate=True):
    """x times the normal distribution function of x, or its approximation by tanh."""
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along `axis`."""
    powers = np.exp(x - np.max(x, axis, keepdims=True))
    return powers / np.sum(powers, axis, keepdims=True)


def log_softmax(x, axis=-1):
    """x - log(sum(exp(x))) along `axis`."""
    x = x - np.max(x, axis, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis, keepdims=True))


def floor_divide(x1, x2):
    """floor(x1 / x2); among integers 0 where x2 is 0."""
    if np.result_type(x1, x2).kind == "f":
        return np.floor_divide(x1, x2)
    return np.where(np.equal(x2, 0), 0, np.floor_divide(x1, np.where(np.equal(x2, 0), 1, x2))).astype(
        np.result_type(x1, x2)
    )


def remainder(x1, x2):
    """x1 - floor(x1 / x2) * x2; among integers 0 where x2 is 0."""
    if np.result_type(x1, x2).kind == "f":
        return np.remainder(x1, x2)
    return np.where(np.equal(x2, 0), 0, np.remainder(x1, np.where(np.equal(x2, 0), 1, x2))).astype(
        np.result_type(x1, x2)
    )


def integer_power(x1, x2):
    """x1 to the power x2 for integers; a negative power is rounded towards 0."""
    odd = np.bitwise_and(x2, 1) == 1
    unit = np.where(np.equal(x1, 1), 1, np.where(np.equal(x1, -1), np.where(odd, -1, 1), 0))
    return np.where(np.less(x2, 0), unit, np.power(x1, np.where(np.less(x2, 0), 0, x2))).astype(np.result_type(x1, x2))
