"""Linksets: declarations read strictly, links that hold for every input, and what a build makes of them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stelsel.cli.checking import check_home
from stelsel.errors import ContentError, GraphsOverlap, LinksetRefused
from stelsel.home import Home
from stelsel.linking.declarations import read_linkset
from stelsel.linking.keys import Keys
from stelsel.linking.places import Places, contained, overlapping
from stelsel.linking.run import build
from stelsel.linking.settling import Pairs, settle
from stelsel.linking.sides import Asked, Objects, read_blocks, read_targets
from stelsel.storing.editions import edition_path, editions
from stelsel.storing.releases import release_path, releases
from tinylinks import NAMES, RD, buurt, edition, home_with, square, vorm

LINKSET = "adresseerbaar-object-buurt"
BUURTEN = buurt(2024, "BU99900101", square(100_000, 400_000)) + buurt(2024, "BU99900102", square(100_100, 400_000))


def vbo(number, point="POINT (100010 400010)"):
    return f"vbo:{number} a bag:Verblijfsobject " + (vorm(f"vbo-{number}", point) if point else ".\n")


BAG = "".join(vbo(number) for number in range(1, 10))
LONE = vbo(99, "POINT (1 1)")


def change(home, name, old, new):
    file = home / "loaders/linksets" / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def home(tmp_path):
    return home_with(tmp_path / "home", LINKSET)


def built(tmp_path, home, *given, **options):
    return build(tmp_path / "data", Home(home), NAMES, options.pop("audience", "open"), given, **options)


def both(tmp_path, bag=BAG, cbs=BUURTEN, **facts):
    return edition(tmp_path / "data", "bag", bag, **facts), edition(tmp_path / "data", "cbs", cbs)


def asked(tmp_path, outcome, pattern, audience="open"):
    path = release_path(tmp_path / "data", audience, outcome.release.id) / "oxigraph"
    query = f"PREFIX def: <def/> PREFIX prov: <http://www.w3.org/ns/prov#> SELECT * {{ {pattern} }}"
    store = ox.Store.read_only(str(path))
    return list(store.query(query, base_iri=NAMES.root, use_default_graph_as_union=True))


@pytest.mark.parametrize(("old", "new", "says"), [
    ("method: within", "method: near", "method: Input should be 'key', 'within' or 'overlap'"),
    ("method: within", "method: overlap", "share, above 0, goes with the method overlap"),
    ("ambiguous: best", "ambiguous: best\nevidence: share", "evidence: share goes with the method overlap"),
    ("ambiguous: best", "ambigous: best", "ambiguous: Field required"),
    ("ambiguous: best", "ambiguous: best\ncolour: red", "colour: Extra inputs are not permitted"),
    ("minimum: 0.9", "minimum: 90", "from > minimum: Input should be less than or equal to 1"),
    ("registers: [bag]", "registers: []", "from > registers: Tuple should have at least 1 item"),
    ("owner: https://", "owner: ", "owner: String should match pattern"),
    ("  en: Addressable", "  de: Addressable", "title > en: Field required"),
    ("basis:\n  reason:", "basis: {}\nreden:\n  reason:", "a basis is a law"),
    ("def:ligtInBuurt: object", "ex:ligtInBuurt: object", "ex: is no prefix of ontologies/prefixes.ttl"),
    ("def:ligtInWijk: wijk", "def:ligtInWijk: stad", r"buurt\.rq: does not give \?stad"),
    ("  def:ligtInWijk: wijk\n", "", r"buurt\.rq: gives \?wijk, which nothing uses"),
    ("query: buurt.rq", "query: buurtje.rq", r"buurtje\.rq: is named by a linkset, and is not there"),
    ("title:", "title: [", "is not YAML"),
])  # fmt: skip
def test_a_declaration_that_is_wrong_is_named_with_its_file(home, old, new, says):
    change(home, f"{LINKSET}.yml", old, new)
    with pytest.raises(ContentError, match=says) as raised:
        read_linkset(Home(home), NAMES, LINKSET)
    assert raised.value.file.startswith(str(home))


@pytest.mark.parametrize(("query", "says"), [
    ("SELECT ?object ?wkt WHERE {", "expected"),
    ("CONSTRUCT { ?a ?b ?c } WHERE { ?a ?b ?c }", "is no SELECT"),
    ("SELECT ?object WHERE { ?object ?b ?c }", r"does not give \?wkt"),
    ("SELECT ?object ?wkt ?rank WHERE { ?object ?wkt ?rank }", r"gives \?rank, which nothing uses"),
    ("SELECT ?object ?wkt ?key WHERE { ?object ?wkt ?key }", r"one of its queries gives \?key; both do, or neither"),
    ("SELECT ?object ?wkt WHERE { SERVICE <http://example.org/sparql> { ?object ?p ?wkt } }", "SERVICE .* is refused"),
])  # fmt: skip
def test_a_query_that_is_wrong_is_named_with_its_file(home, query, says):
    (home / "loaders/linksets/adresseerbaar-object.rq").write_text(query)
    with pytest.raises(ContentError, match=says):
        read_linkset(Home(home), NAMES, LINKSET)


def test_a_home_without_prefixes_is_told_which_is_missing(home):
    (home / "ontologies/prefixes.ttl").unlink()
    with pytest.raises(ContentError, match=r"def: is no prefix of ontologies/prefixes\.ttl"):
        read_linkset(Home(home), NAMES, LINKSET)


def test_a_check_of_the_content_reads_linksets(home):
    findings, _ = check_home(Home(home), NAMES)
    assert [finding for finding in findings if "bag, cbs is no register of this home" in finding]
    assert [finding for finding in findings if "perceel.rq: no linkset uses this query" in finding]


def objects(shapes=None, keys=None, ranks=None):
    size = len(shapes if shapes is not None else keys)
    nothing = [None] * size
    iris = [f"http://e/{number:03d}" for number in range(size)]
    array = np.array(shapes if shapes is not None else nothing, dtype=object)
    return Objects(iris, np.arange(size), keys or nothing, ranks or nothing, array, {"object": list(iris)}, 0)


def found(pairs):
    return set(zip(pairs.source.tolist(), pairs.target.tolist(), strict=True))


CORNER = st.tuples(st.integers(0, 12), st.integers(0, 12))
POINTS = st.lists(CORNER.map(shapely.Point), min_size=1, max_size=12)
BOXES = st.lists(
    st.tuples(CORNER, st.integers(1, 6), st.integers(1, 6)).map(
        lambda b: shapely.box(b[0][0], b[0][1], b[0][0] + b[1], b[0][1] + b[2])
    ),
    max_size=8,
)


@given(POINTS, BOXES)
def test_a_point_is_linked_to_every_area_that_it_lies_in_or_on(points, boxes):
    pairs = Places(objects(boxes), contained).match(objects(points))
    assert found(pairs) == {
        (i, j) for i, point in enumerate(points) for j, box in enumerate(boxes) if box.intersects(point)
    }


@given(BOXES, BOXES)
def test_areas_overlap_by_the_share_of_the_first(mine, theirs):
    pairs = Places(objects(theirs), overlapping).match(objects(mine))
    shares = dict(zip(zip(pairs.source.tolist(), pairs.target.tolist(), strict=True), pairs.share, strict=True))
    expected = {
        (i, j): one.intersection(two).area / one.area
        for i, one in enumerate(mine)
        for j, two in enumerate(theirs)
        if one.intersection(two).area > 0
    }
    assert shares == pytest.approx(expected)
    assert all(0 < share <= 1 for share in shares.values())


def test_a_line_counts_by_its_length_and_a_point_whole():
    square_ = [shapely.box(0, 0, 10, 10)]
    mine = [shapely.LineString([(5, 5), (25, 5)]), shapely.Point(10, 10), shapely.box(10, 0, 20, 10), None]
    pairs = Places(objects(square_), overlapping).match(objects(mine))
    assert [*zip(pairs.source.tolist(), pairs.share.tolist(), strict=True)] == [(0, 0.25), (1, 1.0)]


def test_places_with_keys_are_compared_within_a_key_only():
    box, point = shapely.box(0, 0, 10, 10), shapely.Point(5, 5)
    targets = objects([box, box, box], keys=["2023", "2024", None])
    pairs = Places(targets, contained).match(objects([point, point, point], keys=["2024", None, "2025"]))
    assert found(pairs) == {(0, 1)}


@given(st.lists(st.sampled_from("abc ")), st.lists(st.sampled_from("abc ")))
def test_equal_keys_are_linked_and_absent_ones_are_not(mine, theirs):
    mine, theirs = ([key.strip() or None for key in keys] for keys in (mine, theirs))
    pairs = Keys(objects(keys=theirs)).match(objects(keys=mine))
    assert found(pairs) == {(i, j) for i, a in enumerate(mine) for j, b in enumerate(theirs) if a and a == b}


PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 10)))


@given(PAIRS, st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_what_is_done_with_more_than_one_is_what_was_declared(drawn, rank):
    pairs = Pairs(
        *(np.array([row[i] for row in drawn], np.int64) for i in range(2)), np.array([r[2] / 10 for r in drawn])
    )
    share = {(s, t): max(r[2] / 10 for r in drawn if r[:2] == (s, t)) for s, t, _ in drawn}
    several = {s for s, _ in share if len([1 for x, _ in share if x == s]) > 1}
    every, unclear = settle(pairs, "all", np.array(rank), 5)
    assert found(every) == share.keys()
    assert set(unclear.tolist()) == several
    for ambiguous in ("none", "refuse"):
        assert found(settle(pairs, ambiguous, np.array(rank), 5)[0]) == {(s, t) for s, t in share if s not in several}
    best = {s: min((t for x, t in share if x == s), key=lambda t, s=s: (-rank[t], -share[s, t], t)) for s, _ in share}
    assert found(settle(pairs, "best", np.array(rank), 5)[0]) == {*best.items()}


def test_a_geometry_that_is_not_in_rd_is_refused_and_one_that_is_broken_is_counted(tmp_path):
    store, file = ox.Store(), tmp_path / "q.rq"
    file.write_text("SELECT ?object ?wkt WHERE { ?object <http://e/wkt> ?wkt }")
    bow = "POLYGON ((0 0, 9 9, 9 0, 0 9, 0 0))"
    for number, wkt in enumerate([f"{RD} POINT (1 2)", f"{RD} {bow}", f"{RD} POINT EMPTY", f"{RD} gibberish"]):
        store.add(
            ox.Quad(
                ox.NamedNode(f"http://e/{number}"),
                ox.NamedNode("http://e/wkt"),
                ox.Literal(wkt),
                ox.NamedNode("http://e/g"),
            )
        )
    targets = read_targets(store, Asked(file, NAMES.root, ("http://e/g",)))
    assert [shape.wkt for shape in targets.shapes if shape is not None] == ["POINT (1 2)"]
    assert targets.broken == 3
    store.add(
        ox.Quad(
            ox.NamedNode("http://e/9"),
            ox.NamedNode("http://e/wkt"),
            ox.Literal("POINT (5 52)"),
            ox.NamedNode("http://e/g"),
        )
    )
    with pytest.raises(ContentError, match="http://e/9 is not in RD: it begins with 'POINT"):
        read_targets(store, Asked(file, NAMES.root, ("http://e/g",)))


@pytest.mark.parametrize(("values", "says"), [
    ('(<a:1> "x") (<a:2> "x") (<a:1> "y")', "rows of one object that do not follow each other"),
    ('("text" "x")', r"\?object must be an IRI"),
    ('(UNDEF "x")', r"\?object is unbound"),
])  # fmt: skip
def test_rows_that_cannot_be_linked_are_refused(tmp_path, values, says, monkeypatch):
    monkeypatch.setattr("stelsel.linking.sides.BLOCK", 1)  # so that the rows are in blocks of their own
    file = tmp_path / "q.rq"
    file.write_text(f"SELECT ?object ?key WHERE {{ VALUES (?object ?key) {{ {values} }} }}")
    with pytest.raises(ContentError, match=says):
        list(read_blocks(ox.Store(), Asked(file, NAMES.root, ())))


def test_a_target_with_two_values_of_a_link_is_refused(tmp_path):
    file = tmp_path / "q.rq"
    file.write_text("SELECT ?object ?wijk WHERE { VALUES (?object ?wijk) { (<a:1> <a:w1>) (<a:1> <a:w2>) } }")
    with pytest.raises(ContentError, match=r"gives a:1 two values of \?wijk: a:w1 and a:w2"):
        read_targets(ox.Store(), Asked(file, NAMES.root, ()))


def test_a_linkset_is_an_edition_that_says_what_it_used(tmp_path, home):
    bag, cbs = both(tmp_path, BAG + vbo(10, "POINT (100100 400010)"))
    outcome = built(tmp_path, home, bag, cbs)
    (made,) = outcome.made
    assert made.fresh
    assert made.edition.used == {"bag": bag.id, "cbs": cbs.id}
    assert outcome.release.editions == {"bag": "1", "cbs": "1", f"linkset-{LINKSET}": made.edition.id}
    assert outcome.release.graphs[NAMES.linkset(LINKSET)] == 30
    assert made.edition.problems == {"ambiguous": 1}  # the one on the border
    (row,) = asked(tmp_path, outcome, f"<graph/linkset/{LINKSET}> <http://rdfs.org/ns/void#triples> ?n")
    assert row["n"].value == "30"


def test_equal_input_is_not_linked_again_and_other_input_is(tmp_path, home):
    first = built(tmp_path, home, *both(tmp_path))
    again = built(tmp_path, home, *both(tmp_path))
    assert [(made.edition.id, made.fresh) for made in again.made] == [(first.made[0].edition.id, False)]
    assert again.release.graphs == first.release.graphs
    newer = edition(tmp_path / "data", "bag", BAG, id="2", day=date(2024, 7, 1))
    other = built(tmp_path, home, newer, edition(tmp_path / "data", "cbs", BUURTEN))
    assert other.made[0].fresh
    assert other.made[0].edition.date == date(2024, 7, 1)
    change(home, "buurt.rq", "# The buurten", "# All buurten")
    assert built(tmp_path, home, newer, *both(tmp_path)[1:]).made[0].fresh


def test_too_few_links_stop_the_build_and_nothing_of_it_is_left(tmp_path, home):
    given_ = both(tmp_path, vbo(1) + LONE)
    with pytest.raises(
        LinksetRefused,
        match=r"on the side from \(bag\) 1 of 2 objects are linked, 50\.00%, and the minimum is 90\.00%; without a link: http\S+/99 \(stelsel release --accept",
    ):
        built(tmp_path, home, *given_)
    data = tmp_path / "data"
    assert releases(data, "open") == []
    assert editions(data, f"linkset-{LINKSET}") == []
    assert not any((data / "staging").iterdir())


def test_the_side_to_has_a_minimum_too(tmp_path, home):
    change(home, f"{LINKSET}.yml", "minimum: 0.0}", "minimum: 1.0}")
    with pytest.raises(
        LinksetRefused, match=r"on the side to \(cbs\) 1 of 2 objects .*: \S+/id/regiojaar/2024-BU99900102"
    ):
        built(tmp_path, home, *both(tmp_path))


def test_an_object_with_more_than_one_is_refused_where_that_is_declared(tmp_path, home):
    change(home, f"{LINKSET}.yml", "ambiguous: best", "ambiguous: refuse")
    change(home, f"{LINKSET}.yml", "minimum: 0.9", "minimum: 0.0")
    with pytest.raises(LinksetRefused, match=r"more than one answers to http\S+/10 "):
        built(tmp_path, home, *both(tmp_path, vbo(10, "POINT (100100 400010)")))


def test_what_is_accepted_is_released_with_a_warning_and_only_as_long_as_it_is_accepted(tmp_path, home):
    given_ = both(tmp_path, vbo(1) + LONE)
    outcome = built(tmp_path, home, *given_, accept=True)
    assert "1 of 2 objects" in outcome.made[0].edition.warnings[0]
    assert asked(tmp_path, outcome, 'GRAPH <graph/catalogus> { ?e def:waarschuwing ?w } FILTER(CONTAINS(?w, "1 of 2"))')
    with pytest.raises(LinksetRefused, match="1 of 2 objects"):
        built(tmp_path, home, *given_)


def test_a_linkset_without_its_registers_or_objects_is_left_out_and_that_is_said(tmp_path, home):
    bag, _ = both(tmp_path)
    assert built(tmp_path, home, bag).left_out == {LINKSET: "there is no edition of cbs"}
    empty = edition(tmp_path / "data", "cbs", "regio:NL00 skos:notation 'NL00' .", id="2")
    outcome = built(tmp_path, home, bag, empty)
    assert outcome.left_out == {LINKSET: "buurt.rq finds no object on the side to (cbs)"}
    assert outcome.made == ()
    other = edition(tmp_path / "data", "bag", "wpl:1 a bag:Woonplaats .", id="2")
    with pytest.raises(LinksetRefused, match=r"adresseerbaar-object\.rq finds no object on the side from \(bag\)"):
        built(tmp_path, home, other, edition(tmp_path / "data", "cbs", BUURTEN))


def test_links_from_closed_data_are_closed(tmp_path, home):
    given_ = both(tmp_path, access="gesloten")
    assert built(tmp_path, home, *given_).left_out == {LINKSET: "there is no edition of bag"}
    outcome = built(tmp_path, home, *given_, audience="gesloten")
    assert {graph.access for graph in outcome.made[0].edition.graphs} == {"gesloten"}
    assert len(asked(tmp_path, outcome, "?o def:ligtInBuurt ?b", "gesloten")) == 9


def test_a_query_sees_its_registers_and_no_others(tmp_path, home):
    (home / "loaders/linksets/adresseerbaar-object.rq").write_text(
        "PREFIX def: <def/> SELECT ?object ?wkt WHERE { ?object def:geheim ?x OPTIONAL { ?object def:rdWKT ?wkt } }"
    )
    other = edition(tmp_path / "data", "tooi", "<id/geheim/1> def:geheim 1 .")
    with pytest.raises(LinksetRefused, match="finds no object on the side from"):
        built(tmp_path, home, *both(tmp_path), other)


def test_two_linksets_may_not_make_one_triple(tmp_path, home):
    copy = (home / f"loaders/linksets/{LINKSET}.yml").read_text("utf-8")
    (home / "loaders/linksets/nog-eens.yml").write_text(copy, "utf-8")
    with pytest.raises(
        GraphsOverlap, match=r"stands in the graph .*/linkset/adresseerbaar-object-buurt and in .*/linkset/nog-eens"
    ):
        built(tmp_path, home, *both(tmp_path))


def test_a_register_that_states_a_link_itself_overlaps_with_the_linkset(tmp_path, home):
    says_it = BAG + "vbo:1 def:ligtInBuurt jaar:2024-BU99900101 ."
    with pytest.raises(GraphsOverlap, match="graph/linkset"):
        built(tmp_path, home, *both(tmp_path, says_it))


def test_the_files_of_a_linkset_are_the_same_in_each_build(tmp_path, home):
    kept = []
    for name in "ab":
        (made,) = built(tmp_path / name, home, *both(tmp_path / name)).made
        (graph,) = (graph for graph in made.edition.graphs if "linkset" in graph.iri)
        kept.append((edition_path(tmp_path / name / "data", made.edition) / graph.file).read_bytes())
    assert kept[0] == kept[1]


def test_the_command_line_shows_coverage_and_what_was_left_out(tmp_path):
    home = home_with(tmp_path / "home", LINKSET, "pand-perceel")
    for register in ("bag", "cbs", "brk"):
        (home / "loaders" / register).mkdir()
        (home / "loaders" / register / "loader.yml").touch()
    both(tmp_path, BAG + LONE)

    def release(*options):
        command = [
            Path(sys.executable).parent / "stelsel",
            "release",
            "--data",
            tmp_path / "data",
            "--home",
            home,
            *options,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = release()
    assert done.returncode == 0, done.stderr
    assert LINKSET in done.stdout
    assert "linkset pand-perceel is left out: there is no edition of brk" in done.stdout
    assert "release " in done.stdout.splitlines()[-1]
    edition(tmp_path / "data", "bag", vbo(1) + LONE, id="2", day=date(2024, 8, 1))
    refused = release()
    assert refused.returncode == 1
    assert "1 of 2 objects are linked" in refused.stderr
    accepted = release("--accept")
    assert accepted.returncode == 0
    assert "1 of 2 objects are linked" in accepted.stderr
