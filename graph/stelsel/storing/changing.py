"""A steward's change to the current release: a clone, changed, put in place as a release, and switched to.

Changes come one after the other, under the lock of the data directory, and each happens whole or not at all: whatever
dies on the way, the pointer is at a whole release. Where the steward's graphs are what may be changed, the edition that
keeps them is written first, so that the next build from editions has the change too.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from stelsel.errors import QueryRefused, SettingError, StelselError
from stelsel.names import Names
from stelsel.storing import Limits
from stelsel.storing.changes import Change, Effect, Written
from stelsel.storing.checksums import seal, unchanged
from stelsel.storing.editions import Access, Delivered, Edition, GraphFile, commit, edition_path, newest
from stelsel.storing.locks import IN_USE, hold, lock
from stelsel.storing.pruning import prune_changes
from stelsel.storing.releases import Release, current, current_path, release_path
from stelsel.storing.scribe import Scribe
from stelsel.storing.staging import place, point, staging
from stelsel.storing.stewardship import STEWARD, owned
from stelsel.storing.writer import Job

KEPT: Final = 10
"""How many releases that changes made are kept, with their editions, besides those in use; older ones go ten at a time."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Changed:
    """What came of a change. `existed` says whether its graph was there before."""

    release: Release
    existed: bool


@dataclass(frozen=True)
class _Place:
    """One change on its way: what it is made of, when, and where."""

    before: Release
    source: Path
    made: datetime
    staged: Path

    @property
    def id(self) -> str:
        return self.made.strftime("%Y%m%d-%H%M%S-") + f"{self.made.microsecond // 1000:03d}"


class Changer:
    """Changes the releases of one audience. Not for two threads at once: the second would hear Locked."""

    def __init__(self, data: Path, audience: Access, names: Names) -> None:
        self._data, self._audience, self._names = data, audience, names
        self._scribe = Scribe()

    def start(self) -> None:
        """Start the process that makes changes, so that the first one need not wait for it."""
        self._scribe.start()

    def close(self) -> None:
        """End that process."""
        self._scribe.close()

    def change(self, change: Change, within: Limits, *, by: str) -> Changed:
        """Make a change and switch to what comes of it; `by` is who asked, and stands in the edition.

        Raises Locked while another process writes, NoRelease, QueryRefused for a graph that is not the steward's where
        only those may be touched, DiskFull, and what Scribe.run raises. Whatever is raised, nothing has changed.
        """
        with lock(self._data), staging(self._data, f"{self._audience}-change") as staged:
            source = current_path(self._data, self._audience)
            with hold(source):
                here = _Place(current(self._data, self._audience), source, datetime.now(UTC), staged)
                previous = self._check(change, here.before)
                effect = self._apply(change, here, within)
                editions, dates = here.before.editions, here.before.dates
                if change.touched is not None:
                    edition = self._keep(change, here, effect, previous, by)
                    editions, dates = {**editions, STEWARD: edition.id}, {**dates, STEWARD: edition.date}
                kept = effect.graphs if change.touched is None else _patched(here.before, change.touched, effect)
                release = here.before.model_copy(
                    update={
                        "id": here.id,
                        "made": here.made,
                        "stelsel": version("stelsel"),
                        "editions": editions,
                        "dates": dates,
                        "quads": sum(kept.values()),
                        "graphs": kept,
                        "after": here.before.id,
                    }
                )
                self._put(release, here)
            self._tidy()
        return Changed(release, effect.existed)

    def _check(self, change: Change, before: Release) -> Edition | None:
        """The edition of the steward's graphs so far. Raises QueryRefused where the change goes beyond them."""
        if change.touched is None:
            return None
        if before.base != self._names.base:
            raise SettingError(f"release {before.id} was built under {before.base}, and the base is {self._names.base}")
        previous = newest(self._data, STEWARD)
        closed = {graph.iri for graph in previous.graphs if graph.access == "gesloten"} if previous else set()
        for graph in change.touched:
            if not owned(self._names.base, graph):
                raise QueryRefused(
                    f"<{graph[:200]}> is not a graph that may be changed here: those are "
                    f"<{self._names.graph(STEWARD)}> and what is below it"
                )
            if self._audience == "open" and graph in closed:
                raise QueryRefused(f"<{graph[:200]}> is closed, and this service is for the public")
        return previous

    def _apply(self, change: Change, here: _Place, within: Limits) -> Effect:
        parts = []
        for number, part in enumerate(change.parts):
            file = here.staged / f"part-{number}"
            file.write_bytes(part.body)
            parts.append((str(file), part.format, part.base_iri))
        folder = here.staged / "edition"
        folder.mkdir()
        (here.staged / "release").mkdir()
        about = {
            "base": self._names.base,
            "before": here.before.id,
            "release": here.id,
            "made": here.made.isoformat(),
            "register": STEWARD,
            "edition": here.id,
        }
        job = Job(
            source=str(here.source.resolve() / "oxigraph"),
            target=str(here.staged.resolve() / "release" / "oxigraph"),
            kind=change.kind,
            text=change.text,
            base_iri=change.base_iri,
            graph=change.graph,
            parts=parts,
            touched=None if change.touched is None else list(change.touched),
            memory=within.memory,
            seconds=within.seconds,
            edition=str(folder.resolve()),
            about=about,
        )
        return self._scribe.run(job, within)

    def _keep(self, change: Change, here: _Place, effect: Effect, previous: Edition | None, by: str) -> Edition:
        """Commits the edition: the graphs that were touched as they are now, all others as they were in the one before."""
        folder = here.staged / "edition"
        old = {graph.iri: graph for graph in previous.graphs} if previous else {}
        graphs = [self._described(written, old) for written in effect.written]
        for graph in old.values():
            if previous is not None and graph.iri not in (*(change.touched or ()), self._names.catalogue):
                (folder / graph.file).parent.mkdir(exist_ok=True)
                (folder / graph.file).hardlink_to(edition_path(self._data, previous) / graph.file)
                graphs.append(graph)
        body = b"".join([change.text.encode(), *(part.body for part in change.parts)])
        delivered = Delivered(name=f"{change.kind} by {by}", sha256=hashlib.sha256(body).hexdigest(), bytes=len(body))
        edition = Edition(
            register=STEWARD,
            id=here.id,
            date=here.made.date(),
            base=self._names.base,
            previous=previous.id if previous else None,
            deliveries=(delivered,),
            mapping="",
            stelsel=version("stelsel"),
            started=here.made,
            finished=datetime.now(UTC),
            graphs=tuple(sorted(graphs, key=lambda graph: graph.iri)),
            tables={},
            problems={},
            warnings=(),
            violations={},
        )
        commit(self._data, edition, folder)
        return edition

    def _described(self, written: Written, old: dict[str, GraphFile]) -> GraphFile:
        access = old[written.graph].access if written.graph in old else self._audience
        return GraphFile(
            iri=written.graph, file=written.file, quads=written.quads, access=access, subjects=written.subjects
        )

    def _put(self, release: Release, here: _Place) -> None:
        folder, target = here.staged / "release", release_path(self._data, self._audience, release.id)
        (folder / "release.json").write_text(release.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (folder / IN_USE).touch()
        kept = unchanged(here.source, folder)
        seal(folder, kept=kept)
        place(folder, target, kept=kept)
        point(self._data / self._audience / "current", target, self._data)

    def _tidy(self) -> None:
        """Removes the oldest releases that changes made, once there are twice as many as are kept."""
        try:
            prune_changes(self._data, self._audience, STEWARD, KEPT)
        except (StelselError, OSError) as error:
            # The change itself has been made: that is what its client is to hear.
            _log.warning("old releases could not be removed: %s", error)


def _patched(before: Release, touched: tuple[str, ...], effect: Effect) -> dict[str, int]:
    stays = {graph: number for graph, number in before.graphs.items() if graph not in touched}
    return {**stays, **effect.graphs}
