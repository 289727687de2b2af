"""TOOI: the real value lists, and the sample's."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pyoxigraph as ox
import pytest

from stelsel.errors import DeliveryError
from stelsel.home import open_home
from stelsel.loading.rows import read_lines
from stelsel.loading.run import load
from stelsel.modelling.shapes import count, read_shapes
from stelsel.names import Names
from stelsel.querying import results
from stelsel.querying.curated import read
from stelsel.sampling.bag_extras import RELATIONS
from stelsel.sampling.municipality import GEMEENTE, Municipality
from stelsel.sampling.tooi_organisations import TOOI_TRAPS, write_tooi
from stelsel.settings import read_settings
from stelsel.storing.editions import edition_path

HOME = open_home()
ONT, PROV = "https://identifier.overheid.nl/tooi/def/ont/", "http://www.w3.org/ns/prov#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
ID = "https://identifier.overheid.nl/tooi/id/"
# A list of which an edition keeps the form and not the letter: language and datatype of literals, and the older name of
# the legal basis. Left out: what a list imports.
LEFT_OUT = {"http://www.w3.org/2002/07/owl#imports"}


def loaded(folder, *sources):
    settings = read_settings({"data": folder, "processes": 1}, {})
    outcome = load("tooi", list(sources), home=HOME, settings=settings, accept=False, progress=lambda *_: None)
    store = ox.Store()
    path = edition_path(folder, outcome.edition)
    for graph in outcome.edition.graphs:
        store.load(b"\n".join(read_lines(path / graph.file)), ox.RdfFormat.N_QUADS)
    return outcome.edition, store


def asked(store, name, code):
    names = Names("http://localhost:8000")
    query = read(HOME.queries / "organisaties" / f"{name}.rq", names.root)
    found = store.query(query.bind({"code": [code]}), base_iri=names.root)
    bindings = json.loads(found.serialize(format=ox.QueryResultsFormat.JSON))["results"]["bindings"]
    return results.items(query.returns, bindings)


@pytest.fixture(scope="module")
def real(shared, tmp_path_factory):
    lists = sorted((shared / "data/tooi").glob("rwc_*.json"))
    return (*loaded(tmp_path_factory.mktemp("tooi"), *lists), lists)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    paths = write_tooi(Municipality(100, 1), folder / "tooi", lambda *_: None)
    return (*loaded(folder / "data", folder / "tooi"), paths)


def test_the_real_lists_load_whole(real):
    edition, store, _ = real
    assert edition.date == date(2026, 1, 29)
    assert {name: count.mapped for name, count in edition.tables.items()} == {
        "historische-versie": 0, "organisatie": 605 + 12 + 210 + 3, "wijziging": 128 + 50 + 3, "waardelijst": 4,
    }  # fmt: skip
    assert sum(count.refused for count in edition.tables.values()) == 0
    kinds = Counter(
        q.object.value.removeprefix(ONT) for q in store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), None)
    )
    assert (kinds["Gemeente"], kinds["Samenvoeging"], kinds["Uitbreiding"], kinds["Herschikking"]) == (605, 54, 62, 12)


RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def test_nothing_that_the_real_lists_say_is_lost_or_added(real):
    _, store, lists = real
    said = {
        (
            quad.subject.value,
            quad.predicate.value.replace("heeftGrondslag", "heeftJuridischeGrondslag"),
            quad.object.value,
        )
        for file in lists
        for quad in ox.parse(path=file, format=ox.RdfFormat.JSON_LD)
        if quad.predicate.value not in LEFT_OUT and quad.object.value != "http://www.w3.org/2002/07/owl#Ontology"
    }
    graph = ox.NamedNode("http://localhost:8000/graph/tooi")
    kept = {
        (q.subject.value, q.predicate.value, q.object.value) for q in store.quads_for_pattern(None, None, None, graph)
    }
    # Runs of spaces in a text are one space.
    assert {(s, p, " ".join(o.split())) for s, p, o in said} == kept


def test_the_successor_of_weesp_is_amsterdam(real):
    _, store, _ = real
    weesp = asked(store, "organisatie", "gm0457")
    assert [(one["naam"], one["einddatum"], one["opvolgers"]) for one in weesp] == [
        ("gemeente Weesp", "2022-03-23", [ID + "gemeente/gm0363"])
    ]
    [step] = asked(store, "opvolger", "gm0457")
    assert (step["opvolger"], step["datum"], step["soort"]) == (
        ID + "gemeente/gm0363",
        "2022-03-24",
        ONT + "Uitbreiding",
    )
    assert step["grondslagen"] == ["https://zoek.officielebekendmakingen.nl/stb-2021-296.html"]
    assert "opvolgerEinddatum" not in step


def test_every_real_gemeente_that_ended_has_a_successor_that_exists(real):
    _, store, _ = real
    ended = [
        str(code.value)
        for (code,) in store.query(
            f"SELECT ?c {{ GRAPH ?g {{ ?x a <{ONT}Gemeente> ; <{ONT}einddatum> ?d ; <{ONT}organisatiecode> ?c }} }}"
        )
    ]
    assert len(ended) == 263
    for code in ended:
        steps = asked(store, "opvolger", code)
        assert any("opvolgerEinddatum" not in step for step in steps), code


def test_real_findings_are_the_one_change_that_was_withdrawn(real):
    edition, _, _ = real
    assert {shape.rsplit("/", 1)[1]: count for shape, count in edition.violations.items()} == {
        "TOOI-opheffing-van-niemand": 1
    }


def test_the_predecessor_of_a_predecessor_leads_to_wadermeer(sample):
    _, store, _ = sample
    steps = asked(store, "opvolger", "gm9994")
    assert [(step["datum"], step["opvolger"]) for step in steps] == [
        ("2001-01-01", ID + "gemeente/gm9992"),
        ("2013-01-01", ID + "gemeente/gm9990"),
    ]
    assert [step.get("opvolgerEinddatum") for step in steps] == ["2012-12-31", None]
    assert asked(store, "opvolger", "gm9990") == []
    assert asked(store, "organisatie", "mnre9990")[0]["voorgangers"] == []


def test_wadermeer_begins_in_tooi_when_it_does_in_the_bag(sample):
    _, store, _ = sample
    [wadermeer] = asked(store, "organisatie", f"gm{GEMEENTE}")
    assert {relation.begin for relation in RELATIONS if relation.gemeente == GEMEENTE} == {wadermeer["begindatum"]}


def test_every_trap_is_in_the_sample(sample):
    edition, _, paths = sample
    nodes = [node for path in paths for node in json.loads(path.read_bytes())]
    text = [path.read_text("utf-8") for path in paths]
    changes = [node for node in nodes if "/wzg_" in node["@id"]]
    moments = [
        v["@value"]
        for n in nodes
        for p in (ONT + "tijdstipWijziging", PROV + "invalidatedAtTime")
        for v in n.get(p, [])
    ]
    last = [n[ONT + "einddatum"][0]["@value"] for n in nodes if ONT + "einddatum" in n]
    invalidated = {one["@id"]: node for node in changes for one in node.get(PROV + "invalidated", [])}
    found = {
        "successor of a successor": sum(
            one["@id"] in invalidated for node in changes for one in node.get(PROV + "used", [])
        ),
        "end to come": sum(day > edition.date.isoformat() for day in last),
        "no moment": sum(ONT + "tijdstipWijziging" not in node for node in changes),
        "withdrawn change": sum(
            node["@type"] == [ONT + "Opheffing"] and PROV + "invalidated" not in node for node in changes
        ),
        "older name of the basis": sum(ONT + "heeftGrondslag" in node for node in nodes),
        "no zone": sum(len(moment) == 19 for moment in moments),
        "language": sum('"@language"' in one and '"rdf-schema#label"' not in one and "rwc_" in one for one in text),
        "two kinds": sum(len(node.get(ONT + "organisatiesoort", [])) == 2 for node in nodes),
        "former name": sum(ONT + "HistorischeVersie" in node["@type"] for node in nodes),
        "no organisations": sum("SchemagebaseerdeConceptwaardelijst" in one for one in text),
    }
    assert found == {name: trap.count for name, trap in TOOI_TRAPS.items()}


def test_the_sample_is_the_same_bytes_every_time(sample, tmp_path):
    _, _, paths = sample
    again = write_tooi(Municipality(5_000, 9), tmp_path, lambda *_: None)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_a_class_that_is_new_is_named(sample, tmp_path):
    _, _, paths = sample
    changed = tmp_path / paths[0].name
    changed.write_text(paths[0].read_text("utf-8").replace("/ont/Uitbreiding", "/ont/Afscheiding"))
    with pytest.raises(DeliveryError, match="is of class tooiont:Afscheiding, which is not known"):
        loaded(tmp_path / "data", changed)


def test_two_versions_of_a_list_are_not_taken_for_one(sample, tmp_path):
    _, _, paths = sample
    older = tmp_path / "rwc_gemeenten_compleet_8.json"
    older.write_bytes(paths[0].read_bytes())
    with pytest.raises(DeliveryError, match="records were refused"):
        loaded(tmp_path / "data", paths[0], older)


EXAMPLE = (HOME.loaders / "tooi/example/expected.nq").read_text("utf-8")
FAULTS = [
    (f'<{ONT}gemeentecode> "9990"', f'<{ONT}gemeentecode> "999"', {"gemeentecode": 1}),
    (f"<{ONT}ligtInProvincie> <{ID}provincie/pv99>", f"<{ONT}ligtInProvincie> <{ID}gemeente/gm0001>", {"ligtInProvincie": 6}),
    (f'<{ONT}einddatum> "2012-12-31"', f'<{ONT}begindatum> "2012-02-31"', {"begindatum": 2}),
    (f'<{ONT}begindatum> "2020-01-01"', f'<{ONT}begindatum> "2030-01-01"', {"begindatum": 1}),
    (f"<{PROV}invalidated> <{ID}gemeente/gm9993>", f"<{PROV}used> <{ID}gemeente/gm9993>", {"samengevoegd": 1, "einde-zonder-wijziging": 1}),
    (f"<{PROV}generated> <{ID}gemeente/gm9990>", f"<{PROV}used> <{ID}gemeente/gm9990>", {"voortgebracht": 1}),
    (f"<{PROV}used> <{ID}gemeente/gm9992>", f"<{PROV}generated> <{ID}gemeente/gm9992>", {"gebruikt": 1}),
    (f"<{PROV}invalidated> <{ID}gemeente/gm9995>", f"<{PROV}used> <{ID}gemeente/gm9995>", {"beeindigd": 1, "einde-zonder-wijziging": 1}),
    (f'<{ONT}organisatiecode> "pv99"', f'<{ONT}organisatiecode> "PV-99"', {"organisatiecode": 1}),
    (f"<{PROV}specializationOf>", f"<{PROV}alternateOf>", {"versieVan": 1}),
    (f"<{ONT}zichtdatum>", f"<{ONT}publicatiedatum>", {"zichtdatum": 5}),
    (f'<{ONT}tijdstipWijziging> "2001-01-01T00:00:00+01:00"', f'<{ONT}tijdstipRegistratie> "2001-01-01T00:00:00+01:00"', {"tijdstipWijziging": 1}),
    ('owms/terms/Wadermeer_(gemeente)"^^<http://www.w3.org/2001/XMLSchema#anyURI>', 'owms/terms/Wadermeer_(gemeente)"', {"owmsId": 1}),
    (f'<{RDFS}label> "gemeente Wadermeer"', f'<{RDFS}comment> "gemeente Wadermeer"', {"label": 1}),
]  # fmt: skip


def broken(text):
    store = ox.Store()
    store.load(text.encode(), ox.RdfFormat.N_QUADS)
    shapes = read_shapes(HOME.ontologies / "tooi.shapes.ttl", "http://localhost:8000/")
    outcomes = count(store, shapes, "http://localhost:8000/graph/tooi")
    found = {o.shape.iri.rsplit("/TOOI-", 1)[1]: o.violations for o in outcomes if o.violations}
    assert found.pop("opheffing-van-niemand") == 1
    return found


def test_the_example_breaks_no_shape_but_the_one_for_a_withdrawn_change():
    assert broken(EXAMPLE) == {}


@pytest.mark.parametrize(("sound", "fault", "shapes"), FAULTS)
def test_a_fault_is_found_by_its_shape_and_by_no_other(sound, fault, shapes):
    assert sound in EXAMPLE
    assert broken(EXAMPLE.replace(sound, fault)) == shapes
