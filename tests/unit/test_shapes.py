"""Shapes are counted as SHACL counts them: the judge is pySHACL, on the same triples."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse
from pyshacl import validate
from rdflib import Graph
from rdflib.namespace import SH

from stelsel.errors import ContentError
from stelsel.modelling.constraints import COMPONENTS
from stelsel.modelling.reports import report
from stelsel.modelling.shapes import count, read_shapes
from stelsel.names import Names

ROOT = "https://data.example.nl/"
GRAPH = f"{ROOT}graph/proef"
HEAD = """
@prefix ex: <http://example.org/> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

# Things with values of every sort that a test may meet, and things that they point at. Numbers are written as the
# store keeps them: it turns 1.0 into 1, which is another string.
DATA = """
ex:a a ex:T ; ex:p 1 ; ex:q 2 ; ex:naam "een"@nl , "one"@en ; ex:naar ex:b .
ex:b a ex:T ; ex:p 5 , "5" , "vijf"@nl ; ex:q 5 ; ex:naam "twee"@nl , "drie"@nl , "three"@en , "two"@en ; ex:naar ex:x .
ex:c a ex:T ; ex:p 1.5 , "2.5"^^xsd:double , true ; ex:n 1.5 , "2.5"^^xsd:double ; ex:q 0 ; ex:naam "" , "a\\nb" ; ex:naar "ex:b" , ex:y .
ex:d a ex:Sub ; ex:p ex:a , _:knoop ; ex:q 3 ; ex:naar _:knoop , ex:z .
ex:e a ex:T .
ex:f a ex:T ; ex:p "2021-02-28"^^xsd:date , "2021-02-30"^^xsd:date , "abc"^^xsd:integer , "1975"^^xsd:gYear ; ex:q 9 .
ex:g a ex:T ; ex:p "POINT(5 52)"^^geo:wktLiteral , "0363" , "Ünïcode \\"x\\"" ; ex:begin "2020-01-02"^^xsd:date ; ex:eind "2020-01-01"^^xsd:date .
ex:h a ex:T ; ex:p -7 ; ex:n -7 , 1 , 3 ; ex:q 4 ; ex:begin "2020-01-01"^^xsd:date , "2022-01-01"^^xsd:date ; ex:eind "2020-01-01"^^xsd:date , "2021-01-01"^^xsd:date .
ex:i a ex:Other ; ex:p "not looked at" .
ex:x a ex:Doel . ex:y a ex:SubDoel . ex:z a ex:Other .
ex:Sub rdfs:subClassOf ex:T . ex:SubDoel rdfs:subClassOf ex:Tussen . ex:Tussen rdfs:subClassOf ex:Doel .
"""


def shapes_of(tmp_path, body, name="proef.shapes.ttl"):
    path = tmp_path / name
    path.write_text(HEAD + body, encoding="utf-8")
    return read_shapes(path, ROOT)


def store_of(data):
    store = Store()
    for quad in parse((HEAD + data).encode(), RdfFormat.TURTLE):
        store.add(Quad(quad.subject, quad.predicate, quad.object, NamedNode(GRAPH)))
    return store


def ours(tmp_path, shapes, data, graph=GRAPH):
    found = Counter()
    for outcome in count(store_of(data), shapes_of(tmp_path, shapes), graph):
        for component, number in outcome.counts.items():
            found[outcome.shape.iri, component] += number
    return found


def pyshacls(shapes, data):
    _, results, _ = validate(
        Graph().parse(data=HEAD + data, format="turtle"),
        shacl_graph=Graph().parse(data=HEAD + shapes, format="turtle"),
        inference="none",
    )
    return Counter(
        (str(results.value(result, SH.sourceShape)), str(results.value(result, SH.sourceConstraintComponent)))
        for result in results.subjects(SH.resultSeverity)
    )


def both(tmp_path, shapes, data=DATA):
    """Our counts, which must be pySHACL's."""
    found = ours(tmp_path, shapes, data)
    assert found == pyshacls(shapes, data)
    return sum(found.values())


CONSTRAINTS = [
    ("ex:p", "sh:minCount 1"),
    ("ex:p", "sh:minCount 2"),
    ("ex:p", "sh:maxCount 0"),
    ("ex:p", "sh:maxCount 1"),
    ("ex:p", "sh:maxCount 2"),
    *[("ex:p", f"sh:datatype xsd:{name}") for name in ("string", "integer", "decimal", "double", "boolean")],
    *[("ex:p", f"sh:datatype {name}") for name in ("xsd:date", "xsd:gYear", "rdf:langString", "geo:wktLiteral")],
    *[("ex:p", f"sh:nodeKind sh:{kind}") for kind in ("IRI", "BlankNode", "Literal")],
    *[("ex:p", f"sh:nodeKind sh:{kind}") for kind in ("BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral")],
    ("ex:naar", "sh:class ex:Doel"),
    ("ex:naar", "sh:class ex:Doel ; sh:class ex:Other"),
    ("ex:p", 'sh:in ( 1 ex:a "5" "vijf"@nl )'),
    ("ex:p", "sh:in ()"),
    ("ex:p", "sh:hasValue 1"),
    ("ex:p", 'sh:hasValue "5" ; sh:hasValue 5'),
    ("ex:p", 'sh:pattern "^[0-9]+$"'),
    ("ex:p", 'sh:pattern "VIJF|EX" ; sh:flags "i"'),
    ("ex:p", 'sh:pattern "\\\\d\\"?$"'),
    *[("ex:n", f"sh:{name} 1") for name in ("minInclusive", "maxInclusive", "minExclusive", "maxExclusive")],
    *[("ex:n", f"sh:{name} 1.5") for name in ("minInclusive", "maxInclusive", "minExclusive", "maxExclusive")],
    *[("ex:begin", f'sh:{name} "2020-01-02"^^xsd:date') for name in ("minExclusive", "maxExclusive")],
    ("ex:p", "sh:minLength 4"),
    ("ex:p", "sh:maxLength 3"),
    ("ex:naam", "sh:minLength 1"),
    ("ex:n", "sh:lessThan ex:q"),
    ("ex:begin", "sh:lessThan ex:eind"),
    ("ex:begin", "sh:lessThanOrEquals ex:eind"),
    ("ex:p", "sh:disjoint ex:q"),
    ("ex:naam", "sh:uniqueLang true"),
    ("ex:naam", "sh:uniqueLang false ; sh:minCount 0 ; sh:minLength 1"),
]


@pytest.mark.parametrize(("path", "constraint"), CONSTRAINTS, ids=[f"{path} {what}" for path, what in CONSTRAINTS])
def test_a_component_counts_what_pyshacl_counts(tmp_path, path, constraint):
    number = both(
        tmp_path, f"ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:P . ex:P sh:path {path} ; {constraint} ."
    )
    assert number > 0


# pySHACL orders what SPARQL cannot compare, and does not know flag s; SHACL 4.3 and 4.4.3 go by SPARQL.
BY_THE_BOOK = [
    ('"1" , ex:b , "x"@nl', "sh:minInclusive 1", 3),
    ('"1" , ex:b , "x"@nl', "sh:maxInclusive 1", 3),
    ('"2021-02-30"^^xsd:date , "2021-03-01"^^xsd:date', 'sh:minInclusive "2021-01-01"^^xsd:date', 1),
    ('"1005"^^xsd:gYear , "1006"^^xsd:gYear', 'sh:minExclusive "1005"^^xsd:gYear', 1),
    ('"9999"^^xsd:gYear , "9998"^^xsd:gYear', 'sh:maxExclusive "9999"^^xsd:gYear', 1),
    ('"a\\nb"', 'sh:pattern "a.b"', 1),
    ('"a\\nb"', 'sh:pattern "a.b" ; sh:flags "s"', 0),
    ("1 , ex:b , [] , 3", "sh:lessThan ex:q", 3),
]


@pytest.mark.parametrize(("values", "constraint", "number"), BY_THE_BOOK)
def test_where_pyshacl_departs_from_the_recommendation_we_do_not(tmp_path, values, constraint, number):
    shapes = f"ex:P sh:targetClass ex:T ; sh:path ex:p ; {constraint} ."
    assert sum(ours(tmp_path, shapes, f"ex:a a ex:T ; ex:q 2 ; ex:p {values} .").values()) == number


def test_every_component_was_compared():
    compared = {name for name in COMPONENTS if any(f"sh:{name} " in constraint for _, constraint in CONSTRAINTS)}
    assert compared == set(COMPONENTS)


@pytest.mark.parametrize(
    "path",
    [
        "[ sh:inversePath ex:naar ]",
        "( ex:naar ex:p )",
        "( ex:naar [ sh:inversePath ex:naar ] rdf:type )",
        "[ sh:alternativePath ( ex:p ex:q [ sh:inversePath ex:naar ] ) ]",
        "[ sh:zeroOrMorePath ex:naar ]",
        "[ sh:oneOrMorePath ( ex:naar ex:naar ) ]",
        "[ sh:zeroOrOnePath ex:naar ]",
    ],
)
def test_a_path_leads_where_pyshacl_goes(tmp_path, path):
    both(
        tmp_path,
        f"ex:P sh:targetClass ex:T ; sh:path {path} ; sh:minCount 2 ; sh:maxCount 1 ; sh:nodeKind sh:Literal .",
    )


@pytest.mark.parametrize(
    "constraint", ["sh:nodeKind sh:BlankNode", 'sh:pattern "[a-d]$"', "sh:class ex:Sub", "sh:in ( ex:a ex:b )"]
)
def test_a_node_shape_judges_the_node_itself(tmp_path, constraint):
    assert both(tmp_path, f"ex:S sh:targetClass ex:T ; {constraint} .") > 0


def test_a_property_shape_that_several_shapes_use_is_counted_once(tmp_path):
    shapes = """
    ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:P .
    ex:R a sh:NodeShape ; sh:targetClass ex:Sub , ex:Other ; sh:property ex:P .
    ex:P sh:path ex:q ; sh:minCount 1 .
    """
    # ex:e, ex:g, ex:i and ex:z: what is both an ex:T and an ex:Sub lacks nothing, and would be reported twice by pySHACL.
    assert both(tmp_path, shapes) == 4


WRITTEN = """
ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:severity sh:Warning ; sh:sparql [
  sh:message "te hoog"@nl ;
  sh:select "PREFIX ex: <http://example.org/> SELECT $this ?value WHERE { $this ex:q ?value . FILTER(?value > 2) }"
] .
"""


def test_a_written_query_finds_what_pyshacl_finds_and_only_in_the_targets(tmp_path):
    assert both(tmp_path, WRITTEN, DATA + "ex:z ex:q 10 . ex:w a ex:Other ; ex:q 10 .") == 4


def test_a_written_query_may_name_the_operators_own_terms(tmp_path):
    written = WRITTEN.replace("http://example.org/>", "def/>")
    [shape] = shapes_of(tmp_path, written)
    store = store_of(f"ex:a a ex:T ; <{ROOT}def/q> 3 .")
    [outcome] = count(store, [shape], GRAPH)
    assert outcome.violations == 1


def test_a_deactivated_shape_says_nothing(tmp_path):
    shapes = """
    ex:S sh:targetClass ex:T ; sh:property ex:P , ex:Q .
    ex:R sh:targetClass ex:T ; sh:deactivated true ; sh:property ex:U .
    ex:P sh:path ex:p ; sh:minCount 9 ; sh:deactivated true .
    ex:Q sh:path ex:q ; sh:minCount 1 .
    ex:U sh:path ex:q ; sh:minCount 9 .
    """
    assert [shape.iri[-1] for shape in shapes_of(tmp_path, shapes)] == ["Q"]
    assert both(tmp_path, shapes) == 2


VALUES = st.sampled_from(
    [
        "1",
        "2",
        "-1",
        '"1"',
        '"a"@nl',
        '"b"@nl',
        '"a"',
        "1.5",
        "true",
        "ex:a",
        "ex:b",
        '"x"^^xsd:integer',
        '"1975"^^xsd:gYear',
    ]
)
FACTS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("pq"), VALUES), max_size=12)
PARTS = st.sampled_from(
    [
        constraint
        for path, constraint in CONSTRAINTS
        if path == "ex:p" and "wkt" not in constraint and "date" not in constraint
    ]
)


@settings(max_examples=60, deadline=None)
@given(facts=FACTS, constraint=PARTS, exactly=st.sampled_from(["", "sh:minCount 1 ; sh:maxCount 1 ; "]))
def test_any_facts_are_judged_as_pyshacl_judges_them(tmp_path_factory, facts, constraint, exactly):
    data = "ex:a a ex:T . ex:b a ex:T , ex:Doel ." + "".join(f"ex:{s} ex:{p} {o} .\n" for s, p, o in facts)
    exactly = "" if "Count" in constraint else exactly
    shapes = f"ex:P sh:targetClass ex:T ; sh:path ex:p ; {exactly}{constraint} ."
    both(tmp_path_factory.mktemp("facts"), shapes, data)


@settings(max_examples=60, deadline=None)
@given(facts=FACTS, parts=st.sets(PARTS.filter(lambda part: "Count" not in part), min_size=1, max_size=1))
def test_a_screen_changes_nothing_but_the_time(tmp_path_factory, facts, parts):
    data = "ex:a a ex:T . ex:b a ex:T , ex:Doel ." + "".join(f"ex:{s} ex:{p} {o} .\n" for s, p, o in facts)
    shapes = shapes_of(
        tmp_path_factory.mktemp("screen"),
        f"ex:P sh:targetClass ex:T ; sh:path ex:p ; sh:minCount 1 ; sh:maxCount 1 ; {' ; '.join(parts)} .",
    )
    assert shapes[0].screen is not None
    store = store_of(data)
    screened, plain = (count(store, [replace(shapes[0], screen=screen)], GRAPH) for screen in (shapes[0].screen, None))
    assert (screened[0].counts, screened[0].checked) == (plain[0].counts, plain[0].checked)


def test_only_the_graph_that_is_named_is_looked_at(tmp_path):
    shapes = shapes_of(tmp_path, "ex:P sh:targetClass ex:T ; sh:path ex:p ; sh:minCount 1 .")
    store = store_of("ex:a a ex:T .")
    store.add(
        Quad(NamedNode("http://example.org/a"), NamedNode("http://example.org/p"), Literal("x"), NamedNode("ex:g"))
    )
    assert count(store, shapes, GRAPH)[0].violations == 1
    assert count(store, shapes, None)[0].violations == 0


def test_a_triple_in_two_graphs_counts_once_in_their_union(tmp_path):
    shapes = shapes_of(tmp_path, "ex:P sh:targetClass ex:T ; sh:path ex:p ; sh:maxCount 2 ; sh:datatype xsd:integer .")
    store = store_of('ex:a a ex:T ; ex:p "x" , "y" .')
    store.extend([Quad(q.subject, q.predicate, q.object, NamedNode("ex:g")) for q in list(store)])
    [outcome] = count(store, shapes, None)
    assert (outcome.checked, list(outcome.counts.values())) == (1, [2])


def test_a_shape_that_meets_nothing_says_so(tmp_path):
    [outcome] = count(
        store_of(DATA), shapes_of(tmp_path, "ex:P sh:targetClass ex:Absent ; sh:path ex:p ; sh:minCount 1 ."), GRAPH
    )
    assert (outcome.checked, outcome.violations) == (0, 0)


def test_counts_are_exact_where_examples_are_few(tmp_path):
    data = "".join(f"ex:n{i:03} a ex:T ; ex:p {i} .\n" for i in range(300))
    shapes = shapes_of(tmp_path, "ex:P sh:targetClass ex:T ; sh:path ex:p ; sh:maxInclusive 9 .")
    [outcome] = count(store_of(data), shapes, GRAPH, examples=2)
    assert outcome.violations == 290
    assert [(str(e.focus), str(e.value)[:4]) for e in outcome.examples] == [
        ("<http://example.org/n010>", '"10"'),
        ("<http://example.org/n011>", '"11"'),
    ]


def test_several_threads_find_what_one_finds(tmp_path):
    body = "".join(
        f"ex:P{i} sh:targetClass ex:T ; sh:path {path} ; {constraint} .\n"
        for i, (path, constraint) in enumerate(CONSTRAINTS)
    )
    shapes, store = shapes_of(tmp_path, body), store_of(DATA)
    assert count(store, shapes, GRAPH, threads=4) == count(store, shapes, GRAPH)


def test_a_written_query_that_leaves_this_unbound_is_refused(tmp_path):
    written = WRITTEN.replace("$this ex:q", "?x ex:q")
    with pytest.raises(ContentError, match=r"leaves \$this unbound"):
        count(store_of(DATA), shapes_of(tmp_path, written), GRAPH)


PROPERTY = "ex:P sh:targetClass ex:T ; sh:path ex:p ; "
REFUSED = {
    "sh:closed is not supported": "ex:S sh:targetClass ex:T ; sh:closed true .",
    "sh:node is not supported": PROPERTY + "sh:node ex:S .",
    "sh:or is not supported": PROPERTY + "sh:or ( ex:A ex:B ) .",
    "sh:qualifiedValueShape is not supported": PROPERTY + "sh:qualifiedValueShape ex:S .",
    "sh:minCuont is not supported": PROPERTY + "sh:minCuont 1 .",
    "sh:targetNode is not supported": "ex:P sh:targetNode ex:a ; sh:path ex:p ; sh:minCount 1 .",
    "looks at nothing": "ex:P sh:path ex:p ; sh:minCount 1 .",
    "needs an IRI": "ex:S sh:targetClass ex:T ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .",
    "which has no sh:path": "ex:S sh:targetClass ex:T ; sh:property ex:Absent .",
    "cannot be its own shape": "ex:T a rdfs:Class , sh:NodeShape ; sh:property ex:P . ex:P sh:path ex:p .",
    "inside a property shape": PROPERTY + "sh:property ex:Q . ex:Q sh:path ex:q .",
    "stands outside a shape": PROPERTY + "sh:minCount 1 . ex:Stray sh:minCount 1 .",
    "sh:minCount needs an sh:path": "ex:S sh:targetClass ex:T ; sh:minCount 1 .",
    "sh:minCount may stand here once": PROPERTY + "sh:minCount 1 , 2 .",
    "is not a count": PROPERTY + "sh:maxCount 1.5 .",
    "xsd:nonNegativeInteger cannot be checked": PROPERTY + "sh:datatype xsd:nonNegativeInteger .",
    "sh:nodeKind is one of": PROPERTY + "sh:nodeKind sh:Iri .",
    "a blank node cannot be compared": PROPERTY + "sh:in ( [] ) .",
    "is no regular expression": PROPERTY + 'sh:pattern "(" .',
    "is no regular expression$": PROPERTY + 'sh:pattern "a" ; sh:flags "Z" .',
    "is not an IRI": PROPERTY + 'sh:class "ex:T" .',
    "is not a literal": PROPERTY + "sh:minInclusive ex:one .",
    "sh:uniqueLang is true or false": PROPERTY + 'sh:uniqueLang "yes" .',
    "sh:deactivated is true or false": PROPERTY + 'sh:deactivated "yes" .',
    "sh:severity is sh:Violation": PROPERTY + "sh:minCount 1 ; sh:severity ex:Bad .",
    "path may stand here once": PROPERTY + "sh:path ex:q .",
    "at least two": "ex:P sh:targetClass ex:T ; sh:path ( ex:p ) ; sh:minCount 1 .",
    "sh:path is a property": "ex:P sh:targetClass ex:T ; sh:path [ sh:backwards ex:p ] ; sh:minCount 1 .",
    "a list such as": PROPERTY + "sh:in ex:NoList .",
    "sh:targetClass is the IRI of a class": 'ex:P sh:targetClass "T" ; sh:path ex:p ; sh:minCount 1 .',
    "is not SPARQL": 'ex:S sh:targetClass ex:T ; sh:sparql [ sh:select "SELECT $this WHERE {" ] .',
    r"gives \$this": 'ex:S sh:targetClass ex:T ; sh:sparql [ sh:select "ASK {}" ] .',
    "needs one sh:select": 'ex:S sh:targetClass ex:T ; sh:sparql [ sh:message "x" ] .',
    "write PREFIX lines": 'ex:S sh:targetClass ex:T ; sh:sparql [ sh:prefixes ex:o ; sh:select "SELECT $this {}" ] .',
    "is not Turtle": "ex:S sh:targetClass .",
}


@pytest.mark.parametrize(("message", "body"), REFUSED.items(), ids=REFUSED)
def test_what_would_not_be_checked_is_refused(tmp_path, message, body):
    with pytest.raises(ContentError, match=message.removesuffix("$")) as caught:
        shapes_of(tmp_path, body)
    assert caught.value.file.endswith("/proef.shapes.ttl")


def test_a_refusal_names_the_line(tmp_path):
    with pytest.raises(ContentError, match=r"proef\.shapes\.ttl:10: sh:node is not supported"):
        shapes_of(tmp_path, "\n\nex:S sh:targetClass ex:T ;\n  sh:node ex:R .\n")


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30), language=st.sampled_from(["", "@nl", "^^<http://example.org/d>"]))
def test_no_text_in_a_shape_changes_the_query(tmp_path_factory, text, language):
    literal = f"{Literal(text)}{language}"
    shapes = shapes_of(
        tmp_path_factory.mktemp("text"),
        f"ex:P sh:targetClass ex:T ; sh:path ex:p ; sh:hasValue {literal} ; sh:in ( {literal} ) .",
    )
    store = store_of(f"ex:a a ex:T ; ex:p {literal} . ex:b a ex:T .")
    [outcome] = count(store, shapes, GRAPH)
    assert [str(example.focus) for example in outcome.examples] == ["<http://example.org/b>"]


def reported(tmp_path, shapes, data):
    names = Names("https://data.example.nl")
    outcomes = count(store_of(data), shapes_of(tmp_path, shapes), GRAPH, examples=1)
    store = Store()
    store.load(b"".join(report(outcomes, names, "proef", "2021-10-15")), RdfFormat.N_QUADS)
    assert {quad.graph_name.value for quad in store} == {names.validation("proef")}
    return store


def asked(store, query):
    query = f"PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX def: <{ROOT}def/> {query}"
    return [
        [None if v is None else v.value for v in row] for row in store.query(query, use_default_graph_as_union=True)
    ]


def test_a_report_has_the_exact_count_and_an_example(tmp_path):
    shapes = 'ex:P sh:targetClass ex:T ; sh:path ex:p ; sh:maxInclusive 1 ; sh:severity sh:Warning ; sh:message "Te hoog."@nl .'
    store = reported(tmp_path, shapes, "ex:a a ex:T ; ex:p 2 . ex:b a ex:T ; ex:p 3 . ex:c a ex:T ; ex:p 1 .")
    assert asked(store, "SELECT ?c { ?r a sh:ValidationReport ; sh:conforms ?c }") == [["false"]]
    assert asked(store, "SELECT ?n ?m { ?f a def:Bevinding ; def:gecontroleerd ?n ; def:overtredingen ?m }") == [
        ["3", "2"]
    ]
    query = """SELECT ?focus ?path ?value ?severity ?message {
      ?report sh:result ?r . ?r a sh:ValidationResult ; sh:focusNode ?focus ; sh:resultPath ?path ; sh:value ?value ;
        sh:resultSeverity ?severity ; sh:resultMessage ?message ; sh:sourceShape <http://example.org/P> }"""
    assert asked(store, query) == [
        ["http://example.org/a", "http://example.org/p", "2", "http://www.w3.org/ns/shacl#Warning", "Te hoog."]
    ]


def test_a_report_of_what_is_right_conforms(tmp_path):
    store = reported(tmp_path, "ex:P sh:targetClass ex:T ; sh:path ex:p ; sh:minCount 1 .", "ex:a a ex:T ; ex:p 2 .")
    assert asked(store, "SELECT ?c { ?r sh:conforms ?c }") == [["true"]]
    assert asked(store, "SELECT ?r { ?r a sh:ValidationResult }") == []


def test_a_written_query_speaks_for_itself_in_the_report(tmp_path):
    store = reported(tmp_path, WRITTEN, DATA)
    assert asked(store, "SELECT ?m { ?r a sh:ValidationResult ; sh:resultMessage ?m }") == [["te hoog"]]


def test_a_blank_node_in_a_report_has_an_iri(tmp_path):
    store = reported(
        tmp_path, "ex:P sh:targetClass ex:T ; sh:path ex:p ; sh:nodeKind sh:IRI .", "ex:a a ex:T ; ex:p [] ."
    )
    [[value]] = asked(store, "SELECT ?v { ?r sh:value ?v }")
    assert value.startswith("https://data.example.nl/.well-known/genid/")


def test_the_bag_shapes_can_be_read_at_any_base():
    path = Path(__file__).parents[2] / "ontologies" / "bag.shapes.ttl"
    bases = ("http://localhost:8000/", "https://data.example.nl/")
    here, there = ([shape.iri.removeprefix(base) for shape in read_shapes(path, base)] for base in bases)
    assert here == there
