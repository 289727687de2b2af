"""Stand-ins that are public: a store in memory behind the port of `stelsel.storing`."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import pyoxigraph

from stelsel.errors import QuerySyntaxError, StelselError
from stelsel.storing import Limits, Question
from stelsel.storing.formats import Format

_RESULTS = {
    "json": pyoxigraph.QueryResultsFormat.JSON,
    "xml": pyoxigraph.QueryResultsFormat.XML,
    "csv": pyoxigraph.QueryResultsFormat.CSV,
    "tsv": pyoxigraph.QueryResultsFormat.TSV,
}
_GRAPHS = {
    "turtle": pyoxigraph.RdfFormat.TURTLE,
    "ntriples": pyoxigraph.RdfFormat.N_TRIPLES,
    "nquads": pyoxigraph.RdfFormat.N_QUADS,
    "trig": pyoxigraph.RdfFormat.TRIG,
    "rdfxml": pyoxigraph.RdfFormat.RDF_XML,
    "jsonld": pyoxigraph.RdfFormat.JSON_LD,
}


@dataclass
class MemoryStore:
    """Answers from quads in memory, in this process: no limits, no workers. `fails` is raised for every question."""

    release: str = "2026-01-01T00.00.00-test"
    quads: pyoxigraph.Store = field(default_factory=pyoxigraph.Store)
    questions: list[str] = field(default_factory=list)
    fails: StelselError | None = None

    def load(self, turtle: Mapping[str, str], base_iri: str) -> MemoryStore:
        """Adds a text of Turtle to each graph, and gives the store back."""
        for graph, text in turtle.items():
            self.quads.load(text, pyoxigraph.RdfFormat.TURTLE, base_iri=base_iri, to_graph=pyoxigraph.NamedNode(graph))
        return self

    async def answer(
        self,
        question: Question,
        format: Format,
        within: Limits,  # noqa: ARG002 - nothing here takes long
    ) -> AsyncGenerator[bytes]:
        """See storing.Store."""
        self.questions.append(question.text)
        if self.fails is not None:
            raise self.fails
        try:
            found = self.quads.query(question.text, base_iri=question.base_iri, use_default_graph_as_union=True)
        except SyntaxError as error:
            place = re.search(r"at (\d+):(\d+)", str(error))
            line, column = (int(place[1]), int(place[2])) if place else (None, None)
            raise QuerySyntaxError(str(error), line=line, column=column) from error
        if isinstance(found, pyoxigraph.QueryTriples):
            yield found.serialize(format=_GRAPHS[format.name]) or b""
        else:
            yield found.serialize(format=_RESULTS[format.name]) or b""
