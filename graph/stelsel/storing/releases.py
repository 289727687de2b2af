"""Releases: built from one edition of each register, immutable, served one at a time.

    DATA/<audience>/releases/<id>/release.json     what this module's Release says
                                 /oxigraph/        the store
                                 /in-use.lock      held by whoever serves it (see `hold`)
                                 /SHA256SUMS       every other file
    DATA/<audience>/current -> releases/<id>       the one that is served

A release is built out of sight and appears whole. Going to another one, forward or back, moves the pointer and nothing
else, so whatever dies on the way, `current` is a whole release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from pyoxigraph import Store

from stelsel.errors import Damaged, GraphsOverlap, NoRelease, NotFound, SettingError
from stelsel.home import Home
from stelsel.names import Names
from stelsel.storing.building import Derived, Plan, fill
from stelsel.storing.checksums import seal, verify
from stelsel.storing.editions import Access, Edition, edition_path
from stelsel.storing.locks import IN_USE, held, hold, lock
from stelsel.storing.ontologies import read_ontologies
from stelsel.storing.progress import Progress, silent
from stelsel.storing.quads import Source, sources
from stelsel.storing.staging import place, point, staging

__all__ = [
    "AUDIENCES",
    "Derive",
    "Release",
    "build",
    "current",
    "current_path",
    "held",
    "hold",
    "release_path",
    "releases",
    "rollback",
    "switch",
]

Derive = Callable[[Store], Sequence[Edition]]

AUDIENCES: tuple[Access, ...] = ("open", "gesloten")


class Release(BaseModel):
    """What a release holds, for whom, and what it was made of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    audience: Access
    made: datetime
    base: str
    stelsel: str
    editions: dict[str, str]
    """Register -> id of its edition."""
    dates: dict[str, date]
    """Register -> date of its edition."""
    quads: int
    graphs: dict[str, int]
    """Graph -> number of triples."""
    repeated: dict[str, int]
    """Graph of an ontology -> triples that it leaves out because the graph of an ontology before it has them."""
    after: str | None = None
    """The release that a steward's change made this one of; None for one that was built."""


def build(
    data: Path,
    home: Home,
    names: Names,
    audience: Access,
    editions: Iterable[Edition],
    *,
    derive: Derive | None = None,
    progress: Progress = silent,
) -> Release:
    """Makes a release of these editions, one of each register, and of the home's ontologies. It is not served yet.

    An open release holds the open graphs only. `derive` gives the editions of what follows from the others, once those
    are in the store (`stelsel.linking` does); it puts them in place itself, under the lock that is held here.

    Raises Locked, DiskFull, ContentError (an ontology), SettingError (two editions of a register, another base), Damaged
    (an edition that is not what it says it is), GraphsOverlap, and what `derive` raises. Whatever is raised, nothing of
    the release is left.
    """
    made = datetime.now(UTC)
    identity = made.strftime("%Y%m%d-%H%M%S-") + f"{made.microsecond // 1000:03d}"
    target = release_path(data, audience, identity)
    with lock(data), staging(data, f"{audience}-{identity}") as staged:
        chosen = _chosen(data, names, audience, list(editions))
        made_of = [edition for edition, _ in chosen]

        def more(store: Store) -> Derived:
            found = _chosen(data, names, audience, list(derive(store)) if derive else [])
            made_of.extend(edition for edition, _ in found)
            return Derived(
                {edition.register: edition.id for edition, _ in found},
                [source for _, its in found for source in its],
            )

        ontologies = read_ontologies(home, names)
        plan = Plan(
            release=identity,
            made=made,
            names=names,
            editions={edition.register: edition.id for edition in made_of},
            sources=[source for _, found in chosen for source in found],
            ontologies=ontologies,
        )
        graphs = fill(staged / "oxigraph", plan, progress, more)
        release = Release(
            id=identity,
            audience=audience,
            made=made,
            base=names.base,
            stelsel=version("stelsel"),
            editions={edition.register: edition.id for edition in made_of},
            dates={edition.register: edition.date for edition in made_of},
            quads=sum(graphs.values()),
            graphs=graphs,
            repeated={ontology.graph: ontology.repeated for ontology in ontologies if ontology.repeated},
        )
        (staged / "release.json").write_text(release.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (staged / IN_USE).touch()
        seal(staged, progress)
        place(staged, target)
    return release


def switch(data: Path, audience: Access, id: str) -> Release:
    """Makes a release the current one, for servers to find. It is read whole first: checked, and warm in memory.

    Raises NotFound where there is no such release, and Damaged where it is not whole; `current` is then as it was.
    """
    path = release_path(data, audience, id)
    with hold(path):
        verify(path)
        point(data / audience / "current", path, data)
        return _read(path)


def rollback(data: Path, audience: Access, to: str | None = None) -> Release:
    """Goes back to the release that was made before the current one, or to the one named. The same move as `switch`.

    Raises NoRelease, NotFound where there is none before it, and what `switch` raises.
    """
    if to is None:
        now = current(data, audience)
        before = [release for release in releases(data, audience) if release.made < now.made]
        if not before:
            raise NotFound(f"there is no {audience} release before {now.id} to go back to")
        to = before[-1].id
    return switch(data, audience, to)


def current(data: Path, audience: Access) -> Release:
    """The release that is served. Raises NoRelease, and Damaged where the pointer points at nothing."""
    return _read(current_path(data, audience))


def current_path(data: Path, audience: Access) -> Path:
    """The folder of the release that is served, not by way of the pointer: a later switch does not change it."""
    link = data / audience / "current"
    try:
        path = release_path(data, audience, link.readlink().name)
    except FileNotFoundError:
        raise NoRelease(
            f"nothing has been released for {audience} in {data} yet; make one with: stelsel release"
        ) from None
    if not path.is_dir():
        raise Damaged(f"{link} points at {path}, which is not there; choose another with: stelsel rollback RELEASE")
    return path


def releases(data: Path, audience: Access) -> list[Release]:
    """All releases of an audience, oldest first. Raises Damaged where the description of one cannot be read."""
    found = [_read(path.parent) for path in (data / audience / "releases").glob("*/release.json")]
    return sorted(found, key=lambda release: release.made)


def release_path(data: Path, audience: Access, id: str) -> Path:
    """The folder of a release. Raises NotFound for an id that is not the name of a folder."""
    if not id or id != Path(id).name or id.startswith("."):
        raise NotFound(f"{id!r} is not the id of a release; `stelsel status` lists them")
    return data / audience / "releases" / id


def _chosen(data: Path, names: Names, audience: Access, editions: list[Edition]) -> list[tuple[Edition, list[Source]]]:
    """The editions that have something for the audience, with what they have. Raises as `build` does."""
    chosen: list[tuple[Edition, list[Source]]] = []
    owners: dict[str, str] = {}
    for edition in editions:
        if edition.base != names.base:
            raise SettingError(
                f"edition {edition.id} of {edition.register} was loaded under {edition.base}, and the base is now "
                f"{names.base}: load it again, or set STELSEL_BASE={edition.base}"
            )
        if any(edition.register == other.register for other, _ in chosen):
            raise SettingError(f"a release has one edition of {edition.register}, and two were given")
        found = sources(edition_path(data, edition), edition, audience)
        for graph in {source.graph for source in found} - {names.catalogue}:
            owner = owners.setdefault(graph, edition.register)
            if owner != edition.register:
                raise GraphsOverlap(f"{owner} and {edition.register} both have the graph {graph}; each has its own")
        if found:
            chosen.append((edition, found))
    return chosen


def _read(path: Path) -> Release:
    file = path / "release.json"
    try:
        return Release.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise Damaged(f"{file} is missing") from None
    except ValidationError as error:
        raise Damaged(f"{file} does not describe a release: {error.errors()[0]['msg']}") from error
