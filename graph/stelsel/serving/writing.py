"""Changes on behalf of stewards: one at a time, and answered from before the steward hears that it was made."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.types import Scope

from stelsel.errors import Busy, ChangeConflict, DiskFull, GraphsOverlap, Locked, StelselError
from stelsel.names import Names
from stelsel.serving.access import Access
from stelsel.serving.current import CurrentStore
from stelsel.serving.problems import HttpProblem
from stelsel.settings import Settings
from stelsel.storing import Limits
from stelsel.storing.changes import Change
from stelsel.storing.changing import Changed, Changer

STEWARD: Final = "steward"
"""The scope of a token that may change data."""

_PATIENCE: Final = 5.0  # seconds that a change waits for those before it
_PLACES: Final = 64  # changes that may wait
_PAUSE: Final = 0.02  # seconds between looks at the lock of another process
_RETRY: Final = 2

_log = logging.getLogger(__name__)


class Writing:
    """Makes changes to the release that `store` serves."""

    def __init__(self, store: CurrentStore, settings: Settings, access: Access) -> None:
        self._store, self._settings, self._access = store, settings, access
        self._changer = Changer(settings.data, settings.audience, Names(settings.base))
        self._turn = asyncio.Lock()
        self._waiting = 0

    @property
    def confined(self) -> bool:
        """Whether only the steward's own graphs may be changed."""
        return self._settings.writable == "beheer"

    def admit(self, scope: Scope) -> str:
        """Who asks for a change. Raises HttpProblem where that is nobody who may."""
        if self._settings.store:
            raise HttpProblem("this service answers from another endpoint; change the data there", status=501)
        return self._access.require(scope, STEWARD).id

    async def change(self, change: Change, by: str) -> Changed:
        """Makes a change; when this returns, questions are answered from it.

        Raises Busy where others are writing for too long, HttpProblem where it cannot be, and what Changer.change
        raises besides.
        """
        async with self._my_turn():
            changed = await self._make(change, by)
            try:
                await self._store.refresh()
            except (StelselError, OSError) as error:  # it has been made all the same, and the store tries again
                _log.error("release %s cannot be served yet: %s", changed.release.id, error)
        return changed

    async def close(self) -> None:
        """End the process that makes changes."""
        await asyncio.to_thread(self._changer.close)

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        if self._waiting >= _PLACES:
            raise Busy("too many changes are waiting; ask again later", retry_after=_RETRY)
        self._waiting += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turn.acquire()
        except TimeoutError:
            raise Busy("other changes are being made; ask again later", retry_after=_RETRY) from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()

    async def _make(self, change: Change, by: str) -> Changed:
        within = Limits(self._settings.write_seconds, self._settings.query_memory)
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE
        while True:
            try:
                return await asyncio.to_thread(self._changer.change, change, within, by=by)
            except Locked as error:
                # Another process: a load, a build, or a server beside this one.
                if loop.time() > until:
                    raise Busy(str(error), retry_after=_RETRY) from None
            except (ChangeConflict, GraphsOverlap) as error:
                raise HttpProblem(str(error), status=409) from error
            except (DiskFull, OSError) as error:
                if (found := _unable(error)) is None:
                    raise
                raise found from error
            await asyncio.sleep(_PAUSE)


def _unable(error: DiskFull | OSError) -> HttpProblem | None:
    """What the data directory is to blame for, as a problem."""
    if isinstance(error, PermissionError):
        return HttpProblem("this service may not write in its data directory", status=501)
    if isinstance(error, DiskFull) or error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return HttpProblem(str(error), status=507)
    return None
