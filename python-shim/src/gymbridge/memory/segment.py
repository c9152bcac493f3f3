"""The file that a server and its client map: a header, a ring of requests, a ring of responses."""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import socket
import stat
import sys
import tempfile
import time

from gymbridge.v1 import environment_pb2 as pb

HEADER_BYTES = 4096
NONCE_BYTES = 16
# Where the positions are, in words of 8 bytes.
REQUESTS_WRITTEN, REQUESTS_READ, RESPONSES_WRITTEN, RESPONSES_READ = 8, 16, 24, 32
# Whether a side looks for messages by itself, so that its bell need not be rung.
SERVER_LOOKS, CLIENT_LOOKS = 40, 48
_MAGIC = b"gymbrdg1"
_IDENTITY_BYTES = 48
_MEMORY = "/dev/shm"
_PREFIX = "gymbridge-"
# An offer is taken up within seconds: what is older is nobody's any more, where its process is gone.
_STALE_SECONDS = 60.0
_POPULATE: int = getattr(mmap, "MAP_POPULATE", 0)


class Segment:
    """A mapped file. `memory` are its bytes, `words` its 64-bit words; the rings lie where the sizes say."""

    def __init__(self, file: int, request_bytes: int, response_bytes: int) -> None:
        self.requests = HEADER_BYTES, request_bytes
        self.responses = HEADER_BYTES + request_bytes, response_bytes
        size = HEADER_BYTES + request_bytes + response_bytes
        self.memory = mmap.mmap(file, size, mmap.MAP_SHARED | _POPULATE)
        self.words = memoryview(self.memory).cast("Q")

    def close(self) -> None:
        """Unmaps the file, once nobody has a view of it any more."""
        with contextlib.suppress(BufferError):
            self.words.release()
            self.memory.close()


def is_possible() -> bool:
    """Whether this platform can make an offer."""
    return is_mappable() and hasattr(os, "posix_fallocate")


def is_mappable() -> bool:
    """Whether this platform can take up an offer."""
    return sys.byteorder == "little" and hasattr(socket, "AF_UNIX") and hasattr(mmap, "MAP_SHARED")


def make_directory() -> str:
    """A directory of this user alone, for a file and a socket: in memory where there is such a place."""
    for parent in (_MEMORY, None):
        with contextlib.suppress(OSError):
            return tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent)
    raise OSError(f"no directory can be made in {_MEMORY} nor in {tempfile.gettempdir()}")


def make(offered: pb.SharedMemory, epoch: int) -> Segment:
    """Makes the file that the offer describes, its memory taken; OSError where there is not enough."""
    file = os.open(offered.memory, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        # A page that the system cannot find later on would end the process.
        os.posix_fallocate(file, 0, HEADER_BYTES + offered.request_bytes + offered.response_bytes)
        segment = Segment(file, offered.request_bytes, offered.response_bytes)
    finally:
        os.close(file)
    segment.memory[:_IDENTITY_BYTES] = _identity(offered, epoch)
    return segment


def open_offered(offered: pb.SharedMemory, epoch: int) -> Segment:
    """Maps the file of an offer; OSError where that cannot be done, ValueError for a file that is another one."""
    size = HEADER_BYTES + offered.request_bytes + offered.response_bytes
    if not offered.request_bytes or not offered.response_bytes or (offered.request_bytes | offered.response_bytes) % 8:
        raise ValueError(f"the server offers rings of {offered.request_bytes} and {offered.response_bytes} bytes")
    # The server says which file: one that only looks like a file, a link, a pipe, is not opened.
    file = os.open(offered.memory, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size != size:
            raise ValueError(f"{offered.memory} is no file of {size} bytes")
        if os.pread(file, _IDENTITY_BYTES, 0) != _identity(offered, epoch):
            raise ValueError(f"{offered.memory} is not the file that the server offered")
        return Segment(file, offered.request_bytes, offered.response_bytes)
    finally:
        os.close(file)


def remove(directory: str) -> None:
    """Removes an offer's directory with what is in it; nothing where it is gone."""
    shutil.rmtree(directory, ignore_errors=True)


def remove_of(pid: int) -> None:
    """Removes what a process of ours that has ended left behind."""
    for directory, owner, _ in _directories():
        if owner == pid:
            remove(directory)


def remove_stale() -> None:
    """Removes what processes of this user left behind that were killed a while ago."""
    for directory, owner, age in _directories():
        if age > _STALE_SECONDS and not _is_alive(owner):
            remove(directory)


def _directories() -> list[tuple[str, int, float]]:
    """This user's directories: path, the number of the process that made it, its age in seconds."""
    found = []
    for parent in dict.fromkeys((_MEMORY, tempfile.gettempdir())):
        with contextlib.suppress(OSError), os.scandir(parent) as entries:
            for entry in entries:
                owner, _, rest = entry.name.removeprefix(_PREFIX).partition("-")
                if not entry.name.startswith(_PREFIX) or not rest or not owner.isdecimal():
                    continue
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid():
                        found.append((entry.path, int(owner), time.time() - status.st_mtime))
    return found


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _identity(offered: pb.SharedMemory, epoch: int) -> bytes:
    numbers = (epoch, offered.request_bytes, offered.response_bytes)
    return _MAGIC + offered.nonce + b"".join(number.to_bytes(8, "little") for number in numbers)
