"""Labels, padding and the light import of multiback.utils."""

import subprocess
import sys

import numpy as np
import pytest

import multiback.utils as utils
from multiback.errors import ArgumentError, DataError


def test_one_hot_labels():
    assert utils.to_categorical([0, 2]).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert utils.to_categorical(np.array([[1], [0]]), 4).shape == (2, 4)
    assert utils.to_categorical(np.zeros((2, 3)), 2).shape == (2, 3, 2)
    assert utils.to_categorical(1, 3).tolist() == [0, 1, 0]
    for labels, message in (
        ([0, 3], r"classes from 0 to 2, got 3 at \(1,\)"),
        ([[0, 0], [0, -1]], r"got -1 at \(1, 1\)"),
        ([0.5], "expects integer classes"),
    ):
        with pytest.raises(DataError, match=message):
            utils.to_categorical(labels, 3)
    with pytest.raises(DataError, match="pass num_classes"):
        utils.to_categorical([])


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_normalized_vectors_have_norm_one(axis, order):
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    normal = utils.normalize(x, axis, order)
    assert normal.dtype == "float32" and normal.shape == x.shape
    assert np.linalg.norm(normal, order, axis) == pytest.approx(1, abs=1e-6)
    assert not utils.normalize(np.zeros((2, 2)), axis, order).any()


def test_sequences_are_padded_and_cut_on_either_side():
    sequences = [[1], [2, 3], [4, 5, 6], []]
    assert utils.pad_sequences(sequences).tolist() == [[0, 0, 1], [0, 2, 3], [4, 5, 6], [0, 0, 0]]
    assert utils.pad_sequences(sequences, padding="post", value=9).tolist()[:2] == [[1, 9, 9], [2, 3, 9]]
    assert utils.pad_sequences(sequences, 2, truncating="post").tolist()[2] == [4, 5]
    assert utils.pad_sequences(sequences, 0).shape == (4, 0)
    assert utils.pad_sequences([[[1, 2]], [[3, 4], [5, 6]]]).shape == (2, 2, 2)
    assert utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="").tolist() == [["", "a"], ["b", "c"]]
    assert utils.pad_sequences([[0.5]], dtype="float32").dtype == "float32"


def test_sequences_that_cannot_be_padded_are_refused():
    with pytest.raises(DataError, match="got 3 at index 1"):
        utils.pad_sequences([[1], 3])
    with pytest.raises(DataError, match=r"Elements of sequence 1 have shape \(3,\), those before it \(2,\)"):
        utils.pad_sequences([[[1, 2]], [[1, 2, 3]]])
    with pytest.raises(ArgumentError, match="padding is 'pre' or 'post', got 'left'"):
        utils.pad_sequences([[1]], padding="left")
    with pytest.raises(ArgumentError, match="pass dtype=object"):
        utils.pad_sequences([[1]], value="x")


def test_utilities_load_when_they_are_used():
    code = "import sys, multiback.utils; print('rich' in sys.modules, 'multiback.utils.progbar' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]
    assert utils.Sequence is utils.PyDataset
    assert all(getattr(utils, name) is not None for name in utils.__all__)
    assert dir(utils) == utils.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = utils.nothing
