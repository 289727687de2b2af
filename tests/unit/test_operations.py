"""What an update may write is found before it runs, and nothing that the engine writes is missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, NamedNode, Store

from stelsel.errors import ParameterError, QuerySyntaxError
from stelsel.querying.operations import ANY, DEFAULT, operations, targets
from stelsel.querying.rewriting import with_dataset, without_silent_loads

BASE = "http://e/"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT DATA { <s> <p> 1 }", {DEFAULT}),
        ("INSERT DATA { GRAPH <g> { <s> <p> 1 } <s> <p> 1 }", {"http://e/g", DEFAULT}),
        (
            "PREFIX ex: <http://x/> WITH ex:a\\-b DELETE { ?s ?p ?o } WHERE { GRAPH <other> { ?s ?p ?o } }",
            {"http://x/a-b"},
        ),
        (
            "WITH <g> DELETE { ?s ?p ?o } INSERT { GRAPH <h> { ?s ?p ?o } } WHERE { ?s ?p ?o }",
            {"http://e/g", "http://e/h"},
        ),
        ("INSERT { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }", {ANY}),
        ("DELETE WHERE { GRAPH <g> { ?s ?p ?o } }", {"http://e/g"}),
        ("CLEAR SILENT GRAPH <g> ; DROP NAMED", {"http://e/g", ANY}),
        ("DROP ALL", {ANY, DEFAULT}),
        ("CREATE GRAPH <g>", {"http://e/g"}),
        ("COPY <a> TO GRAPH <b>", {"http://e/b"}),
        ("MOVE <a> TO DEFAULT", {"http://e/a", DEFAULT}),
        ("BASE <http://b/> ADD DEFAULT TO <c> ; BASE <http://d/> CREATE GRAPH <c>", {"http://b/c", "http://d/c"}),
        ("INSERT DATA { GRAPH <g> { <s> <p> <o> {| <q> 'GRAPH <x> {}' |} } } # GRAPH <y> {}", {"http://e/g"}),
        (r"INSERT DATA { GRAPH <\u0068> { <s> <p> 1 } }", {"http://e/h"}),
        ("LOAD SILENT <x> INTO GRAPH <g>", {"http://e/g"}),
        ("", set()),
    ],
)
def test_the_graphs_that_an_update_may_write_are_found(text, expected):
    assert targets(text, BASE) == expected


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { GRAPH<g> { GRAPH <h> { <s> <p> 1 } } }",
        "INSERT DATA { { <s> <p> 1 } }",
        "INSERTDATA { <s> <p> 1 }",
        "INSERT DATA { GRAPHex:x { <s> <p> 1 } }",
        "PREFIX ex: <http://x/> WITHex:g DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "CLEAR <g>",
        "INSERT { <s> <p> 1",
        "INSERT { <s> <p> 1 } { ?s ?p ?o }",
        "ASK { }",
        "CLEAR GRAPH undeclared:g",
    ],
)
def test_what_is_not_exactly_an_update_is_refused(text):
    with pytest.raises(QuerySyntaxError) as error:
        targets(text, BASE)
    assert error.value.line == 1


GRAPHS = st.sampled_from(["<a>", "<b>", "ex:c", "<http://e/d>"])
TRIPLES = st.sampled_from(
    ["?s ?p ?o", "<s> <p> ?o", "<s> <p> 'GRAPH <a> { }'", "<s> <p> [ <q> 1 ]", "<s> <p> 1 ; <q> 2, 3"]
)
DATA = st.sampled_from(["<s> <p> 1", "<s> <p> '} GRAPH <a> {'", "<s> <p> 1 ; <q> <o> # }\n", "<a> <b> <c>, <d>"])


@st.composite
def quads(draw, triples):
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        part = draw(triples)
        parts.append(f"GRAPH {draw(GRAPHS)} {{ {part} }}" if draw(st.booleans()) else f"{part} .")
    return " ".join(parts)


@st.composite
def updates(draw):
    made = []
    for _ in range(draw(st.integers(1, 3))):
        a, b = draw(GRAPHS), draw(GRAPHS)
        made.append(
            draw(
                st.sampled_from(
                    [
                        f"INSERT DATA {{ {draw(quads(DATA))} }}",
                        f"DELETE DATA {{ {draw(quads(DATA))} }}",
                        f"INSERT {{ {draw(quads(TRIPLES))} }} WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }}",
                        f"WITH {a} INSERT {{ {draw(quads(TRIPLES))} }} WHERE {{ GRAPH {b} {{ ?s ?p ?o }} }}",
                        f"INSERT {{ {draw(quads(TRIPLES))} }} USING {a} WHERE {{ ?s ?p ?o FILTER(?o < 5 || ?o > 1) }}",
                        f"CLEAR SILENT GRAPH {a}",
                        "DROP SILENT DEFAULT",
                        f"COPY SILENT {a} TO {b}",
                        f"MOVE SILENT {a} TO DEFAULT",
                        f"ADD SILENT DEFAULT TO {b}",
                    ]
                )
            )
        )
    return "PREFIX ex: <http://e/> " + " ; ".join(made)


def content(store):
    found = {}
    for quad in store:
        found.setdefault(quad.graph_name, set()).add(str(quad.triple))
    return found


@given(updates())
def test_the_engine_never_writes_a_graph_that_was_not_found(update):
    store = Store()
    for name in "abcd":
        store.update(f"INSERT DATA {{ GRAPH <http://e/{name}> {{ <http://e/s> <http://e/p> 3 , '{name}' }} }}")
    store.update("INSERT DATA { <http://e/s> <http://e/p> 4 }")
    before = content(store)
    store.update(update, base_iri=BASE)
    after = content(store)
    changed = {graph for graph in before.keys() | after.keys() if before.get(graph) != after.get(graph)}
    found = targets(update, BASE)
    assert {DEFAULT if isinstance(graph, DefaultGraph) else graph.value for graph in changed} <= found


def test_a_load_that_is_silent_does_nothing_and_the_rest_stays():
    text = "PREFIX ex: <http://x/> LOAD SILENT ex:a INTO GRAPH ex:b ; CLEAR DEFAULT"
    assert without_silent_loads(text, BASE) == "PREFIX ex: <http://x/> INSERT DATA {} ; CLEAR DEFAULT"
    assert [each.word for each in operations(without_silent_loads("LOAD <a>", BASE), BASE)] == ["load"]


def test_a_dataset_of_the_protocol_goes_to_every_operation_that_has_a_pattern():
    store = Store()
    store.update("INSERT DATA { GRAPH <http://e/a> { <http://e/s> <http://e/p> 1 } <http://e/s> <http://e/p> 2 }")
    text = (
        "INSERT { GRAPH <c> { ?s ?p ?o } } WHERE { ?s ?p ?o } ; INSERT DATA { <x> <y> 9 } ; DELETE WHERE { ?s ?p ?o }"
    )
    store.update(with_dataset(text, BASE, ["http://e/a"], []), base_iri=BASE)
    copied = [quad.object.value for quad in store.quads_for_pattern(None, None, None, NamedNode("http://e/c"))]
    assert copied == ["1"]


@pytest.mark.parametrize("text", ["WITH <g> DELETE { } WHERE { }", "DELETE { } USING <g> WHERE { }"])
def test_a_dataset_in_two_places_is_refused(text):
    with pytest.raises(ParameterError):
        with_dataset(text, BASE, [], ["http://e/a"])


def test_a_dataset_that_is_no_iri_is_refused():
    with pytest.raises(ParameterError):
        with_dataset("DELETE WHERE { ?s ?p ?o }", BASE, ["http://e/a> WHERE {} ; DROP ALL #"], [])
