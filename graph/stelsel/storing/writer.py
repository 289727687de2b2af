"""What runs inside the process that changes a release: `python -m stelsel.storing.writer FD`.

It makes a hard-link clone of a store, changes the clone, and closes it: one job at a time, so that killing it costs
nothing but what it was making. It gives up the network before the engine is loaded; its standard error is the server's.

Jobs come over FD as frames (see frames), and END with an effect or ERROR comes back.
"""

from __future__ import annotations

import contextlib
import re
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from stelsel.errors import GraphsOverlap, NotFound
from stelsel.storing.changes import Kind
from stelsel.storing.forker import leave_network
from stelsel.storing.frames import END, ERROR, HEAD, frame

_PLACE: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_GRACE: Final = 1.0  # the server ends a change at its deadline; this alarm is for when the server is gone
_CACHE: Final = 200_000_000  # what the engine's own caches and threads may come to; they are nobody's change


class Job(NamedTuple):
    """A change as it crosses to the writer, as a JSON array. `parts` are file, format, base IRI.

    `edition` is the folder in which the touched graphs are kept, and is empty where none is made; then `about` says
    what changes in the catalogue.
    """

    source: str
    target: str
    kind: Kind
    text: str
    base_iri: str
    graph: str | None
    parts: list[tuple[str, str, str]]
    touched: list[str] | None
    memory: int
    seconds: float
    edition: str
    about: dict[str, str]


def main() -> None:
    """Serve the server at the other end of FD."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # the server finishes what it writes; this process ends when it does
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    leave_network()
    line = socket.socket(fileno=int(sys.argv[1]))
    with contextlib.suppress(ConnectionError):
        serve(line)


def serve(line: socket.socket) -> None:
    """Take jobs until the line is closed."""
    from stelsel.storing.applying import apply  # noqa: PLC0415 - the engine comes after the network has gone

    incoming = line.makefile("rb")
    while head := incoming.read(HEAD.size):
        _, length = HEAD.unpack(head)
        job = Job(*orjson.loads(incoming.read(length)))
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = pages * resource.getpagesize() + _CACHE + job.memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        signal.setitimer(signal.ITIMER_REAL, job.seconds + _GRACE)
        try:
            answer = frame(END, orjson.dumps(apply(job)))
        except (SyntaxError, MemoryError, GraphsOverlap, NotFound, OSError, ValueError, RuntimeError) as error:
            answer = frame(ERROR, _explain(error))
        signal.setitimer(signal.ITIMER_REAL, 0)
        line.sendall(answer)


_KINDS: Final = {
    SyntaxError: "syntax",
    MemoryError: "memory",
    GraphsOverlap: "overlap",
    NotFound: "missing",
    OSError: "store",
    ValueError: "syntax",
    RuntimeError: "conflict",
}


def _explain(error: Exception) -> bytes:
    kind = next(kind for cause, kind in _KINDS.items() if isinstance(error, cause))
    message, line, column = str(error), getattr(error, "lineno", None), getattr(error, "offset", None)
    if kind == "syntax" and (found := _PLACE.fullmatch(message)):
        line, column, message = int(found[1]), int(found[2]), found[3]
    return orjson.dumps([kind, " ".join(message.split())[:500], line, column])


if __name__ == "__main__":
    main()
