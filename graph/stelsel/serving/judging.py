"""The guard's judgement with a deadline: a long text is read in a process of its own, which can be ended.

A text that names SERVICE anywhere, has escapes in it, or may nest too deep, is read token by token. A megabyte of those takes seconds, and
in this process it would take them from everybody.
"""

from __future__ import annotations

import asyncio
import os
import re
import struct
import sys
from contextlib import suppress
from typing import Any, Final, Literal, cast

import orjson

from stelsel.errors import DeadlinePassed, QueryRefused, QuerySyntaxError, StoreError
from stelsel.querying.guard import Form, judge
from stelsel.querying.nesting import suspect

_SHORT: Final = 2000  # characters that are read here, in two milliseconds at most
# What most queries begin with: declarations that are read in one way only, and the word that says the form. It takes
# microseconds to see; token by token it was a third of the time that this process spends on a lookup.
_PLAIN: Final = re.compile(
    r"""(?:[\ \t\r\n]*+ (?:PREFIX[\ \t]++[A-Z][A-Z0-9_-]*+: | BASE) [\ \t]*+
        <[A-Z][A-Z0-9+.-]*+:[A-Z0-9:/?\#._~%=&-]*+>)*+
    [\ \t\r\n]*+ (SELECT|ASK|CONSTRUCT|DESCRIBE) (?=[\ \t\r\n{*])""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_LENGTH: Final = struct.Struct("<I")
_NICE: Final = 5


def heavy(text: str) -> bool:
    """Whether judging a text takes long enough to be done elsewhere."""
    return len(text) > _SHORT and ("\\u" in text or "\\U" in text or "service" in text.lower() or suspect(text))


class Judge:
    """Judges as querying.guard does. Long texts wait for each other: they take one process, and no more."""

    def __init__(self, *, allowed_services: frozenset[str], base: str) -> None:
        self._allowed, self._base = allowed_services, base
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def form(self, text: str, seconds: float) -> Form:
        """The form of a query that may run. Raises QueryRefused, QuerySyntaxError, and DeadlinePassed after `seconds`."""
        plain = _plain(text)
        if plain is not None:
            return plain
        if not heavy(text):
            return judge(text, allowed_services=self._allowed, base=self._base)
        try:
            async with asyncio.timeout(seconds), self._turn:
                said = await self._ask([text, sorted(self._allowed), self._base])
        except TimeoutError:
            message = f"the query was not read to its end in {seconds:g} s; send a shorter one"
            raise DeadlinePassed(message, seconds=seconds) from None
        return _heard(said)

    async def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

    async def _ask(self, question: list[Any]) -> list[Any]:
        fit = False
        try:
            process = self._process or await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "stelsel.serving.judging"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            self._process = process
            assert process.stdin is not None
            assert process.stdout is not None
            written = orjson.dumps(question)
            process.stdin.write(_LENGTH.pack(len(written)) + written)
            await process.stdin.drain()
            (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
            said: list[Any] = orjson.loads(await process.stdout.readexactly(length))
            fit = True
        except (asyncio.IncompleteReadError, ConnectionError):
            raise StoreError("the process that reads long queries has ended; ask again") from None
        except TypeError:
            fit = True  # half a surrogate pair: nothing was sent
            raise QuerySyntaxError("the query is not valid Unicode text") from None
        else:
            return said
        finally:
            if not fit:
                await self.close()


def _plain(text: str) -> Form | None:
    """The form of a query, where the guard reads no further than that and its prologue is plain."""
    lowered = text.lower()
    found = None if "service" in lowered or "\\u" in lowered or suspect(text) else _PLAIN.match(text)
    return cast("Form", found[1].lower()) if found else None


def _heard(said: list[Any]) -> Form:
    kind, message, line, column = said
    if kind == "refused":
        raise QueryRefused(message)
    if kind == "syntax":
        raise QuerySyntaxError(message, line=line, column=column)
    form: Form = message
    return form


def _judged(question: list[Any]) -> tuple[Literal["form", "refused", "syntax"], str, int | None, int | None]:
    text, allowed, base = question
    try:
        return "form", judge(text, allowed_services=frozenset(allowed), base=base), None, None
    except QueryRefused as error:
        return "refused", str(error), None, None
    except QuerySyntaxError as error:
        return "syntax", str(error), error.line, error.column


def main() -> None:
    """Judge what comes on standard input until it ends."""
    os.nice(_NICE)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(_LENGTH.size):
        said = orjson.dumps(_judged(orjson.loads(source.read(*_LENGTH.unpack(head)))))
        sink.write(_LENGTH.pack(len(said)) + said)
        sink.flush()


if __name__ == "__main__":
    main()
