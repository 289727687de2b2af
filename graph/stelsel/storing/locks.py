"""Who writes, and who still reads: locks that end with the process that holds them, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stelsel.errors import Locked, NotFound

IN_USE = "in-use.lock"


@contextmanager
def lock(data: Path) -> Iterator[None]:
    """Makes this process the one writer of a data directory. Raises Locked, naming the process that is.

    The lock is the kernel's (flock), so that of a killed writer is free at once. Children of this process are to be
    started with spawn or forkserver: a forked child would keep the lock for as long as it lives.
    """
    data.mkdir(parents=True, exist_ok=True)
    # Not "w": that would wipe the number of the process that has the lock.
    with (data / "lock").open("a+", encoding="ascii") as file:
        if not seize(file.fileno()):
            file.seek(0)
            writer = file.read().strip() or "unknown"
            raise Locked(f"process {writer} is writing to {data}; wait until it is done, or stop it")
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)


def seize(descriptor: int) -> bool:
    """Takes the exclusive lock of an open file without waiting; whether it was free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def hold(release: Path) -> Iterator[None]:
    """Keeps a release folder from being pruned for as long as a process serves it. Raises NotFound when it is gone.

    Oxigraph opens the files of a release as it needs them, and a query that meets a removed one may never end, so a
    reader without a hold is not safe. Any number of processes may hold a release.
    """
    gone = NotFound(f"release {release.name} is not in {release.parent} (any more)")
    try:
        # Reading is enough for a shared lock: a server needs no right to write in the data directory.
        descriptor = os.open(release / IN_USE, os.O_RDONLY)
    except FileNotFoundError:
        raise gone from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if not _is_still(release / IN_USE, descriptor):
            raise gone
        yield
    finally:
        os.close(descriptor)


@contextmanager
def claim(release: Path) -> Iterator[bool]:
    """Keeps others from holding a release meanwhile; gives False where somebody holds it already."""
    try:
        descriptor = os.open(release / IN_USE, os.O_RDONLY)
    except FileNotFoundError:
        yield True
        return
    try:
        yield seize(descriptor)
    finally:
        os.close(descriptor)


def held(release: Path) -> bool:
    """Whether a process serves the release at this moment."""
    with claim(release) as free:
        return not free


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
