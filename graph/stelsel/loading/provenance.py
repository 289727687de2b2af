"""Where an edition comes from, as triples in the catalogue graph: DCAT for the dataset, PROV for the load.

Derived, never authoritative: every edition says which delivery (name, SHA-256), which mapping and which moment it came
from (PROV-O 3.1; DCAT 3, 6.4; SPDX checksums as DCAT-AP asks for them).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from pyoxigraph import Literal, NamedNode, Quad

from stelsel.loading.register import Register
from stelsel.loading.writing import EditionWriter
from stelsel.names import Names
from stelsel.storing.editions import Edition

_A = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_DCAT = "http://www.w3.org/ns/dcat#"
_DCATAP = "http://data.europa.eu/r5r/"
_DCT = "http://purl.org/dc/terms/"
_PROV = "http://www.w3.org/ns/prov#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_SPDX = "http://spdx.org/rdf/terms#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_ACCESS = "http://publications.europa.eu/resource/authority/access-right/"

Value = NamedNode | Literal


def describe(register: Register, names: Names, writer: EditionWriter, edition: Edition) -> None:
    """Writes the edition's part of the catalogue graph to the staged edition."""
    graph = NamedNode(names.catalogue)
    quads = [
        Quad(NamedNode(subject), NamedNode(predicate), value, graph)
        for subject, predicate, value in (
            *_dataset(register, names, edition),
            *_edition(register, names, edition, list(writer.quads)),
        )
    ]
    writer.write("catalogus", names.catalogue, quads)


def _dataset(register: Register, names: Names, edition: Edition) -> Iterator[tuple[str, str, Value]]:
    dataset = names.identifier("dataset", register.name)
    right = "PUBLIC" if register.access == "open" else "NON_PUBLIC"
    yield dataset, _A, NamedNode(_DCAT + "Dataset")
    for language in ("nl", "en"):
        yield dataset, _DCT + "title", Literal(register.title[language], language=language)
        yield dataset, _DCT + "description", Literal(register.description[language], language=language)
    yield dataset, _DCT + "identifier", Literal(register.name)
    yield dataset, _DCT + "publisher", NamedNode(register.publisher)
    yield dataset, _DCT + "license", NamedNode(register.licence)
    yield dataset, _DCT + "accessRights", NamedNode(_ACCESS + right)
    yield dataset, _DCT + "accrualPeriodicity", NamedNode(register.frequency)
    yield dataset, _DCT + "modified", _date(edition.date)
    yield dataset, _DCT + "source", NamedNode(register.source)
    yield dataset, _DCAT + "theme", NamedNode(register.theme)
    if register.law:
        yield dataset, _DCATAP + "applicableLegislation", NamedNode(register.law)
    if register.attribution:
        rights = names.identifier("rechten", register.name)
        yield dataset, _DCT + "rights", NamedNode(rights)
        yield rights, _A, NamedNode(_DCT + "RightsStatement")
        yield rights, _RDFS + "label", Literal(register.attribution, language="nl")
    yield dataset, _DCAT + "hasCurrentVersion", NamedNode(_editie(names, edition.register, edition.id))


def _edition(register: Register, names: Names, edition: Edition, parts: list[str]) -> Iterator[tuple[str, str, Value]]:
    editie = _editie(names, edition.register, edition.id)
    load = f"{names.identifier('lading', edition.register)}-{edition.id}"
    yield editie, _A, NamedNode(names.term("Editie"))
    yield editie, _A, NamedNode(_PROV + "Entity")
    yield editie, _DCT + "isVersionOf", NamedNode(names.identifier("dataset", register.name))
    yield editie, _DCT + "identifier", Literal(edition.id)
    yield editie, _DCT + "issued", _date(edition.date)
    yield editie, _DCT + "created", _moment(edition.finished)
    yield editie, _PROV + "wasGeneratedBy", NamedNode(load)
    if edition.previous:
        yield editie, _PROV + "wasRevisionOf", NamedNode(_editie(names, edition.register, edition.previous))
    for area in edition.areas:
        yield editie, names.term("gebied"), Literal(area)
    for warning in edition.warnings:
        yield editie, names.term("waarschuwing"), Literal(warning, language="en")
    for part in parts:
        yield editie, _DCT + "hasPart", NamedNode(names.graph(register.name, part))

    yield load, _A, NamedNode(_PROV + "Activity")
    yield load, _PROV + "startedAtTime", _moment(edition.started)
    yield load, _PROV + "endedAtTime", _moment(edition.finished)
    yield load, names.term("afbeelding"), Literal(edition.mapping)
    yield load, names.term("versie"), Literal(edition.stelsel)
    for delivered in edition.deliveries:
        delivery = names.identifier("levering", delivered.sha256)
        checksum = names.identifier("checksum", delivered.sha256)
        yield load, _PROV + "used", NamedNode(delivery)
        yield editie, _PROV + "wasDerivedFrom", NamedNode(delivery)
        yield delivery, _A, NamedNode(_PROV + "Entity")
        yield delivery, _DCT + "title", Literal(delivered.name)
        yield delivery, _DCAT + "byteSize", Literal(str(delivered.bytes), datatype=NamedNode(_XSD + "integer"))
        if delivered.address:
            yield delivery, _DCAT + "downloadURL", NamedNode(delivered.address)
        yield delivery, _SPDX + "checksum", NamedNode(checksum)
        yield checksum, _A, NamedNode(_SPDX + "Checksum")
        yield checksum, _SPDX + "algorithm", NamedNode(_SPDX + "checksumAlgorithm_sha256")
        yield checksum, _SPDX + "checksumValue", Literal(delivered.sha256, datatype=NamedNode(_XSD + "hexBinary"))
    for name, count in edition.tables.items():
        table = names.identifier("tabel", f"{edition.register}-{edition.id}-{name}")
        yield editie, names.term("tabel"), NamedNode(table)
        yield table, _DCT + "title", Literal(name)
        for term, number in (
            ("gelezen", count.read),
            ("afgebeeld", count.mapped),
            ("geweigerd", count.refused),
            ("gemeld", count.reported),
        ):
            yield table, names.term(term), Literal(str(number), datatype=NamedNode(_XSD + "integer"))


def _editie(names: Names, register: str, identity: str) -> str:
    return names.identifier("editie", f"{register}-{identity}")


def _date(day: date) -> Literal:
    return Literal(day.isoformat(), datatype=NamedNode(_XSD + "date"))


def _moment(moment: datetime) -> Literal:
    return Literal(moment.isoformat(timespec="seconds"), datatype=NamedNode(_XSD + "dateTime"))
