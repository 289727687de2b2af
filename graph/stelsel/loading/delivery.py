"""What a delivery is, before it is read: its files, their checksums, its date and area, and whether it is mutations."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stelsel.errors import DeliveryError
from stelsel.loading.readers.archives import Member, members
from stelsel.loading.readers.xml import XmlReader
from stelsel.loading.register import Register

Progress = Callable[[str, int, int], None]
"""Told as work goes: what, how far, out of how much (bytes or records)."""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """One file of a delivery as it lies on disk."""

    name: str
    sha256: str
    size: int


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


def documents(register: Register, paths: tuple[Path, ...]) -> Iterator[Member]:
    """The XML documents of a delivery, in order. Raises DeliveryError for a file that is neither that nor junk."""
    for path in paths:
        for member in members(path, register.ignore):
            if not member.where.lower().endswith(".xml"):
                raise DeliveryError(
                    f"is no XML; if deliveries of {register.name} may hold such files, list the name under ignore in loader.yml",
                    where=member.where,
                )
            if not member.content.strip():
                raise DeliveryError("is an empty file", where=member.where)
            yield member


def open_delivery(register: Register, paths: list[Path], progress: Progress) -> Delivery:
    """Looks a delivery over: checksums, date, area, kind.

    The date is that of the cover document where there is one, else of the first document that says it. Raises
    DeliveryError where nothing is recognised, where no date is said, and where stand and mutations are mixed.
    """
    sources = tuple(source for path in paths for source in _sources(path, progress))
    if not sources:
        raise DeliveryError("has no files", where=", ".join(map(str, paths)))
    reader = XmlReader(register)
    days: dict[str, list[str]] = {}
    areas: dict[str, list[str]] = {}
    starts: list[str] = []
    for member in documents(register, tuple(paths)):
        kind = reader.document(member.content, member.where).kind
        if register.cover.since:
            starts += reader.header(member.content, register.cover.since, member.where)
        days.setdefault(kind, []).extend(reader.header(member.content, register.cover.date, member.where))
        areas.setdefault(kind, []).extend(reader.header(member.content, register.cover.area, member.where))
    kinds = days.keys() - {"cover"}
    if not kinds:
        raise DeliveryError(f"holds no records that {register.name} knows", where=sources[0].name)
    telling = next(kind for kind in ("cover", "changes", "records") if kind in days)
    if not days[telling]:
        raise DeliveryError(f"does not say its date: there is no {register.cover.date}", where=sources[0].name)
    return Delivery(
        tuple(paths),
        sources,
        _day(max(days[telling]), sources[0].name),
        tuple(sorted(set(areas[telling]))),
        mutations="changes" in kinds,
        since=_day(min(starts), sources[0].name) if starts else None,
    )


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
        yield Source(file.name, digest.hexdigest(), file.stat().st_size)
