"""The invented municipality: where its streets lie, who has which address. Pure functions of size, seed and index.

A street has 40 addresses, a buurt 30 streets. Address `index` is slot `index % 40` of street `index // 40`, and so on
upwards: nothing is kept, and every register can ask for the same facts. Addresses of berths (ligplaatsen) and pitches
(standplaatsen) come on top of the streets', and count in the size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import ceil, isqrt
from typing import NamedTuple

from stelsel.sampling.chance import draw
from stelsel.sampling.streetnames import street_name

GEMEENTE, GEMEENTENAAM = "9990", "Wadermeer"
VORIGE_GEMEENTE = "9992"
"""The gemeente of which Wadermeer is the successor."""
BUURGEMEENTE = "9991"
"""A neighbour that ceded ground: its code is in the identifications of what stood there."""
PEILDATUM = date(2024, 6, 8)

SLOTS = 40
"""Addresses in a street, odd numbers on one side and even ones on the other."""
BUURT = 30
"""Streets in a buurt, which lies in 5 columns and 6 rows."""
TRAPS_FROM = 100
"""Addresses from which every trap is in the sample."""

_LETTERS = "ABCDEGHJKLMNPRTVWXZ"  # as PostNL has it: no F, I, O, Q, U, Y; no S, so that SA, SD and SS cannot arise
_STREET, _ADDRESS, _HOUSEHOLD, _LOT = 1, 2, 3, 4
_PLACES = (("9901", "Wadermeer"), ("9902", "Helmwier"), ("9903", "Schorredijk"))
# Written by hand into the streets that every sample of 100 addresses has: (number, letter, addition) of an address.
_WRITTEN = {
    26: (27, "A", "bis"),
    27: (28, "B", "2"),
    28: (29, "A", "hs"),
    29: (30, "A", ""),
    30: (30, "a", ""),
}


class Place(NamedTuple):
    """A woonplaats, with its streets and its rectangle of buurten (metres east of the origin)."""

    code: str
    name: str
    first_street: int
    streets: int
    first_buurt: int
    west: float
    columns: int
    rows: int


class Lot(NamedTuple):
    """A building plot: `positions` houses from `slot` on, along one side of a street."""

    street: int
    slot: int
    positions: int
    kind: str
    """`rij` (a house), `flat` (ten dwellings) or `hof` (a whole side around a court)."""


class Address(NamedTuple):
    """An address as people write it; `letter`, `addition` and `postcode` may be empty."""

    number: int
    letter: str
    addition: str
    postcode: str


class Household(NamedTuple):
    """Who lives somewhere: nobody where `persons` is 0."""

    persons: int
    tenure: str
    """`koop`, `corporatie` or `particuliere huur`."""


@dataclass(frozen=True)
class Municipality:
    """All facts about a municipality of so many addresses."""

    addresses: int
    seed: int

    @cached_property
    def berths(self) -> int:
        """Ligplaatsen."""
        return max(4, self.addresses // 250) if self.trapped else 1

    @cached_property
    def pitches(self) -> int:
        """Standplaatsen."""
        return max(3, self.addresses // 2000) if self.trapped else 0

    @cached_property
    def dwellings(self) -> int:
        """Verblijfsobjecten with an address in a street: the indexes are 0 up to this."""
        return self.addresses - self.berths - self.pitches

    @cached_property
    def trapped(self) -> bool:
        """Whether it is large enough to hold every trap."""
        return self.addresses >= TRAPS_FROM

    @cached_property
    def streets(self) -> int:
        """Streets with houses."""
        return ceil(self.dwellings / SLOTS)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The woonplaatsen, from west to east: a town and two villages."""
        villages = [max(1, self.streets * share // 100) if self.streets > 2 else 0 for share in (15, 5)]
        places: list[Place] = []
        street, buurt, west = 0, 0, 0.0
        for (code, name), streets in zip(_PLACES, (self.streets - sum(villages), *villages), strict=True):
            buurten = max(1, ceil(streets / BUURT))
            # Cells are 750 by 420 metres: so many columns make the whole about square.
            columns = isqrt(buurten * 420 // 750) + 1
            rows = ceil(buurten / columns)
            places.append(Place(code, name, street, streets, buurt, west, columns, rows))
            street, buurt, west = street + streets, buurt + buurten, west + columns * 750.0
        return tuple(places)

    @cached_property
    def buurten(self) -> int:
        """Buurten of all places."""
        last = self.places[-1]
        return last.first_buurt + max(1, ceil(last.streets / BUURT))

    def place(self, street: int) -> int:
        """Which of the places a street lies in."""
        _, second, third = self.places
        return (street >= second.first_street) + (street >= third.first_street)

    def buurt(self, index: int) -> int:
        """The buurt of an address, counted from 0."""
        street = index // SLOTS
        place = self.places[self.place(street)]
        return place.first_buurt + (street - place.first_street) // BUURT

    def buurt_code(self, buurt: int) -> str:
        """The CBS code of a buurt; its first eight characters, with WK for BU, are the wijk's."""
        wijk, within = divmod(buurt, max(5, ceil(self.buurten / 99)))
        return f"BU{GEMEENTE}{wijk + 1:02d}{within:02d}"

    def slots(self, street: int) -> int:
        """Addresses in a street: 40, but for the last one."""
        return min(SLOTS, self.dwellings - street * SLOTS)

    def street_draw(self, street: int) -> int:
        """The chance that shapes a street."""
        return draw(self.seed, _STREET, street)

    def street_name(self, street: int) -> str:
        """What a street is called."""
        if street == 2 and self.trapped:
            return "Prinses Zoë d'Arèzzolaan"
        return street_name(street, self.seed)

    def built(self, street: int) -> int:
        """The year in which a street was built; one in five after the BAG began."""
        chance = self.street_draw(street)
        if chance % 5 == 0 and not self._written(street):
            return 2011 + (chance >> 8) % 11
        return 1890 + (chance >> 8) % 118

    def lot(self, street: int, slot: int) -> Lot:
        """The plot that an address stands on."""
        kind, side, position = self._kind(street), slot % 2, slot // 2
        if kind == "hof":
            return Lot(street, side, 20, kind)
        if kind == "flat" and position < 10:
            return Lot(street, side, 10, kind)
        return Lot(street, slot, 1, "rij")

    def lots(self, street: int) -> Iterator[Lot]:
        """The plots of a street that have an address."""
        for slot in range(self.slots(street)):
            lot = self.lot(street, slot)
            if lot.slot == slot:
                yield lot

    def has_shed(self, lot: Lot) -> bool:
        """Whether a pand without address stands in the garden."""
        return lot.kind == "rij" and draw(self.seed, _LOT, lot.street * SLOTS + lot.slot) % 4 == 0

    def draw(self, index: int) -> int:
        """The chance that shapes an address."""
        return draw(self.seed, _ADDRESS, index)

    def postcode(self, street: int) -> str:
        """A street has one postcode, and shares it with none."""
        area, letters = divmod(street, len(_LETTERS) ** 2)
        first, second = divmod(letters, len(_LETTERS))
        return f"{9000 + area}{_LETTERS[first]}{_LETTERS[second]}"

    def address(self, index: int) -> Address:
        """The address of a dwelling, as it is now."""
        street, slot = divmod(index, SLOTS)
        postcode = self.postcode(street)
        if self.trapped and index in _WRITTEN:
            return Address(*_WRITTEN[index], postcode)
        if self.trapped and index in (31, 32):
            return Address(slot + 1, "", "", "")
        lot = self.lot(street, slot)
        if lot.kind == "flat":
            return Address(lot.slot + 1, "", str(slot // 2 + 1), postcode)
        # A house that was squeezed in: the number of its neighbour with a letter.
        if lot.kind == "rij" and slot > 1 and self.draw(index) % 20 == 0 and not self._written(street):
            return Address(slot - 1, "A", "", postcode)
        return Address(slot + 1, "", "", postcode)

    def household(self, index: int) -> Household:
        """Who lives at an address; about one dwelling in twenty stands empty."""
        chance = draw(self.seed, _HOUSEHOLD, index)
        persons = (0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 4, 4, 4, 5)[chance % 20]
        tenure = ("koop", "koop", "koop", "corporatie", "particuliere huur")[(chance >> 8) % 5]
        return Household(persons, tenure)

    def ceded(self, index: int) -> bool:
        """Whether what stands at an address was first registered by the neighbouring gemeente."""
        return self.trapped and index in (43, 44)

    def _written(self, street: int) -> bool:
        """Whether a street is the same in every sample: the first one bears the mutations, the next two traps."""
        return street == 0 or (self.trapped and street < 3)

    def _kind(self, street: int) -> str:
        if self._written(street):
            return ("rij", "rij", "hof")[street]
        chance = (self.street_draw(street) >> 32) % 100
        return "rij" if chance < 80 else "flat" if chance < 95 else "hof"
