"""The store that always answers from the current release, and follows the pointer to the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stelsel.errors import NoRelease, StelselError
from stelsel.serving.conditional import http_date
from stelsel.serving.federation import Federation
from stelsel.settings import Settings
from stelsel.storing import Limits, Question, Workload
from stelsel.storing.embedded import EmbeddedStore
from stelsel.storing.formats import Format
from stelsel.storing.locks import hold
from stelsel.storing.nursery import Nursery
from stelsel.storing.releases import Release, current, current_path
from stelsel.storing.remote import RemoteStore
from stelsel.storing.remote_opening import Remote

_PERIOD: Final = 1.0  # seconds between looks at the pointer
_REMOTE_PERIOD: Final = 5.0  # seconds between questions to a remote store about what it holds
_LONGEST_PAUSE: Final = 30.0  # after a release that could not be opened

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Served:
    """A release that is open. `holding` keeps it from being pruned."""

    release: Release
    store: EmbeddedStore | RemoteStore
    holding: ExitStack
    made: str

    async def close(self) -> None:
        await self.store.close()
        self.holding.close()

    async def retire(self) -> None:
        """Finish what it answers, and close."""
        await self.store.drain()
        self.holding.close()


class CurrentStore:
    """Implements storing.Store. When the pointer moves, the next release is opened and warmed beside this one; then
    questions go to it, and the old one finishes what it has and closes: no request notices.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._served: _Served | None = None
        self._retiring: dict[asyncio.Task[None], _Served] = {}
        self._following: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()
        self._remote = Remote(settings) if settings.store else None
        self._federation = Federation(settings) if settings.federation else None
        self._nursery: Nursery | None = None  # one for all releases: the next has its workers in milliseconds

    @property
    def release(self) -> str:
        """The id of the current release. Raises NoRelease."""
        return self._now().release.id

    def info(self) -> Release:
        """What the current release holds. Raises NoRelease."""
        return self._now().release

    @property
    def made(self) -> str:
        """When the current release was made, as an HTTP date. Raises NoRelease."""
        return self._now().made

    @property
    def ready(self) -> bool:
        """Whether a question would find a worker."""
        return self._served is not None and self._served.store.ready

    @property
    def workload(self) -> Workload:
        """How the workers of the current release are doing; there are none where there is no release."""
        return Workload(0, 0, 0, 0) if self._served is None else self._served.store.workload

    def answer(self, question: Question, format: Format, within: Limits) -> AsyncGenerator[bytes]:
        """See storing.Store. Raises NoRelease, too."""
        store = self._now().store
        if self._federation is not None and "service" in question.text.lower():
            return self._federation.answer(store, question, format, within)
        return store.answer(question, format, within)

    async def open(self) -> None:
        """Open the current release, if there is one, and follow the pointer from now on."""
        try:
            await self._look()
        except StelselError as error:
            _log.warning("no release is served yet: %s", error)
        self._following = asyncio.get_running_loop().create_task(self._follow())

    async def refresh(self) -> None:
        """Follow the pointer now: whoever moved it waits until answers come from where it points. Raises as `_look`."""
        async with self._looking:
            await self._look()

    async def close(self) -> None:
        """Stop following, and end every worker."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        for task in self._retiring:
            task.cancel()
        open_ones = [*self._retiring.values(), *([self._served] if self._served else [])]
        await asyncio.gather(*self._retiring, return_exceptions=True)
        self._served = None
        await asyncio.gather(*(served.close() for served in open_ones))
        if self._nursery is not None:
            await self._nursery.close()
        if self._remote is not None:
            await self._remote.close()
        if self._federation is not None:
            await self._federation.close()

    def _now(self) -> _Served:
        if self._served is None:
            raise NoRelease("there is no release to answer from; make one with: stelsel release")
        return self._served

    async def _follow(self) -> None:
        pause = period = _PERIOD if self._remote is None else _REMOTE_PERIOD
        while True:
            await asyncio.sleep(pause)
            try:
                await self.refresh()
                pause = period
            except NoRelease:
                pause = period  # nobody has released yet: this is no news
            except (StelselError, OSError) as error:
                pause = min(_LONGEST_PAUSE, pause * 2)
                _log.error("the release that was switched to cannot be served: %s", error)

    async def _look(self) -> None:
        """Switch if the pointer points elsewhere. Raises NoRelease, NotFound and StoreError."""
        if self._remote is not None:
            await self._look_afar(self._remote)
            return
        path = self._path()
        if self._served is not None and self._served.release.id == path.name:
            return
        with ExitStack() as holding:
            holding.enter_context(hold(path))
            release = current(self._settings.data, self._settings.audience)
            if release.id != path.name:  # the pointer moved just now: the next look sees where to
                return
            self._nursery = self._nursery or Nursery(self._federation.open if self._federation else None)
            store = await EmbeddedStore.open(
                path.resolve() / "oxigraph",
                release=release.id,
                workers=self._settings.query_workers,
                default_graph=self._settings.default_graph,
                nursery=self._nursery,
            )
            old, self._served = self._served, _Served(release, store, holding.pop_all(), http_date(release.made))
        _log.info("answering from release %s", release.id)
        if release.base != self._settings.base:
            _log.warning("release %s was built for %s, and this is %s", release.id, release.base, self._settings.base)
        if old is not None:
            task = asyncio.get_running_loop().create_task(old.retire())
            self._retiring[task] = old
            task.add_done_callback(self._retiring.pop)

    def _path(self) -> Path:
        try:
            return current_path(self._settings.data, self._settings.audience)
        except PermissionError as error:
            raise NoRelease(f"the user of this process may not read {error.filename}") from None

    async def _look_afar(self, remote: Remote) -> None:
        """Switch if the remote store holds another release. Raises NoRelease while one is being pushed to it."""
        try:
            release = await remote.now()
        except NoRelease:
            self._served = None  # what it answers now is of no release
            raise
        if self._served is None or self._served.release.id != release.id:
            store = await remote.store(release)
            self._served = _Served(release, store, ExitStack(), http_date(release.made))
            _log.info("answering from release %s in %s", release.id, self._settings.store)
