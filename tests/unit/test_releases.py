from __future__ import annotations

import os

import pytest

from stelsel.errors import Damaged, DiskFull, GraphsOverlap, SettingError
from stelsel.home import open_home
from stelsel.storing.checksums import verify
from stelsel.storing.releases import build, current, current_path, release_path, releases
from tinyeditions import (
    BASE,
    GRAPH,
    NAMES,
    ONTOLOGIES,
    PANDEN,
    ask,
    fill_up,
    iri,
    make,
    make_home,
    released,
    small_disk,
    triple,
)


@pytest.fixture
def home(tmp_path):
    return open_home(make_home(tmp_path / "home", **ONTOLOGIES))


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_a_release_answers_from_all_its_graphs_and_counts_each(data, home):
    release = build(data, home, NAMES, "open", [make(data, "bag", PANDEN)])

    path = release_path(data, "open", release.id)
    verify(path)
    assert release.graphs[f"{GRAPH}/bag"] == 2
    assert release.graphs[f"{GRAPH}/bag/historie"] == 1
    assert release.graphs[f"{GRAPH}/ontologie/core"] == 1
    assert release.quads == sum(release.graphs.values())
    assert ask(path, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [str(release.quads)]
    assert ask(path, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g") == sorted(release.graphs)
    assert list(path.glob("oxigraph/bulk-*")) == []
    assert releases(data, "open") == [release]


def test_the_catalogue_describes_the_release_and_what_it_is_made_of(data, home):
    release = build(data, home, NAMES, "open", [make(data, "bag", PANDEN)])

    path = release_path(data, "open", release.id)
    prefixes = "PREFIX void: <http://rdfs.org/ns/void#> PREFIX dct: <http://purl.org/dc/terms/>"
    subject = f"<{BASE}/id/release/{release.id}>"
    assert ask(path, f"{prefixes} SELECT ?e {{ {subject} dct:hasPart ?e }}") == [f"{BASE}/id/editie/bag-2024-01-01-a"]
    assert ask(path, f"{prefixes} SELECT ?n {{ <{GRAPH}/bag> void:triples ?n }}") == ["2"]
    assert ask(
        path,
        f"""{prefixes} SELECT ?n {{ <{GRAPH}/ontologie/core> void:classPartition
        [ void:class <http://www.w3.org/2002/07/owl#Class> ; void:entities ?n ] }}""",
    ) == ["1"]
    assert ask(
        path,
        f"{prefixes} SELECT ?n {{ <{GRAPH}/bag> void:propertyPartition [ void:property {iri('p')} ; void:triples ?n ] }}",
    ) == ["2"]
    assert ask(path, f"{prefixes} SELECT ?s {{ ?s ?p ?o FILTER(isBlank(?s)) }}") == []


def test_registers_share_the_catalogue_graph_and_no_other(data, home):
    catalogue = {"iri": NAMES.catalogue}
    bag = make(data, "bag", {"bag": PANDEN["bag"], "catalogus": ([triple("id/dataset/bag")], catalogue)})
    bgt = make(data, "bgt", {"bgt": [triple("id/x/1")], "catalogus": ([triple("id/dataset/bgt")], catalogue)})
    thief = make(data, "thief", {"bag": [triple("id/other/1")]})

    path = release_path(data, "open", build(data, home, NAMES, "open", [bag, bgt]).id)

    assert len(ask(path, f"SELECT ?s {{ GRAPH <{NAMES.catalogue}> {{ ?s {iri('p')} ?o }} }}")) == 2
    with pytest.raises(GraphsOverlap, match=r"bag and thief both have the graph http.*/graph/bag"):
        build(data, home, NAMES, "open", [bag, thief])


def test_an_open_release_has_no_closed_graph(data, home):
    edition = make(
        data, "brk", {"brk": [triple("id/perceel/1")], "brk/eigenaar": ([triple("id/p/1")], {"access": "gesloten"})}
    )

    opened = build(data, home, NAMES, "open", [edition])
    closed = build(data, home, NAMES, "gesloten", [edition])

    assert f"{GRAPH}/brk/eigenaar" not in opened.graphs
    assert closed.graphs[f"{GRAPH}/brk/eigenaar"] == 1
    store = b"".join(file.read_bytes() for file in release_path(data, "open", opened.id).rglob("*") if file.is_file())
    assert b"id/p/1" not in store
    assert b"id/perceel/1" in store


def test_an_edition_with_closed_graphs_only_is_no_part_of_an_open_release(data, home):
    edition = make(data, "brp", {"brp": ([triple("id/persoon/1")], {"access": "gesloten"})})

    assert build(data, home, NAMES, "open", [edition]).editions == {}


def test_a_closed_fact_in_an_open_file_is_refused(data, home):
    stray = f"{triple('id/p/1')} <{GRAPH}/brk/eigenaar> .\n"
    edition = make(
        data,
        "brk",
        {
            "brk": ([triple("id/perceel/1")], {"stray": stray}),
            "brk/eigenaar": ([triple("id/p/2")], {"access": "gesloten"}),
        },
    )

    with pytest.raises(Damaged, match=f"in the graph {GRAPH}/brk/eigenaar, which"):
        build(data, home, NAMES, "open", [edition])


def test_a_triple_without_a_graph_is_refused(data, home):
    edition = make(data, "bag", {"bag": ([triple("id/pand/1")], {"stray": f"{triple('id/pand/2')} .\n"})})

    with pytest.raises(Damaged, match="in no graph at all"):
        build(data, home, NAMES, "open", [edition])


def test_an_edition_of_another_base_is_refused_and_what_to_do_is_said(data, home):
    edition = make(data, "bag", PANDEN, base="http://localhost:8000")

    with pytest.raises(SettingError, match="load it again, or set STELSEL_BASE=http://localhost:8000"):
        build(data, home, NAMES, "open", [edition])


def test_two_editions_of_a_register_are_refused(data, home):
    two = [make(data, "bag", PANDEN, id=name) for name in ("a", "b")]

    with pytest.raises(SettingError, match="one edition of bag"):
        build(data, home, NAMES, "open", two)


def test_progress_counts_all_quads_and_ends(data, home):
    seen = []
    build(data, home, NAMES, "open", [make(data, "bag", PANDEN)], progress=lambda *step: seen.append(step))

    assert [(done, total) for what, done, total in seen if what == "loading quads"][-1] == (3, 3)
    assert list(dict.fromkeys(what for what, _, _ in seen)) == [
        "checking that graphs are disjoint",
        "loading quads",
        "counting",
        "optimizing",
        "writing checksums",
    ]


def test_a_disk_that_fills_during_a_build_leaves_the_current_release(tmp_path, home):
    noise = [triple(f"id/pand/{number}", value=f'"{os.urandom(600).hex()}"') for number in range(3000)]
    try:
        with small_disk(tmp_path / "small", 40) as data:
            first = released(data, home, make(data, "bag", PANDEN))
            large = make(data, "bgt", {"bgt": noise})
            ballast = fill_up(data, leave=2_000_000)

            with pytest.raises(DiskFull, match="nothing that was there is lost"):
                build(data, home, NAMES, "open", [large])

            assert list((data / "staging").iterdir()) == []
            assert current(data, "open") == first
            assert (
                ask(current_path(data, "open"), f"SELECT ?s {{ ?s {iri('p')} ?o }} ORDER BY ?s")[0]
                == f"{BASE}/id/pand/1"
            )
            ballast.unlink()
            assert build(data, home, NAMES, "open", [large]).graphs[f"{GRAPH}/bgt"] == 3000
    except PermissionError:
        pytest.skip("a small disk can be mounted by root only")
