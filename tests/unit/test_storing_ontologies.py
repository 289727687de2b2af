from __future__ import annotations

import pytest

from stelsel.errors import ContentError
from stelsel.home import open_home
from stelsel.storing.releases import build, release_path
from tinyeditions import BASE, GRAPH, NAMES, ONTOLOGIES, ask, iri, make_home


@pytest.fixture
def home(tmp_path):
    return open_home(make_home(tmp_path / "home", **ONTOLOGIES))


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_ontologies_and_shapes_are_graphs_under_their_own_names(tmp_path, data):
    root = make_home(tmp_path / "home", **ONTOLOGIES, **{"bag.shapes": "<def/Vorm> <p> [ <q> <x> ] ."})
    (root / "ontologies/external/skos.ttl").write_text("<http://skos/> <p> <x> .")

    release = build(data, open_home(root), NAMES, "open", [])

    assert {graph: number for graph, number in release.graphs.items() if "/ontologie/" in graph} == {
        f"{GRAPH}/ontologie/core": 1,
        f"{GRAPH}/ontologie/bag.shapes": 2,
        f"{GRAPH}/ontologie/skos": 1,
    }
    path = release_path(data, "open", release.id)
    assert ask(path, f"SELECT ?s {{ GRAPH <{GRAPH}/ontologie/core> {{ ?s ?p ?o }} }}") == [f"{BASE}/def/Release"]


def test_blank_nodes_are_told_apart_by_file_and_named_alike_in_each_build(tmp_path, data):
    text = "<def/{}> <p> [ <q> <x> ] , _:b . _:b <q> <y> ."
    home = open_home(make_home(tmp_path / "home", a=text.format("A"), b=text.format("B")))
    first, second = (release_path(data, "open", build(data, home, NAMES, "open", []).id) for _ in range(2))

    query = f"SELECT ?b {{ GRAPH ?g {{ ?b {iri('q')} ?x }} }} ORDER BY ?b"
    assert ask(first, query) == ask(second, query)
    assert len(set(ask(first, query))) == 4


def test_an_ontology_that_does_not_parse_is_named_with_its_line(tmp_path, data):
    home = open_home(make_home(tmp_path / "home", core="<a> <b> <c> .\n<a> <b> ."))

    with pytest.raises(ContentError, match=r"^ontologies/core\.ttl:2: "):
        build(data, home, NAMES, "open", [])


def test_two_ontologies_of_one_name_are_refused(tmp_path, data):
    root = make_home(tmp_path / "home", **ONTOLOGIES)
    (root / "ontologies/external/core.ttl").write_text("<a> <b> <c> .")

    with pytest.raises(ContentError, match=r"ontologies/external/core\.ttl: has the name of ontologies/core\.ttl"):
        build(data, open_home(root), NAMES, "open", [])


def test_what_an_ontology_repeats_of_another_is_left_out_and_counted(tmp_path, data):
    root = make_home(tmp_path / "home", core="<a> <p> <x> , <y> .")
    (root / "ontologies/external/again.ttl").write_text("<a> <p> <x> , <z> .")

    release = build(data, open_home(root), NAMES, "open", [])

    assert release.repeated == {f"{GRAPH}/ontologie/again": 1}
    assert release.graphs[f"{GRAPH}/ontologie/core"] == 2
    assert release.graphs[f"{GRAPH}/ontologie/again"] == 1
