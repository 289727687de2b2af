"""What real files of energy labels do to a loader, done on purpose: which address bears it, and how often it is there."""

from __future__ import annotations

from datetime import date
from typing import Any

from stelsel.sampling.traps import Trap

Changes = dict[str, Any]
"""Fields of a label -> what they are in this one."""

EP_TRAPS: dict[str, Trap] = {
    "three over time": Trap(
        3, "labels of one verblijfsobject, of 2013, 2019 and 2023, each better; the first has expired"
    ),
    "expired only": Trap(1, "verblijfsobject whose only label has expired"),
    "total, no CO2": Trap(1, "label by Rekenmethodiek Definitief Energielabel: MJ in all, and CO2 0,00 for none"),
    "total with CO2": Trap(2, "labels by Nader Voorschrift and ISSO82.3: MJ and kg CO2 in all, and an energy index"),
    "another pand": Trap(1, "label that names a pand that the BAG does not have the verblijfsobject in"),
    "another surface": Trap(1, "label of twice the surface that the BAG has"),
    "line twice": Trap(1, "label whose line is there twice"),
    "two on a day": Trap(2, "labels of one verblijfsobject that were registered on one day, of other statuses"),
    "no BAG object": Trap(1, "line that names nothing in the BAG"),
    "several panden": Trap(1, "label of panden alone, two in one cell"),
    "unknown method": Trap(1, "line by a method that no one has heard of"),
    "best class": Trap(1, "label of class A+++++"),
    "separators in text": Trap(1, "label whose detailaanduiding has a semicolon and quotes"),
    "unknown object": Trap(1, "label of a verblijfsobject that is in no BAG"),
}
"""What is in a sample of `municipality.TRAPS_FROM` addresses or more; the file of 2021 has a private label besides."""

_DEFINITIEF = "Rekenmethodiek Definitief Energielabel, versie 1.2, 16 september 2014"
_NADER = "Nader Voorschrift, versie 1.0, 1 februari 2014 met erratalijst, addendum 1 juli 2018"
_ISSO = "ISSO82.3, versie 3.0, oktober 2011"
_NTA = "NTA 8800:2023 (basisopname woningbouw)"
UNKNOWN_METHOD = "Rekenregel 2031, versie 0.1"
UNKNOWN_OBJECT = "9990010000999999"


def _on(day: str, method: str, klass: str, per_m2: int, **more: Any) -> Changes:
    registered = date.fromisoformat(day).toordinal()
    known = {"registered": registered, "surveyed": registered - 10, "method": method, "klass": klass}
    return {**known, "per_m2": per_m2, "kind": "W", "building": "Rijwoning", **more}


_USUAL = _on("2022-03-14", _NTA, "C", 21_395)

TRAPPED: dict[int, tuple[Changes, ...]] = {
    60: (
        _on("2013-02-11", _ISSO, "E", 31_000),
        _on("2019-05-20", _DEFINITIEF, "C", 22_000),
        _on("2023-09-04", _NTA, "A", 14_250),
    ),
    61: (_on("2012-04-02", _ISSO, "F", 35_000),),
    62: (_on("2017-01-16", _DEFINITIEF, "D", 27_000),),
    63: (_on("2018-10-01", _NADER, "D", 26_000),),
    64: (_on("2014-11-03", _ISSO, "E", 30_500),),
    65: (_USUAL,),
    66: (_USUAL | {"area": 260},),
    67: (_USUAL | {"times": 2},),
    68: (
        _on("2021-11-24", _NTA, "B", 17_000, status="Vergunningsaanvraag"),
        _on("2021-11-24", _NTA, "A", 15_900, status="Oplevering"),
    ),
    69: (_USUAL | {"verblijfsobject": "", "panden": ()},),
    70: (_on("2022-06-02", _NTA, "B", 18_000, verblijfsobject=""),),
    71: (_USUAL | {"method": UNKNOWN_METHOD},),
    72: (_USUAL | {"klass": "A+++++", "per_m2": 0},),
    73: (_USUAL | {"detail": 'Bovenwoning; "achter"'},),
    74: (_USUAL | {"verblijfsobject": UNKNOWN_OBJECT},),
    75: (_USUAL | {"private": True},),
}
"""Address -> the labels that it has, as changes to what it would have had."""
PANDEN = {65: (-2,), 70: (0, 2)}
"""Address -> the panden that its label names, as slots from its own."""
