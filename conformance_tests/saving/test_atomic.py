"""A file is replaced whole or not at all."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from multiback.errors import SavingError
from multiback.saving.atomic import write_file


def put(path: Path, data: bytes) -> None:
    def verify(written: Path) -> None:
        assert written.read_bytes() == data

    write_file(path, lambda file: file.write(data) and None, verify)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_new_file_and_its_replacement(tmp_path: Path) -> None:
    path = tmp_path / "a file \u00e9.bin"
    put(path, b"one")
    put(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == [path.name]


def test_a_failure_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    put(path, b"old")

    def fail(file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(path, fail, lambda _: None)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.bin"]


def test_a_file_that_does_not_read_back_is_not_put_in_place(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    put(path, b"old")

    def refuse(_: Path) -> None:
        raise SavingError("It reads back otherwise.")

    with pytest.raises(SavingError, match="reads back otherwise"):
        write_file(path, lambda file: file.write(b"new") and None, refuse)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.bin"]


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real.bin", tmp_path / "link.bin"
    put(real, b"one")
    real.chmod(0o640)
    link.symlink_to(real)
    put(link, b"two")
    assert link.is_symlink()
    assert real.read_bytes() == b"two"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("path", "message"),
    [("folder", "is a folder"), ("missing/x.bin", "does not exist"), ("x.bin/y.bin", "does not exist")],
)
def test_impossible_targets(path: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "x.bin").write_bytes(b"")
    with pytest.raises(SavingError, match=message):
        put(tmp_path / path, b"data")


def test_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    put(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with pytest.raises(SavingError, match=r"could not be written.*unchanged.*room"):
            put(path, b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.bin"]


def test_leftovers_of_dead_processes_are_removed_and_those_of_living_ones_are_not(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    path = tmp_path / "x.bin"
    seen: list[str] = []
    write_file(path, lambda file: seen.append(Path(file.name).name), lambda _: None)
    mine = seen[0]
    assert str(os.getpid()) in mine
    left, alive = mine.replace(str(os.getpid()), str(dead.pid)), mine.replace(str(os.getpid()), str(os.getppid()))
    other_target, other_host = left.replace("x.bin", "y.bin"), left.replace(".x.bin.", ".x.bin.elsewhere")
    for name in (left, alive, other_target, other_host):
        (tmp_path / name).write_bytes(b"half")
    put(path, b"new")
    assert names(tmp_path) == sorted([alive, other_target, other_host, "x.bin"])
