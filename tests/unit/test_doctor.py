from __future__ import annotations

import json
from collections import Counter

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from stelsel.querying import advice, remarks
from stelsel.querying.advice import edited
from stelsel.querying.lexer import place
from stelsel.querying.reading import Unread, read
from stelsel.querying.remarks import advise, undeclared

PROLOGUE = "PREFIX : <http://e/>\nPREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
GEOF = "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"


def rules(text, **options):
    return {found.rule: found for found in advise(read(PROLOGUE + text), **options)}


# Each: the rule, a query that it is about, and one that is close to it and good.
CASES = [
    (
        "values-late",
        "SELECT * { ?a :p ?b OPTIONAL { ?a :q ?c } VALUES ?a { :x } }",
        "SELECT * { VALUES ?a { :x } ?a :p ?b OPTIONAL { ?a :q ?c } }",
    ),
    (
        "required-late",
        "SELECT * { ?a :p ?b OPTIONAL { ?a :q ?c } ?a :r ?d }",
        "SELECT * { :x :p ?b OPTIONAL { ?b :q ?c } ?b :r ?d }",
    ),
    ("required-late", "SELECT * { OPTIONAL { ?a :q ?c } ?a :r ?d }", "SELECT * { ?a :r ?d OPTIONAL { ?a :q ?c } }"),
    ("path-late", "SELECT * { ?a :p+ :x . ?a :q ?b }", "SELECT * { ?a :p :x . ?a :q ?b }"),
    ("path-optional", "SELECT * { :x :p/:q? ?b }", "SELECT * { :x :p/:q ?b }"),
    ("path-open", "SELECT * { ?a :p* ?b }", "SELECT * { ?a :p* ?b . ?a :q :x }"),
    ("cross-product", "SELECT * { ?a :p ?b . ?c :q ?d }", "SELECT * { ?a :p ?b . ?b :q ?d }"),
    (
        "cross-product",
        "SELECT * { ?a :p ?b . ?c :q ?d FILTER(?b = ?d) ?e :r ?f }",
        "SELECT * { ?a :p ?b . ?c :q ?d . ?b :r ?c }",
    ),
    ("order-unbounded", "SELECT * { ?a :p ?b } ORDER BY ?b LIMIT 10", "SELECT * { :a :p ?b } ORDER BY ?b"),
    (
        "text-filter",
        "SELECT * { ?a :p ?b FILTER(CONTAINS(LCASE(?b), 'x')) }",
        "SELECT * { ?a :q :x ; :p ?b FILTER(CONTAINS(?b, 'x')) }",
    ),
    (
        "optional-many",
        "SELECT * { ?a :p ?b OPTIONAL { ?a :q ?c . ?c :r ?d } OPTIONAL { ?a :s ?e . ?e :r ?f } }",
        "SELECT * { ?a :p ?b OPTIONAL { ?a :q ?c } OPTIONAL { ?a :s ?e } }",
    ),
    (
        "not-exists",
        "SELECT * { ?a :p ?b FILTER NOT EXISTS { ?a :q ?c } }",
        "SELECT * { ?a :p :x FILTER NOT EXISTS { ?a :q ?c } }",
    ),
    ("select-star", "SELECT * { ?a :p ?b }", "SELECT * { ?a :p ?b } LIMIT 5"),
    ("count-distinct", "SELECT (COUNT(DISTINCT ?b) AS ?n) { ?a :p ?b }", "SELECT (COUNT(?b) AS ?n) { ?a :p ?b }"),
    ("graph-any", "SELECT ?a { GRAPH ?g { ?a :p ?b } }", "SELECT ?a ?g { GRAPH ?g { ?a :p ?b } }"),
    ("describe", "DESCRIBE :x", "CONSTRUCT WHERE { :x ?p ?o }"),
]


@pytest.mark.parametrize(("rule", "slow", "good"), CASES, ids=[f"{case[0]}-{at}" for at, case in enumerate(CASES)])
def test_a_rule_is_about_what_is_slow_and_not_about_what_is_close_to_it(rule, slow, good):
    assert rule in rules(slow)
    assert rule not in rules(good)


@pytest.mark.parametrize(
    ("rule", "inside"),
    [
        ("rd-geometry", "?g :rdWKT ?w FILTER(geof:sfWithin(?w, 'POINT (5 52)'))"),
        (
            "rd-geometry",
            "?g geo:asWKT ?w FILTER(geof:sfWithin(?w, '<http://www.opengis.net/def/crs/EPSG/0/28992> POINT (1 2)'))",
        ),
        ("geo-scan", "?g geo:asWKT ?w FILTER(geof:sfWithin(?w, 'POINT (5 52)'))"),
    ],
)
def test_geometry_that_this_engine_does_not_know_is_told(rule, inside):
    found = advise(read(f"{GEOF}{PROLOGUE}SELECT ?g {{ {inside} }}"))
    assert [each.rule for each in found] == [rule]


def test_a_remark_says_where():
    text = f"{PROLOGUE}SELECT * {{\n  ?a :p ?b .\n  OPTIONAL {{ ?a :q ?c }}\n  VALUES ?a {{ :x }}\n}}"
    (found,) = [each for each in advise(read(text)) if each.rule == "values-late"]
    assert place(text, found.offset) == (6, 3)


def test_values_move_to_the_front():
    text = "SELECT * { ?a <http://e/p> ?b OPTIONAL { ?a <http://e/q> ?c } VALUES ?a { <http://e/x> } }"
    found = rules_of(text)["values-late"]
    assert found.same == "yes"
    assert " ".join(edited(text, found.edits).split()) == (
        "SELECT * { VALUES ?a { <http://e/x> } . ?a <http://e/p> ?b OPTIONAL { ?a <http://e/q> ?c } }"
    )


def test_values_stay_behind_a_minus_that_they_could_change():
    text = f"{PROLOGUE}SELECT * {{ ?a :p ?b MINUS {{ ?z :q ?b }} OPTIONAL {{ ?a :r ?c }} VALUES ?z {{ :a }} }}"
    (found,) = [each for each in advise(read(text)) if each.rule == "values-late"]
    assert "MINUS { ?z :q ?b } VALUES ?z { :a } . OPTIONAL" in edited(text, found.edits)


def rules_of(text):
    return {found.rule: found for found in advise(read(text))}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?a :p ?b OPTIONAL { ?a :q ?c } VALUES ?c { :x } }",
        "SELECT * { ?a :p ?b OPTIONAL { ?a :q ?c } ?c :r ?d }",
        "SELECT * { ?a :p ?b OPTIONAL { ?b :q ?c FILTER(?d = :x) } ?a :r ?d }",
        "SELECT * { ?a :p ?b FILTER NOT EXISTS { ?c :q ?d FILTER(?d = ?a) } }",
        "SELECT * { ?a :p ?b FILTER NOT EXISTS { ?b :q ?c FILTER NOT EXISTS { ?c :r ?d } } FILTER NOT EXISTS { ?x :p ?y } }",
        "SELECT * { ?a :p ?b OPTIONAL { ?a :r ?e FILTER NOT EXISTS { ?a :q ?b } } }",
    ],
)
def test_what_can_differ_is_not_called_the_same(text):
    assert [found.rule for found in advise(read(PROLOGUE + text)) if found.same == "yes"] == []


def test_every_graph_apart_is_no_remark_where_the_default_graph_is_no_union():
    assert "graph-any" not in rules("SELECT ?a { GRAPH ?g { ?a :p ?b } }", union=False)


def test_a_prefix_that_is_not_declared_is_told_with_its_namespace():
    text = "PREFIX : <http://e/> # bag:\nSELECT * { ?a bag:naam 'x:y' ; :p x:z }"
    one, other = undeclared(text, {"bag": "http://bag/"})
    assert (one.values["prefix"], other.values["prefix"]) == ("bag", "x")
    assert edited(text, one.edits).startswith("PREFIX bag: <http://bag/>\n")
    assert not other.edits


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?a ?b <<( :a :b :c )>> }",
        "SELECT * { ?a :p ?b LATERAL { ?b :q ?c } }",
        "SELECT * { ?a :p ?b FILTER(?b > 1 && EXISTS { ?b :q ?c }) }",
        "SELECT * { ?a :p (1 2) }",
        "SELECT * { SERVICE <http://e/> { ?a ?b ?c } }",
        "SELECT * {" + "{" * 100 + "}" * 101,
        "SELECT * { ?a " + "(" * 100 + ":p",
        "SELECT * { ?a :p " + "[ :p " * 100,
        "SELECT * { ?a :p ?b } " + "#" * 20_000,
        "CLEAR ALL",
        "SELECT * { ?a",
        "",
    ],
)
def test_what_is_not_read_is_said_to_be_unread(text):
    with pytest.raises(Unread, match=r"^line \d+, column \d+: "):
        read(PROLOGUE + text)


@given(
    st.lists(
        st.sampled_from(
            [*"{}()[].;,?x:a*+^|/!<>", "?y", " ", "SELECT", "OPTIONAL", "VALUES", "'", "\\", "FILTER", "1", "GRAPH"]
        ),
        max_size=40,
    )
)
def test_no_text_breaks_the_reader(parts):
    try:
        found = read("PREFIX : <http://e/> SELECT * { " + " ".join(parts))
    except Unread:
        return
    advise(found)


def test_every_rule_has_its_words_in_both_languages():
    files = [advice._FOLDER / f"{language}.yml" for language in advice.LANGUAGES]
    nl, en = (yaml.safe_load(file.read_text("utf-8")) for file in files)
    assert nl.keys() == en.keys()
    assert [key for key in nl if nl[key].keys() != en[key].keys()] == []
    for _, slow, _ in CASES:
        for found in advise(read(PROLOGUE + slow)):
            for language in advice.LANGUAGES:
                words = found.words(language)
                assert {"what", "why", "instead"} <= words.keys()
                assert found.same == "yes" or words["unless"]
                assert "{path}" not in json.dumps(words)


# Differential: random data, and random queries of the shapes that the rules are about.

NODES = [NamedNode(f"http://e/{name}") for name in "abcd"]
PROPERTIES = [NamedNode(f"http://e/{name}") for name in "pqr"]
GRAPHS = [NamedNode("http://e/g1"), NamedNode("http://e/g2")]

triples = st.tuples(st.sampled_from(NODES), st.sampled_from(PROPERTIES), st.sampled_from([*NODES, Literal(1)]))
# A triple stands in one graph, as in a release.
data = st.dictionaries(triples, st.sampled_from(GRAPHS), max_size=25)

variables = st.sampled_from(["?x", "?y", "?z", "?w"])
ends = st.one_of(variables, st.sampled_from([":a", ":b"]))
verbs = st.sampled_from([":p", ":q", ":r"])
patterns = st.builds(lambda s, p, o: f"{s} {p} {o}", ends, verbs, ends)
paths = st.builds(lambda s, p, o: f"{s} {p}+ {o}", ends, verbs, ends)
blocks = st.lists(patterns, min_size=1, max_size=2).map(lambda found: " . ".join(found) + " .")
filters = st.one_of(
    st.builds(lambda v, n: f"FILTER({v} = {n})", variables, ends),
    st.builds(lambda v: f"FILTER(!BOUND({v}))", variables),
)
inner = st.one_of(blocks, st.builds(lambda b, f: f"{b} {f}", blocks, filters))
nested = st.builds(
    lambda b, word, i: f"{b} {word} {{ {i} }}",
    blocks,
    st.sampled_from(["OPTIONAL", "FILTER NOT EXISTS", "MINUS"]),
    inner,
)
insides = st.one_of(inner, nested)
values = st.one_of(
    st.builds(lambda v: f"VALUES {v} {{ :a :b }}", variables),
    st.just("VALUES (?x ?y) { (:a UNDEF) (:b :c) (:b :c) }"),
)
elements = st.one_of(
    blocks,
    paths.map(lambda path: f"{path} ."),
    values,
    filters,
    insides.map(lambda inside: f"OPTIONAL {{ {inside} }}"),
    insides.map(lambda inside: f"MINUS {{ {inside} }}"),
    insides.map(lambda inside: f"FILTER NOT EXISTS {{ {inside} }}"),
    st.builds(lambda one, other: f"{{ {one} }} UNION {{ {other} }}", insides, insides),
    st.one_of(blocks, paths).map(lambda inside: f"GRAPH ?g {{ {inside} }}"),
    blocks.map(lambda inside: f"{{ SELECT ?x ?y {{ {inside} }} }}"),
)
heads = st.sampled_from(["SELECT *", "SELECT ?x ?y ?z ?w", "SELECT DISTINCT ?x ?y"])
queries = st.builds(
    lambda head, found: f"{PROLOGUE}{head} {{ {' '.join(found)} }}", heads, st.lists(elements, min_size=2, max_size=5)
)


def rows(store, text):
    solutions = store.query(text, use_default_graph_as_union=True)
    names = [variable.value for variable in solutions.variables]
    return Counter(frozenset((name, str(row[name])) for name in names if row[name] is not None) for row in solutions)


def filled(found):
    store = Store()
    store.extend(Quad(*triple, graph) for triple, graph in found.items())
    return store


@settings(max_examples=400, deadline=None)
@given(data, queries)
def test_what_is_called_the_same_gives_the_same_rows(found, text):
    same = [each for each in advise(read(text)) if each.same == "yes" and each.edits]
    if not same:
        return
    store = filled(found)
    before = rows(store, text)
    for each in same:
        assert rows(store, edited(text, each.edits)) == before, (each.rule, edited(text, each.edits))


SHAPES = {
    "values-late": st.builds(
        lambda a, b, c, d: f"SELECT * {{ {a} OPTIONAL {{ {b} }} {d} {c} }}",
        blocks,
        insides,
        values,
        st.sampled_from(["", "MINUS { ?z :p ?w }"]),
    ),
    "required-late": st.builds(
        lambda a, b, c, d: f"SELECT * {{ {a} OPTIONAL {{ {b} }} {d} {c} }}",
        st.sampled_from(["?x :p ?y", "?x :p ?y .", "?x :p ?y ; :q ?w ."]),
        insides,
        st.builds(lambda s, p, o: f"{s} {p} {o}", variables, verbs, variables),
        st.sampled_from(["", "OPTIONAL { ?y :r ?v }", "MINUS { ?x :r ?y }"]),
    ),
    "path-late": st.builds(
        lambda a, p, b: f"SELECT * {{ {a} . ?x {p}{b} . ?x :q ?y }}",
        patterns,
        verbs,
        st.sampled_from(["+ :a", "* :b", "/:q+ :a"]),
    ),
    "not-exists": st.builds(
        lambda a, b, c: f"SELECT * {{ ?x :p ?y . {a} FILTER NOT EXISTS {{ {b} }} {c} }}",
        st.sampled_from(["", "OPTIONAL { ?x :q ?z }", "VALUES ?z { UNDEF :a }"]),
        blocks,
        st.sampled_from(["", "FILTER(?y != :a)", "?y :r ?w ."]),
    ),
    "graph-any": st.builds(
        lambda a, b: f"SELECT ?x ?y {{ {b} GRAPH ?g {{ {a} }} }}", patterns, st.sampled_from(["", "?x :p ?y ."])
    ),
}


@pytest.mark.parametrize("rule", SHAPES)
def test_a_rule_is_the_same_on_the_shape_that_it_is_for(rule):
    seen = Counter()

    @settings(max_examples=150, deadline=None)
    @given(data, SHAPES[rule])
    def compare(found, text):
        each = rules(text).get(rule)
        if each is None or not each.edits:
            return
        rewritten = edited(PROLOGUE + text, each.edits)
        seen[each.same] += 1
        store = filled(found)
        after = rows(store, rewritten)  # it parses, also where the answer may differ
        if each.same == "yes":
            assert after == rows(store, PROLOGUE + text), rewritten

    compare()
    assert seen["yes"] > 5


def test_every_rule_runs_on_its_own():
    query = read(f"{PROLOGUE}ASK {{ }}")
    assert [found for rule in remarks.RULES for found in rule(query)] == []
