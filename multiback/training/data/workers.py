"""Items loaded ahead, in order, by threads or by processes."""

from __future__ import annotations

import multiprocessing
import pickle
import queue
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, wait
from typing import Any

from multiback.errors import DataError

# How long closing waits for items in the making. They end by themselves later: the threads are daemons.
_PATIENCE = 0.5


def load_ahead(loaders: list[Callable[[int], Any]], indices: Iterable[int], ahead: int) -> Generator[Any, None, None]:
    """Yield the item at each index in order, with one thread per loader working at most `ahead` items in advance.

    An exception raised by a loader is raised here, with its own traceback, when its item is due. Closing the generator
    drops what has not begun.
    """
    tasks: queue.SimpleQueue[tuple[Future, int] | None] = queue.SimpleQueue()
    threads = [
        threading.Thread(target=_work, args=(tasks, load), name=f"multiback-data-{i}", daemon=True)
        for i, load in enumerate(loaders)
    ]
    window: deque[Future] = deque()
    remaining = iter(indices)

    def submit() -> None:
        if (index := next(remaining, None)) is not None:
            window.append(Future())
            tasks.put((window[-1], index))

    try:
        for thread in threads:
            thread.start()
        for _ in range(max(ahead, len(threads))):
            submit()
        while window:
            future = window.popleft()
            while not future.done():  # short waits, so that Ctrl-C is heard on every platform
                wait([future], timeout=0.5)
            item = future.result()
            submit()
            yield item
    finally:
        for future in window:
            future.cancel()
        for _ in threads:
            tasks.put(None)
        for thread in threads:
            if thread.ident is not None:
                thread.join(_PATIENCE / len(threads))


def _work(tasks: queue.SimpleQueue, load: Callable[[int], Any]) -> None:
    while (task := tasks.get()) is not None:
        future, index = task
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(load(index))
        except BaseException as error:
            future.set_exception(error)
        del task, future  # an item must not outlive its use


class WorkerProcess:
    """A process, started afresh, that holds a copy of a dataset and loads its items."""

    def __init__(self) -> None:
        # Never fork: a forked copy of a process that runs a framework may hang.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="multiback-data", daemon=True)
        self._process.start()
        theirs.close()
        self._unsent: bytes | None = None

    def use(self, dataset: bytes) -> None:
        """Load from this pickled dataset from now on."""
        self._unsent = dataset

    def load(self, index: int) -> Any:
        """The item at `index`; raises what the dataset raised, with the process's traceback in its notes."""
        if self._unsent is not None:
            self._ask(("dataset", self._unsent))
            self._unsent = None
        return self._ask(("item", index))

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.terminate()
        self._process.join(_PATIENCE)
        self._connection.close()

    def _ask(self, message: tuple[str, Any]) -> Any:
        try:
            self._connection.send(message)
            kind, value, trace = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(_PATIENCE)
            raise DataError(
                f"A data worker process ended (exit code {self._process.exitcode}): it was killed, ran out of memory, "
                "or could not start. The dataset's class must be importable, and a script that uses worker processes "
                'must start its work under `if __name__ == "__main__":`.'
            ) from None
        if kind == "value":
            return value
        error = _revive(value, trace)
        error.add_note(f"In a data worker process:\n{trace}")
        raise error


def _serve(connection: Any) -> None:
    dataset: Any = None
    while True:
        try:
            kind, content = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            if kind == "dataset":
                dataset, reply = pickle.loads(content), ("value", None, "")
            else:
                reply = ("value", dataset[content], "")
            connection.send(reply)
        except KeyboardInterrupt:
            return
        except BaseException as error:
            connection.send(("error", _pickled(error), traceback.format_exc()))


def _pickled(error: BaseException) -> bytes | None:
    try:
        content = pickle.dumps(error)
        pickle.loads(content)  # some exceptions can be written but not read back
    except Exception:
        return None
    return content


def _revive(content: bytes | None, trace: str) -> BaseException:
    if content is None:
        return DataError(f"The dataset raised an exception that cannot be pickled: {trace.strip().splitlines()[-1]}")
    return pickle.loads(content)
