from __future__ import annotations

import pytest
from pyoxigraph import parse, parse_query_results

from stelsel.serving.description import FUNCTIONS, describe
from stelsel.storing.formats import FORMATS, formats
from stelsel.storing.worker import _GRAPHS, _RESULTS


@pytest.mark.parametrize("kind", ["solutions", "boolean", "graph"])
def test_a_media_type_names_one_format_of_a_kind(kind):
    media_types = [media_type for entry in formats(kind) for media_type in entry.media_types]
    assert len(media_types) == len(set(media_types))


def test_the_engine_writes_every_format_under_the_media_type_that_it_is_offered_as():
    engine = {**_RESULTS, **_GRAPHS}
    assert FORMATS.keys() - engine.keys() == {"arrow", "parquet"}  # ours, from its TSV
    # pyoxigraph's own name for CSV and TSV adds what RFC 4180 leaves out; the type is the same.
    assert {name: entry.media_type for name, entry in FORMATS.items() if name in engine} == {
        name: entry.media_type.split(";")[0] for name, entry in engine.items()
    }


def test_json_and_turtle_come_first():
    assert [formats(kind)[0].name for kind in ("solutions", "boolean", "graph")] == ["json", "json", "turtle"]


def test_the_service_description_names_every_format_and_is_the_same_graph_in_each():
    described = describe("https://data.example.nl/sparql", "union")
    graphs = {name: list(parse(body, _GRAPHS[name])) for name, body in described.items()}
    assert {len(graph) for graph in graphs.values()} == {len(graphs["turtle"])}
    offered = [quad for quad in graphs["ntriples"] if quad.predicate.value.endswith("#resultFormat")]
    assert len(offered) == len(FORMATS)


def test_the_service_description_tells_which_default_graph_there_is():
    assert b"UnionDefaultGraph" in describe("https://data.example.nl/sparql", "union")["turtle"]
    assert b"UnionDefaultGraph" not in describe("https://data.example.nl/sparql", "own")["turtle"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_engine_has_every_function_that_the_service_description_names(name):
    from pyoxigraph import QueryResultsFormat, Store

    call = f"SELECT (<http://www.opengis.net/def/function/geosparql/{name}>(1, 1) AS ?x) {{}}"
    written = Store().query(call).serialize(format=QueryResultsFormat.JSON)
    assert list(parse_query_results(written, QueryResultsFormat.JSON))
