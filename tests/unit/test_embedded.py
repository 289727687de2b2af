from __future__ import annotations

import asyncio
import json

import pytest
from pyoxigraph import RdfFormat, parse

from stelsel.errors import FunctionUnknown, QuerySyntaxError, SettingError, StoreError, Truncated
from stelsel.storing import Limits, Question
from stelsel.storing.embedded import EmbeddedStore
from stelsel.storing.formats import FORMATS, formats
from stelsel.storing.worker import _GRAPHS, names_dataset
from tinyreleases import MEMORY, answer, ask, fill

QUADS = """
<http://e/a> <http://e/p> "1" <http://e/g1> .
<http://e/b> <http://e/p> "2" <http://e/g2> .
<http://e/c> <http://e/p> "3" .
"""
EVERY = "SELECT ?s { ?s ?p ?o }"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("embedded") / "oxigraph", QUADS)


def subjects(body):
    return sorted(row["s"]["value"][-1] for row in json.loads(body)["results"]["bindings"])


def found(path, text, *, union="union", **graphs):
    question = Question(text, **graphs)
    return subjects(ask(path, lambda store: answer(store, text, question=question), default_graph=union))


def test_the_default_graph_is_the_union_of_all_graphs(store):
    assert found(store, EVERY) == ["a", "b", "c"]


def test_the_default_graph_can_be_the_unnamed_graph_alone(store):
    assert found(store, EVERY, union="own") == ["c"]


def test_from_in_the_query_goes_before_the_union(store):
    assert found(store, "SELECT ?s FROM <http://e/g1> { ?s ?p ?o }") == ["a"]


def test_graphs_of_the_protocol_go_before_from_in_the_query(store):
    text = "SELECT ?s FROM <http://e/g1> { ?s ?p ?o }"
    assert found(store, text, default_graphs=("http://e/g2",), named_graphs=()) == ["b"]


def test_named_graphs_alone_leave_the_default_graph_empty(store):
    text = "SELECT ?s { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    assert found(store, text, named_graphs=("http://e/g2",)) == ["b"]
    assert found(store, text, default_graphs=("http://e/g2",)) == ["b"]


def test_relative_iris_are_resolved_against_the_base(store):
    assert found(store, "SELECT ?s { ?s ?p ?o . FILTER(?s = <a>) }", base_iri="http://e/") == ["a"]


@pytest.mark.parametrize("name", [entry.name for entry in formats("graph")])
def test_every_graph_format_holds_the_same_graph(store, name):
    body = ask(store, lambda store: answer(store, "CONSTRUCT WHERE { ?s ?p ?o }", name))
    assert {quad.subject.value for quad in parse(body, _GRAPHS[name])} == {"http://e/a", "http://e/b", "http://e/c"}


@pytest.mark.parametrize(("text", "line", "column"), [("SELECT * {", 1, 11), ("SELECT * {\n ?s ?p }", 2, 9)])
def test_a_syntax_error_says_where(store, text, line, column):
    with pytest.raises(QuerySyntaxError) as caught:
        ask(store, lambda store: answer(store, text))
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    ["SELECT ('\ud800' AS ?x) {}", "PREFIX : <rel#> SELECT * { ?x a :a }"],
)
def test_a_query_that_cannot_be_evaluated_is_the_clients_mistake(store, text):
    with pytest.raises(QuerySyntaxError):
        ask(store, lambda store: answer(store, text))


def test_a_function_that_there_is_not_is_named_and_is_no_syntax_error(store):
    with pytest.raises(FunctionUnknown, match="http://e/none"):
        ask(store, lambda store: answer(store, "SELECT (<http://e/none>(1) AS ?x) {}"))


def test_an_iri_of_a_graph_that_is_none_is_the_clients_mistake(store):
    with pytest.raises(QuerySyntaxError, match="IRI"):
        found(store, EVERY, default_graphs=("no iri",))


def test_a_graph_is_not_written_as_rows(store):
    with pytest.raises(QuerySyntaxError, match="csv"):
        ask(store, lambda store: answer(store, "DESCRIBE <http://e/a>", "csv"))


@pytest.mark.parametrize("name", ["json", "ntriples"])
def test_a_cut_answer_says_at_which_limit_and_is_well_formed(store, name):
    text = EVERY if name == "json" else "CONSTRUCT WHERE { ?s ?p ?o }"
    chunks = []

    async def conversation(store):
        answer = store.answer(Question(text), FORMATS[name], Limits(5, MEMORY, rows=2))
        chunks.append(await anext(answer))
        await anext(answer)

    with pytest.raises(Truncated) as caught:
        ask(store, conversation)
    body = b"".join(chunks)
    rows = subjects(body) if name == "json" else list(parse(body, RdfFormat.N_TRIPLES))
    assert (caught.value.limit, len(rows)) == ("rows", 2)


def test_a_store_that_is_not_there_is_told_at_once(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        ask(tmp_path / "nothing", lambda store: answer(store, EVERY))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("SELECT * FROM <http://e/g> {}", True),
        ("select * from named ex:g {}", True),
        ("SELECT(1 AS ?x)FROM<http://e/g>{}", True),
        ("CONSTRUCT { ?s ?p 'x' } FROM <http://e/g> WHERE {}", True),
        ('SELECT ?from $from { ?from ex:from from:from, \'from\', """a" FROM <b>""", <from> } # FROM <a>', False),
        ("SELECT * { ?s ex:p 'it\\'s' , 'FROM' , ex:a\\,from , 'x'@from-nl }", False),
        ("SELECT * { ?s ?p '''it's FROM <x>''' }", False),
    ],
)
def test_a_dataset_clause_is_told_from_what_looks_like_one(text, named):
    assert names_dataset(text) is named


def test_a_store_with_one_worker_is_refused_because_one_lane_would_have_none(store):
    with pytest.raises(SettingError, match="2 workers at least"):
        asyncio.run(EmbeddedStore.open(store, release="r1", workers=1))
