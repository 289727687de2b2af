"""Every linkset of a home, for a release that is being built: reused where nothing changed, computed where it did."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from pyoxigraph import Store

from stelsel.errors import LinksetRefused
from stelsel.home import Home
from stelsel.linking.coverage import Coverage
from stelsel.linking.declarations import Linkset, Method, Side, linksets, read_linkset
from stelsel.linking.description import describe
from stelsel.linking.keys import Keys
from stelsel.linking.places import Places, contained, overlapping
from stelsel.linking.settling import Pairs, settle
from stelsel.linking.sides import Asked, Objects, read_blocks, read_targets
from stelsel.linking.writing import LinksetWriter
from stelsel.names import Names
from stelsel.storing import releases
from stelsel.storing.editions import Access, Edition, TableCount, commit, editions, staging
from stelsel.storing.progress import Progress, silent


class Matcher(Protocol):
    """A method, ready to link whatever comes by to the side `to`."""

    def match(self, block: Objects) -> Pairs:
        """All pairs of the block and the side `to` that answer to the rule."""
        ...


METHODS: dict[Method, Callable[[Objects], Matcher]] = {
    "key": Keys,
    "within": lambda targets: Places(targets, contained),
    "overlap": lambda targets: Places(targets, overlapping),
}


@dataclass(frozen=True)
class Made:
    """The edition of a linkset in a release, and whether it is new."""

    name: str
    edition: Edition
    fresh: bool


@dataclass(frozen=True)
class Outcome:
    """A release with its linksets, and why others were left out."""

    release: releases.Release
    made: tuple[Made, ...]
    left_out: Mapping[str, str]


def build(
    data: Path,
    home: Home,
    names: Names,
    audience: Access,
    given: Iterable[Edition],
    *,
    accept: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Makes a release of these editions and of the linksets between them; see `storing.releases.build`.

    A linkset needs an edition of every register that it asks. With `accept`, one that links less than it declares is
    made all the same, with a warning. Raises LinksetRefused where it may not be, ContentError for a declaration or a
    query that is wrong, and what `releases.build` raises; nothing of the release is left then. The editions of linksets
    that were in order stay, for the next build.
    """
    by_register = {edition.register: edition for edition in given}
    linker = Linker(data, home, names, audience, by_register, accept, progress)
    release = releases.build(
        data, home, names, audience, linker.editions.values(), derive=linker.derive, progress=progress
    )
    return Outcome(release, tuple(linker.made), linker.left_out)


@dataclass
class Linker:
    """Makes the linksets of one build."""

    data: Path
    home: Home
    names: Names
    audience: Access
    editions: Mapping[str, Edition]
    accept: bool
    progress: Progress
    made: list[Made] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def derive(self, store: Store) -> list[Edition]:
        """The editions of all linksets that can be made, put in place. The caller has the lock."""
        names = linksets(self.home)
        for number, name in enumerate(names):
            self.progress(f"linking {name}", number, len(names))
            linkset = read_linkset(self.home, self.names, name)
            missing = [register for register in linkset.registers if not self._graphs(register)]
            if missing:
                self.left_out[name] = f"there is no edition of {', '.join(missing)}"
            else:
                self.made += self._make(store, linkset)
        return [made.edition for made in self.made]

    def _make(self, store: Store, linkset: Linkset) -> list[Made]:
        """The linkset's edition; none where a side has no object and none is asked for."""
        used = {register: self.editions[register] for register in linkset.registers}
        identity = self._identity(linkset, used)
        for edition in editions(self.data, linkset.register):
            if edition.id == identity:
                self._judge(linkset, edition.warnings)
                return [Made(linkset.name, edition, fresh=False)]
        started = datetime.now(UTC)
        with staging(self.data, f"{linkset.register}-{identity}") as staged:
            is_open = self.audience == "open" or all(g.access == "open" for e in used.values() for g in e.graphs)
            writer = LinksetWriter(linkset, self.names, staged, "open" if is_open else "gesloten")
            coverage = self._link(store, linkset, writer)
            if coverage.empty():
                self.left_out[linkset.name] = coverage.empty()
                return []
            self._judge(linkset, coverage.faults())
            edition = self._edition(linkset, used, identity, started, coverage)
            quads = describe(linkset, self.names, edition, coverage, is_open=is_open)
            edition = edition.model_copy(update={"graphs": (writer.graph(), writer.catalogue(quads))})
            commit(self.data, edition, staged)
        return [Made(linkset.name, edition, fresh=True)]

    def _judge(self, linkset: Linkset, faults: Sequence[str]) -> None:
        """Raises LinksetRefused for what a linkset does not keep to, unless that is accepted."""
        if faults and not self.accept:
            raise LinksetRefused(
                f"linkset {linkset.name}: {'; '.join(faults)} (stelsel release --accept releases it all the same)",
                linkset=linkset.name,
            )

    def _link(self, store: Store, linkset: Linkset, writer: LinksetWriter) -> Coverage:
        targets = read_targets(store, self._asked(linkset, linkset.target))
        matcher, rank = METHODS[linkset.method](targets), targets.rank()
        coverage = Coverage(linkset, targets)
        for block in read_blocks(store, self._asked(linkset, linkset.source)):
            pairs = matcher.match(block)
            links, unclear = settle(pairs.only(pairs.share >= linkset.share), linkset.ambiguous, rank, len(block.iris))
            writer.add(block, targets, links, coverage.add(block, links, unclear))
            self.progress(f"linking {linkset.name}: {coverage.links:,} links", 0, 0)
        return coverage

    def _asked(self, linkset: Linkset, side: Side) -> Asked:
        graphs = [graph for register in side.registers for graph in self._graphs(register)]
        return Asked(linkset.query(side), self.names.root, tuple(dict.fromkeys([*graphs, self.names.catalogue])))

    def _graphs(self, register: str) -> list[str]:
        """The graphs of a register that the audience may see; none where it has no edition."""
        edition = self.editions.get(register)
        graphs = edition.graphs if edition else ()
        return [g.iri for g in graphs if self.audience == "gesloten" or g.access == "open"]

    def _identity(self, linkset: Linkset, used: Mapping[str, Edition]) -> str:
        """Date, and a hash of all that the links follow from: equal input is the same edition."""
        digest = hashlib.sha256()
        seen = (part for name, edition in used.items() for part in (name, edition.id, *self._graphs(name)))
        for part in (self.names.base, version("stelsel"), linkset.fingerprint(), *seen):
            digest.update(part.encode() + b"\0")
        return f"{max(edition.date for edition in used.values()).isoformat()}-{digest.hexdigest()[:8]}"

    def _edition(
        self, linkset: Linkset, used: Mapping[str, Edition], identity: str, started: datetime, coverage: Coverage
    ) -> Edition:
        sides = {"from": coverage.source, "to": coverage.target}
        found = {"ambiguous": coverage.ambiguous, "geometry": coverage.broken}
        return Edition(
            register=linkset.register,
            id=identity,
            date=max(edition.date for edition in used.values()),
            base=self.names.base,
            previous=None,
            used={name: edition.id for name, edition in used.items()},
            deliveries=(),
            mapping=linkset.fingerprint(),
            stelsel=version("stelsel"),
            started=started,
            finished=datetime.now(UTC),
            graphs=(),
            tables={
                name: TableCount(read=count.objects, mapped=count.linked, refused=0, reported=0)
                for name, count in sides.items()
            },
            problems={reason: number for reason, number in found.items() if number},
            warnings=coverage.faults(),
            violations={},
        )
