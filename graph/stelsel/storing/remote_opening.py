"""A remote store as the settings describe it, opened: what it holds now, and a store to answer from that."""

from __future__ import annotations

from datetime import UTC, datetime

from stelsel.names import Names
from stelsel.settings import Settings
from stelsel.storing.releases import Release
from stelsel.storing.remote import RemoteStore
from stelsel.storing.remote_endpoint import Endpoint
from stelsel.storing.remote_gate import Gate
from stelsel.storing.remote_release import foreign, held, speaks


class Remote:
    """The endpoint of `settings.store`. Raises SettingError where that is no address."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names = Names(settings.base)
        # One more than may run: the look at what it holds does not wait for the questions of others.
        self._endpoint = Endpoint(
            settings.store,
            user=settings.store_user,
            password=settings.store_password.get_secret_value(),
            connections=settings.query_workers + 1,
        )
        self._gate = Gate(settings.query_workers)
        self._plain = RemoteStore("", self._endpoint, Gate(1_000))

    async def now(self) -> Release:
        """What it holds: the release that was pushed to it, or a stand-in where it is not ours. Raises StoreError."""
        if not self._endpoint.reached:  # it may have come back as another one
            await self._endpoint.recognise()
        release = await held(self._plain, self._names, self._settings.audience)
        return release or foreign(self._names, self._settings.audience, datetime.now(UTC))

    async def store(self, release: Release) -> RemoteStore:
        """A store that answers from this release. Raises StoreError."""
        united = await speaks(self._plain, self._names.identifier("release", release.id))
        spelled = self._settings.default_graph == "union" and (self._endpoint.engine.crowded or not united)
        graphs = tuple(release.graphs) if spelled else ()
        return RemoteStore(release.id, self._endpoint, self._gate, graphs=graphs, united=united)

    async def close(self) -> None:
        """Close every connection."""
        await self._endpoint.close()
