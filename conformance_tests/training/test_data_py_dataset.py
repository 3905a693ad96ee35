"""PyDatasets read by the calling thread, by threads and by processes, with and without faults."""

import functools
import os
import signal
import threading
import time
import traceback
from types import SimpleNamespace

import numpy as np
import pytest

from multiback.errors import DataError
from multiback.training.data import make_feed, make_training_feeds
from multiback.utils import PyDataset

X, Y = np.arange(8, dtype="float32").reshape(4, 2), np.array([0, 1, 2, 1])


def permutation(n, epoch):
    return np.random.default_rng([n, epoch]).permutation(n)


def first_column(feed, epoch, start=0):
    return [(step, batch.x[:, 0].tolist()) for step, batch in feed.epoch(epoch, start)]


class Batches(PyDataset):
    """Six batches whose x tells their index; may raise, or wait, at one of them."""

    def __init__(self, total=6, fail_at=None, slow=0.0, **kwargs):
        super().__init__(**kwargs)
        self.total, self.fail_at, self.slow = total, fail_at, slow
        self.events = []

    def __len__(self):
        return self.total

    def __getitem__(self, index):
        time.sleep(self.slow)
        if index == self.fail_at:
            raise KeyError("broken item")
        return np.full((2, 1), index, "float32"), np.zeros(2, "int32")

    def on_epoch_begin(self):
        self.events.append("begin")

    def on_epoch_end(self):
        self.events.append("end")


def workers_alive():
    return [thread for thread in threading.enumerate() if thread.name.startswith("multiback-data")]


WORKERS = [dict(), dict(workers=3), dict(workers=2, use_multiprocessing=True)]


@pytest.mark.parametrize("workers", WORKERS, ids=["alone", "threads", "processes"])
def test_a_dataset_is_read_in_order_by_any_workers(workers):
    dataset = Batches(**workers)
    with make_feed(dataset, shuffle=True, permutation=permutation) as feed:
        assert feed.steps == 6
        for epoch in (0, 1):
            assert [rows[0] for _, rows in first_column(feed, epoch)] == permutation(6, epoch).tolist()
        assert [rows[0] for _, rows in first_column(feed, 2, start=4)] == permutation(6, 2)[4:].tolist()
    assert dataset.events == ["begin", "end"] * 3
    assert not workers_alive()


@pytest.mark.parametrize("workers", WORKERS, ids=["alone", "threads", "processes"])
def test_an_exception_of_a_dataset_surfaces_at_once_and_leaves_nothing_running(workers):
    dataset = Batches(fail_at=2, **workers)
    feed = make_feed(dataset)
    steps, served = feed.epoch(0), []
    with pytest.raises(KeyError, match="broken item") as caught, feed:
        for step, _ in steps:
            served.append(step)
            last = time.perf_counter()
    assert time.perf_counter() - last < 1
    assert served == [0, 1]
    told = "".join(traceback.format_exception(caught.value))
    assert "raise KeyError" in told and "__getitem__" in told
    assert not workers_alive()
    assert dataset.events == ["begin"]
    dataset.fail_at = None
    with make_feed(dataset) as again:
        assert len(list(again.epoch(0))) == 6


class Stuck(Batches):
    """Item 2 takes until `release` is set."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.release = threading.Event()

    def __getitem__(self, index):
        if index == 2:
            self.release.wait(60)
        return super().__getitem__(index)


def test_a_slow_worker_does_not_delay_an_exception():
    dataset = Stuck(fail_at=1, workers=2)
    with make_feed(dataset) as feed:
        began = time.perf_counter()
        with pytest.raises(KeyError, match="broken item"):
            list(feed.epoch(0))
        assert time.perf_counter() - began < 1
    dataset.release.set()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_an_interrupt_is_heard_while_waiting_for_a_worker(request: pytest.FixtureRequest):
    # A shell that starts the tests in the background tells them to ignore interrupts.
    request.addfinalizer(functools.partial(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    dataset = Stuck(workers=2)
    main = threading.main_thread().ident
    timer = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    began = time.perf_counter()
    with make_feed(dataset) as feed, pytest.raises(KeyboardInterrupt):
        list(feed.epoch(0))
    assert time.perf_counter() - began < 1
    dataset.release.set()
    timer.join()
    with make_feed(dataset) as again:
        assert len(list(again.epoch(0))) == 6


def test_stopping_in_the_middle_of_an_epoch_frees_the_workers():
    dataset = Batches(slow=0.01, workers=3)
    with make_feed(dataset) as feed:
        for step, _ in feed.epoch(0):
            if step == 1:
                break
    deadline = time.perf_counter() + 1
    while workers_alive() and time.perf_counter() < deadline:
        time.sleep(0.01)
    assert not workers_alive()
    assert dataset.events == ["begin"]


def test_threads_work_ahead_but_not_further_than_the_queue():
    loaded = []

    class Watched(Batches):
        def __getitem__(self, index):
            loaded.append(index)
            return super().__getitem__(index)

    with make_feed(Watched(total=20, workers=2, max_queue_size=4)) as feed:
        steps = feed.epoch(0)
        next(steps)
        time.sleep(0.1)
        assert sorted(loaded) == [0, 1, 2, 3, 4]
        steps.close()


class Dying(Batches):
    def __getitem__(self, index):
        os._exit(7)


def test_a_worker_process_that_dies_is_an_error():
    message = r"A data worker process ended \(exit code 7\)"
    with make_feed(Dying(workers=1, use_multiprocessing=True)) as feed, pytest.raises(DataError, match=message):
        list(feed.epoch(0))


def test_worker_processes_need_a_dataset_that_can_be_pickled():
    dataset = Batches(workers=1, use_multiprocessing=True)
    dataset.lock = threading.Lock()
    with make_feed(dataset) as feed, pytest.raises(DataError, match="cannot be pickled for worker processes"):
        list(feed.epoch(0))


def test_worker_processes_see_changes_made_between_epochs():
    class Growing(Batches):
        def __reduce__(self):
            return Batches, (self.total, None)

        def on_epoch_end(self):
            self.total = 3

    with make_feed(Growing(total=2, workers=1, use_multiprocessing=True)) as feed:
        assert [len(list(feed.epoch(epoch))) for epoch in range(2)] == [2, 3]
        assert feed.steps == 3


def test_validation_data_may_be_a_dataset():
    train, validation = make_training_feeds(X, Y, batch_size=2, validation_data=Batches(3), permutation=permutation)
    assert (train.steps, validation.steps) == (2, 3)


def test_an_endless_dataset_needs_steps_and_goes_on():
    class Endless(Batches):
        num_batches = None

    with pytest.raises(DataError, match=r"has no end \(num_batches is None\): pass steps_per_epoch"):
        list(make_feed(Endless()).epoch(0))
    feed = make_feed(Endless(), steps=3, shuffle=True, permutation=permutation)
    assert [rows[0] for _, rows in first_column(feed, 2)] == [6, 7, 8]


def test_a_dataset_without_super_init_or_of_another_package_is_one_too():
    class Bare(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return X, Y

    foreign = SimpleNamespace(workers=1, use_multiprocessing=False, max_queue_size=10, num_batches=1)
    foreign.on_epoch_end = lambda: None
    foreign.__getitem__ = lambda index: (X, Y)
    for dataset in (Bare(), foreign):
        feed = make_feed(dataset)
        assert len(list(feed.epoch(0))) == 1
        assert feed.peek().y.tolist() == Y.tolist()
    assert (Bare().workers, Bare().max_queue_size) == (1, 10)
    with pytest.raises(DataError, match="the dataset Batches is empty: it has 0 batches"):
        make_feed(Batches(total=0))
    with pytest.raises(NotImplementedError, match="PyDataset must define __getitem__"):
        PyDataset()[0]
