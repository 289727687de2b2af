"""A delivery becomes an edition: read, check, map, validate, keep. The whole, or nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from stelsel.errors import DeliveryError
from stelsel.home import Home
from stelsel.loading.changes import Changes
from stelsel.loading.checks import validate
from stelsel.loading.delivery import Delivery, Kinds, Progress, open_delivery
from stelsel.loading.mapping import Mapper
from stelsel.loading.mutations import Tally, merged
from stelsel.loading.parts import Part, parts_of
from stelsel.loading.pool import Setup, cores, results
from stelsel.loading.provenance import describe
from stelsel.loading.register import Register, read_register
from stelsel.loading.writing import EditionWriter
from stelsel.names import Names
from stelsel.settings import Settings
from stelsel.storing.editions import (
    Delivered,
    Edition,
    TableCount,
    commit,
    edition_path,
    editions,
    lock,
    newest,
    staging,
)


@dataclass(frozen=True)
class Outcome:
    """What a load gave."""

    edition: Edition
    fresh: bool
    """Whether the edition is new; a delivery that was loaded before gives the edition of then."""
    tally: Tally | None
    """What became of the changes, for a mutation delivery."""
    seconds: dict[str, float]
    """Time by step: `parse`, `map` and `write` summed over processes, `check` of the whole."""


def load(
    name: str,
    paths: list[Path],
    *,
    home: Home,
    settings: Settings,
    accept: bool,
    progress: Progress,
    date: dt.date | None = None,
) -> Outcome:
    """Makes an edition of register `name` from the files of a delivery; `date` is the edition's where files say none.

    A mutation delivery is applied to the newest edition. With `accept`, an edition is made even where more records are
    refused than the register expects. Raises InputError and StoreError; whatever happens, what was there stays.
    """
    register = read_register(home, name)
    Mapper(register, Names(settings.base))  # a mapping that is wrong is found now, not after an hour of reading
    kinds = Kinds(register)
    delivery = open_delivery(register, kinds, paths, date, progress)
    with lock(settings.data):
        before = newest(settings.data, name) if delivery.mutations else None
        if delivery.mutations and before is None:
            raise DeliveryError(
                f"is a mutation delivery, and {name} has no edition to apply it to; load a full extract first",
                where=delivery.sources[0].name,
            )
        identity = _identity(register, delivery, settings.base, before)
        known = _known(settings.data, register, delivery, identity)
        if known:
            return Outcome(known, fresh=False, tally=None, seconds={})
        with staging(settings.data, f"{name}-{identity}") as staged:
            return _Job(register, kinds, home, settings, delivery, before, identity, staged, progress).run(
                accept=accept
            )


def _identity(register: Register, delivery: Delivery, base: str, before: Edition | None) -> str:
    """Date, and a hash of all that an edition follows from: equal input is the same edition."""
    digest = hashlib.sha256()
    for part in (base, register.fingerprint(), before.id if before else "", *(s.sha256 for s in delivery.sources)):
        digest.update(part.encode() + b"\0")
    return f"{delivery.date.isoformat()}-{digest.hexdigest()[:8]}"


def _known(data: Path, register: Register, delivery: Delivery, identity: str) -> Edition | None:
    """The edition that this delivery gave before: itself, or the newest of a chain that has had these mutations."""
    history = {edition.id: edition for edition in editions(data, register.name)}
    if identity in history or not delivery.mutations:
        return history.get(identity)
    last = link = newest(data, register.name)
    wanted = {source.sha256 for source in delivery.sources}
    while link is not None:
        if wanted <= {delivered.sha256 for delivered in link.deliveries}:
            return last
        link = history.get(link.previous or "")
    return None


@dataclass
class _Job:
    """One load, with what its steps share."""

    register: Register
    kinds: Kinds
    home: Home
    settings: Settings
    delivery: Delivery
    before: Edition | None
    identity: str
    staged: Path
    progress: Progress

    def run(self, *, accept: bool) -> Outcome:
        started = datetime.now(UTC)
        names = Names(self.settings.base)
        tally = Tally() if self.before else None
        writer = EditionWriter(self.register, self.staged)
        with ExitStack() as stack:
            stack.callback(writer.close)
            parts = self._changed(self.before, tally, stack) if self.before and tally else self._documents()
            setup = Setup(self.home.root, self.register.name, self.settings.base, self._day())
            done, clock = 0, time.perf_counter()
            for result in results(parts, setup, self.settings.processes or cores()):
                writer.add(result)
                done += result.packed
                rate = writer.read / (time.perf_counter() - clock)
                said = f"{writer.read:,} records ({rate:,.0f}/s), {writer.quads.total():,} quads"
                self.progress(said, done, self._size())
            if tally:
                writer.report(tally.problems)
            writer.find_twice()
        self._expect(writer, accept=accept)
        if self.before and tally and not tally.applied and self._day() == self.before.date:
            return Outcome(self.before, fresh=False, tally=tally, seconds=dict(writer.seconds))
        violations = validate(self.register, self.home, names, writer, self.identity, self.progress)
        edition = Edition(
            register=self.register.name,
            id=self.identity,
            date=self._day(),
            areas=self._areas(),
            base=self.settings.base,
            previous=self.before.id if self.before else None,
            deliveries=tuple(
                Delivered(name=s.name, sha256=s.sha256, bytes=s.size, address=s.address) for s in self.delivery.sources
            ),
            mapping=self.register.fingerprint(),
            stelsel=version("stelsel"),
            started=started,
            finished=datetime.now(UTC),
            graphs=(),
            tables={name: TableCount(**vars(count)) for name, count in writer.counts.items()},
            problems=dict(writer.problems),
            warnings=self._warnings(),
            violations=violations,
        )
        describe(self.register, names, writer, edition)
        edition = edition.model_copy(update={"graphs": writer.graphs(names)})
        commit(self.settings.data, edition, self.staged)
        return Outcome(edition, fresh=True, tally=tally, seconds=dict(writer.seconds))

    def _day(self) -> dt.date:
        """The date of the edition: mutations that are older than what they are applied to do not set it back."""
        return max(self.delivery.date, self.before.date) if self.before else self.delivery.date

    def _areas(self) -> tuple[str, ...]:
        return self.before.areas if self.before else self.delivery.areas

    def _size(self) -> int:
        """Bytes that progress counts towards."""
        if self.before is None:
            return self.delivery.size
        rows = edition_path(self.settings.data, self.before) / "rows"
        return self.delivery.size + sum(file.stat().st_size for file in rows.iterdir())

    def _warnings(self) -> tuple[str, ...]:
        """What a user of the edition must know. A gap between mutations stays until the next full extract."""
        if self.before is None:
            return ()
        since, until = self.delivery.since, self.before.date
        if since is None or since <= until:
            return self.before.warnings
        missing = f"mutations from {until} to {since} were not delivered; what changed then is missing until the next full extract"
        return (*self.before.warnings, missing)

    def _documents(self) -> Iterator[Part]:
        for file in self.kinds.files(self.delivery.paths):
            if file.document.kind == "records":
                yield from parts_of(file)

    def _changed(self, before: Edition, tally: Tally, stack: ExitStack) -> Iterator[Part]:
        """Documents of tables that the delivery brings whole, then the rows of the edition before with its changes."""
        reader = self.kinds.xml
        changes = Changes(self.register, self.staged / "changes.sqlite")
        stack.callback(changes.close)
        whole: set[str] = set()
        for file in self.kinds.files(self.delivery.paths):
            document, member = file.document, file.member
            if document.kind == "changes":
                changes.add(reader.changes(member.content, member.where), member.where)
            elif document.kind == "records":
                tables = {record.table for record in reader.records(member.content, document, member.where)}
                for table in tables:
                    if not self.register.tables[table].replaced:
                        raise DeliveryError(f"a mutation delivery holds {table} as a stand", where=member.where)
                whole |= tables
                yield from parts_of(file)
        path = edition_path(self.settings.data, before)
        yield from merged(self.register, path, changes, whole, before.areas, tally)

    def _expect(self, writer: EditionWriter, *, accept: bool) -> None:
        """Raises DeliveryError where more records were refused than the register expects."""
        refused = writer.refused
        if refused <= self.register.refused or accept:
            return
        first = "\n".join(f"  {p.where}: {p.table} {p.key}: {p.message}" for p in writer.first_refused)
        raise DeliveryError(
            f"{refused:,} records were refused, and {self.register.name} expects {self.register.refused:,} at most, so "
            f"no edition was made. Among them:\n{first}\nTo make the edition without them: stelsel load … --accept",
            where=self.delivery.sources[0].name,
        )
