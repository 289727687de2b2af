"""The energy labels of an invented municipality: what was registered of each address, berth, pitch and building.

About three in five addresses have a label, newer houses a better one; some have several over time. The method goes by
the day of registration, and the unit of the numbers by the method (see loaders/ep-online).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from stelsel.sampling import traps
from stelsel.sampling.bag_buildings import verblijfsobject
from stelsel.sampling.bag_extras import ligplaatsen, standplaatsen
from stelsel.sampling.bag_objects import Verblijfsobject
from stelsel.sampling.chance import draw
from stelsel.sampling.ep_traps import PANDEN, TRAPPED
from stelsel.sampling.growth import USED
from stelsel.sampling.identifications import pand_id
from stelsel.sampling.municipality import SLOTS, Address, Municipality

PUBLISHED = date(2024, 6, 1)
CLASSES = ("A+++++", "A++++", "A+++", "A++", "A+", "A", "B", "C", "D", "E", "F", "G")
_BEST_BEFORE_2021 = CLASSES.index("A")
# Primary fossil energy in kWh per m2 and year, up to which a home has a class (Regeling energieprestatie gebouwen).
_LIMITS = (0, 0, 50, 75, 105, 160, 190, 250, 290, 335, 380, 470)
NOWHERE = Address(0, "", "", "")
_LABELS, _COVERED = 7, 60  # what `draw` is asked for; per cent of the addresses
_YEARS_OF_CLASS = (2021, 2018, 2014, 2006, 1995, 1985, 1975, 1965, 1930)
_VALID = 10  # years
_BERTH = _PITCH = 3  # one in so many has a label
_PANDEN = 25  # one street in so many has a label of a pand alone


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyLabel:
    """A label as it was registered; texts are empty where there is none. Days are ordinals, numbers in tenths or hundredths."""

    registered: int
    surveyed: int
    method: str
    klass: str
    kind: str = "W"
    status: str = "Bestaand"
    survey: str = "Basisopname"
    building: str = "Rijwoning"
    address: Address = NOWHERE
    detail: str = ""
    verblijfsobject: str = ""
    ligplaats: str = ""
    standplaats: str = ""
    panden: tuple[str, ...] = ()
    bouwjaar: int = 0
    area: int = 0
    """m2, of the BAG's object."""
    per_m2: int = 0
    """Primary fossil energy in hundredths of kWh per m2 and year; what older methods give is made of it."""
    private: bool = False
    times: int = 1
    """How often the line is in the file."""

    @property
    def expires(self) -> date:
        """The last day on which it holds."""
        day = date.fromordinal(self.surveyed)
        leap_day = (day.month, day.day) == (2, 29)
        return day.replace(year=day.year + _VALID, day=28 if leap_day else day.day)

    @property
    def by_nta(self) -> bool:
        """Whether its numbers are per m2."""
        return self.method.startswith("NTA")


def labels(m: Municipality) -> Iterator[EnergyLabel]:
    """All labels, a street at a time, then those of berths and pitches."""
    for street in range(m.streets):
        for index in range(street * SLOTS, street * SLOTS + m.slots(street)):
            yield from labels_at(m, index)
        if street % _PANDEN == 1:
            yield from _of_pand(m, street)
    for number, berth in enumerate(ligplaatsen(m)):
        if number % _BERTH == 0:
            yield replace(_plain(m, -1 - number, 1995, 60), building="Woonboot", ligplaats=berth.identificatie)
    for number, pitch in enumerate(standplaatsen(m)):
        if number % _PITCH == 0:
            yield replace(_plain(m, -1 - number, 1990, 50), building="Woonwagen", standplaats=pitch.identificatie)


def labels_at(m: Municipality, index: int) -> Iterator[EnergyLabel]:
    """The labels of a dwelling, oldest first; none where it is not in use, or nobody ever registered one."""
    state = verblijfsobject(m, index)[-1]
    trapped = TRAPPED.get(traps.trap(m, index), ())
    chance = draw(m.seed, _LABELS, index)
    if not trapped and (chance % 100 >= _COVERED or state.status != USED):
        return
    newest = _of_dwelling(m, index, state)
    if trapped:
        yield from (replace(newest, **changes) for changes in trapped)
        return
    earlier = (chance >> 8) % 100
    for back in range((earlier < 30) + (earlier < 6), 0, -1):
        older = _earlier(newest, back, chance)
        if date.fromordinal(older.registered).year > max(2008, newest.bouwjaar):
            yield older
    yield newest


def _of_dwelling(m: Municipality, index: int, state: Verblijfsobject) -> EnergyLabel:
    street, slot = divmod(index, SLOTS)
    built = traps.BOUWJAREN.get(traps.trap(m, index)) or m.built(street)
    kind = "W" if "woonfunctie" in state.gebruiksdoelen else "U"
    building = "" if kind == "U" else "Appartement" if m.lot(street, slot).kind == "flat" else "Rijwoning"
    panden = tuple(pand.strip() for pand in state.panden)
    if traps.trap(m, index) in PANDEN:
        panden = tuple(pand_id(m, street, slot + away) for away in PANDEN[index])
    return replace(
        _plain(m, index, built, state.oppervlakte, kind),
        address=m.address(index),
        verblijfsobject=state.identificatie,
        panden=panden,
        building=building,
    )


def _plain(m: Municipality, index: int, built: int, area: int, kind: str = "W") -> EnergyLabel:
    """The newest label of something of that year and size."""
    chance = draw(m.seed, _LABELS, index) >> 16
    first = date(min(max(2015, built + 1), 2023), 1, 1).toordinal()
    day = first + chance % (PUBLISHED.toordinal() - first)
    step = sum(built < year for year in _YEARS_OF_CLASS) + 2 - (chance >> 20) % 5 + (chance >> 24) % 2
    return _made(day, day - (chance >> 28) % 60, kind, step, chance, built, area)


def _made(registered: int, surveyed: int, kind: str, step: int, chance: int, built: int, area: int) -> EnergyLabel:
    method = method_of(registered, kind, chance)
    best = 2 if method.startswith("NTA") else _BEST_BEFORE_2021
    step = min(max(step, best), len(CLASSES) - 1)
    low, high = _LIMITS[step - 1], _LIMITS[step]
    return EnergyLabel(
        registered=registered,
        surveyed=surveyed,
        method=method,
        klass=CLASSES[step],
        kind=kind,
        survey="Detailopname" if chance >> 12 & 1 else "Basisopname",
        bouwjaar=built,
        area=area,
        per_m2=low * 100 + (chance >> 32) % ((high - low) * 100) + 1,
    )


def _earlier(newest: EnergyLabel, back: int, chance: int) -> EnergyLabel:
    """A label of the same thing, three to five years before each that follows it, and a class or two worse."""
    day = newest.registered - back * (1100 + (chance >> 40) % 700)
    step = CLASSES.index(newest.klass) + back
    made = _made(day, day - 20, newest.kind, step, chance >> 4, newest.bouwjaar, newest.area)
    return replace(
        made,
        address=newest.address,
        verblijfsobject=newest.verblijfsobject,
        panden=newest.panden,
        building=newest.building,
    )


def method_of(registered: int, kind: str, chance: int) -> str:
    """The Berekeningstype in use on a day, in the register's words."""
    day = date.fromordinal(registered)
    if day.year >= 2021:
        scope = "woningbouw" if kind == "W" else "utiliteitsbouw"
        edition = 2020 if day.year < 2022 else day.year
        return f"NTA 8800:{edition} ({'detail' if chance >> 12 & 1 else 'basis'}opname {scope})"
    if kind == "U":
        return "ISSO75.3, versie 3.0, oktober 2011"
    if day.year < 2015:
        return "ISSO82.3, versie 3.0, oktober 2011"
    if chance >> 14 & 1:
        return "Nader Voorschrift, versie 1.0, 1 februari 2014 met erratalijst, addendum 1 juli 2018"
    return "Rekenmethodiek Definitief Energielabel, versie 1.2, 16 september 2014"


def _of_pand(m: Municipality, street: int) -> Iterator[EnergyLabel]:
    """A label of the first pand of a street and of nothing in it."""
    lot = next(iter(m.lots(street)))
    plain = _plain(m, -1_000_000 - street, m.built(street), 300, "U")
    yield replace(plain, building="", panden=(pand_id(m, street, lot.slot),), address=m.address(street * SLOTS))
