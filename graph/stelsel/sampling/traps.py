"""What real deliveries do to a loader, done on purpose: which address bears it, and how often a sample has it.

Addresses 0 to 9 are left plain, for the mutations; from 10 on each trap has an address of its own. A sample of
`municipality.TRAPS_FROM` addresses or more holds every trap exactly so often, however large it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from stelsel.sampling.municipality import Municipality
from stelsel.sampling.timeline import Step


@dataclass(frozen=True)
class Trap:
    """A difficulty, and how many there are of it. Objects count once, by their last voorkomen, unless it says so."""

    count: int
    what: str


TRAPS: dict[str, Trap] = {
    "eight voorkomens": Trap(1, "a verblijfsobject with eight voorkomens; no object has more"),
    "begin equals end": Trap(2, "voorkomens with beginGeldigheid = eindGeldigheid: changed twice on one day"),
    "end known beforehand": Trap(4, "voorkomens with eindRegistratie before eindGeldigheid"),
    "begin to come": Trap(1, "a voorkomen, registered already, that begins after the extract's date"),
    "end to come": Trap(2, "voorkomens with eindGeldigheid after the extract's date, one of them in 2104"),
    "gap": Trap(1, "an object that was not there from one voorkomen's end until the next one's begin"),
    "inactive": Trap(3, "voorkomens in Inactief, corrected by the one that follows in the extract"),
    "not BAG": Trap(5, "objects in NietBag, which the extract does not have"),
    "nevenadres": Trap(2, "verblijfsobjecten with a nevenadres"),
    "nevenadressen": Trap(3, "nevenadressen in all"),
    "several panden": Trap(3, "verblijfsobjecten in two panden or more"),
    "several gebruiksdoelen": Trap(4, "verblijfsobjecten with two gebruiksdoelen or more"),
    "letter and addition": Trap(3, "nummeraanduidingen with huisletter and huisnummertoevoeging"),
    "lower case letter": Trap(1, "a nummeraanduiding 30a beside 30A"),
    "no postcode": Trap(2, "nummeraanduidingen without postcode"),
    "own woonplaats": Trap(2, "nummeraanduidingen with a ligtIn of their own"),
    "withdrawn woonplaats": Trap(1, "a woonplaats that was withdrawn, and whose relation to the gemeente ended"),
    "withdrawn plaats": Trap(1, "a standplaats that was withdrawn"),
    "provisional relation": Trap(1, "a relation of gemeente and woonplaats that is voorlopig"),
    "relation of no length": Trap(1, "a relation of gemeente and woonplaats that ends on the day it begins"),
    "earlier gemeente": Trap(4, "definitive relations that ended with the gemeente of which this one is the successor"),
    "dangling pand": Trap(1, "a verblijfsobject in a pand that no file has"),
    "statuses of panden": Trap(10, "every status that a pand can have, as the last one of some pand"),
    "statuses of verblijfsobjecten": Trap(8, "every status that a verblijfsobject can have, likewise"),
    "in onderzoek": Trap(3, "properties under investigation: J without an end"),
    "was in onderzoek": Trap(2, "properties that were under investigation: J with an end, then N"),
    "two courts": Trap(1, "a pand with two inner rings; with one there are more"),
    "crossed polygon": Trap(1, "a pand, of one voorkomen, whose ring crosses itself: the schema allows it"),
    "bouwjaar 9999": Trap(1, "a pand from the year 9999"),
    "bouwjaar 1005": Trap(1, "a pand from the year 1005"),
    "other gemeente's code": Trap(6, "objects whose identification begins with 9991: two panden, two VBO, two NUM"),
    "diacritics": Trap(1, "an openbare ruimte with diacritics and an apostrophe in its name"),
    "shortened name": Trap(1, "an openbare ruimte with a verkorteNaam"),
    "multivlak": Trap(1, "a woonplaats in two pieces"),
    "verblijfsobject as vlak": Trap(1, "a verblijfsobject with a surface where others have a point"),
    "geconstateerd": Trap(2, "objects that were found on the ground, without a decision"),
    "spaces around a reference": Trap(1, "a reference to a pand with a line break on both sides"),
    "markup in text": Trap(1, "a documentnummer with &, <, > and quotes"),
    "junk": Trap(3, "entries of the zips that macOS left behind"),
}


def trap(m: Municipality, index: int) -> int:
    """The key of an address in the tables below: the index, or -1 where the sample is too small for traps."""
    return index if m.trapped else -1


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def _steps(*steps: tuple[str, str]) -> tuple[Step, ...]:
    return tuple(Step(_day(begin), status) for begin, status in steps)


_GIVEN, _RETRACTED = "Naamgeving uitgegeven", "Naamgeving ingetrokken"
_FORMED, _USED = "Verblijfsobject gevormd", "Verblijfsobject in gebruik"
_REBUILT, _UNUSED = "Verbouwing verblijfsobject", "Verblijfsobject buiten gebruik"
_ROUGH = "Verblijfsobject in gebruik (niet ingemeten)"
_PERMIT, _STARTED, _STANDS = "Bouwvergunning verleend", "Bouw gestart", "Pand in gebruik"

PAND_STEPS: dict[int, tuple[Step, ...]] = {
    14: (
        Step(_day("1992-02-03"), _STANDS),
        Step(_day("2024-07-01"), "Sloopvergunning verleend", registered=_day("2024-06-03")),
    ),
    37: (
        Step(_day("2011-05-02"), _STANDS, withdrawn=True),
        Step(_day("2011-05-02"), _STANDS, registered=_day("2011-09-01")),
    ),
    40: _steps(("1989-05-01", _STANDS)),
    48: _steps(("1988-04-01", _STANDS), ("2017-02-01", "Sloopvergunning verleend"), ("2017-06-01", "Pand gesloopt")),
    49: _steps(("2015-01-05", _PERMIT), ("2016-03-01", "Niet gerealiseerd pand")),
    50: _steps(("2012-06-01", _STANDS), ("2013-09-02", "Pand ten onrechte opgevoerd")),
    51: _steps(("1991-06-03", _STANDS), ("2019-01-07", "Pand buiten gebruik")),
    52: _steps(("1987-06-01", _STANDS), ("2024-02-05", "Verbouwing pand")),
    53: _steps(("1986-06-02", _STANDS), ("2024-03-04", "Sloopvergunning verleend")),
    54: _steps(("2023-11-01", _PERMIT)),
    55: _steps(("2023-03-01", _PERMIT), ("2024-01-15", _STARTED)),
    56: _steps(("2022-03-01", _PERMIT), ("2022-09-01", _STARTED), ("2024-05-01", "Pand in gebruik (niet ingemeten)")),
    58: _steps(("1990-05-01", _STANDS), ("2014-03-03", "Verbouwing pand"), ("2014-03-03", _STANDS)),
}
VERBLIJFSOBJECT_STEPS: dict[int, tuple[Step, ...]] = {
    10: _steps(
        *(("2012-03-01", _FORMED), ("2013-01-10", _ROUGH), ("2013-02-20", _USED), ("2015-06-01", _REBUILT)),
        *(("2016-02-01", _USED), ("2018-01-08", _UNUSED), ("2019-05-06", _REBUILT), ("2020-02-03", _USED)),
    ),
    11: _steps(("1990-05-01", _USED), ("2014-03-03", _REBUILT), ("2014-03-03", _USED)),
    36: (
        Step(_day("2011-05-02"), _USED, withdrawn=True),
        Step(_day("2011-05-02"), _USED, registered=_day("2011-09-01")),
    ),
    39: (Step(_day("1995-01-02"), _USED, end=_day("2015-03-02")), Step(_day("2016-04-04"), _USED)),
    48: _steps(("1988-04-01", _USED), ("2017-06-01", "Verblijfsobject ingetrokken")),
    49: _steps(("2015-01-05", _FORMED), ("2016-03-01", "Niet gerealiseerd verblijfsobject")),
    50: _steps(("2012-06-01", _USED), ("2013-09-02", "Verblijfsobject ten onrechte opgevoerd")),
    51: _steps(("1991-06-03", _USED), ("2019-01-07", _UNUSED)),
    52: _steps(("1987-06-01", _USED), ("2024-02-05", _REBUILT)),
    54: _steps(("2023-11-01", _FORMED)),
    55: _steps(("2023-03-01", _FORMED)),
    56: _steps(("2022-03-01", _FORMED), ("2024-05-01", _ROUGH)),
}
NUMMERAANDUIDING_STEPS: dict[int, tuple[Step, ...]] = {
    12: (Step(_day("1991-03-04"), _GIVEN), Step(_day("2016-01-01"), _GIVEN, registered=_day("2015-12-16"))),
    13: (Step(_day("2014-03-03"), _GIVEN, end=_day("2104-03-03")),),
    38: (
        Step(_day("2011-05-02"), _GIVEN, withdrawn=True),
        Step(_day("2011-05-02"), _GIVEN, registered=_day("2011-09-01")),
    ),
    48: _steps(("1988-04-01", _GIVEN), ("2017-06-01", _RETRACTED)),
    49: _steps(("2015-01-05", _GIVEN), ("2016-03-01", _RETRACTED)),
    50: _steps(("2012-06-01", _GIVEN), ("2013-09-02", _RETRACTED)),
    54: _steps(("2023-11-01", _GIVEN)),
    55: _steps(("2023-03-01", _GIVEN)),
    56: _steps(("2022-03-01", _GIVEN)),
}
STREET_STEPS: dict[int, tuple[Step, ...]] = {
    1: (Step(_day("1985-01-02"), _GIVEN), Step(_day("2016-01-01"), _GIVEN, registered=_day("2015-12-16"))),
}
INACTIVE = {"VBO": (36,), "PND": (37,), "NUM": (38,)}

NEVENADRESSEN = {15: 1, 16: 2}
MORE_PANDEN = {18: (20,), 19: (21,), 20: (22, 24)}
"""Slots, in the same street, of the panden that a verblijfsobject extends into."""
GEBRUIKSDOELEN = {
    22: ("woonfunctie", "winkelfunctie"),
    23: ("woonfunctie", "kantoorfunctie"),
    24: ("bijeenkomstfunctie", "onderwijsfunctie", "sportfunctie", "overige gebruiksfunctie"),
    25: ("celfunctie", "gezondheidszorgfunctie"),
}
OWN_WOONPLAATS = (33, 34)
DANGLING, CROSSED, AS_VLAK, SPACED, MARKUP = 35, 40, 45, 47, 57
MARKUP_TEXT = 'B&W <2> "Kade"'
SHORTENED_STREET = 1
DANGLING_PAND = "9990109999999999"
BOUWJAREN = {41: 9999, 42: 1005, 49: 2016, 50: 2012, 54: 2024, 55: 2024, 56: 2024}
FOUND = (46,)
"""Address whose verblijfsobject and pand were geconstateerd."""
