"""What every reader gives: what a file says of itself, and its records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from stelsel.loading.readers.archives import Member
from stelsel.loading.register import Document, Register
from stelsel.loading.rows import Row


@dataclass(frozen=True)
class Record:
    """A row of a table, and where in its file it stands: a line, or the number of a feature, as a person would say it."""

    table: str
    row: Row
    place: str


@dataclass(frozen=True)
class Facts:
    """What a file says of itself. A reader whose format says nothing gives it empty."""

    dates: tuple[str, ...] = ()
    """Dates, as YYYY-MM-DD."""
    areas: tuple[str, ...] = ()
    """Codes of the areas it is about."""


class Reader(Protocol):
    """Reads one kind of file, as one `documents` entry of loader.yml describes it. XML has a reader of its own kind."""

    def facts(self, member: Member) -> Facts:
        """What the file says of itself; reads no more of it than that takes. Raises DeliveryError."""

    def records(self, member: Member) -> Iterator[Record]:
        """The records, in order, with no more of the file in memory than a few of them.

        Raises DeliveryError, with the line or the record, for a file that is not what it should be, and for a heading or
        key that loader.yml does not name.
        """


Make = Callable[[Register, Document], Reader]
"""Makes a reader; raises ContentError for options that it does not know."""
