"""Public-law restrictions on the municipality: those of the State as a GeoPackage, its own as the CSV of a bronhouder.

Both name other restrictions, so that they load together: of the State a monument is the perceel that it stands on, and
of the gemeente a restriction is on cadastral objects, percelen and apartment rights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import shapely

from stelsel.sampling import brk_traps
from stelsel.sampling.brk_parcels import AKR, Parcel, identification, lot_parcels, section_of
from stelsel.sampling.chance import draw
from stelsel.sampling.files import write_pieces
from stelsel.sampling.geopackage import Layer, multilinestring, multipoint, multipolygon, write_geopackage
from stelsel.sampling.ground import cell, crossed, footprint, place_on_map, street_start
from stelsel.sampling.municipality import GEMEENTE, PEILDATUM, SLOTS, Lot, Municipality

Progress = Callable[[str, int, int], None]

MINISTER = "Minister van Onderwijs, Cultuur en Wetenschap"
GROUNDS = {
    "GWA": "Gemeentewet: Aanwijzing gemeentelijk monument (voorbescherming, aanwijzing, afschrift)",
    "EWE": "Erfgoedwet: Afschrift inschrijving monument of archeologisch monument in rijksmonumentenregister",
    "EWS": "Erfgoedwet: Voorbescherming stads- of dorpsgezicht",
    "WBI": "Wet bodembescherming: Beschikking ernst en spoedeisendheid",
    "ZZZ": "Grondslag die nog in geen lijst staat",
}
TYPES = {
    "KW": "Melding, bevel, beschikking of vordering Wet bodembescherming",
    "OS": "Sluiting object, Opiumwet",
    "WU": "Bestuursdwangbesluit of dwangsombesluit, Woningwet",
}
ORGANS = ("Gemeenteraad", "College Burgemeester en Wethouders", "Burgemeester")
_COLUMNS = (
    *("identificatie", "grondslagCode", "grondslagOmschrijving", "datumInWerking", "datumBeeindiging"),
    *("bevoegdGezag", "typeBeperkingsgebied", "naamPdf"),
)
_RESTRICTION, _OWN = 12, 100_000_000  # purpose of chance; number from which the gemeente's own restrictions are
_OBJECT_PARTS = ("identificatie", "gemeentecode", "sectie", "perceelnummer", "indexletter", "indexnummer")
_OBJECT_HEADING = ";".join(["identificatie", *(f"belast:BRK.KOT.{part}" for part in _OBJECT_PARTS)])


class Restriction(NamedTuple):
    """A restriction of the gemeente: days as `2024-06-08`, and the objects it is on (identification, designation parts)."""

    number: int
    ground: str
    begin: str
    end: str
    objects: tuple[tuple[str, str, str, int, str, int], ...]


def write_brk_pb(m: Municipality, out: Path, progress: Progress) -> list[Path]:
    """Writes `wkpb-<date>.gpkg` and `WKPB_*.csv` into `out`, and gives the paths. The same size and seed, the same bytes."""
    layers = [
        Layer("pb_multipolygon", "MULTIPOLYGON", _COLUMNS, _areas(m, progress)),
        Layer("pb_multilinestring", "MULTILINESTRING", _COLUMNS, _lines(m)),
        Layer("pb_multipoint", "MULTIPOINT", _COLUMNS, _points(m)),
    ]
    lines = {
        "beperking": ("identificatie;typeCode;beginGeldigheid;eindGeldigheid", _restriction_lines),
        "beperking_kadastraalobject": (_OBJECT_HEADING, _object_lines),
        "brondocument": ("identificatie;orgaanCode;documentnummer;persoonsgegevensAfschermen;aard", _document_lines),
    }
    paths = [write_geopackage(out / f"wkpb-{PEILDATUM}.gpkg", layers, PEILDATUM)]
    for name, (heading, make) in lines.items():
        pieces = (line for restriction in _own(m) for line in make(restriction))
        paths.append(write_pieces(out / f"WKPB_{name}.csv", _headed(heading, pieces)))
    types = (f"{code};{text}\n" for code, text in TYPES.items())
    organs = (f"{number};{text}\n" for number, text in enumerate(ORGANS, 1))
    paths.append(write_pieces(out / "WKPB_type.csv", _headed("typeCode;typeOmschrijving", types)))
    paths.append(write_pieces(out / "WKPB_orgaan.csv", _headed("orgaanCode;orgaanOmschrijving", organs)))
    return paths


def _headed(heading: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"{heading}\n"
    yield from lines


def _feature(number: int, code: str, kind: str, begin: str, end: str | None = None) -> tuple[str | None, ...]:
    gezag = MINISTER if code.startswith("EW") else f"gm{GEMEENTE}"
    return (str(number), code, GROUNDS[code], begin, end, gezag, kind, f"{code}{number:08d}.pdf")


def _areas(m: Municipality, progress: Progress) -> Iterator[tuple[bytes, tuple[str | None, ...]]]:
    """Monuments, polluted ground, and a protected view over the first buurt of every place."""
    for number, place in enumerate(m.places, 1):
        if place.streets:
            area = multipolygon([(cell(place),)])
            yield area, _feature(900 + number, "EWS", "Handmatig ingetekende geometrie", "1998-11-02")
    for street in range(m.streets):
        for lot in m.lots(street):
            yield from _of_lot(m, lot)
        progress("BRK-PB", street + 1, m.streets)


def _of_lot(m: Municipality, lot: Lot) -> Iterator[tuple[bytes, tuple[str | None, ...]]]:
    index = lot.street * SLOTS + lot.slot
    if m.trapped and index == brk_traps.CROSSED:
        return  # what crosses itself has no area to lay a restriction on
    chance, number = draw(m.seed, _RESTRICTION, index), 10_000 + 3 * index
    begin = date(2008 + chance % 14, 1 + chance % 12, 1 + chance % 28).isoformat()
    if m.built(lot.street) < 1930 and chance % 10 == 0:
        yield multipolygon([footprint(m, lot)]), _feature(number, "GWA", "BAG", begin)
    if m.built(lot.street) < 1900 and chance % 7 == 0:
        yield _together(lot_parcels(m, lot)), _feature(number + 1, "EWE", "BRK", begin)
    if chance % 400 == 1:
        yield _together(lot_parcels(m, lot)), _feature(number + 2, "WBI", "BRK", begin)
    if m.trapped and index == brk_traps.HALVED:
        yield _together(lot_parcels(m, lot)), _feature(9_001, "EWE", "BRK", "2016-07-01")
    if m.trapped and index == brk_traps.RESIZED:
        yield multipolygon([footprint(m, lot)]), _feature(9_002, "ZZZ", "BAG", "2024-01-01")
    if m.trapped and index == brk_traps.FILLER:
        yield multipolygon([crossed(m, lot)]), _feature(9_003, "GWA", "Handmatig ingetekende geometrie", "2019-03-04")


def _together(parcels: list[Parcel]) -> bytes:
    """One area of percelen that lie against each other: a multi-polygon may not have a side twice."""
    ground = shapely.union_all([shapely.Polygon(parcel.ring) for parcel in parcels])
    return multipolygon([(tuple(ground.exterior.coords),)])


def _lines(m: Municipality) -> Iterator[tuple[bytes, tuple[str | None, ...]]]:
    west, middle = street_start(m, 0)
    wall = [place_on_map(west + x, middle + 5.0) for x in (10.0, 60.0)]
    if m.trapped:
        yield multilinestring(wall), _feature(9_004, "GWA", "BGT", "2012-05-07")


def _points(m: Municipality) -> Iterator[tuple[bytes, tuple[str | None, ...]]]:
    west, middle = street_start(m, 0)
    pumps = [place_on_map(west + x, middle) for x in (20.0, 100.0)]
    if m.trapped:
        yield multipoint(pumps), _feature(9_005, "GWA", "BGT", "2012-05-07")


def _own(m: Municipality) -> Iterator[Restriction]:
    """The restrictions of the gemeente: one lot in a hundred or so, and the traps."""
    if m.trapped:
        yield from _trapped(m)
    for street in range(m.streets):
        for lot in m.lots(street):
            index = street * SLOTS + lot.slot
            chance = draw(m.seed, _RESTRICTION, index) >> 20
            if chance % 100 < 2:
                begin = date(2010 + chance % 13, 1 + chance % 12, 1 + chance % 28).isoformat()
                ground = ("KW", "WU", "WU", "OS")[chance % 4]
                yield Restriction(_OWN + 100 + index, ground, begin, "", _objects(lot_parcels(m, lot)))


def _trapped(m: Municipality) -> Iterator[Restriction]:
    section, letters = section_of(1)
    number = brk_traps.JOINED[1] % SLOTS + 2 + 100
    former = identification(section, number), AKR[0], letters, number, "G", 0
    yield Restriction(_OWN + 1, "KW", "2009-02-02", "", (former,))
    flat = (identification(section, 99_001, 1, 1), AKR[0], letters, 99_001, "A", 1)
    unknown = ("NO-GEO", AKR[0], letters, 99_001, "A", 2)
    yield Restriction(_OWN + 2, "OS", "2021-09-13", "", (flat, unknown))
    lots = [Lot(1, slot, 1, "rij") for slot in (0, 2, 4)]
    objects = _objects([parcel for lot in lots for parcel in lot_parcels(m, lot)])
    yield Restriction(_OWN + 3, "WU", "2014-04-01", "2019-10-31", objects)


def _objects(parcels: list[Parcel]) -> tuple[tuple[str, str, str, int, str, int], ...]:
    return tuple((p.identificatie, p.akr, p.sectie, p.number, "G", 0) for p in parcels)


def _restriction_lines(restriction: Restriction) -> Iterator[str]:
    end = f"{restriction.end}T00:00:00" if restriction.end else ""
    yield f"{restriction.number};{restriction.ground};{restriction.begin}T00:00:00;{end}\n"


def _object_lines(restriction: Restriction) -> Iterator[str]:
    for key, akr, section, number, letter, index in restriction.objects:
        yield f"{restriction.number};NL.KAD.OnroerendeZaak.{key};{akr};{section};{number};{letter};{index}\n"


def _document_lines(restriction: Restriction) -> Iterator[str]:
    organ = 3 if restriction.ground == "OS" else 2
    hidden = "J" if restriction.ground == "OS" else "N"
    yield f"{restriction.number};{organ};WB{restriction.number:08d}.pdf;{hidden};Opleggen\n"
    if restriction.end:
        yield f"{restriction.number};{organ};WB{restriction.number:08d}.pdf;{hidden};Beëindigen\n"
