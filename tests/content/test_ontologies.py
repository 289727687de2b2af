"""What holds for every ontology, every shapes file, and every term that a mapping or a query uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pyoxigraph import Literal, NamedNode

from stelsel.modelling.documents import read_turtle
from stelsel.modelling.ontology import check, defined_terms, misspelt_prefixes, undefined_terms
from stelsel.modelling.prefixes import read_prefixes
from stelsel.modelling.shapes import read_shapes

HOME = Path(__file__).parents[2]
ROOT = "https://data.example.nl/"
ONTOLOGIES = sorted((HOME / "ontologies").glob("*.ttl"))
QUERIES = sorted([*(HOME / "loaders").rglob("*.rq"), *(HOME / "queries").rglob("*.rq")])
PREFIXES = read_prefixes(HOME / "ontologies" / "prefixes.ttl", ROOT)
# The namespaces whose every term is described here.
OWNED = [PREFIXES[prefix] for prefix in ("bag", "begrip", "def", "nen3610")]
BEGRIP = PREFIXES["begrip"]
SKOS = PREFIXES["skos"]


def name(path):
    return str(path.relative_to(HOME))


def test_there_are_ontologies_and_queries():
    assert ONTOLOGIES
    assert QUERIES


@pytest.mark.parametrize("path", ONTOLOGIES, ids=name)
def test_an_ontology_has_no_findings(path):
    assert [str(finding) for finding in check(path, ROOT)] == []


@pytest.mark.parametrize("path", [*ONTOLOGIES, *QUERIES], ids=name)
def test_a_prefix_has_one_namespace(path):
    assert [str(finding) for finding in misspelt_prefixes(path, PREFIXES, ROOT)] == []


@pytest.mark.parametrize("path", [*ONTOLOGIES, *QUERIES], ids=name)
def test_a_term_that_is_used_is_described(path):
    assert [str(finding) for finding in undefined_terms(path, ROOT, defined_terms(ONTOLOGIES, ROOT), OWNED)] == []


@pytest.mark.parametrize("path", ONTOLOGIES, ids=name)
def test_turtle_is_sorted_by_subject_after_its_header(path):
    subjects = re.findall(r"^(?:[a-z0-9]+:|<)[^\s;]+", path.read_text(encoding="utf-8"), re.MULTILINE)
    rest = subjects if path.name.endswith(".shapes.ttl") else subjects[1:]
    assert rest == sorted(rest, key=lambda subject: (subject.casefold(), subject))


@pytest.mark.parametrize("path", [path for path in ONTOLOGIES if path.name.endswith(".shapes.ttl")], ids=name)
def test_a_shapes_file_has_shapes_that_check_something(path):
    assert read_shapes(path, ROOT)


def loader_codes():
    """Text in a delivery -> concept, as the mapping of the BAG has it."""
    lists = yaml.safe_load((HOME / "loaders" / "bag" / "loader.yml").read_text(encoding="utf-8"))[".codes"]
    return {text: iri for codes in lists.values() for text, iri in codes.items() if iri.startswith(BEGRIP)}


def test_every_code_of_the_bag_is_a_concept_with_that_notation():
    document = read_turtle(HOME / "ontologies" / "bag-begrippen.ttl", ROOT)
    concepts = {
        notation.value: node.value
        for node in document.subjects(NamedNode(f"{SKOS}notation"))
        for notation in document.objects(node, NamedNode(f"{SKOS}notation"))
        if isinstance(notation, Literal)
    }
    assert concepts == loader_codes()


def test_every_concept_that_a_shape_allows_comes_from_the_mapping_and_the_other_way_round():
    allowed = {
        token[1:-1]
        for shape in read_shapes(HOME / "ontologies" / "bag.shapes.ttl", ROOT)
        for constraint in shape.constraints
        for token in re.findall(r"<[^<>]*>", constraint.query)
        if token[1:].startswith(BEGRIP)
    }
    assert allowed == set(loader_codes().values())


def test_a_deprecated_term_says_what_replaces_it():
    document = read_turtle(HOME / "ontologies" / "bag.ttl", ROOT)
    old = list(document.subjects(NamedNode(f"{PREFIXES['owl']}deprecated")))
    replaced = [document.only(node, NamedNode(f"{PREFIXES['dct']}isReplacedBy")) for node in old]
    assert len(old) == 13
    assert {term.value for term in replaced if isinstance(term, NamedNode)} <= defined_terms(ONTOLOGIES, ROOT) | {
        f"{PREFIXES['geo']}hasGeometry"
    }
