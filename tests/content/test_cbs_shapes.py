"""The shapes of the register cbs: the example keeps to them, and each fault is found by its own shape."""

from __future__ import annotations

import re

import pytest
from pyoxigraph import RdfFormat, Store

from stelsel.home import open_home
from stelsel.modelling.shapes import count, read_shapes

HOME = open_home()
BASE = "http://localhost:8000/"
GRAPH = f"{BASE}graph/cbs"
EXAMPLE = (HOME.loaders / "cbs/example/expected.nq").read_text("utf-8").replace(f"<{BASE}", "<")


def broken(old: str, new: str) -> dict[str, int]:
    """Local name of each shape that is broken -> how often, after a change in the example."""
    assert old in EXAMPLE
    content = re.sub("<(?=(?:id|def|graph)/)", f"<{BASE}", EXAMPLE.replace(old, new))
    store = Store()
    store.load(content.encode(), RdfFormat.N_QUADS)
    outcomes = count(store, read_shapes(HOME.ontologies / "cbs.shapes.ttl", BASE), GRAPH)
    assert all(outcome.checked for outcome in outcomes)
    return {o.shape.iri.rsplit("/Cbs-", 1)[1]: o.violations for o in outcomes if o.violations}


def test_the_example_breaks_no_shape():
    assert broken("<id/", "<id/") == {}


OBS = "<id/waarneming/2024-GM9990-AantalInwoners>"
DECIMAL = "<http://www.w3.org/2001/XMLSchema#decimal>"
INTEGER = "<http://www.w3.org/2001/XMLSchema#integer>"
VALUE = f'{OBS} <def/waarde> "1250"^^{DECIMAL}'
FAULTS = [
    (VALUE, f'{OBS} <def/waarde> "-99997"^^{DECIMAL}', {"Waarneming-waarde": 1}),
    (VALUE, f'{OBS} <def/kolom> "1250"', {"Waarneming-iets": 1}),
    (
        f"{OBS} <def/regio> <id/regiojaar/2024-GM9990>",
        f"{OBS} <def/regio> <id/regiojaar/2024-GM9999>",
        {"Waarneming-regio": 1},
    ),
    (
        f"{OBS} <http://purl.org/linked-data/cube#dataSet> <id/cbs-tabel/85984NED>",
        f"{OBS} <http://purl.org/linked-data/cube#dataSet> <id/x>",
        {"Waarneming-tabel": 1},
    ),
    (
        f"{OBS} <def/onderwerp> <id/onderwerp/AantalInwoners>",
        f"{OBS} <def/onderwerp> <id/onderwerp/Iets>",
        {"Waarneming-onderwerp": 1},
    ),
    ("<id/cbs-tabel/85984NED> <def/jaar>", "<id/cbs-tabel/85984NED> <def/kolom>", {"jaar": 1}),
    (
        "<id/regiojaar/2024-NL00> <def/regiosoort> <def/Land>",
        "<id/regiojaar/2024-NL00> <def/kolom> <def/Land>",
        {"regiosoort": 1},
    ),
    (
        '<id/regiojaar/2024-NL00> <http://www.w3.org/2004/02/skos/core#notation> "NL00"',
        '<id/regiojaar/2024-NL00> <http://www.w3.org/2004/02/skos/core#notation> "NL1"',
        {"code": 1},
    ),
    (
        '<id/regiojaar/2024-NL00> <http://www.w3.org/2000/01/rdf-schema#label> "Nederland"',
        '<id/regiojaar/2024-NL00> <def/kolom> "Nederland"',
        {"label": 1},
    ),
    (
        "<id/regiojaar/2024-NL00> <http://purl.org/dc/terms/isVersionOf>",
        "<id/regiojaar/2024-NL00> <def/kolom>",
        {"RegioJaar-isVersionOf": 1},
    ),
    (
        "<id/regiojaar/2024-WK999001> <def/ligtInRegio> <id/regiojaar/2024-GM9990>",
        "<id/regiojaar/2024-WK999001> <def/ligtInRegio> <id/x>",
        {"RegioJaar-ligtInRegio": 1},
    ),
    (
        f'<id/regiojaar/2023-BU99900101> <def/indelingswijziging> "1"^^{INTEGER}',
        f'<id/regiojaar/2023-BU99900101> <def/indelingswijziging> "4"^^{INTEGER}',
        {"RegioJaar-indelingswijziging": 1},
    ),
    (
        "<id/regiowater/2023-GM9990> <def/waterVan>",
        "<id/regiowater/2023-GM9990> <def/kolom>",
        {"Waterdeel-waterVan": 1},
    ),
    (
        "<id/regiowater/2023-GM9990> <http://www.opengis.net/ont/geosparql#hasGeometry>",
        "<id/regiowater/2023-GM9990> <def/kolom>",
        {"Waterdeel-geometrie": 1},
    ),
    (
        "<id/cbs-tabel/85984NED> <http://purl.org/linked-data/cube#structure>",
        "<id/cbs-tabel/85984NED> <def/kolom>",
        {"Tabel-structuur": 1},
    ),
    (
        "<id/cbs-doorsnede/85984NED-AantalInwoners> <http://purl.org/linked-data/sdmx/2009/attribute#unitMeasure>",
        "<id/cbs-doorsnede/85984NED-AantalInwoners> <def/eenheidTekst>",
        {"Doorsnede-eenheid": 1},
    ),
    (
        '<id/geometrie/regiowater-2023-GM9990> <http://www.opengis.net/ont/geosparql#asWKT> "MULTIPOLYGON',
        '<id/geometrie/regiowater-2023-GM9990> <http://www.opengis.net/ont/geosparql#asWKT> "POINT',
        {"Geometrie-asWKT": 1},
    ),
    ("0/28992> MULTIPOLYGON(((131000 479800", "0/4326> MULTIPOLYGON(((131000 479800", {"Geometrie-rdWKT": 1}),
]


@pytest.mark.parametrize(("sound", "fault", "shapes"), FAULTS)
def test_a_fault_is_found_by_its_shape_and_by_no_other(sound, fault, shapes):
    assert broken(sound, fault) == shapes
