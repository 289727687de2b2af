"""What Statistics Netherlands counts in a buurt: sums over its dwellings, so that larger regions are sums of sums.

A woning is a verblijfsobject with a woonfunctie that is in use on the first of January (CBS, Woningvoorraad). What no
register of this sample knows (gas, electricity, value, income) follows from its year, area and household.
"""

from __future__ import annotations

from typing import NamedTuple

from stelsel.sampling import traps
from stelsel.sampling.bag_buildings import verblijfsobject
from stelsel.sampling.bag_objects import Verblijfsobject
from stelsel.sampling.chance import draw
from stelsel.sampling.municipality import BUURT, SLOTS, Household, Municipality

YEARS = (2023, 2024)
_FIGURES = 5  # what `draw` is asked for
_IN_USE = {
    "Verblijfsobject in gebruik",
    "Verblijfsobject in gebruik (niet ingemeten)",
    "Verbouwing verblijfsobject",
    "Verblijfsobject buiten gebruik",
}
_NO_GAS_FROM = 2018  # new houses have had no gas since 1 July 2018 (Wet voortgang energietransitie)
_SOLAR = {2023: 24, 2024: 30}  # per cent of the dwellings


class Figures(NamedTuple):
    """Sums over a region; averages and percentages are made of them when they are written."""

    addresses: int = 0
    dwellings: int = 0
    residents: int = 0
    households: int = 0
    singles: int = 0
    owned: int = 0
    social: int = 0
    """Rented from a woningcorporatie."""
    rented: int = 0
    """Rented from anyone."""
    before_2000: int = 0
    value: int = 0
    """WOZ value, in 1,000 euro."""
    gas_homes: int = 0
    gas: int = 0
    """m3 in a year, of the homes that have gas."""
    electricity: int = 0
    """kWh in a year."""
    solar: int = 0
    """Dwellings with solar panels."""
    income: int = 0
    """Of all residents, in 100 euro."""
    poor: int = 0

    def plus(self, other: Figures) -> Figures:
        """The figures of two regions together."""
        return Figures(*(mine + its for mine, its in zip(self, other, strict=True)))


ABOARD = Figures(residents=25, households=19, singles=15, income=25 * 240, poor=2)
"""Who lives in the harbour, on boats: known as residents, and nowhere in the BAG."""


def streets_of(m: Municipality, buurt: int) -> range:
    """The streets in a buurt; none where a place has no streets."""
    place = next(p for p in reversed(m.places) if p.first_buurt <= buurt)
    first = place.first_street + (buurt - place.first_buurt) * BUURT
    return range(first, min(first + BUURT, place.first_street + place.streets))


def figures(m: Municipality, buurt: int) -> tuple[Figures, ...]:
    """The figures of a buurt as `Municipality.buurt` numbers them, for each of YEARS."""
    totals = [Figures() for _ in YEARS]
    for street in streets_of(m, buurt):
        for index in range(street * SLOTS, street * SLOTS + m.slots(street)):
            states = verblijfsobject(m, index)
            for position, year in enumerate(YEARS):
                state = _state(states, f"{year}-01-01")
                if state is not None and state.status in _IN_USE:
                    totals[position] = totals[position].plus(_dwelling(m, index, year, state))
    return tuple(totals)


def _state(states: list[Verblijfsobject], day: str) -> Verblijfsobject | None:
    """The voorkomen that was valid on a day, as known now."""
    return next(
        (s for s in states if s.life.begin <= day < (s.life.end or "9999") and s.life.inactive is None),
        None,
    )


def _dwelling(m: Municipality, index: int, year: int, state: Verblijfsobject) -> Figures:
    """The figures of one verblijfsobject: an address, and a dwelling where people may live in it."""
    if "woonfunctie" not in state.gebruiksdoelen:
        return Figures(addresses=1)
    chance = draw(m.seed, _FIGURES, index)
    persons, tenure = _household(m.household(index), chance, year)
    built = traps.BOUWJAREN.get(traps.trap(m, index)) or m.built(index // SLOTS)
    area, age = state.oppervlakte, max(0, min(2024 - built, 150))
    has_gas = built < _NO_GAS_FROM
    earned = 180 + (chance >> 16) % 200 + (120 if tenure == "koop" else 0)
    return Figures(
        addresses=1,
        dwellings=1,
        residents=persons,
        households=persons > 0,
        singles=persons == 1,
        owned=tenure == "koop",
        social=tenure == "corporatie",
        rented=tenure != "koop",
        before_2000=built < 2000,
        value=area * (36 - age // 10) // 10 + (25 if year == 2024 else 0),
        gas_homes=has_gas,
        gas=area * (7 + age // 12) + 60 * persons if has_gas else 0,
        electricity=900 + 9 * area + 350 * persons,
        solar=(chance >> 32) % 100 < _SOLAR[year],
        income=earned * persons,
        poor=persons if tenure == "corporatie" and (chance >> 40) % 100 < 14 else 0,
    )


def _household(present: Household, chance: int, year: int) -> Household:
    """Who lived there in a year: one household in forty was a person smaller in the years before the last."""
    if year == YEARS[-1] or chance % 40 or not present.persons:
        return present
    return present._replace(persons=present.persons - 1)
