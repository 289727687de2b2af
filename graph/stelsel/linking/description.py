"""What the catalogue says of a linkset: who answers for it, by which rule, from which editions, and how well it links.

Terms: VoID 1.1, section 5 (linksets); DCAT 3 for the dataset and PROV-O 3.1 for the edition, as every register's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Quad

from stelsel.linking.coverage import Coverage
from stelsel.linking.declarations import Linkset, Side, Text
from stelsel.names import Names
from stelsel.storing.editions import Edition

_A = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_ACCESS = "http://publications.europa.eu/resource/authority/access-right/"
_DCAT = "http://www.w3.org/ns/dcat#"
_DCATAP = "http://data.europa.eu/r5r/"
_DCT = "http://purl.org/dc/terms/"
_PROV = "http://www.w3.org/ns/prov#"
_VOID = "http://rdfs.org/ns/void#"
_XSD = "http://www.w3.org/2001/XMLSchema#"

Facts = Iterable[tuple[str, str, NamedNode | Literal]]


def describe(linkset: Linkset, names: Names, edition: Edition, coverage: Coverage, *, is_open: bool) -> list[Quad]:
    """The linkset's part of the catalogue graph."""
    graph = NamedNode(names.catalogue)
    facts = [
        *_dataset(linkset, names, edition, is_open=is_open),
        *_linkset(linkset, names),
        *_edition(linkset, names, edition),
        *_quality(names, edition, coverage),
    ]
    return [Quad(NamedNode(subject), NamedNode(predicate), value, graph) for subject, predicate, value in facts]


def _dataset(linkset: Linkset, names: Names, edition: Edition, *, is_open: bool) -> Facts:
    dataset = names.identifier("dataset", linkset.register)
    yield dataset, _A, NamedNode(_DCAT + "Dataset")
    for term, text in (("title", linkset.title), ("description", linkset.description)):
        yield from _texts(dataset, _DCT + term, text)
    yield dataset, _DCT + "identifier", Literal(linkset.register)
    yield dataset, _DCT + "publisher", NamedNode(linkset.owner)
    yield dataset, _DCT + "license", NamedNode(linkset.licence)
    yield dataset, _DCT + "accessRights", NamedNode(_ACCESS + ("PUBLIC" if is_open else "NON_PUBLIC"))
    yield dataset, _DCT + "modified", Literal(edition.date.isoformat(), datatype=NamedNode(_XSD + "date"))
    yield dataset, _DCAT + "theme", NamedNode(linkset.theme)
    if linkset.basis.law:
        law = NamedNode(f"https://wetten.overheid.nl/{linkset.basis.law}")
        yield dataset, _DCATAP + "applicableLegislation", law
    if linkset.basis.reason:
        yield from _texts(dataset, names.term("aanleiding"), linkset.basis.reason)
    yield dataset, _DCAT + "hasCurrentVersion", NamedNode(_editie(names, edition.register, edition.id))


def _linkset(linkset: Linkset, names: Names) -> Facts:
    graph = names.linkset(linkset.name)
    yield graph, _A, NamedNode(_VOID + "Linkset")
    sides: tuple[tuple[str, Side], ...] = (("subjectsTarget", linkset.source), ("objectsTarget", linkset.target))
    for term, side in sides:
        for register in side.registers:
            yield graph, _VOID + term, NamedNode(names.identifier("dataset", register))
    for predicate in linkset.links:
        yield graph, _VOID + "linkPredicate", NamedNode(predicate)
    yield graph, names.term("methode"), Literal(linkset.method)
    yield graph, names.term("bijMeer"), Literal(linkset.ambiguous)
    if linkset.share:
        yield graph, names.term("kleinsteAandeel"), _decimal(linkset.share)
    yield graph, _DCT + "isVersionOf", NamedNode(names.identifier("dataset", linkset.register))


def _edition(linkset: Linkset, names: Names, edition: Edition) -> Facts:
    editie = _editie(names, edition.register, edition.id)
    made = f"{names.identifier('koppelgang', edition.register)}-{edition.id}"
    yield editie, _A, NamedNode(names.term("Editie"))
    yield editie, _A, NamedNode(_PROV + "Entity")
    yield editie, _DCT + "isVersionOf", NamedNode(names.identifier("dataset", edition.register))
    yield editie, _DCT + "identifier", Literal(edition.id)
    yield editie, _DCT + "issued", Literal(edition.date.isoformat(), datatype=NamedNode(_XSD + "date"))
    yield editie, _DCT + "created", _moment(edition.finished.isoformat(timespec="seconds"))
    yield editie, _DCT + "hasPart", NamedNode(names.linkset(linkset.name))
    yield editie, _PROV + "wasGeneratedBy", NamedNode(made)
    for warning in edition.warnings:
        yield editie, names.term("waarschuwing"), Literal(warning, language="en")
    yield made, _A, NamedNode(_PROV + "Activity")
    yield made, _PROV + "startedAtTime", _moment(edition.started.isoformat(timespec="seconds"))
    yield made, _PROV + "endedAtTime", _moment(edition.finished.isoformat(timespec="seconds"))
    yield made, _PROV + "wasAssociatedWith", NamedNode(linkset.owner)
    yield made, names.term("afbeelding"), Literal(edition.mapping)
    yield made, names.term("versie"), Literal(edition.stelsel)
    for register, identity in edition.used.items():
        used = NamedNode(_editie(names, register, identity))
        yield made, _PROV + "used", used
        yield editie, _PROV + "wasDerivedFrom", used


def _quality(names: Names, edition: Edition, coverage: Coverage) -> Facts:
    editie = _editie(names, edition.register, edition.id)
    source, target = coverage.source, coverage.target
    for term, number in (
        ("koppelingen", coverage.links),
        ("objectenVan", source.objects),
        ("gekoppeldVan", source.linked),
        ("objectenNaar", target.objects),
        ("gekoppeldNaar", target.linked),
        ("meerduidig", coverage.ambiguous),
        ("onbruikbareGeometrie", coverage.broken),
    ):
        yield editie, names.term(term), Literal(str(number), datatype=NamedNode(_XSD + "integer"))
    yield editie, names.term("dekkingVan"), _decimal(source.coverage)
    yield editie, names.term("dekkingNaar"), _decimal(target.coverage)


def _texts(subject: str, term: str, text: Text) -> Iterator[tuple[str, str, Literal]]:
    yield subject, term, Literal(text.nl, language="nl")
    yield subject, term, Literal(text.en, language="en")


def _editie(names: Names, register: str, identity: str) -> str:
    return names.identifier("editie", f"{register}-{identity}")


def _decimal(number: float) -> Literal:
    return Literal(f"{number:.6f}", datatype=NamedNode(_XSD + "decimal"))


def _moment(text: str) -> Literal:
    return Literal(text, datatype=NamedNode(_XSD + "dateTime"))
