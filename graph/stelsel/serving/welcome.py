"""What the graph holds, for the home page: registers with their age, graphs with their size, classes with their count."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from stelsel import terms
from stelsel.errors import LimitError
from stelsel.names import Names
from stelsel.querying.binding import bind
from stelsel.serving.answers import query, rows
from stelsel.serving.descriptions import Labels, name
from stelsel.serving.facts import Name, Reader
from stelsel.serving.linking import Links
from stelsel.storing import Store
from stelsel.storing.editions import LINKSET
from stelsel.storing.releases import Release


@dataclass(frozen=True)
class Counts:
    """How many things of each class each graph holds. `known` is False where it could not be counted in time."""

    by_graph: Mapping[str, Mapping[str, int]]
    labels: Labels
    known: bool


@dataclass
class Shelf:
    """A register as the home page shows it."""

    title: str
    date: date | None
    age: str
    graphs: list[tuple[str, int]] = field(default_factory=list)
    classes: list[tuple[Name, int]] = field(default_factory=list)


class Census:
    """Asks for the counts once a release: who comes meanwhile waits for that one answer."""

    def __init__(self, store: Store, names: Names) -> None:
        self._store, self._catalogue = store, terms.iri(names.catalogue)
        self._turn = asyncio.Lock()
        self._release = ""
        self._counts = Counts({}, {}, known=False)

    async def counts(self) -> Counts:
        """The counts of the release that is served. Raises StoreError."""
        async with self._turn:
            release = self._store.release
            if release != self._release:
                self._counts, self._release = await self._count(), release
            return self._counts

    async def _count(self) -> Counts:
        try:
            found = await rows(self._store, bind(query("partitions"), {"catalogue": self._catalogue}))
            found = found or await rows(self._store, query("classes"))
            by_graph: dict[str, dict[str, int]] = {}
            for row in found:
                by_graph.setdefault(row["graph"].value, {})[row["class"].value] = int(row["count"].value)
            classes = {row["class"].value for row in found}
            return Counts(by_graph, await name(self._store, sorted(classes)), known=True)
        except LimitError:  # a page without counts is better than no page; the page says so
            return Counts({}, {}, known=False)


def shelves(release: Release, counts: Counts, reader: Reader, today: date) -> list[Shelf]:
    """The registers of a release, by title. The classes are those of the register's own graph, not of its parts."""
    found: dict[str, Shelf] = {}
    for register, day in release.dates.items():
        if register.startswith(LINKSET):
            continue
        graph = reader.links.names.graph(register)
        title = reader.links.title(graph, reader.language)
        found[register] = Shelf(title, day, reader.language.age(day, today))
        tally = counts.by_graph.get(graph, {})
        ordered = sorted(tally.items(), key=lambda entry: (-entry[1], entry[0]))
        found[register].classes = [(reader.term(iri), count) for iri, count in ordered]
    for graph, count in sorted(release.graphs.items()):
        register, _ = reader.links.register(graph)
        if register in found:
            found[register].graphs.append((graph, count))
    return sorted(found.values(), key=lambda shelf: shelf.title.lower())


def linksets(release: Release, reader: Reader) -> list[tuple[str, int, str]]:
    """The linksets of a release: graph, how many statements, and title; by title."""
    names = [register.removeprefix(LINKSET) for register in release.dates if register.startswith(LINKSET)]
    found = [
        (reader.language.pick(reader.links.titles.get(LINKSET + name, {})) or name, reader.links.names.linkset(name))
        for name in names
    ]
    return [(graph, release.graphs.get(graph, 0), title) for title, graph in sorted(found)]


def others(release: Release, links: Links) -> Iterable[tuple[str, int]]:
    """The graphs that belong to no register and no linkset: ontologies, the catalogue."""
    known = {*release.dates, "linkset"}
    return sorted((graph, size) for graph, size in release.graphs.items() if links.register(graph)[0] not in known)
