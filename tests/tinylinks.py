"""Editions of registers written as Turtle, and polygons of buurten as the CBS loader gives them: what linksets link."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import shapely
from pyproj import Transformer

from stelsel.home import open_home
from stelsel.names import Names
from tinyeditions import make

NAMES = Names("http://localhost:8000")
RD = "<http://www.opengis.net/def/crs/EPSG/0/28992>"
PREFIXES = """
PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>
PREFIX brk: <http://brk.basisregistraties.overheid.nl/def/brk#>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX def: <def/>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geometrie: <id/geometrie/>
PREFIX gm: <https://identifier.overheid.nl/tooi/id/gemeente/>
PREFIX jaar: <id/regiojaar/>
PREFIX label: <id/energielabel/>
PREFIX nen3610: <http://modellen.geostandaarden.nl/def/nen3610#>
PREFIX pand: <http://bag.basisregistraties.overheid.nl/bag/id/pand/>
PREFIX perceel: <https://brk.basisregistraties.overheid.nl/brk2/id/perceel/>
PREFIX regio: <id/regio/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX tooiont: <https://identifier.overheid.nl/tooi/def/ont/>
PREFIX vbo: <http://bag.basisregistraties.overheid.nl/bag/id/verblijfsobject/>
PREFIX wpl: <http://bag.basisregistraties.overheid.nl/bag/id/woonplaats/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


def edition(data, register, turtle, *, day=date(2024, 6, 1), id="1", access="open"):
    """An edition whose graph holds this Turtle, with the part of the catalogue that says its date."""
    dataset, editie = NAMES.identifier("dataset", register), NAMES.identifier("editie", f"{register}-{id}")
    catalogue = [
        f"<{dataset}> <http://www.w3.org/ns/dcat#hasCurrentVersion> <{editie}>",
        f'<{editie}> <http://purl.org/dc/terms/issued> "{day}"^^<http://www.w3.org/2001/XMLSchema#date>',
    ]
    parsed = ox.parse((PREFIXES + turtle).encode(), ox.RdfFormat.TURTLE, base_iri=NAMES.root)
    triples = list(dict.fromkeys(f"{quad.subject} {quad.predicate} {quad.object}" for quad in parsed))
    graphs = {
        register: (triples, {"iri": NAMES.graph(register), "access": access}),
        "catalogus": (catalogue, {"iri": NAMES.catalogue, "access": access}),
    }
    return make(data, register, graphs, id=id, day=day, base=NAMES.base)


def vorm(name, wkt):
    """Turtle of an object's geometry: to stand after the object's own facts."""
    return f'; geo:hasGeometry geometrie:{name} . geometrie:{name} a geo:Geometry ; def:rdWKT "{RD} {wkt}"^^geo:wktLiteral .\n'


def square(x, y, size=100.0):
    """WKT of a square, by its south-west corner."""
    return shapely.to_wkt(shapely.box(x, y, x + size, y + size), rounding_precision=3)


def buurt(year, code, wkt="", change=1):
    """Turtle of a buurt in a year, with its wijk and gemeente."""
    gemeente, wijk = f"GM{code[2:6]}", f"WK{code[2:8]}"
    own = f"""
      jaar:{year}-{code} a def:RegioJaar ; dct:isVersionOf regio:{code} ; skos:notation "{code}" ; def:jaar "{year}"^^xsd:gYear ;
        def:regiosoort def:Buurt ; def:indelingswijziging {change} ; def:ligtInRegio jaar:{year}-{wijk}"""
    return (
        own
        + (vorm(f"regiojaar-{year}-{code}", wkt) if wkt else " .\n")
        + f"""
      jaar:{year}-{wijk} dct:isVersionOf regio:{wijk} ; skos:notation "{wijk}" ; def:jaar "{year}"^^xsd:gYear ;
        def:ligtInRegio jaar:{year}-{gemeente} .
      jaar:{year}-{gemeente} dct:isVersionOf regio:{gemeente} ; skos:notation "{gemeente}" ; def:jaar "{year}"^^xsd:gYear ;
        def:regiosoort def:Gemeente .
    """
    )


def amsterdam(file: Path, year: int = 2024) -> str:
    """The buurten of Amsterdam as published (GeoJSON in CRS84), as the Turtle of that year, in RD."""
    to_rd = Transformer.from_crs("OGC:CRS84", "EPSG:28992", always_xy=True)
    features = json.loads(file.read_text("utf-8"))["features"]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    metres = shapely.transform(shapes, lambda c: np.column_stack(to_rd.transform(c[:, 0], c[:, 1])))
    wkts = shapely.to_wkt(shapely.make_valid(metres), rounding_precision=3)
    codes = [feature["properties"]["cbsCode"] for feature in features]
    return "".join(buurt(year, code, wkt) for code, wkt in zip(codes, wkts, strict=True) if code)


def home_with(tmp_path: Path, *linksets: str) -> Path:
    """A home with our ontologies and these of our linksets, whose files can be changed."""
    ours = open_home().root
    for folder in ("ontologies", "loaders/linksets", "queries"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "ontologies/prefixes.ttl").write_bytes((ours / "ontologies/prefixes.ttl").read_bytes())
    for file in (ours / "loaders/linksets").glob("*.rq"):
        (tmp_path / "loaders/linksets" / file.name).write_bytes(file.read_bytes())
    for name in linksets:
        file = ours / f"loaders/linksets/{name}.yml"
        (tmp_path / "loaders/linksets" / file.name).write_bytes(file.read_bytes())
    return tmp_path
