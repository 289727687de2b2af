"""What a worker and its pool say to each other: one byte of kind, four of length, and the body."""

from __future__ import annotations

import struct
from typing import Final

HEAD: Final = struct.Struct("!BI")
LONGEST: Final = 64 * 1024  # bytes of an answer in one frame, about

# From the pool to a worker.
ASK: Final = 1  # JSON: see worker.Job
# From a worker to the pool.
READY: Final = 2  # the store is open and warm
DATA: Final = 3  # a piece of the answer
END: Final = 4  # the answer is complete; a body of b"1" says that the worker has grown and leaves
CUT: Final = 5  # the answer stops at a limit, well-formed; the body is which: rows or bytes
ERROR: Final = 6  # JSON: [kind, message, line, column]; what was sent before is not an answer


def frame(kind: int, body: bytes = b"") -> bytes:
    """One frame."""
    return HEAD.pack(kind, len(body)) + body


class Frames:
    """Frames out of a stream of bytes that arrives in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The frames that this piece completes."""
        if self._rest:
            data = self._rest + data
        found = []
        at, size = 0, len(data)
        while size - at >= HEAD.size:
            kind, length = HEAD.unpack_from(data, at)
            end = at + HEAD.size + length
            if end > size:
                break
            found.append((kind, data[at + HEAD.size : end]))
            at = end
        self._rest = data[at:]
        return found
