"""What is wrong with an ontology, a shapes file or a term that a query uses: with file and line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from stelsel.errors import ContentError
from stelsel.modelling.documents import RDF, RDFS, TYPE, Document, Subject, read_turtle
from stelsel.modelling.mentions import declarations, mentions
from stelsel.modelling.shapes import read_shapes

_OWL, _SKOS, _DCT = (
    "http://www.w3.org/2002/07/owl#",
    "http://www.w3.org/2004/02/skos/core#",
    "http://purl.org/dc/terms/",
)
_ONTOLOGY = NamedNode(f"{_OWL}Ontology")
_CONCEPT, _SCHEME = NamedNode(f"{_SKOS}Concept"), NamedNode(f"{_SKOS}ConceptScheme")
_LABEL, _COMMENT, _NOT = NamedNode(f"{RDFS}label"), NamedNode(f"{RDFS}comment"), NamedNode(f"{_SKOS}scopeNote")
_PREFERRED, _DEFINITION = NamedNode(f"{_SKOS}prefLabel"), NamedNode(f"{_SKOS}definition")
_CLASSES = {f"{_OWL}Class", f"{RDFS}Class"}
_PROPERTIES = {f"{_OWL}{kind}Property" for kind in ("Object", "Datatype", "Annotation")} | {f"{RDF}Property"}
# What every term says, in both languages, by what kind of term it is.
_OF_TERMS = {_LABEL: "rdfs:label", _COMMENT: "rdfs:comment", _NOT: "skos:scopeNote (what it is not)"}
_OF_CONCEPTS = {_PREFERRED: "skos:prefLabel", _DEFINITION: "skos:definition", _NOT: "skos:scopeNote (what it is not)"}
_OF_HEADERS = {NamedNode(f"{_DCT}title"): "dct:title", NamedNode(f"{_DCT}description"): "dct:description"}
_HEADER_ONCE = {
    NamedNode(f"{_DCT}license"): "dct:license",
    NamedNode(f"{_DCT}source"): "dct:source",
    NamedNode(f"{_OWL}versionInfo"): "owl:versionInfo",
}


@dataclass(frozen=True)
class Finding:
    """Something that a steward must change."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.message}" if self.line is None else f"{self.file}:{self.line}: {self.message}"


def check(path: Path, root_iri: str) -> list[Finding]:
    """What is wrong with one file of `ontologies/`, in itself; an empty list says nothing is.

    An ontology (`*.ttl`): it parses, has a header, and every term says in Dutch and English what it is called, what
    it is and what it is not; no two terms of a kind share a name. Shapes (`*.shapes.ttl`): they can be read, and each
    says in both languages what is wrong. The prefix list: no more than that it parses.
    """
    try:
        document = read_turtle(path, root_iri)
        if path.name.endswith(".shapes.ttl"):
            return [_finding(document, shape, text) for shape, text in _shapes(path, root_iri)]
        if path.name == "prefixes.ttl":
            return []
        return [_finding(document, subject, text) for subject, text in _ontology(document)]
    except ContentError as error:
        return [Finding(error.file, error.line, str(error).split(": ", 1)[1])]


def defined_terms(paths: Iterable[Path], root_iri: str) -> set[str]:
    """The IRIs of everything that these ontologies describe. Raises ContentError for a file that is not Turtle."""
    documents = (read_turtle(path, root_iri) for path in paths)
    return {node.value for document in documents for node in document.facts if isinstance(node, NamedNode)}


def undefined_terms(path: Path, root_iri: str, defined: set[str], owned: Iterable[str]) -> list[Finding]:
    """The terms that a `.ttl` or `.rq` names in one of the `owned` namespaces and that no ontology describes."""
    text = path.read_text(encoding="utf-8")
    spaces = tuple(owned)
    missing = {
        mention.iri: mention.line
        for mention in reversed(list(mentions(text, root_iri)))
        if mention.iri.startswith(spaces) and mention.iri not in defined and mention.iri not in spaces
    }
    file = "/".join(path.parts[-2:])
    return [Finding(file, line, f"no ontology describes <{iri}>") for iri, line in sorted(missing.items())]


def misspelt_prefixes(path: Path, prefixes: dict[str, str], root_iri: str) -> list[Finding]:
    """The prefixes of a `.ttl` or `.rq` that `prefixes.ttl` does not know, or spells otherwise."""
    spelt = {name: namespace.removeprefix(root_iri) for name, namespace in prefixes.items()}
    file = "/".join(path.parts[-2:])
    return [
        Finding(file, line, f"prefix {name}: is <{spelt[name]}> in prefixes.ttl, and <{namespace}> here")
        if name in spelt
        else Finding(file, line, f"prefix {name}: is not in prefixes.ttl")
        for name, namespace, line in declarations(path.read_text(encoding="utf-8"))
        if spelt.get(name) != namespace
    ]


def _finding(document: Document, subject: Subject, message: str) -> Finding:
    return Finding(document.file, document.line(subject), message)


def _shapes(path: Path, root_iri: str) -> Iterator[tuple[NamedNode, str]]:
    for shape in read_shapes(path, root_iri):
        for constraint in shape.constraints:
            languages = {message.language for message in constraint.messages or shape.messages}
            for language in sorted({"nl", "en"} - languages):
                yield NamedNode(shape.iri), f"has no sh:message @{language}"
                break


def _ontology(document: Document) -> Iterator[tuple[Subject, str]]:
    headers = list(document.subjects(TYPE, _ONTOLOGY))
    if len(headers) != 1:
        raise ContentError(f"has {len(headers)} owl:Ontology headers and needs one", file=document.file, line=1)
    yield from _said(document, headers[0], _OF_HEADERS)
    for predicate, name in _HEADER_ONCE.items():
        if len(document.objects(headers[0], predicate)) != 1:
            yield headers[0], f"needs one {name}"
    names: Counter[tuple[str, str]] = Counter()
    for subject in document.facts:
        kind = _kind(document, subject)
        if kind:
            concept = kind == "concept"
            yield from _said(document, subject, _OF_CONCEPTS if concept else _OF_TERMS)
            for label in document.objects(subject, _PREFERRED if concept else _LABEL):
                names[kind, str(label)] += 1
                if names[kind, str(label)] == 2:
                    yield subject, f"another {kind} in this file is called {label} too"


def _kind(document: Document, subject: Subject) -> str:
    """class, property, concept or list; empty for what is no term of this file's own making."""
    kinds = {kind.value for kind in document.objects(subject, TYPE) if isinstance(kind, NamedNode)}
    if not isinstance(subject, NamedNode):
        return ""
    if kinds & _CLASSES:
        return "class"
    if kinds & _PROPERTIES:
        return "property"
    return "concept" if _CONCEPT.value in kinds else "list" if _SCHEME.value in kinds else ""


def _said(document: Document, subject: Subject, asked: dict[NamedNode, str]) -> Iterator[tuple[Subject, str]]:
    for predicate, name in asked.items():
        values = document.objects(subject, predicate)
        languages = [value.language for value in values if isinstance(value, Literal) and value.value.strip()]
        for language in ("nl", "en"):
            if languages.count(language) != 1:
                yield subject, f"needs one {name} @{language}"
