"""What asks for all of a graph gives what the engine would, from the store itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Store, parse

from stelsel.storing import Question
from stelsel.storing.formats import FORMATS
from stelsel.storing.whole import graph_of
from tinyreleases import answer, ask, fill

ALL = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
GRAPH = "http://e/g"
QUADS = (
    "".join(f'<http://e/{n}> <http://e/p> "een {n}"@nl <http://e/g> .\n' for n in range(50))
    + '_:b <http://e/p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <http://e/g> .\n'
    + '<http://e/1> <http://e/p> "elsewhere" <http://e/other> .\n'
)
PARSED = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdfxml": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
}


@pytest.mark.parametrize(
    "text",
    [
        "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <http://e/g> { ?s ?p ?o } }",
        "construct{?a ?b ?c.}where{graph<http://e/g>{$a $b $c}}",
        "PREFIX def: <http://e/def#>\nPREFIX : <x/>\nCONSTRUCT { ?s ?p ?o }\nFROM <http://e/g>\nWHERE { ?s ?p ?o . }\n",
        "CONSTRUCT FROM <http://e/g> WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } FROM <http://e/g> { ?s ?p ?o }",
    ],
)
def test_a_copy_of_a_graph_is_known_as_one(text):
    assert graph_of(text) == GRAPH


@pytest.mark.parametrize(
    "text",
    [
        ALL,
        "CONSTRUCT { ?s ?p ?o } FROM <http://e/g> WHERE { ?s ?p ?o } LIMIT 10",
        "CONSTRUCT { ?o ?p ?s } FROM <http://e/g> WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?s } FROM <http://e/g> WHERE { ?s ?p ?s }",
        "CONSTRUCT { ?s a ?o } FROM <http://e/g> WHERE { ?s a ?o }",
        "CONSTRUCT { ?s ?p ?o } FROM <http://e/g> FROM <http://e/other> WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } FROM NAMED <http://e/g> WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } FROM <http://e/other> WHERE { GRAPH <http://e/g> { ?s ?p ?o } }",
        "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }",
        "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <g> { ?s ?p ?o } }",
        "CONSTRUCT FROM <http://e/g> { ?s ?p ?o }",
        "CONSTRUCT WHERE { GRAPH <http://e/g> { ?s ?p ?o } }",
        "CONSTRUCT { ?s ?p ?o } FROM <http://e/g> WHERE { ?s ?p ?o # all\n}",
        "SELECT * FROM <http://e/g> WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } FROM <http://e/g> WHERE\u00a0{ ?s ?p ?o }",
    ],
)
def test_what_is_no_copy_of_one_graph_is_not_taken_for_one(text):
    assert graph_of(text) is None


def test_graphs_beside_the_text_go_before_its_own():
    assert graph_of(ALL, default_graphs=[GRAPH]) == GRAPH
    assert graph_of(ALL, default_graphs=[GRAPH, "http://e/other"]) is None
    assert graph_of(ALL, named_graphs=[GRAPH]) is None
    inside = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <http://e/g> { ?s ?p ?o } }"
    assert graph_of(inside, named_graphs=[GRAPH]) == GRAPH
    assert graph_of(inside, named_graphs=["http://e/other"]) is None
    assert graph_of(inside, default_graphs=[GRAPH]) is None
    assert graph_of("CONSTRUCT FROM <http://e/other> WHERE { ?s ?p ?o }", default_graphs=[GRAPH]) == GRAPH


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("whole") / "oxigraph", QUADS)


def statements(content, format):
    """The triples of an answer; blank nodes have another name in each."""
    found = parse(content, PARSED[format])
    return sorted("_ " + str(q.object) if "BlankNode" in repr(q.subject) else str(q) for q in found)


@pytest.mark.parametrize("format", PARSED)
def test_a_copy_is_the_engine_s_answer_in_every_format(path, format):
    question = Question(ALL, default_graphs=(GRAPH,))
    # With a comment in it, the engine is asked.
    by_engine = Question(ALL + " # all", default_graphs=(GRAPH,))

    async def conversation(store):
        return [await answer(store, "", format, question=each) for each in (question, by_engine)]

    copied, constructed = ask(path, conversation)
    assert len(statements(copied, format)) == 51
    assert statements(copied, format) == statements(constructed, format)


def test_a_copy_keeps_to_limits_and_restores_datatypes(path):
    typed = (("http://e/p", "http://www.w3.org/2001/XMLSchema#byte"),)

    async def conversation(store):
        return await answer(store, "", "ntriples", question=Question(ALL, default_graphs=(GRAPH,), datatypes=typed))

    assert b'"1"^^<http://www.w3.org/2001/XMLSchema#byte>' in ask(path, conversation)


_PIECES = st.sampled_from(
    [
        "PREFIX e: <x>",
        "CONSTRUCT",
        "{ ?s ?p ?o }",
        "{?s?p?o.}",
        "{ ?s ?p ?o . . }",
        "FROM <http://e/g>",
        "FROM",
        "WHERE",
        "{ GRAPH <http://e/g> { ?s ?p ?o } }",
        "{ graph <http://e/g>{$s$p$o}}",
        "{",
        "}",
        "{}",
        "LIMIT 3",
        " ",
        "\n",
        "#",
    ]
)


@given(st.lists(_PIECES, max_size=8))
def test_what_is_taken_for_a_copy_is_a_query_that_the_engine_takes_and_reads_so(pieces):
    text = "CONSTRUCT " + " ".join(pieces)
    if graph_of(text) is not None:
        store = Store()
        store.load(QUADS.encode(), RdfFormat.N_QUADS)
        assert len(list(store.query(text))) == 51


def test_the_formats_are_those_of_graphs():
    assert {name for name, each in FORMATS.items() if "graph" in each.kinds} == set(PARSED)
