"""What the BAG has besides streets: woonplaatsen, water, berths, pitches, withdrawn and not-BAG objects, onderzoek."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import NamedTuple

from stelsel.sampling.bag_addresses import nummeraanduiding
from stelsel.sampling.bag_buildings import pand, verblijfsobject
from stelsel.sampling.bag_objects import (
    BagObject,
    Ligplaats,
    Nummeraanduiding,
    Onderzoek,
    OpenbareRuimte,
    Standplaats,
    Woonplaats,
)
from stelsel.sampling.ground import Ring, berth, cell, exclave, outline, pitch
from stelsel.sampling.growth import GIVEN, RETRACTED, document
from stelsel.sampling.identifications import (
    address_id,
    berth_address_id,
    dwelling_id,
    identificatie,
    pand_id,
    pitch_address_id,
)
from stelsel.sampling.municipality import BUURGEMEENTE, GEMEENTE, VORIGE_GEMEENTE, Municipality, Place
from stelsel.sampling.timeline import Life, Step, lives, stamp
from stelsel.sampling.traps import INACTIVE

_WATER, _TERRAIN, _GONE = (identificatie("30", 900_000_000 + number) for number in (1, 2, 3))
_WITHDRAWN_PLACE = "9904"
_DESIGNATED, _REVOKED = "Plaats aangewezen", "Plaats ingetrokken"
_OLD, _MERGED = date(1985, 1, 2).toordinal(), date(2016, 1, 1).toordinal()
_NOT_BAG = 900_000_000


class Relation(NamedTuple):
    """A line of GEM-WPL-RELATIE; `end` is empty where it lasts."""

    woonplaats: str
    gemeente: str
    begin: str
    end: str
    status: str


RELATIONS = (
    Relation("9901", VORIGE_GEMEENTE, "2010-01-05", "2010-01-05", "voorlopig"),
    *(Relation(code, VORIGE_GEMEENTE, "2010-01-05", "2013-01-01", "definitief") for code in ("9901", "9902", "9903")),
    *(Relation(code, GEMEENTE, "2013-01-01", "", "definitief") for code in ("9901", "9902", "9903")),
    Relation(_WITHDRAWN_PLACE, VORIGE_GEMEENTE, "2010-01-05", "2013-01-01", "definitief"),
    Relation(_WITHDRAWN_PLACE, GEMEENTE, "2013-01-01", "2016-01-01", "definitief"),
    Relation("9905", BUURGEMEENTE, "2010-01-05", "", "definitief"),
)


def _lived(status: str, begin: int, chance: int, later: tuple[int, str] | None = None) -> Iterator[tuple[Step, Life]]:
    """One state, or two."""
    steps = (Step(begin, status), Step(later[0], later[1])) if later else (Step(begin, status),)
    return zip(steps, lives(steps, chance), strict=True)


def woonplaatsen(m: Municipality) -> Iterator[Woonplaats]:
    """The places, the second village in two pieces, and one that the town took in."""
    designated, revoked = "Woonplaats aangewezen", "Woonplaats ingetrokken"
    town, village, hamlet = m.places
    merged = (_MERGED, designated)
    kept: list[tuple[Place, tuple[Ring, ...], tuple[int, str] | None]] = [
        (town, (outline(m, town),), merged),
        (village, (outline(m, village),), None),
        (hamlet, (outline(m, hamlet), exclave(hamlet)), None),
    ]
    for place, vlakken, later in kept:
        for step, life in _lived(designated, _OLD, m.street_draw(-2), later):
            day, number = document(step.begin, 0)
            yield Woonplaats(
                identificatie=place.code,
                status=step.status,
                documentdatum=day,
                documentnummer=number,
                life=life,
                naam=place.name,
                vlakken=vlakken,
            )
    if m.trapped:
        for step, life in _lived(designated, _OLD, m.street_draw(-3), (_MERGED, revoked)):
            day, number = document(step.begin, 0)
            yield Woonplaats(
                identificatie=_WITHDRAWN_PLACE,
                status=step.status,
                documentdatum=day,
                documentnummer=number,
                life=life,
                naam="Koggenwaard",
                vlakken=(cell(town),),
            )


def open_spaces(m: Municipality) -> Iterator[OpenbareRuimte]:
    """Openbare ruimten without houses: water for the berths, a terrain for the pitches, a street that is gone."""
    spaces: list[tuple[str, str, str, tuple[int, str] | None]] = [(_WATER, "Wadermeerse Vaart", "Water", None)]
    if m.pitches:
        spaces.append((_TERRAIN, "Wagenerf", "Terrein", None))
    if m.trapped:
        spaces.append((_GONE, "Gedempte Sloot", "Weg", (_MERGED, RETRACTED)))
    for key, name, kind, later in spaces:
        for step, life in _lived(GIVEN, _OLD, m.street_draw(-4), later):
            day, number = document(step.begin, 0)
            yield OpenbareRuimte(
                identificatie=key,
                status=step.status,
                documentdatum=day,
                documentnummer=number,
                life=life,
                naam=name,
                type=kind,
                ligt_in=m.places[0].code,
            )


def ligplaatsen(m: Municipality) -> Iterator[Ligplaats]:
    """All berths."""
    for number in range(m.berths):
        for step, life in _lived(_DESIGNATED, _OLD + number % 9000, m.draw(-2 - number)):
            day, decision = document(step.begin, number)
            yield Ligplaats(
                identificatie=identificatie("02", number + 1),
                status=step.status,
                documentdatum=day,
                documentnummer=decision,
                life=life,
                hoofdadres=berth_address_id(number),
                vlak=berth(m, number),
            )


def standplaatsen(m: Municipality) -> Iterator[Standplaats]:
    """All pitches; the last one was withdrawn."""
    for number in range(m.pitches):
        for step, life in _lived(_DESIGNATED, _OLD, m.draw(-2 - number), _withdrawn(m, number, _REVOKED)):
            day, decision = document(step.begin, number)
            yield Standplaats(
                identificatie=identificatie("03", number + 1),
                status=step.status,
                documentdatum=day,
                documentnummer=decision,
                life=life,
                hoofdadres=pitch_address_id(number),
                vlak=pitch(m, number),
            )


def mooring_addresses(m: Municipality) -> Iterator[Nummeraanduiding]:
    """The nummeraanduidingen of berths and pitches."""
    berths = ((berth_address_id(n), n, "Ligplaats", _WATER, "9999WA") for n in range(m.berths))
    pitches = ((pitch_address_id(n), n, "Standplaats", _TERRAIN, "9999TA") for n in range(m.pitches))
    for key, number, kind, space, postcode in chain(berths, pitches):
        later = _withdrawn(m, number, RETRACTED) if kind == "Standplaats" else None
        for step, life in _lived(GIVEN, _OLD, m.draw(-2 - number), later):
            day, decision = document(step.begin, number)
            yield Nummeraanduiding(
                identificatie=key,
                status=step.status,
                documentdatum=day,
                documentnummer=decision,
                life=life,
                huisnummer=number + 1,
                postcode=postcode,
                type=kind,
                ligt_aan=space,
            )


def _withdrawn(m: Municipality, number: int, status: str) -> tuple[int, str] | None:
    return (_MERGED, status) if number == m.pitches - 1 else None


def inactive(m: Municipality, kind: str) -> list[BagObject]:
    """The voorkomens of a type (`VBO`, `NUM`, ...) that were corrected: what Inactief holds."""
    return [row for row in _all(m, kind, INACTIVE.get(kind, ()) if m.trapped else ()) if row.life.inactive]


def not_bag(m: Municipality, kind: str) -> list[BagObject]:
    """Objects of a type that turned out to be no BAG objects: what NietBag holds."""
    if not m.trapped:
        return []
    if kind == "OPR":
        rows: list[BagObject] = [next(open_spaces(m))]
    else:
        rows = [row for row in _all(m, kind, (7, 8) if kind == "VBO" else (7,)) if row.life.end is None]
    said = stamp(_MERGED + 70, 45_000_000)
    code = {"OPR": "30", "VBO": "01", "NUM": "20", "PND": "10"}.get(kind, "")
    return [
        replace(
            row,
            identificatie=identificatie(code, _NOT_BAG + number),
            life=replace(row.life, niet_bag_lv=said),
        )
        for number, row in enumerate(rows, 11)
    ]


def _all(m: Municipality, kind: str, indexes: tuple[int, ...]) -> list[BagObject]:
    if kind == "VBO":
        return [row for index in indexes for row in verblijfsobject(m, index)]
    if kind == "NUM":
        return [row for index in indexes for row in nummeraanduiding(m, index)]
    if kind == "PND":
        return [row for index in indexes for row in pand(m, m.lot(0, index))]
    return []


def onderzoeken(m: Municipality, kind: str) -> list[Onderzoek]:
    """What is, and was, under investigation at the first addresses, for objects of a type."""
    begun, done = date(2021, 3, 1).toordinal(), date(2021, 9, 15).toordinal()
    subjects = {
        "VBO": ((dwelling_id(m, 1), "oppervlakte", False), (dwelling_id(m, 4), "gebruiksdoel", True)),
        "PND": ((pand_id(m, 0, 2), "oorspronkelijk bouwjaar", False), (pand_id(m, 0, 5), "status", True)),
        "NUM": ((address_id(m, 3), "postcode", False),),
    }
    return [
        Onderzoek(
            kind=kind,
            identificatie=subject,
            kenmerk=kenmerk,
            in_onderzoek=step.status,
            documentdatum=document(step.begin, 0)[0],
            documentnummer=document(step.begin, 0)[1],
            life=life,
        )
        for subject, kenmerk, closed in subjects.get(kind, ())
        for step, life in _lived("J", begun, m.street_draw(-5), (done, "N") if closed else None)
    ]
