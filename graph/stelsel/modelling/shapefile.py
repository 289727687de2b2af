"""A file of SHACL shapes, read strictly: what is outside the supported subset is an error, never left unchecked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Store

from stelsel.modelling.constraints import COMPONENTS, SH, Check, Place
from stelsel.modelling.documents import RDFS, TYPE, Document, Subject, Term, read_turtle
from stelsel.modelling.paths import sparql_path

SPARQL_COMPONENT = f"{SH}SPARQLConstraintComponent"
_PATH, _PROPERTY, _TARGET, _SEVERITY, _MESSAGE, _DEACTIVATED, _SPARQL, _SELECT = (
    NamedNode(f"{SH}{name}")
    for name in ("path", "property", "targetClass", "severity", "message", "deactivated", "sparql", "select")
)
_STRUCTURE = {"path", "property", "targetClass", "severity", "message", "deactivated", "flags", "sparql"}
_REMARKS = {"name", "description", "order", "group", "defaultValue"}  # SHACL 2.3.2: for people, not checked
_SEVERITIES = {f"{SH}{name}" for name in ("Violation", "Warning", "Info")}
_CLASSES = {NamedNode(f"{RDFS}Class"), NamedNode("http://www.w3.org/2002/07/owl#Class")}


@dataclass(frozen=True)
class Constraint:
    """One component of a shape, as the query that finds what breaks it."""

    component: str
    query: str
    messages: tuple[Literal, ...] = ()
    """What sh:sparql says for itself; otherwise the shape speaks."""
    root: str | None = None
    """What relative IRIs in the query are resolved against."""
    proof: str = ""
    """How the shape's screen can prove that nothing breaks this; see constraints.Check."""

    @property
    def written(self) -> bool:
        """Written by hand (sh:sparql): it does not know the targets, so what it finds is sifted."""
        return self.component == SPARQL_COMPONENT


@dataclass(frozen=True)
class Shape:
    """A node shape or a property shape with everything that it looks at."""

    iri: str
    targets: str
    """The target classes, as the members of a VALUES block."""
    path: str | None
    """As SPARQL writes it; None for a node shape."""
    predicate: str | None
    """The path, where it is one property."""
    severity: str
    messages: tuple[Literal, ...]
    constraints: tuple[Constraint, ...]
    screen: str | None
    """The query that may prove several constraints at once; None where there is nothing to gain."""


def read_shapes(path: Path, root_iri: str) -> list[Shape]:
    """The shapes of a Turtle file that are active and have something to check, in the order of the file.

    Raises ContentError, with the line, for what is outside the subset, for a shape without an IRI, for one that looks
    at nothing, and for a query or an expression that cannot be read.
    """
    document = read_turtle(path, root_iri)
    for node in document.facts:
        if _is_shape(document, node):
            _check_predicates(document, node)
    targets = _targets(document)
    _check_all_read(document, targets)
    shapes = [_shape(document, node, classes, root_iri) for node, classes in targets.items() if classes is not None]
    return [shape for shape in shapes if shape.constraints]


def _targets(document: Document) -> dict[Subject, tuple[str, ...] | None]:
    """Each shape, with the classes that it looks at; None where it, or all that uses it, is deactivated."""
    own = {node: _own_targets(document, node) for node in document.facts if _is_shape(document, node)}
    asleep = {node for node in own if _flag(document, node)}
    users: dict[Subject, list[Subject]] = {node: [] for node in own}
    for node in own:
        for part in _parts(document, node):
            users[part].append(node)
    found: dict[Subject, tuple[str, ...] | None] = {}
    for node, classes in own.items():
        awake = [user for user in users[node] if user not in asleep]
        everything = classes.union(*(own[user] for user in awake))
        sleeping = node in asleep or (not everything and bool(users[node]) and not awake)
        if not everything and not sleeping:
            raise document.wrong(
                "this shape looks at nothing: it has no sh:targetClass and no shape that uses it", node
            )
        found[node] = None if sleeping else tuple(sorted(everything))
    return found


def _is_shape(document: Document, node: Subject) -> bool:
    kinds = document.objects(node, TYPE)
    named = NamedNode(f"{SH}NodeShape") in kinds or NamedNode(f"{SH}PropertyShape") in kinds
    return named or any(document.objects(node, predicate) for predicate in (_PATH, _PROPERTY, _TARGET))


def _own_targets(document: Document, node: Subject) -> set[str]:
    if not isinstance(node, NamedNode):
        raise document.wrong("a shape needs an IRI, so that the report can name it", node)
    if _CLASSES.intersection(document.objects(node, TYPE)):
        raise document.wrong("a class cannot be its own shape here; name it with sh:targetClass", node)
    classes = document.objects(node, _TARGET)
    if not all(isinstance(value, NamedNode) for value in classes):
        raise document.wrong("sh:targetClass is the IRI of a class", node)
    return {str(value) for value in classes}


def _parts(document: Document, node: Subject) -> Iterator[Subject]:
    """The property shapes that a node shape uses."""
    for part in document.objects(node, _PROPERTY):
        if document.objects(node, _PATH):
            raise document.wrong("sh:property inside a property shape is not supported; use a longer sh:path", node)
        if not isinstance(part, NamedNode | BlankNode) or document.only(part, _PATH) is None:
            raise document.wrong(f"sh:property points at {part}, which has no sh:path", node)
        yield part


def _flag(document: Document, node: Term) -> bool:
    value = document.only(node, _DEACTIVATED)
    if value is not None and not (isinstance(value, Literal) and value.value in ("true", "false")):
        raise document.wrong("sh:deactivated is true or false", node)
    return isinstance(value, Literal) and value.value == "true"


def _check_predicates(document: Document, node: Subject) -> None:
    for predicate, _ in document.facts[node]:
        name = predicate.value.removeprefix(SH)
        if predicate.value.startswith(SH) and name not in _STRUCTURE | _REMARKS | COMPONENTS.keys():
            raise document.wrong(f"sh:{name} is not supported; see ontologies/README.md for what is", node)


def _check_all_read(document: Document, shapes: dict[Subject, tuple[str, ...] | None]) -> None:
    """Nothing that SHACL would read may stand in the file without having been read."""
    seen: set[Subject] = set(shapes)
    queue: list[Subject] = list(shapes)
    while queue:
        node = queue.pop()
        parts = [value for _, value in document.facts.get(node, ()) if isinstance(value, BlankNode)]
        queue += [part for part in parts if part not in seen]
        seen.update(parts)
    for node, facts in document.facts.items():
        stray = next((p.value for p, _ in facts if p.value.startswith(SH) and node not in seen), None)
        if stray is not None:
            raise document.wrong(f"sh:{stray.removeprefix(SH)} stands outside a shape", node)


def _shape(document: Document, node: Subject, classes: tuple[str, ...], root_iri: str) -> Shape:
    path = document.only(node, _PATH)
    severity = document.only(node, _SEVERITY) or NamedNode(f"{SH}Violation")
    if str(severity)[1:-1] not in _SEVERITIES:
        raise document.wrong("sh:severity is sh:Violation, sh:Warning or sh:Info", node)
    place = Place(document, node, " ".join(classes), None if path is None else sparql_path(document, path))
    checks = list(_components(place))
    screened = [check for _, check in checks if check.proof]
    tests = " && ".join(f"({check.test})" for check in screened if check.test) or "true"
    return Shape(
        iri=str(node)[1:-1],
        targets=place.targets,
        path=place.path,
        predicate=path.value if isinstance(path, NamedNode) else None,
        severity=str(severity)[1:-1],
        messages=_messages(document, node),
        constraints=(
            *(Constraint(iri, check.query, proof=check.proof) for iri, check in checks),
            *_written(document, node, root_iri),
        ),
        screen=place.select("screen", test=tests) if len(screened) > 1 else None,
    )


def _messages(document: Document, node: Term) -> tuple[Literal, ...]:
    return tuple(value for value in document.objects(node, _MESSAGE) if isinstance(value, Literal))


def _components(place: Place) -> Iterator[tuple[str, Check]]:
    for name, component in COMPONENTS.items():
        values = place.document.objects(place.shape, NamedNode(f"{SH}{name}"))
        if values and component.needs_path and place.path is None:
            raise place.document.wrong(f"sh:{name} needs an sh:path", place.shape)
        if len(values) > 1 and not component.many:
            raise place.document.wrong(f"sh:{name} may stand here once", place.shape)
        for value in values:
            check = component.compile(place, value)
            if check is not None:
                yield component.iri, check


def _written(document: Document, node: Subject, root_iri: str) -> Iterator[Constraint]:
    """What stands in sh:sparql (SHACL 5), with the prefixes written out in the query itself."""
    for written in document.objects(node, _SPARQL):
        if _flag(document, written):
            continue
        facts = document.facts.get(written, ()) if isinstance(written, NamedNode | BlankNode) else ()
        for predicate, _ in facts:
            if predicate not in (_SELECT, _MESSAGE, _DEACTIVATED, TYPE):
                raise document.wrong(
                    f"{predicate} is not supported in sh:sparql; write PREFIX lines in the query", node
                )
        text = document.only(written, _SELECT)
        if not isinstance(text, Literal):
            raise document.wrong("sh:sparql needs one sh:select", node)
        try:
            solutions = Store().query(text.value, base_iri=root_iri)
        except SyntaxError as error:
            raise document.wrong(f"sh:select is not SPARQL: {error.msg}", node) from None
        if not isinstance(solutions, QuerySolutions) or "this" not in {v.value for v in solutions.variables}:
            raise document.wrong("sh:select must be a SELECT that gives $this", node)
        yield Constraint(SPARQL_COMPONENT, text.value, _messages(document, written), root_iri)
