"""Subjects of an RDF file with all that is said of them, in any syntax, with flat memory and without the network."""

from __future__ import annotations

import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pyoxigraph as ox

from stelsel.errors import DeliveryError
from stelsel.loading.readers.archives import Member

SUFFIXES: Final = {
    ".json": "json-ld",
    ".jsonld": "json-ld",
    ".nq": "n-quads",
    ".nt": "n-triples",
    ".owl": "rdf/xml",
    ".rdf": "rdf/xml",
    ".trig": "trig",
    ".ttl": "turtle",
    ".xml": "rdf/xml",
}
SYNTAXES: Final = {
    "json-ld": ox.RdfFormat.JSON_LD,
    "n-quads": ox.RdfFormat.N_QUADS,
    "n-triples": ox.RdfFormat.N_TRIPLES,
    "rdf/xml": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "turtle": ox.RdfFormat.TURTLE,
}
IN_MEMORY: Final = 16_000_000  # bytes of a file that is grouped in memory, which takes about ten times as much
_MOST_FILES: Final = 256

Said = list[tuple[str, Any]]
"""What is said of a subject: property and value, each pair once, sorted."""

# Whatever is relative comes out as this, and is refused: a file that came from the web does not say from where.
_NOWHERE: Final = "x-relative://nowhere/"
_PROLOG: Final = 1 << 20
_ROOT: Final = re.compile(rb"<[A-Za-z_]")
_ENTITY: Final = re.compile(rb"<!ENTITY\s+[\w.-]+\s+(?:\"[^\"&%<]{0,500}\"|'[^'&%<]{0,500}')\s*>")


def subjects(member: Member, syntax: str) -> Iterator[tuple[Any, Said]]:
    """Each subject of a file once, with all that any graph in it says of it.

    A file up to IN_MEMORY is grouped in memory, and its subjects come as they first stand in it. Of a larger one the
    triples are dealt out by subject over files on disk, which are grouped one after the other: memory is that of one of
    them, and a subject has its triples in one. The order depends on the file alone. Raises DeliveryError, with the line
    where the parser knows it, for a file that is not of its syntax.
    """
    if member.size <= IN_MEMORY:
        yield from _grouped(triples(member, syntax))
        return
    with tempfile.TemporaryDirectory(prefix="stelsel-rdf-") as folder:
        files = [Path(folder, f"{n}.nt") for n in range(min(member.size // IN_MEMORY + 1, _MOST_FILES))]
        with ExitStack() as stack:
            streams = [stack.enter_context(file.open("w", encoding="utf-8")) for file in files]
            for subject, name, value in triples(member, syntax):
                key = str(subject)
                streams[zlib.crc32(key.encode()) % len(files)].write(f"{key} <{name}> {value} .\n")
        for file in files:
            with file.open("rb") as stream:
                quads = ox.parse(stream, format=ox.RdfFormat.N_TRIPLES)
                yield from _grouped((quad.subject, quad.predicate.value, quad.object) for quad in quads)
            file.unlink()


def _grouped(found: Iterator[tuple[Any, str, Any]]) -> Iterator[tuple[Any, Said]]:
    grouped: dict[Any, dict[tuple[str, Any], None]] = {}
    for subject, name, value in found:
        grouped.setdefault(subject, {})[name, value] = None
    for subject, said in grouped.items():
        yield subject, sorted(said, key=lambda pair: (pair[0], str(pair[1])))


def triples(member: Member, syntax: str) -> Iterator[tuple[Any, str, Any]]:
    """Subject, property and value of each triple in a file, as it is read. Raises DeliveryError as `subjects` does."""
    if syntax == "rdf/xml":
        _judge_prolog(member)
    with member.open() as stream:
        try:
            for quad in ox.parse(stream, format=SYNTAXES[syntax], base_iri=_NOWHERE):
                for term in (quad.subject, quad.predicate, quad.object):
                    if isinstance(term, ox.NamedNode) and term.value.startswith(_NOWHERE):
                        relative = term.value.removeprefix(_NOWHERE)
                        raise DeliveryError(f"has the relative address {relative!r}, of nothing", where=member.where)
                yield quad.subject, quad.predicate.value, quad.object
        except SyntaxError as error:
            raise DeliveryError(_said(error, syntax), where=_at(member, error)) from error


def syntax_of(where: str) -> str | None:
    """The syntax that a file's name says it has.

    >>> syntax_of("x.zip > lijst.TTL")
    'turtle'
    """
    return SUFFIXES.get(PurePosixPath(where).suffix.lower())


def _judge_prolog(member: Member) -> None:
    """Refuses entities that hold entities: some lines of them unfold to any size. Short plain ones are common, and stay."""
    with member.open() as stream:
        head = stream.read(_PROLOG)
    root = _ROOT.search(head)
    if root is None or b"\0" in head:
        raise DeliveryError(f"has no root element in its first {_PROLOG:,} bytes of UTF-8", where=member.where)
    rest = _ENTITY.sub(b"", head[: root.start()])
    if b"<!ENTITY" in rest or b"SYSTEM" in rest or b"PUBLIC" in rest:
        raise DeliveryError("has a DOCTYPE with entities that are long, nested or from elsewhere", where=member.where)


def _at(member: Member, error: SyntaxError) -> str:
    return f"{member.where}, line {error.lineno}" if error.lineno else member.where


def _said(error: SyntaxError, syntax: str) -> str:
    said = error.msg or ""
    if "LoadDocumentCallback" in said:
        return "refers to a context on the web, which is not fetched: ask its publisher for expanded JSON-LD"
    return f"is not {syntax}: {said.partition(': ')[2] or said}"
