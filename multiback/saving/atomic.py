"""Files that are replaced whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

from multiback.errors import SavingError


def write_file(
    path: str | os.PathLike[str], write: Callable[[IO[bytes]], object], verify: Callable[[Path], None]
) -> None:
    """Writes a file beside the target, checks it by reading it again, and puts it in the target's place in one step.

    A reader, or a process that is started after a crash, finds either the old file or the new one. What a killed
    process left behind beside the target is removed by the next write to that target.

    Arguments:
        path: The target; a symbolic link stays a link, and the file it points to is replaced.
        write: Writes the contents to an open file.
        verify: Reads the new file and raises if it is not what was meant.

    Raises:
        SavingError: if the folder does not exist or cannot be written, or the disk is full; the old file stays.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise SavingError(f"{path} is a folder. Give the name of a file.")
    if not target.parent.is_dir():
        raise SavingError(f"The folder {str(target.parent)!r} does not exist. Make it first.")
    _remove_leftovers(target)
    temporary = target.with_name(f".{target.name}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        verify(temporary)
        with contextlib.suppress(FileNotFoundError):
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
        os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise SavingError(
            f"{path} could not be written: {error.strerror or error}. The file that was there before is unchanged. "
            "Check that the disk has room and that you may write there."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]", "", socket.gethostname())[:40] or "host"


def _remove_leftovers(target: Path) -> None:
    """Removes temporary files of this target whose process on this host has ended."""
    pattern = re.compile(re.escape(f".{target.name}.{_host()}-") + r"(\d+)-[0-9a-f]{8}\.tmp")
    for entry in os.scandir(target.parent):
        found = pattern.fullmatch(entry.name)
        if found and not _is_running(int(found[1])):
            with contextlib.suppress(OSError):
                os.unlink(entry.path)


def _is_running(pid: int) -> bool:
    if os.name == "nt":
        return True  # There, signal 0 would end the process.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _sync_folder(folder: Path) -> None:
    """Makes the new name survive a power failure; not every system can sync a folder."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
