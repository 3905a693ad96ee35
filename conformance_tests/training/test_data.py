"""Arrays as training data: order, dtypes, checks, weights, validation, and fit with what a model expects."""

import re
import warnings
from types import SimpleNamespace

import ml_dtypes
import numpy as np
import pytest

from multiback.errors import ArgumentError, DataError
from multiback.training.data import check_against, make_batch, make_feed, make_training_feeds


def permutation(n, epoch):
    return np.random.default_rng([n, epoch]).permutation(n)


def column(n, *shape):
    return np.arange(n * int(np.prod(shape, dtype=int)), dtype="float32").reshape(n, *shape)


def first_column(feed, epoch, start=0):
    return [(step, batch.x[:, 0].tolist()) for step, batch in feed.epoch(epoch, start)]


class Tensor:
    """A stand-in for a native tensor: only `to_numpy` given to the feed can read it."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, "opaque"


class Table:
    """A stand-in for a data frame."""

    def __init__(self, array):
        self.array = array

    def to_numpy(self):
        return self.array

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("to_numpy comes first")


# Arrays


def test_unshuffled_batches_are_views_in_order_with_the_last_one_smaller():
    x, y = column(10, 3), np.arange(10, dtype="int32")
    feed = make_feed(x, y, batch_size=4)
    batches = [batch for _, batch in feed.epoch(0)]
    assert [len(b.x) for b in batches] == [4, 4, 2]
    assert all(np.shares_memory(b.x, x) and np.shares_memory(b.y, y) for b in batches)
    assert np.array_equal(np.concatenate([b.x for b in batches]), x)
    assert (feed.steps, feed.num_samples, feed.batch_size) == (3, 10, 4)
    assert batches[0].sample_weight is None


def test_shuffled_batches_follow_the_permutation_of_their_epoch():
    x = {"a": column(10, 2), "b": [column(10), column(10, 1, 1)]}
    feed = make_feed(x, np.arange(10), batch_size=3, shuffle=True, permutation=permutation)
    for epoch in (0, 1, 7):
        order = permutation(10, epoch)
        batches = [batch for _, batch in feed.epoch(epoch)]
        assert np.array_equal(np.concatenate([b.y for b in batches]), order)
        assert np.array_equal(np.concatenate([b.x["a"] for b in batches]), x["a"][order])
        assert np.array_equal(np.concatenate([b.x["b"][1] for b in batches]), x["b"][1][order])


def test_shuffling_in_batches_keeps_each_batch_contiguous():
    feed = make_feed(column(10, 1), batch_size=4, shuffle="batch", permutation=permutation)
    order = permutation(3, 5)
    expected = [list(range(4 * i, min(4 * i + 4, 10))) for i in order]
    assert [rows for _, rows in first_column(feed, 5)] == expected


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_an_epoch_can_begin_in_its_middle(shuffle):
    feed = make_feed(column(11, 1), batch_size=2, shuffle=shuffle, permutation=permutation)
    assert first_column(feed, 3, start=2) == first_column(feed, 3)[2:]


def test_steps_per_epoch_spread_a_pass_over_epochs_and_warn_where_it_ends():
    feed = make_feed(column(10, 1), batch_size=1, steps=4, shuffle=True, permutation=permutation)
    assert feed.steps == 4
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        epochs = [first_column(feed, epoch) for epoch in range(5)]
    assert [len(epoch) for epoch in epochs] == [4, 4, 2, 4, 4]
    assert [row for epoch in epochs[:3] for _, (row,) in epoch] == permutation(10, 0).tolist()
    assert [row for epoch in epochs[3:] for _, (row,) in epoch] == permutation(10, 1)[:8].tolist()
    assert ["ended before steps * epochs" in str(w.message) for w in caught] == [True]
    assert first_column(feed, 4, start=1) == epochs[4][1:]


def test_batch_size_is_32_or_follows_from_the_steps():
    assert make_feed(column(100, 1)).batch_size == 32
    assert make_feed(column(100, 1), steps=7).batch_size == 15


def test_everything_array_like_becomes_numpy_of_a_dtype_that_models_take():
    given = {
        "double": np.zeros((2, 3)),
        "long": np.array([1, 2]),
        "unsigned": np.array([1, 2], "uint64"),
        "half": np.zeros(2, "float16"),
        "brain": np.zeros(2, ml_dtypes.bfloat16),
        "byte": np.zeros(2, "uint8"),
        "flag": np.array([True, False]),
        "swapped": np.zeros(2, ">f4"),
        "list": [[1, 2], [3, 4]],
        "floats": [0.5, 1.5],
        "tensor": Tensor(np.ones(2)),
        "table": Table(np.ones((2, 2))),
    }
    batch = make_batch(given, to_numpy=lambda tensor: tensor.array)
    assert {name: str(leaf.dtype) for name, leaf in batch.x.items()} == {
        "double": "float32",
        "long": "int32",
        "unsigned": "int32",
        "half": "float16",
        "brain": "bfloat16",
        "byte": "uint8",
        "flag": "bool",
        "swapped": "float32",
        "list": "int32",
        "floats": "float32",
        "tensor": "float32",
        "table": "float32",
    }
    assert all(leaf.dtype.isnative for leaf in batch.x.values())
    assert make_batch(column(3, 2)[::-1]).x.strides == (8, 4)
    assert make_batch(np.zeros(2), float_dtype="float64").x.dtype == "float64"
    assert make_batch(np.zeros(2, "float32"), float_dtype="float64").x.dtype == "float32"


def test_very_large_arrays_are_narrowed_batch_by_batch(monkeypatch):
    monkeypatch.setattr("multiback.training.data.standardize._LARGE", 10)
    x = np.arange(10, dtype="float64")
    feed = make_feed(x, np.arange(10), batch_size=4)
    batches = [batch for _, batch in feed.epoch(0)]
    assert [b.x.dtype for b in batches] == ["float32"] * 3
    assert [b.y.dtype for b in batches] == ["int32"] * 3
    assert np.concatenate([b.x for b in batches]).tolist() == x.tolist()
    monkeypatch.setattr("multiback.training.data.standardize._LARGE", 1 << 30)
    assert make_feed(x).source._leaves[0].dtype == "float32"


X, Y = column(4, 2), np.array([0, 1, 2, 1])

BAD_DATA = {
    "lengths": (
        dict(x=X, y=Y[:3]),
        "Arrays differ in their number of samples: x has 4, y has 3. Their first axes must be equal.",
    ),
    "ragged arrays": (
        dict(x={"a": X, "b": X[:2]}),
        "Arrays differ in their number of samples: x['a'] has 4, x['b'] has 2. Their first axes must be equal.",
    ),
    "ragged list": (
        dict(x=[[1, 2], [3]]),
        "x is a ragged list: its rows differ in length. Make them equal, for instance with "
        "multiback.utils.pad_sequences.",
    ),
    "object": (
        dict(x=np.array([{"a": 1}], dtype=object)),
        "x has dtype object: it holds Python objects such as {'a': 1}, or rows of unequal length. "
        "Convert it to one numeric array.",
    ),
    "strings": (
        dict(x=X, y=["cat", "dog", "cat", "cat"]),
        "y holds strings such as np.str_('cat'): encode them as numbers.",
    ),
    "complex": (
        dict(x=np.zeros(2, "complex64")),
        "x has dtype complex64, which models do not take: convert it to a real number dtype.",
    ),
    "scalar": (dict(x=3.0), "x is the single number 3.0: data needs a first axis over samples."),
    "empty": (dict(x=X[:0], y=Y[:0]), "x is empty: there are no samples to use."),
    "empty list": (dict(x=[]), "x is empty: there are no samples to use."),
    "no arrays": (dict(x={}), "x holds no arrays: got {}."),
    "masked": (
        dict(x=np.ma.masked_array([1.0, 2.0], [0, 1])),
        "x is a masked array: fill it, and mask those samples with sample_weight 0.",
    ),
    "int range": (
        dict(x=np.array([0, 2**31])),
        "x is 2147483648 at [1], beyond int32 (-2147483648 to 2147483647), in which integers enter a model. "
        "Renumber the ids, or pass floats.",
    ),
    "float range": (dict(x=np.array([0.0, -1e300])), "x holds 1e+300, too large for float32: rescale the data."),
    "NaN label": (
        dict(x=X, y=np.array([[0.0], [1.0], [np.nan], [0.0]])),
        "y is NaN at [2, 0]: targets must be numbers. Drop those samples, or give them sample_weight 0 and any finite "
        "target.",
    ),
    "negative weight": (
        dict(x=X, y=Y, sample_weight=[1.0, -1.0, 1.0, 1.0]),
        "sample_weight is -1.0 at [1]: weights are finite and not negative.",
    ),
    "NaN weight": (
        dict(x=X, y=Y, sample_weight=[1.0, 1.0, np.nan, 1.0]),
        "sample_weight is nan at [2]: weights are finite and not negative.",
    ),
    "weight length": (
        dict(x=X, y=Y, sample_weight=[1.0]),
        "Arrays differ in their number of samples: x has 4, y has 4, sample_weight has 1. "
        "Their first axes must be equal.",
    ),
    "weight structure": (
        dict(x=X, y={"a": Y, "b": Y}, sample_weight={"a": np.ones(4)}),
        "sample_weight must be built like y: [\"y['a']\", \"y['b']\"], got [\"sample_weight['a']\"].",
    ),
    "class missing": (
        dict(x=X, y=Y, class_weight={0: 1.0, 1: 2.0}),
        "class_weight has no weight for class 2, which y contains. Add it; 1.0 leaves a class as it is.",
    ),
    "class weight key": (
        dict(x=X, y=Y, class_weight={"cat": 1.0}),
        "class_weight is keyed by integer classes, got the key 'cat'.",
    ),
    "both weights": (
        dict(x=X, y=Y, sample_weight=np.ones(4), class_weight={0: 1.0, 1: 1.0, 2: 1.0}),
        "class_weight and sample_weight cannot be used together: multiply them into sample_weight.",
    ),
    "fractions": (
        dict(x=X, y=np.array([0.5, 1, 0, 0]), class_weight={0: 1.0, 1: 1.0}),
        "class_weight needs integer classes, got targets with fractions: pass a sample_weight instead.",
    ),
    "a number": (
        dict(x=X, y=Y, batch_size=0),
        "batch_size is an integer of at least 1, got 0.",
    ),
    "half a batch": (dict(x=X, batch_size=2.5), "batch_size is an integer of at least 1, got 2.5."),
    "no steps": (dict(x=X, steps=-1), "steps is an integer of at least 1, got -1."),
    "a set": (
        dict(x=object()),
        "x is the object: expected arrays, a dict or list of arrays, a generator, a PyDataset, or an iterable of "
        "batches.",
    ),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_is_refused_before_any_batch(case):
    arguments, message = BAD_DATA[case]
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        make_feed(**arguments)


def test_shuffle_must_be_known_and_possible():
    with pytest.raises(ArgumentError, match="True, False or 'batch', got 'yes'"):
        make_feed(X, shuffle="yes", permutation=permutation)
    with pytest.raises(ArgumentError, match="needs a permutation function"):
        make_feed(X, shuffle=True)


# Weights


@pytest.mark.parametrize(
    "y",
    [Y, Y[:, None], Y.astype("float32"), np.eye(3)[Y], np.eye(3, dtype="int32")[Y], [0, 1, 2, 1]],
    ids=["integers", "column", "whole floats", "one-hot", "integer one-hot", "list"],
)
def test_class_weights_become_one_weight_per_sample(y):
    batch = make_batch(X, y, class_weight={0: 1.0, 1: 0.5, 2: 4.0})
    assert batch.sample_weight.tolist() == [1.0, 0.5, 4.0, 0.5]
    assert batch.sample_weight.dtype == "float32"


def test_one_sample_weight_serves_all_targets():
    batch = make_batch(X, {"a": Y, "b": Y}, np.array([1, 2, 3, 4]))
    assert {name: w.tolist() for name, w in batch.sample_weight.items()} == {"a": [1, 2, 3, 4], "b": [1, 2, 3, 4]}
    assert batch.sample_weight["a"].dtype == "float32"
    with pytest.raises(DataError, match=r"shape \(4, 3\) cannot serve several targets"):
        make_batch(X, [Y, Y], np.ones((4, 3)))


# Validation data


def test_validation_split_takes_the_last_samples_before_shuffling():
    x = column(10, 1)
    train, validation = make_training_feeds(
        x,
        Y.repeat(3)[:10],
        batch_size=3,
        validation_split=0.25,
        permutation=permutation,
        class_weight=dict.fromkeys(range(3), 2.0),
    )
    assert sorted(row for _, rows in first_column(train, 0) for row in rows) == list(range(7))
    assert first_column(validation, 0) == [(0, [7.0, 8.0, 9.0])]
    assert train.peek().sample_weight.tolist() == [2.0] * 3
    assert validation.peek().sample_weight is None


def test_validation_data_comes_in_its_own_order_and_batches():
    feeds = make_training_feeds(
        X, Y, batch_size=2, validation_data=(X[::-1], Y[::-1]), validation_batch_size=3, permutation=permutation
    )
    assert first_column(feeds[1], 0) == first_column(feeds[1], 1) == [(0, [6.0, 4.0, 2.0]), (1, [0.0])]
    assert make_training_feeds(X, Y, permutation=permutation)[1] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(x=X, validation_split=1.0), "validation_split is a fraction between 0 and 1, got 1.0."),
        (dict(x=X, validation_split=-0.1), "validation_split is a fraction between 0 and 1, got -0.1."),
        (
            dict(x=X[:1], validation_split=0.5),
            "validation_split=0.5 of 1 samples leaves 0 to train on and 1 to validate on. "
            "Choose another fraction, or give more data.",
        ),
        (
            dict(x=iter([X]), validation_split=0.5),
            "validation_split needs arrays, got the list_iterator: pass validation_data instead.",
        ),
        (
            dict(x=X, y=Y, validation_data=(X, Y[:2])),
            "Arrays differ in their number of samples: validation x has 4, validation y has 2. "
            "Their first axes must be equal.",
        ),
        (
            dict(x=X, validation_data=(X, Y, Y, Y)),
            "validation_data is (x,), (x, y) or (x, y, sample_weight), got 4 items.",
        ),
        (dict(x=X, steps_per_epoch=0), "steps_per_epoch is an integer of at least 1, got 0."),
    ],
)
def test_bad_validation_data_is_refused(arguments, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        make_training_feeds(**arguments, permutation=permutation)


# Data against what a model expects


def spec(name, *shape, dtype="float32"):
    return SimpleNamespace(name=name, shape=(None, *shape), dtype=dtype)


def zeros(*shape, dtype="float32"):
    return np.zeros(shape, dtype)


IMAGE, IDS = spec("image", 28, 28, 1), spec("ids", 5, dtype="int32")

MISFITS = [
    (
        IMAGE,
        zeros(64, 28, 28),
        "Input 'image' expects shape (None, 28, 28, 1), got (64, 28, 28). Add the last axis: data[..., None].",
    ),
    (
        IMAGE,
        zeros(28, 28, 1),
        "Input 'image' expects shape (None, 28, 28, 1), got (28, 28, 1). Add the batch axis: data[None].",
    ),
    (
        IMAGE,
        zeros(4, 32, 28, 3),
        "Input 'image' expects shape (None, 28, 28, 1), got (4, 32, 28, 3). They differ on axis 1, 3.",
    ),
    (IMAGE, zeros(4, 2), "Input 'image' expects shape (None, 28, 28, 1), got (4, 2)."),
    (IDS, zeros(4, 5), "Input 'ids' expects int32, got float32. Convert it: data.astype('int32')."),
    (
        {"image": IMAGE, "ids": IDS},
        {"imgae": zeros(4, 28, 28, 1), "ids": zeros(4, 5, dtype="int32")},
        "Input 'image' is missing; input 'imgae' is unknown. Did you mean 'image'? Expected: 'image', 'ids'. "
        "Got: 'imgae', 'ids'.",
    ),
    ({"image": IMAGE}, {}, "Input 'image' is missing. Expected: 'image'. Got: ."),
    (
        {"image": IMAGE, "ids": IDS},
        zeros(4, 5),
        "Expected a dict of inputs with the names 'image', 'ids', got one array.",
    ),
    ([IMAGE, IDS], [zeros(4, 28, 28, 1)], "Expected 2 inputs ('image', 'ids'), got a list of 1."),
    ([IMAGE, IDS], zeros(4, 5), "Expected 2 inputs ('image', 'ids'), got one array."),
    (IMAGE, [zeros(4, 5), zeros(4, 5)], "Input 'image' is one array, got a list of 2."),
    (IMAGE, None, "Input 'image' is missing: expected an array of shape (None, 28, 28, 1)."),
    (
        [spec(None, 3), spec(None, 3)],
        [zeros(2, 3), zeros(2, 4)],
        "Input 1 expects shape (None, 3), got (2, 4). They differ on axis 1.",
    ),
]


@pytest.mark.parametrize(("expected", "data", "message"), MISFITS)
def test_misfits_are_named(expected, data, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        check_against(expected, data)


@pytest.mark.parametrize(
    ("expected", "data"),
    [
        (IMAGE, zeros(4, 28, 28, 1)),
        (IMAGE, zeros(4, 28, 28, 1, dtype="uint8")),
        (IMAGE, {"image": zeros(4, 28, 28, 1)}),
        (IMAGE, [zeros(4, 28, 28, 1)]),
        ([IMAGE], zeros(4, 28, 28, 1)),
        ([IMAGE, IDS], {"ids": zeros(4, 5, dtype="int32"), "image": zeros(4, 28, 28, 1)}),
        ({"a": [IDS, IMAGE]}, {"a": [zeros(4, 5, dtype="int32"), zeros(4, 28, 28, 1)]}),
        (spec("free", None, 3), zeros(4, 17, 3)),
    ],
)
def test_what_fits_passes(expected, data):
    check_against(expected, data)


def test_targets_are_called_targets():
    with pytest.raises(DataError, match=r"^Target 'image' expects shape"):
        check_against(IMAGE, zeros(4), what="target")
