"""A document of XML that is too large to be handed to a process whole: its records, streamed, as of any other reader.

The national cadastral map is one document of some 25 GB. Reading it is then the work of one process, and mapping still
that of all.
"""

from __future__ import annotations

from collections.abc import Iterator

from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.reading import Facts, Record
from stelsel.loading.readers.xml import XmlReader
from stelsel.loading.register import Cover, Document

LARGE = 64_000_000  # bytes: the official files of the BAG have 25 MB at most


class XmlStream:
    """Reads documents of one kind without having more of them in memory than a record."""

    def __init__(self, reader: XmlReader, document: Document, cover: Cover) -> None:
        self._reader, self._document, self._cover = reader, document, cover

    def facts(self, member: Member) -> Facts:
        """The date and area that its head tells."""
        return Facts(self._told(member, self._cover.date), self._told(member, self._cover.area))

    def records(self, member: Member) -> Iterator[Record]:
        """Its records, in order. Raises DeliveryError as XmlReader does."""
        with member.open() as stream:
            yield from self._reader.records(stream, self._document, member.where)

    def _told(self, member: Member, element: str) -> tuple[str, ...]:
        if not element:
            return ()
        with member.open() as stream:
            return tuple(self._reader.header(stream, element, member.where))
