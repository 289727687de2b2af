"""A release in another store: the same graphs, the same triples, by the Graph Store Protocol or by SPARQL Update.

A push begins with a catalogue graph that says that the release is being pushed, and ends with the real one: whoever
looks in between is told (see remote_release). What has arrived is written down in DATA/pushes, so a push that was broken
off goes on where it was; every graph is counted afterwards.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pyoxigraph import Store

from stelsel.errors import SettingError, StoreError
from stelsel.names import Names
from stelsel.settings import Settings
from stelsel.storing.locks import hold
from stelsel.storing.progress import Progress, silent
from stelsel.storing.pushing_parts import parts
from stelsel.storing.releases import Release, current, current_path
from stelsel.storing.remote import RemoteStore
from stelsel.storing.remote_endpoint import Endpoint
from stelsel.storing.remote_gate import Gate
from stelsel.storing.remote_release import count, graphs_of
from stelsel.storing.remote_writing import GraphStore, Updates, Writer
from stelsel.terms import iri, quote

_UNFINISHED: Final = (
    "{release} <http://purl.org/dc/terms/identifier> {id} .\n"
    "{release} <http://www.w3.org/ns/adms#status> <http://purl.org/adms/status/UnderDevelopment> .\n"
)
_ATTEMPTS: Final = 2  # at a graph whose count is not right: a part may have arrived twice


class _State(BaseModel):
    """How far a push of a release has come: graphs that were begun, those that have arrived, and those that are to go."""

    model_config = ConfigDict(extra="forbid")

    release: str
    begun: list[str] = []
    arrived: list[str] = []
    stale: list[str] = []


@dataclass(frozen=True)
class Target:
    """Where to push to: the endpoint that answers questions, and where it takes graphs, if that is not where its engine
    has it: a Graph Store, or an endpoint for updates.
    """

    endpoint: str
    graph_store: str = ""
    update: str = ""


async def push(settings: Settings, target: Target, progress: Progress = silent) -> Release:
    """Push the current release. Raises SettingError where it is not known where graphs are to go, and as Push does."""
    path = current_path(settings.data, settings.audience)
    user, password = settings.store_user, settings.store_password.get_secret_value()
    endpoint = Endpoint(target.endpoint, user=user, password=password)
    try:
        with hold(path):
            release = current(settings.data, settings.audience)
            await endpoint.recognise()
            graph_store = target.graph_store or ("" if target.update else endpoint.sibling(endpoint.engine.graph_store))
            address = graph_store or target.update
            if not address:
                raise SettingError(
                    f"{target.endpoint} does not say which engine it is: give --graph-store URL, or --update URL"
                )
            kind = GraphStore if graph_store else Updates
            async with kind(address, user=user, password=password) as writer:
                await Push(settings.data, path, release, endpoint, writer).run(progress)
            return release
    finally:
        await endpoint.close()


class Push:
    """A push of the release in the folder `path` to an endpoint. DATA/pushes keeps how far it has come."""

    def __init__(self, data: Path, path: Path, release: Release, endpoint: Endpoint, writer: Writer) -> None:
        self._store, self._release, self._writer = path / "oxigraph", release, writer
        self._names = Names(release.base)
        self._remote = RemoteStore(release.id, endpoint, Gate(2))
        self._file = data / "pushes" / f"{hashlib.sha256(endpoint.url.encode()).hexdigest()[:16]}.json"

    async def run(self, progress: Progress = silent) -> None:
        """Push it. Raises StoreError where the store cannot be reached, refuses, or has not kept what it was sent."""
        sizes, catalogue = self._release.graphs, self._names.catalogue
        store = Store.read_only(str(self._store))
        state = await self._begin()
        done = sum(sizes[graph] for graph in state.arrived)

        def seen(triples: int) -> None:
            nonlocal done
            done += triples
            progress("pushing triples", done, self._release.quads)

        for graph in [graph for graph in sizes if graph not in {*state.arrived, catalogue}]:
            state.begun.append(graph)
            self._save(state)
            await self._put(store, graph, seen)
            state.arrived.append(graph)
            self._save(state)
        for graph in state.stale:
            await self._writer.remove(graph)
        await self._put(store, catalogue, seen)
        self._file.unlink(missing_ok=True)

    async def _begin(self) -> _State:
        """Where an earlier push of this release was, or the beginning of a new one."""
        state = self._read()
        if state is not None and state.release == self._release.id:
            sizes = self._release.graphs
            state.arrived = [each for each in state.arrived if await count(self._remote, each) == sizes[each]]
        else:
            before = {*(state.begun + state.stale if state else ()), *await graphs_of(self._remote, self._names)}
            state = _State(release=self._release.id, stale=sorted(before - self._release.graphs.keys()))
            self._save(state)
        release = iri(self._names.identifier("release", self._release.id))
        note = _UNFINISHED.format(release=release, id=quote(self._release.id))
        await self._writer.replace(self._names.catalogue, note.encode())
        return state

    async def _put(self, store: Store, graph: str, seen: Callable[[int], None]) -> None:
        """One graph, counted there. Raises StoreError where the count is not right."""
        expected = self._release.graphs[graph]
        for _ in range(_ATTEMPTS):
            write, sent = self._writer.replace, 0
            with closing(parts(store, graph, self._writer.size)) as flow:
                while (part := await asyncio.to_thread(next, flow, None)) is not None:
                    await write(graph, part.content)
                    write = self._writer.add
                    sent += part.triples
                    seen(part.triples)
            if not sent:
                await self._writer.remove(graph)
            arrived = await count(self._remote, graph)
            if arrived == expected:
                return
            seen(-sent)
        raise StoreError(
            f"<{graph}> has {expected} triples and the store counts {arrived} after the push: it does not keep what it is "
            "sent (some engines merge literals that are written differently)"
        )

    def _read(self) -> _State | None:
        try:
            return _State.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise StoreError(
                f"{self._file} is not what a push writes down; remove it to push from the start"
            ) from error

    def _save(self, state: _State) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(state.model_dump_json(indent=1), encoding="utf-8")
        fresh.replace(self._file)
