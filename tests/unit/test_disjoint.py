from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import GraphsOverlap
from stelsel.home import open_home
from stelsel.storing.disjoint import check_disjoint
from stelsel.storing.releases import build
from tinyeditions import BASE, GRAPH, NAMES, ONTOLOGIES, iri, make, make_home, triple


@pytest.fixture
def home(tmp_path):
    return open_home(make_home(tmp_path / "home", **ONTOLOGIES))


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (triple("id/pand/1"), triple("id/pand/1")),
        (triple("id/pand/1", "a", "b"), triple("id/pand/1", "a", "b")),
        (
            triple("id/pand/1", value='"01"^^<http://www.w3.org/2001/XMLSchema#integer>'),
            triple("id/pand/1", value='"1"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        ),
    ],
)
def test_a_triple_in_two_graphs_is_refused_with_both_named(data, home, one, other):
    edition = make(data, "bag", {"bag": [one, triple("id/pand/3")], "bag/historie": [triple("id/pand/4"), other]})

    with pytest.raises(GraphsOverlap, match=r"id/pand/1> .* in the graph \S+/bag and in the graph \S+/bag/historie; "):
        build(data, home, NAMES, "open", [edition])

    assert list((data / "staging").iterdir()) == []


def test_facts_about_one_subject_may_stand_in_two_graphs(data, home):
    two = {
        "bag": [triple("id/pand/1", "p", "a")],
        "bag/historie": [triple("id/pand/1", "p", "b"), triple("id/pand/1", "q", "a")],
    }

    assert build(data, home, NAMES, "open", [make(data, "bag", two)]).graphs[f"{GRAPH}/bag/historie"] == 2


def test_a_register_that_repeats_an_ontology_is_refused(data, home):
    owl = [
        f"{iri('def/Release')} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.w3.org/2002/07/owl#Class>"
    ]

    with pytest.raises(GraphsOverlap, match="graph/ontologie/core"):
        build(data, home, NAMES, "open", [make(data, "bag", {"bag": owl})])


class Text:
    """A graph as text, in pieces of the size that a test wants."""

    def __init__(self, graph, triples, size):
        self.graph = graph
        self.subjects = frozenset(f"{BASE}/{subject.rpartition('/')[0]}/" for subject, _, _ in triples)
        lines = "".join(f"{triple(*parts)} <{graph}> .\n" for parts in triples).encode()
        self._chunks = [lines[start : start + size] for start in range(0, len(lines), size)]

    def chunks(self):
        return self._chunks


TRIPLES = st.lists(
    st.tuples(
        st.sampled_from(["a/1", "a/2", "b/1", "b/2", "c/1"]),
        st.sampled_from(["p", "q"]),
        st.sampled_from(["x", '"é"', '"\\n"']),
    ),
    max_size=6,
)


@given(graphs=st.lists(TRIPLES, min_size=2, max_size=4), size=st.integers(1, 200))
def test_graphs_are_refused_exactly_when_a_triple_stands_in_two(graphs, size):
    parts = [Text(f"{GRAPH}/{number}", triples, size) for number, triples in enumerate(graphs)]
    repeated = sum(len(set(triples)) for triples in graphs) > len({each for triples in graphs for each in triples})

    if repeated:
        with pytest.raises(GraphsOverlap):
            check_disjoint(parts)
    else:
        check_disjoint(parts)
