"""The store that always answers from the current release, and follows the pointer to the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from datetime import UTC
from email.utils import format_datetime
from typing import Final

from stelsel.errors import NoRelease, StelselError
from stelsel.settings import Settings
from stelsel.storing import Limits, Question, releases
from stelsel.storing.embedded import EmbeddedStore
from stelsel.storing.formats import Format

_PERIOD: Final = 1.0  # seconds between looks at the pointer
_LONGEST_PAUSE: Final = 30.0  # after a release that could not be opened

_log = logging.getLogger(__name__)


class CurrentStore:
    """Implements storing.Store. When the pointer moves, the next release is opened and warmed beside this one; then
    questions go to it, and the old one finishes what it has and closes: no request notices.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._newest: EmbeddedStore | None = None
        self._made = ""
        self._draining: set[asyncio.Task[None]] = set()
        self._old: set[EmbeddedStore] = set()
        self._following: asyncio.Task[None] | None = None

    @property
    def release(self) -> str:
        """The id of the current release. Raises NoRelease."""
        return self._now().release

    @property
    def made(self) -> str:
        """When the current release was made, as an HTTP date. Empty before the first."""
        return self._made

    @property
    def ready(self) -> bool:
        """Whether a question would find a worker."""
        return self._newest is not None and self._newest.ready

    def answer(self, question: Question, format: Format, within: Limits) -> AsyncGenerator[bytes]:
        """See storing.Store. Raises NoRelease, too."""
        return self._now().answer(question, format, within)

    async def open(self) -> None:
        """Open the current release, if there is one, and follow the pointer from now on."""
        try:
            await self._look()
        except StelselError as error:
            _log.warning("the current release cannot be served: %s", error)
        self._following = asyncio.get_running_loop().create_task(self._follow())

    async def close(self) -> None:
        """Stop following, and end every worker."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        for task in self._draining:
            task.cancel()
        stores = [*self._old, *([self._newest] if self._newest else [])]
        self._newest = None
        await asyncio.gather(*self._draining, *(store.close() for store in stores), return_exceptions=True)

    def _now(self) -> EmbeddedStore:
        if self._newest is None:
            raise NoRelease("there is no release to answer from; make one with `stelsel release`")
        return self._newest

    async def _follow(self) -> None:
        pause = _PERIOD
        while True:
            await asyncio.sleep(pause)
            try:
                await self._look()
                pause = _PERIOD
            except NoRelease:
                pause = _PERIOD  # nobody has released yet, or someone is just cleaning up: keep what is there
            except (StelselError, OSError) as error:
                pause = min(_LONGEST_PAUSE, pause * 2)
                _log.error("the new release cannot be served; the old one is kept: %s", error)

    async def _look(self) -> None:
        """Switch if the pointer points elsewhere. Raises NoRelease and StoreError."""
        data, audience = self._settings.data, self._settings.audience
        release = releases.current(data, audience)
        if self._newest is not None and self._newest.release == release.id:
            return
        store = await EmbeddedStore.open(
            releases.current_path(data, audience).resolve() / "oxigraph",
            release=release.id,
            workers=self._settings.query_workers,
            default_graph=self._settings.default_graph,
        )
        old, self._newest = self._newest, store
        self._made = format_datetime(release.made.astimezone(UTC), usegmt=True)
        _log.info("answering from release %s", release.id)
        if old is not None:
            self._old.add(old)
            task = asyncio.get_running_loop().create_task(self._retire(old))
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)

    async def _retire(self, old: EmbeddedStore) -> None:
        await old.drain()
        self._old.discard(old)
