"""Asks the engine for its plan of a query: the command `oxigraph` explains it on an empty store, in a process of its own.

pyoxigraph gives no plans. The command runs a query to its end before it explains, so it may take no more than a second of
processor time: a query that does not end without any data is worth a warning by itself.
"""

from __future__ import annotations

import asyncio
import logging
import re
import resource
import shutil
import signal
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from stelsel.errors import QueryRefused, QuerySyntaxError, StoreError
from stelsel.querying.advice import phrase
from stelsel.querying.guard import judge
from stelsel.querying.plans import Step, read_plan
from stelsel.serving.judging import heavy

_SECONDS: Final = 1  # of processor time
_PATIENCE: Final = 4.0  # seconds in all
_MEMORY: Final = 1_000_000_000  # bytes
_MEMORY_TO_LOAD: Final = 8_000_000_000  # the loader has large buffers, also for nothing
_LARGEST: Final = 1_000_000  # bytes of an explanation that is read
_AT_ONCE: Final = 2
_PLACES: Final = 32  # plans that are made or waited for
_PLACE: Final = re.compile(r"error at (\d+):(\d+): ([^\n]*)")


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Planned:
    """A plan, or the reason why there is none: a key of `plan` in the rules' words, with what fills it."""

    plan: Step | None = None
    reason: str = ""
    values: Mapping[str, object] | None = None

    def why_not(self, language: str) -> str:
        """Why there is no plan; empty where there is one."""
        return phrase(self.reason, language, section="plan", **(self.values or {})) if self.reason else ""


class Planner:
    """Makes plans. Its folder with an empty store is made at the first question, and removed by `close`."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._command = _command()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._numbers = count()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._opening = asyncio.Lock()

    async def plan(self, text: str, prefixes: Mapping[str, str]) -> Planned:
        """The plan of a query that the guard let through.

        Raises QuerySyntaxError where the engine cannot read it.
        """
        if self._command is None:
            return Planned(reason="missing")
        if _leaves(text, self._base):
            return Planned(reason="service")
        if self._waiting >= _PLACES:
            return Planned(reason="busy", values={"seconds": f"{_PATIENCE:g}"})
        self._waiting += 1
        try:
            async with self._turns:
                return await self._explain(text, prefixes, self._command)
        except (StoreError, OSError) as error:  # no room for a folder or a process: there is more to say than a plan
            _log.warning("a query could not be planned: %s", error)
            return Planned(reason="failed", values={"message": str(error)})
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    async def _explain(self, text: str, prefixes: Mapping[str, str], command: str) -> Planned:
        folder = await self._open(command)
        written = folder / f"{next(self._numbers)}.json"
        try:
            arguments = ("--location", str(folder / "empty"), "--query-base", self._base)
            # `xml` is a format of rows and of graphs, so the form of the query need not be known.
            ended = await _run(
                *(command, "query", *arguments, "--results-format", "xml", "--explain-file", str(written)), given=text
            )
            if not written.is_file():
                return _failed(ended)
            if written.stat().st_size > _LARGEST:
                return Planned(reason="failed", values={"message": "the plan is too large to show"})
            return Planned(read_plan(orjson.loads(written.read_bytes()), prefixes))
        finally:
            written.unlink(missing_ok=True)

    async def _open(self, command: str) -> Path:
        async with self._opening:
            if self._folder is None:
                folder = tempfile.TemporaryDirectory(prefix="stelsel-plans-", ignore_cleanup_errors=True)
                arguments = ("load", "--location", f"{folder.name}/empty", "--format", "nt")
                ended = await _run(command, *arguments, given="", memory=_MEMORY_TO_LOAD)
                if ended.code != 0:
                    folder.cleanup()
                    raise StoreError("an empty store for plans cannot be made: " + " ".join(ended.said.split())[-200:])
                self._folder = folder
        return Path(self._folder.name)


def _leaves(text: str, base: str) -> bool:
    """Whether a query may ask another service: then it is not run, also without data."""
    if "service" not in text.lower():
        return False
    if heavy(text):  # not read here, where it would take time from everybody
        return True
    try:
        judge(text, base=base)
    except QueryRefused:
        return True
    return False


class _Ended(NamedTuple):
    """How a command ended: its exit code, or minus the signal; None when it was ended for the time it took."""

    code: int | None
    said: str


_ENDED: Final = {
    None: ("busy", {"seconds": f"{_PATIENCE:g}"}),
    -signal.SIGXCPU: ("late", {"seconds": str(_SECONDS)}),
    -signal.SIGABRT: ("large", {"megabytes": str(_MEMORY // 1_000_000)}),  # an allocation that was refused
}


def _failed(ended: _Ended) -> Planned:
    if ended.code in _ENDED:
        reason, values = _ENDED[ended.code]
        return Planned(reason=reason, values=values)
    place = _PLACE.search(ended.said)
    if place is None:
        return Planned(reason="failed", values={"message": ended.said.partition("\n")[0][:200]})
    line, column = int(place[1]), int(place[2])
    raise QuerySyntaxError(f"line {line}, column {column}: {place[3][:500]}", line=line, column=column)


async def _run(*command: str, given: str, memory: int = _MEMORY) -> _Ended:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        # Processor time, so that a busy machine is not taken for a query without an end.
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
        # What it writes to, not its address space: every thread reserves some of that, and there is one for each core.
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory, memory))
        async with asyncio.timeout(_PATIENCE):
            _, said = await process.communicate(given.encode("utf-8", "replace"))
    except TimeoutError:
        return _Ended(None, "")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _Ended(process.returncode, said.decode("utf-8", "replace"))


def _command() -> str | None:
    """The command of the Python package `oxigraph`, which stands beside this Python; else what the path has."""
    beside = Path(sysconfig.get_path("scripts")) / "oxigraph"
    return str(beside) if beside.is_file() else shutil.which("oxigraph")
