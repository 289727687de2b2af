"""The outcome of shapes as a SHACL validation report (SHACL 3.6), with the exact counts beside the examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from stelsel.modelling.constraints import SH
from stelsel.modelling.documents import TYPE, XSD, Term
from stelsel.modelling.shapes import Example, Outcome
from stelsel.names import Names


def report(outcomes: Sequence[Outcome], names: Names, register: str, edition: str) -> Iterator[bytes]:
    """N-Quads in the graph `names.validation(register)`, a piece for the whole and one for each outcome.

    sh:conforms is as SHACL has it: false as soon as anything was found, a warning too. Every node has an IRI of its
    own (`/id/validatie/...`), so that the graph shares no subject with another.
    """
    writer = _Writer(names, f"{register}-{edition}", NamedNode(names.validation(register)))
    yield writer.head(outcomes)
    for number, outcome in enumerate(outcomes, 1):
        yield writer.outcome(outcome, number)


class _Writer:
    def __init__(self, names: Names, key: str, graph: NamedNode) -> None:
        self._names, self._key, self._graph = names, key, graph
        self._report = self._node()

    def _node(self, *parts: int) -> NamedNode:
        return NamedNode(self._names.identifier("validatie", "-".join([self._key, *map(str, parts)])))

    def _def(self, name: str) -> NamedNode:
        return NamedNode(f"{self._names.root}def/{name}")

    def head(self, outcomes: Sequence[Outcome]) -> bytes:
        conforms = not any(outcome.violations for outcome in outcomes)
        return self._written(
            [
                (self._report, TYPE, _sh("ValidationReport")),
                (self._report, _sh("conforms"), Literal(conforms)),
            ]
        )

    def outcome(self, outcome: Outcome, number: int) -> bytes:
        node = self._node(number)
        facts: list[tuple[NamedNode, NamedNode, Term]] = [
            (self._report, self._def("bevinding"), node),
            (node, TYPE, self._def("Bevinding")),
            (node, _sh("sourceShape"), NamedNode(outcome.shape.iri)),
            (node, _sh("resultSeverity"), NamedNode(outcome.shape.severity)),
            (node, self._def("gecontroleerd"), _number(outcome.checked)),
            (node, self._def("overtredingen"), _number(outcome.violations)),
        ]
        if outcome.graph is not None:
            facts.append((node, self._def("graaf"), NamedNode(outcome.graph)))
        facts += [(node, _sh("resultMessage"), message) for message in outcome.shape.messages]
        for index, example in enumerate(outcome.examples, 1):
            result = self._node(number, index)
            facts += [(self._report, _sh("result"), result), (node, self._def("voorbeeld"), result)]
            facts += [(result, predicate, value) for predicate, value in self._result(outcome, example)]
        return self._written(facts)

    def _result(self, outcome: Outcome, example: Example) -> Iterator[tuple[NamedNode, Term]]:
        yield TYPE, _sh("ValidationResult")
        yield _sh("focusNode"), self._term(example.focus)
        if outcome.shape.predicate is not None:  # a longer path is found at the shape
            yield _sh("resultPath"), NamedNode(outcome.shape.predicate)
        if example.value is not None:
            yield _sh("value"), self._term(example.value)
        yield _sh("sourceShape"), NamedNode(outcome.shape.iri)
        yield _sh("sourceConstraintComponent"), NamedNode(example.constraint.component)
        yield _sh("resultSeverity"), NamedNode(outcome.shape.severity)
        for message in example.constraint.messages or outcome.shape.messages:
            yield _sh("resultMessage"), message

    def _term(self, term: Term) -> NamedNode | Literal:
        """A term that means the same outside its file: blank nodes get an IRI, as RDF 1.1 (3.5) describes."""
        match term:
            case BlankNode():
                return NamedNode(f"{self._names.base}/.well-known/genid/{term.value}")
            case Triple():
                return Literal(str(term))
        return term

    def _written(self, facts: Sequence[tuple[NamedNode, NamedNode, Term]]) -> bytes:
        quads = (Quad(subject, predicate, value, self._graph) for subject, predicate, value in facts)
        written = serialize(quads, format=RdfFormat.N_QUADS)
        return b"" if written is None else written


def _sh(name: str) -> NamedNode:
    return NamedNode(f"{SH}{name}")


def _number(value: int) -> Literal:
    return Literal(str(value), datatype=NamedNode(f"{XSD}integer"))
