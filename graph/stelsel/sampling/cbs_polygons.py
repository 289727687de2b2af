"""The map of wijken en buurten as GeoJSON, in the two forms in which it is published.

2023: RD, with a `crs` member, properties in snake_case; the gemeente is there twice, as land and as water.
2024: longitude and latitude (RFC 7946), camelCase; the gemeente from the map of gebiedsindelingen (`statcode`).

What is missing is -99997 (secret) or -99995 (does not apply): never a number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from stelsel.sampling.cbs_regions import GEMEENTE_CODE, Region, water_of
from stelsel.sampling.cbs_table import hidden
from stelsel.sampling.cbs_topics import density, urbanity
from stelsel.sampling.municipality import GEMEENTENAAM

SECRET, NONE = -99997, -99995
_RD = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
_DIGITS = {2023: 3, 2024: 9}  # a millimetre, and a tenth of it
_LEVELS = {"Gemeente": "gemeenten", "Wijk": "wijken", "Buurt": "buurten"}
_SPELLING = {
    2023: {
        "change": "indelingswijziging_wijken_en_buurten",
        "density": "omgevingsadressendichtheid",
        "urbanity": "stedelijkheid_adressen_per_km2",
        "residents": "aantal_inwoners",
        "households": "aantal_huishoudens",
    },
    2024: {
        "change": "indelingswijzigingWijkenEnBuurten",
        "density": "omgevingsadressendichtheid",
        "urbanity": "stedelijkheidAdressenPerKm2",
        "residents": "aantalInwoners",
        "households": "aantalHuishoudens",
    },
}


def polygon_files(year: int, regions: list[Region]) -> Iterator[tuple[str, Iterator[str]]]:
    """Name and pieces of each file of the map of a year."""
    for kind, level in _LEVELS.items():
        mine = [region for region in regions if region.kind == kind]
        if kind == "Gemeente" and year == 2024:
            yield f"gemeente_gegeneraliseerd_{year}.geojson", _collection(year, "gemeente_gegeneraliseerd", mine)
            continue
        if kind == "Gemeente":
            mine = [*mine, water_of(mine[0], regions)]
        yield f"{level}_{year}.geojson", _collection(year, level, mine)


def _collection(year: int, name: str, regions: list[Region]) -> Iterator[str]:
    head: dict[str, Any] = {"type": "FeatureCollection", "name": name}
    if year == 2023:
        head["crs"] = _RD
    yield json.dumps(head, ensure_ascii=False)[:-1] + ',"features":[\n'
    for number, region in enumerate(regions, 1):
        properties = _statistical(year, number, region) if name.startswith("gemeente_") else _properties(year, region)
        feature = {
            "type": "Feature",
            "id": f"{name}.{number}",
            "properties": properties,
            "geometry": {"type": "MultiPolygon", "coordinates": _coordinates(year, region.ground)},
        }
        yield (",\n" if number > 1 else "") + json.dumps(feature, ensure_ascii=False)
    yield "\n]}\n"


def _statistical(year: int, number: int, region: Region) -> dict[str, Any]:
    return {
        "id": number,
        "statcode": region.code,
        "jrstatcode": f"{year}{region.code}",
        "statnaam": region.name,
        "rubriek": region.kind.lower(),
    }


def _properties(year: int, region: Region) -> dict[str, Any]:
    said = {"Gemeente": {}, "Wijk": {"wijkcode": region.code, "wijknaam": region.name}}.get(
        region.kind, {"buurtcode": region.code, "buurtnaam": region.name, "wijkcode": region.wijk}
    )
    spelt = _SPELLING[year]
    numbers = {
        "change": int(region.change) if region.change.isdigit() else NONE,
        "density": density(region.figures, region.square_km),
        "urbanity": urbanity(region.figures, region.square_km),
        "residents": region.figures.residents,
        "households": region.figures.households,
    }
    if hidden(region):
        numbers |= dict.fromkeys(("density", "urbanity", "households"), SECRET)
    if region.water:
        numbers |= dict.fromkeys(("density", "urbanity", "residents", "households"), NONE)
    return {
        **said,
        "gemeentecode": GEMEENTE_CODE,
        "gemeentenaam": GEMEENTENAAM,
        "water": "JA" if region.water else "NEE",
        **{spelt[key]: value for key, value in numbers.items()},
        "jrstatcode": f"{year}{region.code}",
        "jaar": year,
    }


@cache
def _to_crs84() -> Transformer:
    return Transformer.from_crs("EPSG:28992", "OGC:CRS84", always_xy=True, allow_ballpark=False)


def _project(points: np.ndarray) -> np.ndarray:
    """(n, 2) metres in RD to (n, 2) degrees, longitude first."""
    x, y = _to_crs84().transform(points[:, 0], points[:, 1])
    return np.column_stack([x, y])


def _coordinates(year: int, ground: shapely.MultiPolygon) -> list[Any]:
    """The coordinates member of a MultiPolygon, outer rings counter-clockwise (RFC 7946, 3.1.6)."""
    surface = ground if year == 2023 else shapely.transform(ground, _project)
    digits = _DIGITS[year]
    return [
        [[[round(x, digits), round(y, digits)] for x, y in ring.coords] for ring in (part.exterior, *part.interiors)]
        for part in surface.geoms
    ]
