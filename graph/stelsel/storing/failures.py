"""Why a query did not get its answer: what a worker said, or how it ended."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Final

import orjson

from stelsel.errors import (
    DeadlinePassed,
    FunctionUnknown,
    MemoryExceeded,
    QuerySyntaxError,
    StelselError,
    StoreError,
    Truncated,
)
from stelsel.storing import Limits
from stelsel.storing.frames import CUT, END
from stelsel.storing.line import Line

_LAST_WORDS: Final = 1.0  # seconds that the forker gets to say how a worker ended
_KINDS: Final = {"room": MemoryExceeded, "store": StoreError, "function": FunctionUnknown}

_log = logging.getLogger(__name__)


def ended(kind: int, body: bytes, within: Limits) -> StelselError | None:
    """What the last frame of an answer says: None for a complete one."""
    if kind == END:
        return None
    if kind == CUT:
        return Truncated(f"the answer stops at its limit of {body.decode()}", limit=body.decode())
    said, message, line, column = orjson.loads(body)
    if said == "memory":
        return too_large(within)
    if said in _KINDS:
        return _KINDS[said](message)
    return QuerySyntaxError(message, line=line, column=column)


def too_large(within: Limits) -> MemoryExceeded:
    """It ran out of memory."""
    return MemoryExceeded(
        f"the query needs more than the {within.memory // 1_000_000} MB of memory that it may take; "
        "ask for less at a time, or sort and group fewer rows"
    )


def too_late(within: Limits) -> DeadlinePassed:
    """It ran out of time."""
    return DeadlinePassed(
        f"the query was stopped after {within.seconds:g} s; ask for less, or for one thing at a time",
        seconds=within.seconds,
    )


async def cause(line: Line, within: Limits) -> StelselError:
    """Why a worker ended halfway."""
    if line.expired:
        return too_late(within)
    if line.exit is None:
        return StoreError("the process that ran the query has ended; ask again")
    try:
        async with asyncio.timeout(_LAST_WORDS):
            code, words = await asyncio.shield(line.exit)
    except (TimeoutError, asyncio.CancelledError):
        return StoreError("the process that ran the query has ended; ask again")
    return _meaning(code, words, within)


def _meaning(code: int, words: str, within: Limits) -> StelselError:
    """What it means that a worker ended by this signal, with these last words."""
    if code == signal.SIGALRM:
        return too_late(within)
    if "alloc" in words:  # Rust: memory allocation of N bytes failed; C++: std::bad_alloc
        return too_large(within)
    if code == signal.SIGSEGV or "overflowed its stack" in words:
        # The engine reads and plans by recursion; what is nested some tens of thousands deep takes all of its stack.
        _log.warning("a worker ran out of stack")
        return MemoryExceeded("the query is nested deeper than the engine can follow; nest it less deep")
    _log.error("a worker ended by signal %d: %s", code, " ".join(words.split())[-500:])
    return StoreError(f"the process that ran the query was ended (signal {code}); ask again")
