"""A table Kerncijfers wijken en buurten as its OData v3 feed gives it, saved: one JSON file a page.

<table>/TableInfos.json          what it is, and of which period
<table>/DataProperties.json      its columns, with unit and decimals
<table>/WijkenEnBuurten.json     its regions; keys are padded to ten characters
<table>/TypedDataSet-001.json    its rows, in pages; all but the last one say where the next one is

Names of columns end in their position in that year's table: the same stem has another number a year later, and some
stems are spelt otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from stelsel.sampling.cbs_regions import GEMEENTE_CODE, Region
from stelsel.sampling.cbs_topics import GROUPS, TABLES, TOPICS
from stelsel.sampling.chance import draw
from stelsel.sampling.municipality import GEMEENTENAAM

SUPPRESSED_UNDER = 50
"""Residents: a wijk or buurt with fewer has no figures but their number, so that no one can be recognised."""
_SERVICE = "http://opendata.cbs.nl"
_PAGES, _PAGE = 8, 6  # pages at most, and rows on a page at least
_ROUNDED = 6  # what `draw` is asked for
_COUNTRY = "NL00"


def table_files(year: int, regions: list[Region], seed: int) -> Iterator[tuple[str, Iterator[str]]]:
    """Name and pieces of each file of the table of a year."""
    yield "TableInfos.json", _feed(year, "TableInfos", [_info(year)])
    yield "DataProperties.json", _feed(year, "DataProperties", _properties(year))
    yield "WijkenEnBuurten.json", _feed(year, "WijkenEnBuurten", [_COUNTRY_KEY, *map(_key, _on_land(regions))])
    rows = [_country(year), *(_row(year, region, seed) for region in _on_land(regions))]
    size = max(_PAGE, -(-len(rows) // _PAGES))
    for page, first in enumerate(range(0, len(rows), size), 1):
        held = [{"ID": first + number, **row} for number, row in enumerate(rows[first : first + size])]
        after = first + size if first + size < len(rows) else None
        yield f"TypedDataSet-{page:03d}.json", _feed(year, "TypedDataSet", held, after)


def _on_land(regions: list[Region]) -> list[Region]:
    return [region for region in regions if not region.water]


def _feed(year: int, kind: str, values: list[dict[str, Any]], after: int | None = None) -> Iterator[str]:
    table = TABLES[year]
    context = f"{_SERVICE}/ODataApi/OData/{table}/$metadata#Cbs.OData.WebAPI.{kind}"
    yield f'{{"odata.metadata":{json.dumps(context)},"value":[\n'
    for position, value in enumerate(values):
        yield (",\n" if position else "") + json.dumps(value, ensure_ascii=False)
    following = f"{_SERVICE}/ODataFeed/OData/{table}/{kind}?$skip={after}"
    yield f'\n],"odata.nextLink":{json.dumps(following)}}}\n' if after is not None else "\n]}\n"


def _info(year: int) -> dict[str, Any]:
    return {
        "ID": 0,
        "Title": f"Kerncijfers wijken en buurten {year}",
        "ShortTitle": f"Kerncijfers wijken en buurten {year}",
        "Identifier": TABLES[year],
        "Summary": "Cijfers van een gemeente die niet bestaat, per wijk en buurt",
        "Modified": f"{year}-11-04T02:00:00",
        "ReasonDelivery": "Actualisering",
        "Language": "nl",
        "Catalog": "CBS",
        "Frequency": "Eenmalig",
        "Period": f"{year}",
        "OutputStatus": "Regulier",
        "Source": "CBS",
    }


def _properties(year: int) -> list[dict[str, Any]]:
    """The dimension, then each group with its topics."""
    identity = [
        ("Gemeentenaam_1", "Gemeentenaam", "naam"),
        ("SoortRegio_2", "Soort regio", "omschrijving"),
        ("Codering_3", "Codering", "code"),
        ("IndelingswijzigingWijkenEnBuurten_4", "Indelingswijziging wijken en buurten", "code"),
    ]
    rows: list[dict[str, Any]] = []

    def add(kind: str, key: str, title: str, parent: int | None, **more: Any) -> int:
        known = dict.fromkeys(("Position", "MapYear", "Datatype", "Unit", "Decimals", "Default", "PresentationType"))
        head = {"odata.type": f"Cbs.OData.{kind}", "ID": len(rows), "ParentID": parent, "Type": kind, "Key": key}
        rows.append({**head, "Title": title, "Description": "", **known, **more})
        return len(rows) - 1

    add("GeoDetail", "WijkenEnBuurten", "Wijken en buurten", None, Position=0, MapYear=year)
    for group in GROUPS:
        parent = add("TopicGroup", "", group, None)
        for position, (key, title, unit) in enumerate(identity if group == GROUPS[0] else [], 1):
            text = {"Datatype": "String", "Unit": unit, "Decimals": 0}
            add("Topic", key, title, parent, Position=position, Default="Impossible", PresentationType="", **text)
        for topic in (topic for topic in TOPICS if topic.group == group):
            number = {
                "Datatype": "Double" if topic.decimals else "Long",
                "Unit": topic.unit,
                "Decimals": topic.decimals,
            }
            form = "Absolute" if topic.unit in ("aantal", "kWh", "m³", "code") else "Relative"
            place = topic.positions[list(TABLES).index(year)]
            add("Topic", topic.key(year), topic.title, parent, Position=place, Default="Impossible",
                PresentationType=form, **number)  # fmt: skip
    return rows


_COUNTRY_KEY: dict[str, Any] = {
    "Key": f"{_COUNTRY:<10}",
    "Title": "Nederland",
    "Description": None,
    "Municipality": "",
    "DetailRegionCode": "",
}


def _key(region: Region) -> dict[str, Any]:
    described = f"{region.kind} '{region.name}' ({region.code})"
    inside = "" if region.kind == "Gemeente" else f" in de gemeente '{GEMEENTENAAM}'"
    return {
        "Key": f"{region.code:<10}",
        "Title": region.name,
        "Description": described + inside,
        "Municipality": GEMEENTE_CODE,
        "DetailRegionCode": region.code,
    }


def _head(code: str, gemeente: str, kind: str, change: str) -> dict[str, Any]:
    return {
        "WijkenEnBuurten": f"{code:<10}",
        "Gemeentenaam_1": f"{gemeente:<40}",
        "SoortRegio_2": f"{kind:<10}",
        "Codering_3": f"{code:<10}",
        "IndelingswijzigingWijkenEnBuurten_4": change,
    }


def _country(year: int) -> dict[str, Any]:
    """The row of the country, which knows nothing of this municipality."""
    return {**_head(_COUNTRY, "Nederland", "Land", "."), **{topic.key(year): None for topic in TOPICS}}


def _row(year: int, region: Region, seed: int) -> dict[str, Any]:
    row = _head(region.code, GEMEENTENAAM, region.kind, region.change)
    for number, topic in enumerate(TOPICS):
        value = topic.value(region.figures, region.square_km)
        if hidden(region) and topic.stems[0] != "AantalInwoners":
            value = None
        if topic.rounded and region.kind != "Gemeente" and isinstance(value, int):
            value = _to_fives(value, draw(seed, _ROUNDED, int(region.code[2:]) * 100 + number))
        row[topic.key(year)] = value
    return row


def hidden(region: Region) -> bool:
    """Whether the figures of a region are kept secret."""
    return region.kind != "Gemeente" and region.figures.residents < SUPPRESSED_UNDER


def _to_fives(number: int, chance: int) -> int:
    """A multiple of five beside the number, chosen so that it is right on average (aselect afronden)."""
    down, over = number - number % 5, number % 5
    return down + 5 * (chance % 5 < over)
