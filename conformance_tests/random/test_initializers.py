"""Initializers: Keras's names, defaults and configurations; the laws of their values; who decides the key."""

from __future__ import annotations

import inspect
import json
import math

import numpy as np
import pytest

import multiback as mb
from multiback import initializers
from multiback.errors import ArgumentError, DtypeError, ShapeError, UnknownNameError
from multiback.random import SeedGenerator
from multiback.random._seed import key_for

RANDOM = {
    "RandomNormal": {"mean": 0.0, "stddev": 0.05, "seed": None},
    "RandomUniform": {"minval": -0.05, "maxval": 0.05, "seed": None},
    "TruncatedNormal": {"mean": 0.0, "stddev": 0.05, "seed": None},
    "VarianceScaling": {
        "scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal",
        "seed": None, "input_axes": None, "output_axes": None,
    },
    **{
        f"{who}{law}": {"seed": None, "input_axes": None, "output_axes": None}
        for who in ("Glorot", "He", "Lecun")
        for law in ("Uniform", "Normal")
    },
    "Orthogonal": {"gain": 1.0, "seed": None},
}  # fmt: skip
FIXED = {"Zeros": {}, "Ones": {}, "Constant": {"value": 0.0}, "Identity": {"gain": 1.0}}
ALL = {**RANDOM, **FIXED}
SHAPE = (3, 3, 40, 60)
FAN_IN, FAN_OUT = 360, 540


@pytest.mark.parametrize("name", ALL)
def test_arguments_and_defaults_are_those_of_keras(name):
    signature = inspect.signature(getattr(initializers, name))
    assert {p.name: p.default for p in signature.parameters.values()} == ALL[name]
    assert getattr(initializers, name)().get_config() == ALL[name]


@pytest.mark.parametrize("name", ALL)
def test_a_configuration_makes_the_same_initializer_again(name):
    made = getattr(initializers, name)(**({"seed": 3} if name in RANDOM else {}))
    config = json.loads(json.dumps(initializers.serialize(made)))
    described = {"module": "keras.initializers", "class_name": name, "config": made.get_config()}
    assert config == {**described, "registered_name": None}
    for again in (initializers.deserialize(config), initializers.get(config), made.clone()):
        assert type(again) is type(made) and again.get_config() == made.get_config()
        assert np.array_equal(again((4, 5)), made((4, 5)))


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("glorot_uniform", "GlorotUniform"), ("he_normal", "HeNormal"), ("lecun_uniform", "LecunUniform"),
        ("zeros", "Zeros"), ("zero", "Zeros"), ("ones", "Ones"), ("one", "Ones"), ("constant", "Constant"),
        ("identity", "Identity"), ("IdentityInitializer", "Identity"), ("orthogonal", "Orthogonal"),
        ("OrthogonalInitializer", "Orthogonal"), ("normal", "RandomNormal"), ("uniform", "RandomUniform"),
        ("random_normal", "RandomNormal"), ("random_uniform", "RandomUniform"), ("truncated_normal", "TruncatedNormal"),
        ("variance_scaling", "VarianceScaling"),
    ],
)  # fmt: skip
def test_aliases(alias, name):
    assert type(initializers.get(alias)) is getattr(initializers, name)


@pytest.mark.thorough
def test_keras_reads_our_configurations_and_we_read_its():
    import keras

    for name in ALL.keys() - {"Identity"}:  # whose gain Keras leaves out
        kind = getattr(keras.initializers, name)
        theirs = keras.initializers.serialize(kind(**({"seed": 7} if name in RANDOM else {})))
        ours = initializers.serialize(initializers.deserialize(theirs))
        assert ours == theirs
        assert keras.initializers.serialize(keras.initializers.deserialize(ours)) == theirs
    generator = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(5, name="s"))
    theirs = keras.initializers.serialize(generator)
    assert initializers.serialize(initializers.deserialize(theirs)) == theirs


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", ALL)
def test_shape_and_dtype_are_those_asked_for(name, dtype):
    found = getattr(initializers, name)()((4, 6), dtype)
    assert isinstance(found, np.ndarray) and found.shape == (4, 6) and found.dtype.name == dtype
    assert np.isfinite(found.astype(np.float64)).all()


def test_the_default_dtype_is_floatx():
    assert initializers.GlorotUniform()((2, 2)).dtype == np.float32
    mb.config.set_floatx("float64")
    try:
        assert initializers.GlorotUniform()((2, 2)).dtype == np.float64
    finally:
        mb.config.set_floatx("float32")


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((), (None, None), (1, 1)),
        ((7,), (None, None), (7, 7)),
        ((5, 8), (None, None), (5, 8)),
        ((3, 16, 32), (None, None), (48, 96)),
        (SHAPE, (None, None), (FAN_IN, FAN_OUT)),
        ((2, 4, 8, 16), ([0, 1], [2, 3]), (8, 128)),
        ((2, 4, 8), ([-1], [0]), (8, 2)),
        ((2, 4, 8), ([0], None), (8, 16)),
    ],
)
def test_fans(shape, axes, expected):
    assert initializers.compute_fans(shape, *axes) == expected


def test_axes_of_inputs_and_outputs_set_the_fans():
    x = initializers.GlorotUniform(seed=1, input_axes=[2], output_axes=[3])(SHAPE, "float64")
    assert abs(x.var() / (2 / 100) - 1) < 5 * math.sqrt(0.8 / x.size)  # kurtosis 1.8


def test_orthogonal_matrices_have_no_preferred_sign():
    first = [initializers.Orthogonal(seed=i)((3, 3), "float64")[0, 0] for i in range(400)]
    # An entry of a uniformly distributed orthogonal 3x3 matrix is uniform on [-1, 1].
    assert abs(np.mean(first)) < 5 * math.sqrt(1 / 3 / 400)
    assert abs(np.var(first) * 3 - 1) < 5 * math.sqrt(0.8 / 400)


def test_constants():
    assert np.array_equal(initializers.Constant(3)((2,), "int32"), np.array([3, 3], np.int32))
    assert np.array_equal(initializers.Zeros()((2,), "bool"), [False, False])
    assert np.array_equal(initializers.Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    rows = initializers.Constant(np.array([1.0, 2.0]))
    assert np.array_equal(rows((3, 2)), [[1, 2]] * 3)
    assert np.array_equal(initializers.deserialize(initializers.serialize(rows))((3, 2)), rows((3, 2)))


@pytest.mark.parametrize("name", RANDOM)
def test_who_decides_the_key(name):
    kind = getattr(initializers, name)
    a, b = key_for("a/kernel"), key_for("b/kernel")
    assert np.array_equal(kind()((4, 4), key=a), kind()((4, 4), key=a))
    assert not np.array_equal(kind()((4, 4), key=a), kind()((4, 4), key=b))
    seeded = kind(seed=5)
    assert np.array_equal(seeded((4, 4), key=a), seeded((4, 4), key=b))
    free = kind()
    assert not np.array_equal(free((4, 4)), free((4, 4)))
    drawn = kind(seed=SeedGenerator(5))
    assert not np.array_equal(drawn((4, 4), key=a), drawn((4, 4), key=a))


def test_draws_without_a_key_start_again_with_the_seed():
    mb.random.set_seed(4)
    first = [initializers.HeNormal()((3,)) for _ in range(2)]
    mb.random.set_seed(4)
    assert np.array_equal([initializers.HeNormal()((3,)) for _ in range(2)], first)


def test_get_takes_names_classes_functions_objects_arrays_and_none():
    assert initializers.get(None) is None
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    made = initializers.HeNormal()
    assert initializers.get(made) is made
    assert initializers.get(np.full) is np.full
    given = initializers.get(np.arange(4.0).reshape(2, 2))
    assert given((2, 2), "float32").dtype == np.float32 and given((2, 2))[1, 1] == 3.0
    with pytest.raises(ShapeError, match=r"\(2, 2\).*\(3,\)"):
        given((3,))


def test_a_class_of_ones_own():
    class Half(initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return np.full(shape, 0.5, dtype)

    config = initializers.serialize(Half())
    again = initializers.deserialize(config, {"Half": Half})
    assert np.array_equal(again((2,), "float32"), [0.5, 0.5])
    layer = mb.layers.Dense(2, kernel_initializer=Half())
    layer.build((None, 3))
    assert np.array_equal(np.asarray(layer.kernel), np.full((3, 2), 0.5))


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: initializers.get("glorot_unifrom"), UnknownNameError, "Did you mean 'glorot_uniform'"),
        (lambda: initializers.HeNormal.from_config({"sed": 1}), UnknownNameError, "Did you mean 'seed'"),
        (lambda: initializers.VarianceScaling(mode="fan_inn"), UnknownNameError, "Did you mean 'fan_in'"),
        (lambda: initializers.VarianceScaling(distribution="unifrom"), UnknownNameError, "Did you mean 'uniform'"),
        (lambda: initializers.VarianceScaling(scale=0.0), ArgumentError, "over 0, got 0.0"),
        (lambda: initializers.HeNormal(seed="a"), ArgumentError, "'a'"),
        (lambda: initializers.HeNormal()((2, 2), "int32"), DtypeError, "HeNormal draws floats, got dtype 'int32'"),
        (lambda: initializers.Zeros()((2, None)), ShapeError, "None"),
        (lambda: initializers.Identity()((2,)), ShapeError, r"\(2,\)"),
        (lambda: initializers.Orthogonal()((2,)), ShapeError, r"\(2,\)"),
        (lambda: initializers.Constant([1.0, 2.0])((3,)), ShapeError, r"\(2,\).*\(3,\)"),
        (lambda: initializers.Initializer()((2,)), ArgumentError, "define __call__"),
    ],
)
def test_errors_name_what_was_given(make, error, words):
    with pytest.raises(error, match=words):
        make()
