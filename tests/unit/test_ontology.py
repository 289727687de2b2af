"""What a steward is told about an ontology: with file and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import ContentError
from stelsel.modelling.documents import read_turtle
from stelsel.modelling.mentions import declarations, mentions, resolve
from stelsel.modelling.ontology import check, defined_terms, misspelt_prefixes, undefined_terms
from stelsel.modelling.prefixes import read_prefixes

ROOT = "https://data.example.nl/"
HEAD = """@prefix dct: <http://purl.org/dc/terms/> .
@prefix def: <def/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
HEADER = """<def/proef> a owl:Ontology ; dct:title "Proef"@nl , "Trial"@en ; dct:description "Een proef."@nl , "A trial."@en ;
  dct:license <http://example.org/l> ; dct:source <http://example.org/s> ; owl:versionInfo "1" .
"""
TERM = """def:Ding a owl:Class ; rdfs:label "ding"@nl , "thing"@en ; rdfs:comment "Iets."@nl , "Something."@en ;
  skos:scopeNote "Niet niets."@nl , "Not nothing."@en .
"""
CONCEPT = """def:rood a skos:Concept ; skos:prefLabel "rood"@nl , "red"@en ; skos:definition "Een kleur."@nl , "A colour."@en ;
  skos:scopeNote "Niet rose."@nl , "Not pink."@en .
"""


def written(tmp_path, body, name="proef.ttl"):
    path = tmp_path / "ontologies" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + body, encoding="utf-8")
    return path


def findings(tmp_path, body, name="proef.ttl"):
    return [str(finding) for finding in check(written(tmp_path, body, name), ROOT)]


def test_a_whole_ontology_has_no_findings(tmp_path):
    assert findings(tmp_path, HEADER + TERM + CONCEPT) == []


def test_a_file_that_is_not_turtle_names_the_line(tmp_path):
    [finding] = findings(tmp_path, HEADER + "def:Ding a owl:Class\ndef:Ander a owl:Class .\n")
    assert finding.startswith("ontologies/proef.ttl:11: is not Turtle: ")


def test_a_file_that_is_not_utf8_is_said_to_be(tmp_path):
    path = written(tmp_path, "")
    path.write_bytes(b'<a> <b> "caf\xe9" .')
    assert [str(finding) for finding in check(path, ROOT)] == ["ontologies/proef.ttl: is not UTF-8 at byte 12"]


@pytest.mark.parametrize(("body", "number"), [(TERM, 0), (HEADER + HEADER.replace("proef", "tweede"), 2)])
def test_an_ontology_has_one_header(tmp_path, body, number):
    assert findings(tmp_path, body) == [f"ontologies/proef.ttl:1: has {number} owl:Ontology headers and needs one"]


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (', "Trial"@en', "needs one dct:title @en"),
        ('"Een proef."@nl , ', "needs one dct:description @nl"),
        ("dct:license <http://example.org/l> ; ", "needs one dct:license"),
        ("dct:source <http://example.org/s> ; ", "needs one dct:source"),
        (' ; owl:versionInfo "1"', "needs one owl:versionInfo"),
    ],
)
def test_a_header_says_what_the_ontology_is(tmp_path, cut, message):
    assert cut in HEADER
    assert findings(tmp_path, HEADER.replace(cut, "") + TERM) == [f"ontologies/proef.ttl:8: {message}"]


@pytest.mark.parametrize(
    ("term", "cut", "message"),
    [
        (TERM, ', "thing"@en', "needs one rdfs:label @en"),
        (TERM, '"Iets."@nl , ', "needs one rdfs:comment @nl"),
        (TERM, '"Niet niets."@nl , ', "needs one skos:scopeNote (what it is not) @nl"),
        (CONCEPT, ', "red"@en', "needs one skos:prefLabel @en"),
        (CONCEPT, '"Een kleur."@nl , ', "needs one skos:definition @nl"),
        (CONCEPT, ' , "Not pink."@en', "needs one skos:scopeNote (what it is not) @en"),
    ],
)
def test_a_term_says_in_both_languages_what_it_is_and_what_it_is_not(tmp_path, term, cut, message):
    assert cut in term
    assert findings(tmp_path, HEADER + term.replace(cut, "")) == [f"ontologies/proef.ttl:10: {message}"]


def test_a_term_has_one_label_a_language(tmp_path):
    assert findings(tmp_path, HEADER + TERM.replace('"ding"@nl', '"ding"@nl , "zaak"@nl')) == [
        "ontologies/proef.ttl:10: needs one rdfs:label @nl"
    ]


def test_two_terms_of_a_kind_do_not_share_a_name(tmp_path):
    other = TERM.replace("def:Ding", "def:Zaak").replace('"thing"', '"matter"')
    assert findings(tmp_path, HEADER + TERM + other) == [
        'ontologies/proef.ttl:12: another class in this file is called "ding"@nl too'
    ]


def test_a_class_and_a_property_may_share_a_name(tmp_path):
    other = TERM.replace("def:Ding", "def:ding").replace("owl:Class", "owl:ObjectProperty")
    assert findings(tmp_path, HEADER + TERM + other) == []


def test_a_shape_says_in_both_languages_what_is_wrong(tmp_path):
    shape = 'def:S sh:targetClass def:Ding ; sh:nodeKind sh:IRI ; sh:message "Een IRI."@nl .\n'
    assert findings(tmp_path, shape, "proef.shapes.ttl") == ["ontologies/proef.shapes.ttl:8: has no sh:message @en"]
    assert findings(tmp_path, shape.replace(" .\n", ' , "An IRI."@en .\n'), "proef.shapes.ttl") == []


def test_a_shape_that_cannot_be_read_is_a_finding(tmp_path):
    [finding] = findings(tmp_path, "def:S sh:targetClass def:Ding ; sh:closed true .", "proef.shapes.ttl")
    assert finding.startswith("ontologies/proef.shapes.ttl:8: sh:closed is not supported")


def test_a_term_that_no_ontology_describes_is_found_where_it_is_used(tmp_path):
    defined = defined_terms([written(tmp_path, HEADER + TERM)], ROOT)
    query = tmp_path / "vraag.rq"
    query.write_text('PREFIX def: <def/>\n# def:Commentaar\nSELECT ?x {\n  ?x a def:Ding ; def:naam "def:Tekst" .\n}\n')
    found = undefined_terms(query, ROOT, defined, [f"{ROOT}def/"])
    assert [str(finding).split("/", 1)[1] for finding in found] == [
        "vraag.rq:4: no ontology describes <https://data.example.nl/def/naam>"
    ]


def test_a_prefix_that_is_spelt_otherwise_is_found(tmp_path):
    query = tmp_path / "vraag.rq"
    query.write_text(
        "PREFIX def: <def#>\nprefix zelf: <http://example.org/>\nPREFIX skos: <http://www.w3.org/2004/02/skos/core#>\nASK {}"
    )
    prefixes = {"def": f"{ROOT}def/", "skos": "http://www.w3.org/2004/02/skos/core#"}
    found = [str(finding).split(": ", 1)[1] for finding in misspelt_prefixes(query, prefixes, ROOT)]
    assert found == ["prefix def: is <def/> in prefixes.ttl, and <def#> here", "prefix zelf: is not in prefixes.ttl"]


DECLARED = '<def/p> sh:declare [ sh:prefix "bag" ; sh:namespace "http://example.org/bag#"^^xsd:anyURI ] , [ sh:prefix "def" ; sh:namespace "def/" ] .'


def test_prefixes_are_read_sorted_and_under_the_operators_base(tmp_path):
    path = written(tmp_path, DECLARED, "prefixes.ttl")
    assert list(read_prefixes(path, ROOT).items()) == [("bag", "http://example.org/bag#"), ("def", f"{ROOT}def/")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (DECLARED.replace('"def"', '"bag"'), "prefix bag is declared twice"),
        (DECLARED.replace('sh:prefix "def" ; ', ""), "needs one sh:prefix and one sh:namespace"),
        (DECLARED.replace('"def/"', "<def/>"), "needs one sh:prefix and one sh:namespace"),
    ],
)
def test_a_prefix_that_is_not_whole_is_refused(tmp_path, body, message):
    with pytest.raises(ContentError, match=message):
        read_prefixes(written(tmp_path, body, "prefixes.ttl"), ROOT)


def test_a_blank_node_has_the_line_of_what_points_at_it(tmp_path):
    document = read_turtle(written(tmp_path, "\ndef:A def:b [ def:c [ def:d 1 ] ] .\n"), ROOT)
    blank = [node for node in document.facts if node.value != f"{ROOT}def/A"]
    assert len(blank) == 2
    assert {document.line(node) for node in blank} == {9}


TEXT = '''@prefix a: <a#> .
<x> a:b "a:no # a:no" , """a:no
" a:no""" ; a:c.d 'a:no' . # a:no
a:e a a:f, a:g.
'''


def test_mentions_are_terms_and_not_what_strings_and_comments_hold():
    found = [(mention.iri.removeprefix(ROOT), mention.line, mention.at_margin) for mention in mentions(TEXT, ROOT)]
    assert found == [
        ("x", 2, True),
        ("a#b", 2, False),
        ("a#c.d", 3, False),
        ("a#e", 4, True),
        ("a#f", 4, False),
        ("a#g", 4, False),
    ]


def test_declarations_are_read_from_turtle_and_sparql():
    assert declarations("@prefix a: <a#> .\nPREFIX b:<b/>\nprefix : <c>") == [
        ("a", "a#", 1),
        ("b", "b/", 2),
        ("", "c", 3),
    ]


def test_an_address_keeps_the_sign_that_ends_a_namespace():
    assert resolve(ROOT, "http://example.org/a#") == "http://example.org/a#"
    assert resolve(ROOT, "def/a#") == f"{ROOT}def/a#"


@given(text=st.text(alphabet="\"'\\<>#:ab \n.", max_size=40))
def test_any_text_has_mentions_without_end(text):
    assert all(1 <= mention.line <= text.count("\n") + 1 for mention in mentions(text, ROOT))
