"""The progress display: lines in a log, a live line in a terminal, and what it costs."""

import io
import logging
import re
import time

import pytest

from multiback.callbacks import CallbackList
from multiback.errors import ArgumentError
from multiback.training.lazy_logs import LazyLogs
from multiback.training.progress import Progress
from multiback.utils import Progbar, disable_interactive_logging, enable_interactive_logging


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    return Terminal()


def run_epochs(progress, epochs=2, steps=3, values=None):
    for epoch in range(epochs):
        progress.begin(steps, f"Epoch {epoch + 1}/{epochs}")
        for step in range(steps):
            progress.update(step + 1, {"loss": 9.0})
        progress.finish(steps, values or {"loss": 0.125, "val_loss": 1e-5})
    progress.close()


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_a_log_gets_one_plain_line_per_epoch(verbose):
    log = io.StringIO()
    run_epochs(Progress(verbose, stream=log))
    lines = log.getvalue().splitlines()
    pattern = r"Epoch \d/2 - 3/3 - [\d.:]+s? - \S+ ms/step - loss: 0\.1250 - val_loss: 1\.0000e-05"
    assert len(lines) == 2
    assert all(re.fullmatch(pattern, line) for line in lines)


def test_silence_is_silent(capsys, terminal):
    run_epochs(Progress(0, stream=terminal))
    assert terminal.getvalue() == "" and capsys.readouterr() == ("", "")
    with pytest.raises(ArgumentError, match="verbose is 0, 1, 2 or 'auto', got 3"):
        Progress(3)


def test_a_terminal_gets_a_live_line_that_stays(terminal):
    run_epochs(Progress(interval=0, stream=terminal), epochs=1)
    text = terminal.getvalue()
    assert "1/3" in text and "2/3" in text and "━" in text
    assert text.index("\x1b[?25l") < text.rindex("\x1b[?25h")  # the cursor is hidden, then shown again
    final = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text.split("\r")[-1]).strip()
    assert re.fullmatch(r"Epoch 1/1 3/3 [\d.:]+s? \S+ ms/step  loss 0\.1250  val_loss 1\.0000e-05", final)


def test_a_name_and_its_value_stay_together_in_a_narrow_terminal(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    run_epochs(Progress(stream=terminal), epochs=1, values={f"metric_{i}": i / 8 for i in range(6)})
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    for i in range(6):
        assert f"metric_{i} {i / 8:.4f}" in plain


def test_plain_lines_where_a_terminal_cannot_be_drawn_over(terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    run_epochs(Progress(stream=terminal))
    assert "\x1b" not in terminal.getvalue() and len(terminal.getvalue().splitlines()) == 2


def test_only_one_line_is_live_at_a_time(terminal):
    other = Terminal()
    first, second = Progress(interval=0, stream=terminal), Progress(interval=0, stream=other)
    first.begin(2)
    run_epochs(second, epochs=1)
    assert "\x1b" not in other.getvalue() and len(other.getvalue().splitlines()) == 1
    first.close()
    run_epochs(second, epochs=1)
    assert "\x1b" in other.getvalue()


def test_a_forgotten_line_is_closed(terminal):
    progress = Progress(stream=terminal)
    progress.begin(2)
    del progress
    assert terminal.getvalue().rindex("\x1b[?25h") > terminal.getvalue().rindex("\x1b[?25l")
    again = Terminal()
    run_epochs(Progress(interval=0, stream=again), epochs=1)
    assert "\x1b" in again.getvalue()


def test_an_interrupted_run_leaves_the_terminal_as_it_was(terminal, monkeypatch):
    monkeypatch.setattr("sys.stdout", terminal)
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=2)
    with pytest.raises(KeyboardInterrupt), callbacks.session("train"):
        callbacks.on_epoch_begin(0)
        callbacks.on_train_batch_end(0, {"loss": 1.0})
        raise KeyboardInterrupt
    assert terminal.getvalue().rindex("\x1b[?25h") > terminal.getvalue().rindex("\x1b[?25l")


def test_logs_are_read_at_most_every_interval_and_batches_cost_little(terminal, monkeypatch):
    monkeypatch.setattr("sys.stdout", terminal)
    reads, batches = [], 20_000
    logs = [LazyLogs(lambda: reads.append(1) or {"loss": 1.0}) for _ in range(batches)]
    callbacks = CallbackList(add_history=True, add_progbar=True, verbose=1, epochs=1, steps=batches)
    costs = []
    with callbacks.session("train"):
        callbacks.on_epoch_begin(0)
        began = time.perf_counter()
        for batch in range(batches):
            before = time.perf_counter()
            callbacks.on_train_batch_begin(batch)
            callbacks.on_train_batch_end(batch, logs[batch])
            costs.append(time.perf_counter() - before)
        elapsed = time.perf_counter() - began
        callbacks.on_epoch_end(0, {"loss": 1.0})
    assert len(reads) <= elapsed / 0.1 + 1
    assert sorted(costs)[batches // 2] < 5e-6


def test_the_speed_leaves_out_compilation_and_validation(monkeypatch):
    now, log = [0.0], io.StringIO()
    monkeypatch.setattr("multiback.training.progress.time.perf_counter", lambda: now[0])
    progress = Progress(2, stream=log)
    progress.begin(6)
    for step in range(6):
        now[0] = 10 + 0.02 * step
        progress.update(step + 1)
    progress.note("validating")
    now[0] = 75.0
    progress.finish(6)
    assert log.getvalue() == "6/6 - 1:15 - 20 ms/step\n"


def test_unknown_length_and_odd_values(capsys):
    progress = Progress(2)
    progress.begin(None)
    progress.update(4)
    progress.finish(4, {"matrix": [1, 2], "nan": float("nan"), "zero": 0, "huge": 1e9})
    assert re.fullmatch(
        r"4 steps - [\d.:]+s? - \S+ ms/step - matrix: \[1, 2\] - nan: nan - zero: 0\.0000 - huge: 1\.0000e\+09\n",
        capsys.readouterr().out,
    )


def test_evaluate_and_predict_show_their_own_line_and_validation_none(capsys):
    callbacks = CallbackList(add_progbar=True, verbose=2, epochs=1, steps=2)
    for mode, logs in (("test", {"loss": 0.5}), ("predict", {"outputs": object()})):
        with callbacks.session(mode) as session:
            for batch in range(2):
                getattr(callbacks, f"on_{mode}_batch_end")(batch, logs)
            session.logs = logs
    with callbacks.session("train"):
        callbacks.on_epoch_begin(0)
        callbacks.on_train_batch_end(0)
        with callbacks.session("test"):
            callbacks.on_test_batch_end(0, {"loss": 7.0})
        callbacks.on_epoch_end(0, {"loss": 0.25})
    facts = r"- [\d.:]+s? - \S+ ms/step"
    test, predict, train = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"2/2 {facts} - loss: 0\.5000", test)
    assert re.fullmatch(rf"2/2 {facts}", predict)
    assert re.fullmatch(rf"1/2 {facts} - loss: 0\.2500", train)


def test_messages_can_go_to_the_logger(caplog, capsys, terminal):
    disable_interactive_logging()
    try:
        with caplog.at_level(logging.INFO, logger="multiback"):
            run_epochs(Progress(stream=terminal), epochs=1)
    finally:
        enable_interactive_logging()
    assert terminal.getvalue() == "" and capsys.readouterr().out == ""
    assert [record.message[:15] for record in caplog.records] == ["Epoch 1/1 - 3/3"]


def test_a_stream_that_cannot_write_a_letter_gets_a_question_mark():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    run_epochs(Progress(2, stream=stream), epochs=1, values={"é": 1.0})
    assert raw.getvalue().endswith(b" - ?: 1.0000\n")


def test_the_bar_averages_what_it_is_not_told_to_show_as_it_is(capsys):
    bar = Progbar(4, verbose=2, stateful_metrics=["rate"], unit_name="item")
    for value in (1.0, 2.0, 6.0):
        bar.add(1, [("loss", value), ("rate", value)])
    bar.update(4, [("loss", 3.0)])
    bar.update(4, [("loss", 100.0)])
    line = capsys.readouterr().out
    assert re.fullmatch(r"4/4 - [\d.:]+s? - \S+ ms/item - loss: 3\.0000 - rate: 6\.0000\n", line)
    bar = Progbar(None, verbose=2, stateless_metrics=["loss"])
    bar.update(2, [("loss", 1.0), ("rate", 1.0)])
    bar.update(4, [("loss", 2.0), ("rate", 2.0)], finalize=True)
    assert capsys.readouterr().out.endswith("loss: 1.5000 - rate: 2.0000\n")
    with pytest.raises(ArgumentError, match="either stateful_metrics or stateless_metrics"):
        Progbar(1, stateful_metrics=[], stateless_metrics=[])
