"""Records of an XML document, by the element names in loader.yml. What loader.yml does not name is an error."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from lxml import etree

from stelsel.errors import ContentError, DeliveryError
from stelsel.loading.readers.gml import BrokenGeometry, to_wkt
from stelsel.loading.readers.reading import Record
from stelsel.loading.register import Document, Register
from stelsel.loading.rows import UNREADABLE, Row
from stelsel.loading.tables import Table


@dataclass(frozen=True)
class Change:
    """What a mutation delivery says of one record: what it was (None: not there) and what it becomes (None: gone)."""

    was: Record | None
    becomes: Record | None


@dataclass
class _Node:
    """A step of the paths of a table's columns."""

    column: str | None = None
    geometry: bool = False
    many: bool = False
    ignored: bool = False
    below: dict[str, _Node] = field(default_factory=dict)


class XmlReader:
    """Reads the documents of one register, from their bytes or a stream. Safe from entities, DTDs and the network."""

    def __init__(self, register: Register) -> None:
        """Raises ContentError where a name in loader.yml has a prefix that it does not declare."""
        self._register = register
        try:
            self._documents = {q: d for d in register.documents if d.reader == "xml" for q in register.qnames(d.root)}
            changes = register.changes
            around = (*register.wrappers, *((changes.was, changes.becomes) if changes else ()))
            self._wrappers = self._all(*around)
            self._records: dict[str, tuple[str, _Node]] = {}
            # Without documents of XML, paths are no names of elements.
            for name, table in register.tables.items() if self._documents else ():
                tree = self._tree(table)
                self._records |= dict.fromkeys(self._all(*table.records), (name, tree))
            # Only now, and never while reading, may a prefix be unknown.
            for document in register.documents:
                self._all(*document.each)
        except KeyError as error:
            raise ContentError(f"prefix {error} is not declared", file=str(register.folder / "loader.yml")) from error

    @property
    def knows(self) -> bool:
        """Whether the register has documents of XML at all."""
        return bool(self._documents)

    def _all(self, *names: str) -> set[str]:
        """The elements of these names, in every version of the format."""
        return {qname for name in names for qname in self._register.qnames(name)}

    def _tree(self, table: Table) -> _Node:
        root = _Node()

        def node(path: str) -> _Node:
            here = root
            for step in path.split("/"):
                first, *others = self._register.qnames(step)
                here.below.setdefault(first, _Node())
                # An element that versions call by one name is one node, under the name of each.
                for other in others:
                    here.below[other] = here.below[first]
                here = here.below[first]
            return here

        for name, column in table.columns.items() if table.records else ():
            for path in (column.path, *column.also):
                leaf = node(path)
                leaf.column, leaf.geometry, leaf.many = name, column.type in ("geometry", "wkt"), column.many
        for path in table.ignore if table.records else ():
            node(path).ignored = True
        return root

    def document(self, content: bytes | IO[bytes], where: str) -> Document:
        """What kind of document this is, by its root element. Raises DeliveryError where the register has no such kind."""
        try:
            for _, element in _parse(content, events=("start",)):
                known = self._documents.get(element.tag)
                if known is None:
                    expected = ", ".join(dict.fromkeys(d.root for d in self._documents.values() if d.kind != "closed"))
                    raise DeliveryError(
                        f"has root element {element.tag}, which is no {self._register.name} delivery as loader.yml "
                        f"describes it (it expects {expected}, each in the namespace given there)",
                        where=where,
                    )
                if known.kind == "closed":
                    raise DeliveryError(known.reason, where=where)
                return known
        except etree.XMLSyntaxError as error:
            raise DeliveryError(_said(error), where=where) from error
        raise DeliveryError("is an empty document", where=where)

    def header(self, content: bytes | IO[bytes], element: str, where: str) -> list[str]:
        """Texts of such elements before the first record."""
        wanted, stops = self._all(element), {*self._wrappers, *self._records}
        found = []
        try:
            for event, part in _parse(content, events=("start", "end")):
                if event == "start" and part.tag in stops:
                    break
                if event == "end" and part.tag in wanted and part.text:
                    found.append(part.text.strip())
        except etree.XMLSyntaxError as error:
            raise DeliveryError(_said(error), where=where) from error
        return found

    def records(self, content: bytes | IO[bytes], document: Document, where: str) -> Iterator[Record]:
        """The records of a document, in order."""
        for element in _elements(content, tuple(sorted(self._all(*document.each))), where):
            yield self._record(element, where)

    def changes(self, content: bytes, where: str) -> Iterator[list[Change]]:
        """The changes of a mutation document in order, those of a group together."""
        names = self._register.changes
        if names is None:
            raise DeliveryError(f"register {self._register.name} has no mutation deliveries", where=where)
        was, becomes, added, changed, removed, around = (
            self._register.qnames(name)[0]
            for name in (names.was, names.becomes, names.added, names.changed, names.removed, names.group)
        )
        parts = {added: {becomes}, changed: {was, becomes}, removed: {was}}
        for group in _elements(content, (around,), where):
            changes = []
            for element in group:
                if not isinstance(element.tag, str):
                    continue
                found = {child.tag: self._record(child, where) for child in element if isinstance(child.tag, str)}
                if found.keys() != parts.get(element.tag):
                    raise DeliveryError(
                        f"{element.tag} is no change as loader.yml describes it", where=_at(where, element)
                    )
                changes.append(Change(found.get(was), found.get(becomes)))
            yield changes

    def _record(self, element: etree._Element, where: str) -> Record:
        inner: etree._Element | None = element
        while inner is not None and inner.tag not in self._records:
            if inner.tag not in self._wrappers:
                raise DeliveryError(f"element {inner.tag} is no record that loader.yml knows", where=_at(where, inner))
            inner = next((child for child in inner if isinstance(child.tag, str)), None)
        if inner is None:
            raise DeliveryError("is a record without content", where=_at(where, element))
        name, tree = self._records[inner.tag]
        row: Row = {}
        self._fill(inner, tree, row, where)
        return Record(name, row, f"line {_line(inner)}")

    def _fill(self, element: etree._Element, node: _Node, row: Row, where: str) -> None:
        for child in element:
            if not isinstance(child.tag, str):  # a comment or a processing instruction
                continue
            below = node.below.get(child.tag)
            if below is None:
                raise DeliveryError(
                    f"element {child.tag} is not known; list it in loader.yml as a column or under ignore",
                    where=_at(where, child),
                )
            if below.ignored:
                continue
            # What is one text in one version of a format has parts in another.
            if below.column is None or (below.below and any(isinstance(part.tag, str) for part in child)):
                self._fill(child, below, row, where)
                continue
            text = _geometry(child) if below.geometry else " ".join((child.text or "").split())
            if not text:
                continue
            if below.many:
                row.setdefault(below.column, []).append(text)  # type: ignore[union-attr]  # a list where many
            elif below.column in row:
                raise DeliveryError(f"{child.tag} stands twice in one record", where=_at(where, child))
            else:
                row[below.column] = text


def _geometry(element: etree._Element) -> str:
    try:
        return to_wkt(element)
    except BrokenGeometry as error:
        return f"{UNREADABLE}{error}"


def _parse(content: bytes | IO[bytes], **options: object) -> etree.iterparse[tuple[str, etree._Element]]:
    """Never resolves an entity, reads a DTD or opens a connection; depth and text size are bounded by libxml2."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    return etree.iterparse(stream, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, **options)


def _elements(content: bytes | IO[bytes], tags: tuple[str, ...], where: str) -> Iterator[etree._Element]:
    """The elements with these tags, each thrown away when the next is asked for, so that memory stays flat."""
    try:
        for _, element in _parse(content, events=("end",), tag=tags):
            if element.getroottree().docinfo.doctype:
                raise DeliveryError("has a DOCTYPE, which no register uses and an attacker does", where=where)
            yield element
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as error:
        raise DeliveryError(_said(error), where=where) from error


def _at(where: str, element: etree._Element) -> str:
    return f"{where}, line {_line(element)}"


def _line(element: etree._Element) -> int:
    """The line of the document that an element starts on."""
    return int(str(element.sourceline or 0))


def _said(error: etree.XMLSyntaxError) -> str:
    """libxml2's message, which names line and column."""
    return f"is not well-formed XML: {error.msg}"
