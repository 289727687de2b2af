"""Answers that were given before, for all server processes of one service on this machine.

They are in an LMDB file: readers never wait, one process writes at a time, and what a process leaves half written when
it is killed was never there. The file is divided in four parts that fill up one after another. When all are full one is
emptied: one of a release that is not served any more, else the oldest. So the file has a bound, and an answer that is
asked for all the time is computed again now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

import lmdb
import orjson

from stelsel.serving.conditional import content_hash
from stelsel.settings import Settings

Said = Literal["hit", "miss", "stored", "passed"]

_PARTS: Final = 4
_USED: Final = 0.7  # of the file is for answers: pages are not always full, and old ones are kept while they are read
_SHARE: Final = 64  # an answer that takes more than one in so many bytes is not kept
_PAUSE: Final = 0.02  # seconds in which answers gather that are written in one go
_PAGE: Final = 4096
_HASH: Final = len(content_hash(b""))
_STATE: Final = b"parts"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """A complete answer, and the hash of it."""

    hash: bytes
    body: bytes


class _Part(NamedTuple):
    """A part of the file: whose answers are in it, how many bytes, and its place in the order of being begun."""

    release: str
    size: int
    order: int


def open_cache(settings: Settings, folder: Path | None, count: Callable[[Said], None]) -> ResultCache | None:
    """The result cache of a service, in a folder that its processes share. None where it is off, or cannot be."""
    if folder is None or not settings.cache_bytes or settings.store:  # another endpoint's data may change any moment
        return None
    try:
        return ResultCache(folder / "results", settings.cache_bytes, count=count)
    except OSError as error:
        _log.warning("there is no result cache: %s", error)
        return None


class ResultCache:
    """At most `size` bytes in `folder`, a million at the least. `count` is told what became of each question."""

    def __init__(self, folder: Path, size: int, *, count: Callable[[Said], None] = lambda _: None) -> None:
        """Raises OSError where the folder cannot be used."""
        try:
            self._file = lmdb.open(
                str(folder),
                map_size=size // _PAGE * _PAGE,
                mode=0o600,
                max_dbs=_PARTS + 1,
                max_readers=1024,
                max_spare_txns=2,
                # After a crash of the machine the folder is not used again: nothing has to reach the disk.
                sync=False,
                metasync=False,
            )
            self._file.reader_check()  # a process that was killed while it read would keep old pages in use
            self._parts = [self._file.open_db(b"part %d" % n) for n in range(_PARTS)]
            self._state = self._file.open_db(b"state")
        except lmdb.Error as error:
            raise OSError(f"{folder} cannot hold a result cache: {error}") from error
        self.longest = size // _SHARE
        self._quota = int(size * _USED / _PARTS)
        self._most_waiting = size // 8
        self._count = count
        self._waiting: dict[bytes, Kept] = {}
        self._waiting_size = 0
        self._release = ""
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._writer = ThreadPoolExecutor(1, "result-cache")

    def get(self, release: str, key: bytes) -> Kept | None:
        """The answer that a release gave to the question with this key. Microseconds: no other process is waited for."""
        name = release.encode() + key
        found = self._waiting.get(name)
        if found is None:
            with self._file.begin() as reading:
                for part in self._parts:
                    value = reading.get(name, db=part)
                    if value is not None:
                        found = Kept(value[:_HASH], value[_HASH:])
                        break
        self._count("miss" if found is None else "hit")
        return found

    def put(self, release: str, key: bytes, kept: Kept) -> None:
        """Keep a complete answer. This process has it at once, the others a moment later."""
        size = _cost(kept)
        if size > self.longest or self._waiting_size + size > self._most_waiting:
            self._count("passed")
            return
        name = release.encode() + key
        if name in self._waiting:
            return
        self._waiting[name] = kept
        self._waiting_size += size
        self._release = release
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self._begin)
        self._count("stored")

    async def close(self) -> None:
        """Let go of the file; what still waits to be written is lost."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.to_thread(self._writer.shutdown)
        self._file.close()

    def _begin(self) -> None:
        """Write what has gathered, in a thread: the disk may take its time, and another process its turn."""
        batch, release = dict(self._waiting), self._release
        loop = asyncio.get_running_loop()
        writing = loop.run_in_executor(self._writer, self._write, release, batch)
        writing.add_done_callback(lambda done: self._end(batch, done))

    def _end(self, batch: dict[bytes, Kept], done: asyncio.Future[None]) -> None:
        for name in batch:
            self._waiting_size -= _cost(self._waiting.pop(name))
        again = self._waiting and not self._closed
        self._timer = asyncio.get_running_loop().call_later(_PAUSE, self._begin) if again else None
        done.result()  # what is not expected is told by the event loop

    def _write(self, release: str, batch: dict[bytes, Kept]) -> None:
        try:
            with self._file.begin(write=True) as writing:
                part = self._part(writing, release, sum(map(_cost, batch.values())))
                for name, kept in batch.items():
                    writing.put(name, kept.hash + kept.body, db=self._parts[part])
        except lmdb.MapFullError:
            # Pages of a reader that was killed are in use until somebody looks; then there is room again.
            self._file.reader_check()
            self._make_room(release)
        except lmdb.Error as error:
            _log.warning("answers were not kept in the result cache: %s", error)

    def _make_room(self, release: str) -> None:
        try:
            with self._file.begin(write=True) as writing:
                self._part(writing, release, self._quota)
        except lmdb.Error as error:
            _log.warning("the result cache is full and cannot be emptied: %s", error)

    def _part(self, writing: lmdb.Transaction, release: str, size: int) -> int:
        """The part that takes `size` bytes of this release, emptied if it has to be."""
        written = writing.get(_STATE, db=self._state)
        parts = [_Part(*part) for part in orjson.loads(written)] if written else [_Part("", 0, 0)] * _PARTS
        own = [n for n in range(_PARTS) if parts[n].release == release]
        chosen = max(own, key=lambda n: parts[n].order, default=None)
        if chosen is None or parts[chosen].size + size > self._quota:
            last = max(part.order for part in parts)
            chosen = min(
                range(_PARTS), key=lambda n: (bool(parts[n].size), parts[n].release == release, parts[n].order)
            )
            writing.drop(self._parts[chosen], delete=False)
            parts[chosen] = _Part(release, 0, last + 1)
        parts[chosen] = parts[chosen]._replace(size=parts[chosen].size + size)
        writing.put(_STATE, orjson.dumps([list(part) for part in parts]), db=self._state)
        return chosen


def _cost(kept: Kept) -> int:
    """Bytes that an answer takes in the file, about: a long one has pages of its own."""
    size = len(kept.body) + 80
    return size if size < _PAGE // 2 else -(-size // _PAGE) * _PAGE
