"""Graphs that a build makes are told apart from all others, by reading no more than it must."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import GraphsOverlap
from stelsel.storing.apart import check_apart
from stelsel.storing.description import Counts

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@dataclass
class Graph:
    """A graph of triples (subject, predicate, object), that says whether it was read."""

    graph: str
    triples: list[tuple[str, str, str]]
    reads: int = 0

    @property
    def subjects(self):
        return frozenset(subject.rpartition("/")[0] + "/" for subject, _, _ in self.triples)

    def chunks(self):
        self.reads += 1
        yield b"".join(f"<{s}> <{p}> <{o}> <{self.graph}> .\n".encode() for s, p, o in self.triples)


def check(made, others):
    counts: dict[str, Counts] = {}
    for part in [*made, *others]:
        found = counts.setdefault(part.graph, Counts({}, {}))
        for _, predicate, value in part.triples:
            found.properties[predicate] = found.properties.get(predicate, 0) + 1
            if predicate == TYPE:
                found.classes[value] = found.classes.get(value, 0) + 1
    check_apart(made, others, counts)


def test_links_of_a_register_s_objects_are_told_apart_without_reading_it():
    register = Graph(
        "http://e/g/bag", [("http://e/vbo/1", "http://e/p", "http://e/x"), ("http://e/vbo/1", TYPE, "http://e/Vbo")]
    )
    linkset = Graph(
        "http://e/g/l", [("http://e/vbo/1", "http://e/ligtIn", "http://e/b"), ("http://e/k/1", TYPE, "http://e/K")]
    )
    check([linkset], [register])
    assert (register.reads, linkset.reads) == (0, 0)


@pytest.mark.parametrize("beside", ["made", "given"])
def test_a_triple_in_two_graphs_is_named_with_both(beside):
    triple = ("http://e/vbo/1", "http://e/ligtIn", "http://e/b")
    one, two = Graph("http://e/g/1", [triple]), Graph("http://e/g/2", [triple])
    with pytest.raises(GraphsOverlap, match=r"stands in the graph http://e/g/[12] and in the graph http://e/g/[12]"):
        check([one, two] if beside == "made" else [one], [] if beside == "made" else [two])


def test_a_triple_of_the_catalogue_s_new_part_and_of_another_graph_is_found():
    old = Graph("http://e/g/catalogus", [("http://e/dataset/bag", "http://e/title", "http://e/x")])
    new = Graph("http://e/g/catalogus", [("http://e/dataset/l", "http://e/title", "http://e/y")])
    stray = Graph("http://e/g/bag", [("http://e/dataset/l", "http://e/title", "http://e/y")])
    check([new], [old])
    with pytest.raises(GraphsOverlap):
        check([new], [old, stray])


NAMES = st.sampled_from(["http://e/a/1", "http://e/a/2", "http://e/b/1"])
TRIPLES = st.lists(st.tuples(NAMES, st.sampled_from([TYPE, "http://e/p"]), NAMES), max_size=4, unique=True)


@given(TRIPLES, TRIPLES, TRIPLES)
def test_it_is_found_whatever_the_graphs_hold(first, second, third):
    made = [Graph("http://e/g/1", first), Graph("http://e/g/2", second)]
    others = [Graph("http://e/g/3", third)]
    twice = {*first} & {*second} or {*first} & {*third} or {*second} & {*third}
    if twice:
        with pytest.raises(GraphsOverlap):
            check(made, others)
    else:
        check(made, others)
