"""A server's private directory for its workers' sockets, and what servers that were killed have left of theirs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path

_PREFIX = "gymbridge-workers-"
# Unix sockets have short paths: a deep TMPDIR is passed over.
_MAX_PARENT = 50


class PrivateDirectory:
    """A directory that only this user enters, locked as long as this process lives; `path` is where it is.

    Where it is made, those of servers that live no longer are removed: this user's, with no lock on them.
    """

    def __init__(self) -> None:
        parent = tempfile.gettempdir()
        if len(parent) > _MAX_PARENT and os.access("/tmp", os.W_OK | os.X_OK):
            parent = "/tmp"
        reap(parent)
        while True:
            path = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
            # Another server that starts now may find it before it is locked, and remove it.
            lock = _lock(path)
            if lock is not None:
                break
        self.path = Path(path)
        self._lock = lock

    def remove(self) -> None:
        """Removes it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def reap(parent: str) -> None:
    """Removes the directories in there that servers of this user have left: sockets, and nothing else, go with them."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(parent):
            if entry.name.startswith(_PREFIX) and _is_own_directory(entry):
                lock = _lock(entry.path)
                if lock is not None:
                    _remove_sockets_and_directory(entry.path)
                    os.close(lock)


def _is_own_directory(entry: os.DirEntry[str]) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


def _remove_sockets_and_directory(path: str) -> None:
    with contextlib.suppress(OSError):
        for inner in os.scandir(path):
            if stat.S_ISSOCK(inner.stat(follow_symlinks=False).st_mode):
                os.unlink(inner.path)
        os.rmdir(path)


def _lock(path: str) -> int | None:
    """A descriptor that holds the directory's lock; None where another process has it, or the directory is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
