"""Why a query did not get its answer: what a worker said, or how it ended."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Final

from stelsel.errors import DeadlinePassed, MemoryExceeded, QuerySyntaxError, StelselError, StoreError
from stelsel.storing import Limits
from stelsel.storing.line import Line

_LAST_WORDS: Final = 1.0  # seconds that the forker gets to say how a worker ended

_log = logging.getLogger(__name__)


def told(said: tuple[str, str, int | None, int | None], within: Limits) -> StelselError:
    """The error that a worker sent."""
    kind, message, line, column = said
    if kind == "syntax":
        return QuerySyntaxError(message, line=line, column=column)
    if kind == "query":
        return QuerySyntaxError(message)
    if kind == "memory":
        return too_large(within)
    return StoreError(message)


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
    if code == signal.SIGALRM:
        return too_late(within)
    if "alloc" in words:  # Rust: memory allocation of N bytes failed; C++: std::bad_alloc
        return too_large(within)
    _log.error("a worker ended by signal %d: %s", code, " ".join(words.split())[-500:])
    return StoreError(f"the process that ran the query was ended (signal {code}); ask again")
