"""Batches that someone else makes: generators, iterators, loaders."""

import re
import traceback

import numpy as np
import pytest

from multiback.errors import DataError
from multiback.training.data import make_feed

X, Y = np.arange(8, dtype="float32").reshape(4, 2), np.array([0, 1, 2, 1])


def first_column(feed, epoch, start=0):
    return [(step, batch.x[:, 0].tolist()) for step, batch in feed.epoch(epoch, start)]


class Tensor:
    """A stand-in for a native tensor: only `to_numpy` given to the feed can read it."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, "opaque"


def count_up(n, make=lambda i: (np.full((2, 1), i), np.zeros(2))):
    for i in range(n):
        yield make(i)


@pytest.mark.parametrize(
    ("item", "fields"),
    [
        ((X,), 1),
        ((X, Y), 2),
        ([X, Y], 2),
        ((X, Y, np.ones(4)), 3),
        (X, 1),
        ({"a": X}, 1),
    ],
    ids=["x", "xy", "list", "xyw", "bare", "dict"],
)
def test_a_generator_yields_x_y_and_weights(item, fields):
    feed = make_feed(item for _ in range(2))
    peeked = feed.peek()
    batches = [batch for _, batch in feed.epoch(0)]
    assert len(batches) == 2
    assert batches[0] is peeked
    assert sum(part is not None for part in batches[1]) == fields


def test_a_generator_goes_on_across_epochs_and_stops_with_a_warning():
    feed = make_feed(count_up(7), steps=3, steps_argument="steps_per_epoch")
    seen = []
    with pytest.warns(UserWarning, match=r"^The data ended before steps_per_epoch \* epochs batches") as caught:
        for epoch in range(5):
            if not feed.ready():
                break
            seen.append([rows[0] for _, rows in first_column(feed, epoch)])
    assert seen == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(caught) == 1


def test_a_finite_generator_is_one_epoch():
    feed = make_feed(count_up(3))
    assert feed.steps is None
    assert feed.ready()
    assert [step for step, _ in feed.epoch(0)] == [0, 1, 2]
    assert feed.steps == 3
    with pytest.warns(UserWarning, match="remaining epochs are left out"):
        assert not feed.ready()


def test_starting_a_generator_in_the_middle_drops_the_batches_before():
    assert first_column(make_feed(count_up(5)), 0, start=3) == [(3, [3, 3]), (4, [4, 4])]


def test_an_empty_or_used_generator_says_so():
    used = count_up(1)
    list(used)
    for generator in (used, count_up(0)):
        with pytest.raises(
            DataError, match=r"^the generator yielded no batch\. It can be read only once: make a new one"
        ):
            make_feed(generator).ready()
        with pytest.raises(DataError, match="yielded no batch"):
            make_feed(generator).peek()


def test_what_a_generator_yields_is_checked_and_named():
    items = iter([(X, Y), (X, Y, Y, Y)])
    with pytest.raises(
        DataError,
        match=re.escape(
            "Batch 1 of the list_iterator is a tuple of 4 items: expected (x,), (x, y) or (x, y, sample_weight)."
        ),
    ):
        list(make_feed(items).epoch(0))
    with pytest.raises(DataError, match=r"^Batch 0 of the generator: Arrays differ .* x has 4, y has 2"):
        list(make_feed((X, Y[:2]) for _ in range(2)).epoch(0))
    with pytest.raises(DataError, match=r"^Batch 0 of the generator: class_weight has no weight for class 2"):
        make_feed(((X, Y) for _ in range(2)), class_weight={0: 1.0, 1: 1.0}).peek()


def test_an_exception_of_a_generator_is_the_users_own():
    def broken():
        yield X, Y
        raise KeyError("no more rows")

    feed = make_feed(broken())
    with pytest.raises(KeyError, match="no more rows") as caught:
        list(feed.epoch(0))
    assert any(frame.name == "broken" for frame in traceback.extract_tb(caught.value.__traceback__))
    assert len(list(make_feed(count_up(2)).epoch(0))) == 2


def test_y_and_batch_size_belong_to_arrays():
    with pytest.raises(
        DataError, match=r"^y cannot be given beside the generator: it must yield \(x, y, sample_weight\)"
    ):
        make_feed(count_up(2), Y)
    with pytest.warns(UserWarning, match="batch_size=8 is ignored: the Loader makes its own batches"):
        make_feed(Loader(3), batch_size=8)
    with pytest.raises(DataError, match=r"x is the function count_up: .* Call it: count_up\(\)\."):
        make_feed(count_up)


class Loader:
    """A stand-in for a data loader: iterable again and again, perhaps with a length."""

    def __init__(self, total, has_length=True):
        self.total, self.has_length, self.begun = total, has_length, 0

    def __len__(self):
        if not self.has_length:
            raise TypeError("no length")
        return self.total

    def __iter__(self):
        self.begun += 1
        return (list(pair) for pair in count_up(self.total, lambda i: (Tensor(np.full((2, 1), i)), np.zeros(2))))


def loader_feed(*arguments, **keywords):
    return make_feed(Loader(*arguments), to_numpy=lambda tensor: tensor.array, **keywords)


@pytest.mark.parametrize("has_length", [True, False])
def test_an_iterable_is_iterated_anew_for_every_epoch(has_length):
    feed = loader_feed(3, has_length)
    assert feed.steps == (3 if has_length else None)
    assert feed.peek().x[0, 0] == 0
    for epoch in range(2):
        assert feed.ready()
        assert [rows[0] for _, rows in first_column(feed, epoch)] == [0, 1, 2]
    assert feed.source._data.begun == 2
    assert feed.steps == 3
    assert [rows[0] for _, rows in first_column(feed, 2, start=2)] == [2]


def test_an_iterable_with_steps_goes_on_across_epochs():
    feed = loader_feed(6, True, steps=4)
    with pytest.warns(UserWarning, match="this epoch ends early"):
        epochs = [[rows[0] for _, rows in first_column(feed, epoch)] for epoch in range(3)]
    assert epochs == [[0, 1, 2, 3], [4, 5], [0, 1, 2, 3]]
    assert feed.source._data.begun == 2
    feed = loader_feed(6, False, steps=4)
    assert [rows[0] for _, rows in first_column(feed, 5)] == [0, 1, 2, 3]
    with pytest.warns(UserWarning, match="this epoch ends early"):
        assert [rows[0] for _, rows in first_column(feed, 6)] == [4, 5]
    assert [rows[0] for _, rows in first_column(feed, 7)] == [0, 1, 2, 3]


def test_an_iterable_with_steps_can_be_entered_anywhere():
    assert [rows[0] for _, rows in first_column(loader_feed(6, True, steps=2), 1, start=1)] == [3]


def test_an_empty_iterable_says_so():
    with pytest.raises(DataError, match="the Loader is empty"):
        loader_feed(0)
    with pytest.raises(DataError, match="the Loader yielded no batch"):
        list(loader_feed(0, False).epoch(0))
