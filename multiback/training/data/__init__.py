"""Training data: arrays, generators, PyDatasets and other iterables as reproducible batches on the host."""

from multiback.training.data.batch import Batch, Group, leaves_of
from multiback.training.data.build import make_batch, make_feed, make_training_feeds
from multiback.training.data.feed import Feed
from multiback.training.data.match import check_against
from multiback.training.data.source import DataSource

__all__ = [
    "Batch",
    "DataSource",
    "Feed",
    "Group",
    "check_against",
    "leaves_of",
    "make_batch",
    "make_feed",
    "make_training_feeds",
]
