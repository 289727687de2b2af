"""What a delivery is, before it is read: its files, their checksums, its date and area, and whether it is mutations."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stelsel.errors import DeliveryError
from stelsel.loading.readers.archives import Member, members
from stelsel.loading.readers.known import reader
from stelsel.loading.readers.reading import Reader
from stelsel.loading.readers.xml import XmlReader
from stelsel.loading.readers.xml_stream import LARGE, XmlStream
from stelsel.loading.register import Cover, Document, Register
from stelsel.loading.sources import origin

Progress = Callable[[str, int, int], None]
"""Told as work goes: what, how far, out of how much (bytes or records)."""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """One file of a delivery as it lies on disk."""

    name: str
    sha256: str
    size: int
    address: str
    """Where it was fetched from; empty for one that was given as a file."""


@dataclass(frozen=True)
class Delivery:
    """The files of a delivery, and what it says about itself."""

    paths: tuple[Path, ...]
    sources: tuple[Source, ...]
    date: dt.date
    areas: tuple[str, ...]
    """Codes of the areas that it is about; none is the whole country."""
    mutations: bool
    since: dt.date | None
    """From when its mutations are, where it says so."""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(source.size for source in self.sources)


@dataclass(frozen=True)
class File:
    """A file of a delivery, and what kind it is of."""

    member: Member
    document: Document
    reader: Reader | None
    """What reads its records and facts; None for XML, which is read where it is mapped unless it is very large."""


class Kinds:
    """Tells what each file of a register's deliveries is."""

    def __init__(self, register: Register) -> None:
        """Raises ContentError where loader.yml names a reader that is not there."""
        self._register = register
        self.xml = XmlReader(register)
        # Judged now: a reader that is wrong is found before an hour of reading.
        self._readers = {d.files: reader(register, d) for d in register.documents if d.reader != "xml"}

    def files(self, paths: tuple[Path, ...]) -> Iterator[File]:
        """The files in order. Raises DeliveryError for one that is nothing that loader.yml knows."""
        for path in paths:
            for member in members(path, self._register.ignore):
                yield self._file(member)

    def _file(self, member: Member) -> File:
        if not member.size:
            raise DeliveryError("is an empty file", where=member.where)
        document = self._register.named(member.where)
        if document:
            return File(member, document, self._readers[document.files])
        if not member.where.lower().endswith((".xml", ".gml")) or not self.xml.knows:
            expected = ", ".join([p for d in self._register.documents for p in d.files] + ["*.xml"] * self.xml.knows)
            raise DeliveryError(
                f"is no file that {self._register.name} knows (it expects {expected}); if its deliveries may hold such "
                "files, list the name under ignore in loader.yml",
                where=member.where,
            )
        with member.open() as stream:
            document = self.xml.document(stream, member.where)
        large = member.size > LARGE and document.kind == "records"
        return File(member, document, XmlStream(self.xml, document, self._register.cover) if large else None)


def open_delivery(
    register: Register, kinds: Kinds, paths: list[Path], date: dt.date | None, progress: Progress
) -> Delivery:
    """Looks a delivery over: checksums, date, area, kind.

    The date is `date` where that is given, that of the cover document where there is one, else the latest that its files
    or their names say. Raises DeliveryError where nothing is recognised, where no date is said, and where stand and
    mutations are mixed.
    """
    sources = tuple(source for path in paths for source in _sources(path, progress))
    if not sources:
        raise DeliveryError("has no files", where=", ".join(map(str, paths)))
    cover = register.cover
    days: dict[str, list[str]] = {}
    areas: dict[str, list[str]] = {}
    starts: list[str] = []
    for file in kinds.files(tuple(paths)):
        kind, member = file.document.kind, file.member
        told, about = days.setdefault(kind, []), areas.setdefault(kind, [])
        told += _named_day(cover, member.where)
        if file.reader:
            facts = file.reader.facts(member)
            told += facts.dates
            about += facts.areas
            continue
        if cover.since:
            starts += kinds.xml.header(member.content, cover.since, member.where)
        if cover.date:
            told += kinds.xml.header(member.content, cover.date, member.where)
        if cover.area:
            about += kinds.xml.header(member.content, cover.area, member.where)
    if not days.keys() - {"cover"}:
        raise DeliveryError(f"holds no records that {register.name} knows", where=sources[0].name)
    telling = next(kind for kind in ("cover", "changes", "records") if kind in days)
    if not days[telling] and date is None:
        hint = f"there is no {cover.date}; " if cover.date else ""
        raise DeliveryError(
            f"does not say its date: {hint}give it with stelsel load … --date YYYY-MM-DD", where=sources[0].name
        )
    return Delivery(
        tuple(paths),
        sources,
        date or _day(max(days[telling]), sources[0].name),
        tuple(sorted(set(areas[telling]))),
        mutations="changes" in days,
        since=_day(min(starts), sources[0].name) if starts else None,
    )


def _named_day(cover: Cover, where: str) -> list[str]:
    """The date in the name of a file, where the register has it there."""
    found = re.search(cover.name, where) if cover.name else None
    if found is None:
        return []
    parts = found.groupdict()
    return [f"{parts['year']}-{parts.get('month') or '01'}-{parts.get('day') or '01'}"]


def _day(text: str, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise DeliveryError(f"says its date is {text[:40]!r}, which is none", where=where) from None


def _sources(path: Path, progress: Progress) -> Iterator[Source]:
    if not path.exists():
        raise DeliveryError("there is no such file or folder", where=str(path))
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    total = sum(file.stat().st_size for file in files)
    done = 0
    for file in files:
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                done += len(chunk)
                progress(f"Checksum of {file.name}", done, total)
        yield Source(file.name, digest.hexdigest(), file.stat().st_size, origin(file))
