"""The server's handle on the process that changes releases (see writer): one job at a time, killable at any moment."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
import tempfile
import time
from typing import IO, Any, Final, NamedTuple

import orjson

from stelsel.errors import (
    ChangeConflict,
    DeadlinePassed,
    GraphsOverlap,
    MemoryExceeded,
    NotFound,
    QuerySyntaxError,
    StelselError,
    StoreError,
)
from stelsel.storing import Limits
from stelsel.storing.changes import Effect, Written
from stelsel.storing.frames import ASK, END, Frames, frame
from stelsel.storing.writer import Job

# The engine has a few threads, and glibc reserves 64 MB of address space for each of them, which the limit would count.
_MALLOC: Final = "glibc.malloc.arena_max=1"
_WORDS: Final = 2000  # bytes of a dead writer's last words that are read


class _Writer(NamedTuple):
    process: subprocess.Popen[bytes]
    line: socket.socket
    words: IO[bytes]


class Scribe:
    """Starts the writer when it is first needed, and again when it has been killed. Not for two threads at once."""

    def __init__(self) -> None:
        self._writer: _Writer | None = None

    def run(self, job: Job, within: Limits) -> Effect:
        """Have a change made. Whatever is raised, what there is of the clone is worth nothing.

        Raises QuerySyntaxError, ChangeConflict, NotFound, GraphsOverlap, DeadlinePassed, MemoryExceeded, StoreError, and OSError
        (ENOSPC) for a full disk.
        """
        deadline = time.monotonic() + within.seconds
        writer = self.start()
        try:
            _send(writer.line, frame(ASK, orjson.dumps(tuple(job))), deadline)
            kind, body = _receive(writer.line, deadline)
        except TimeoutError:
            self.close()
            raise DeadlinePassed(
                f"the change was stopped after {within.seconds:g} s, and nothing has changed; make it in smaller parts",
                seconds=within.seconds,
            ) from None
        except (EOFError, ConnectionError):
            raise self._cause(writer, within) from None
        if kind == END:
            return _effect(orjson.loads(body))
        error = _error(orjson.loads(body), within)
        if isinstance(error, MemoryExceeded):
            self.close()  # what it had, it does not give back
        raise error

    def start(self) -> _Writer:
        """Start the process, if it does not run; the first change then finds it warm."""
        if self._writer is not None and self._writer.process.poll() is None:
            return self._writer
        self.close()
        words = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        mine, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "stelsel.storing.writer", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=words,
                start_new_session=True,
                env={"GLIBC_TUNABLES": _MALLOC, **os.environ},
            )
        self._writer = _Writer(process, mine, words)
        return self._writer

    def close(self) -> None:
        """End the process at once."""
        if self._writer is None:
            return
        process, line, words = self._writer
        self._writer = None
        line.close()
        process.kill()
        process.wait()
        words.close()

    def _cause(self, writer: _Writer, within: Limits) -> StelselError:
        """Why the writer ended halfway."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            writer.process.wait(1)
        said = os.pread(writer.words.fileno(), _WORDS, 0).decode(errors="replace")
        self.close()
        if "alloc" in said:  # Rust: memory allocation of N bytes failed; C++: std::bad_alloc
            return _too_large(within)
        return StoreError(f"the process that made the change has ended, and nothing has changed; {said[-500:]}")


def _send(line: socket.socket, data: bytes, deadline: float) -> None:
    line.settimeout(max(0.001, deadline - time.monotonic()))
    line.sendall(data)


def _receive(line: socket.socket, deadline: float) -> tuple[int, bytes]:
    frames = Frames()
    while True:
        line.settimeout(max(0.001, deadline - time.monotonic()))
        data = line.recv(1 << 16)
        if not data:
            raise EOFError
        if found := frames.feed(data):
            return found[0]


def _effect(said: dict[str, Any]) -> Effect:
    written = tuple(Written(**{**each, "subjects": tuple(each["subjects"])}) for each in said["written"])
    return Effect(said["existed"], said["graphs"], written)


def _error(said: tuple[str, str, int | None, int | None], within: Limits) -> StelselError:
    kind, message, line, column = said
    if kind == "memory":
        return _too_large(within)
    if kind == "store":
        if os.strerror(errno.ENOSPC) in message:
            raise OSError(errno.ENOSPC, message)
        return StoreError(message)
    if kind == "syntax":
        return QuerySyntaxError(message, line=line, column=column)
    return {"overlap": GraphsOverlap, "missing": NotFound, "conflict": ChangeConflict}[kind](message)


def _too_large(within: Limits) -> MemoryExceeded:
    return MemoryExceeded(
        f"the change needs more than the {within.memory // 1_000_000} MB of memory that it may take, and nothing has "
        "changed; make it in smaller parts"
    )
