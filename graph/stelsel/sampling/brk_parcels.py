"""The percelen of the municipality: one a lot, one a road, and what is left. Together they cover the woonplaatsen.

A street is 150 by 70 metres. Its lots lie in two rows, from 5 metres off the middle of the road to the street behind it;
the road takes the rest. What no lot takes is green.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from stelsel.sampling import brk_traps
from stelsel.sampling.chance import draw
from stelsel.sampling.ground import Point, Ring, outline, place_on_map, rectangle, street_start
from stelsel.sampling.growth import began
from stelsel.sampling.municipality import BUURT, SLOTS, Lot, Municipality
from stelsel.sampling.traps import trap

GEMEENTE_CODE, GEMEENTE_NAAM = "1990", "Wadermeer"
"""The kadastrale gemeente: it was there long before the gemeente was."""
AKR = ("WDM00", "WDM01")
"""Its codes: of what was built, and of the open ground around it."""
_FIRST_SECTION = (9001, 9801)  # numbers of sections, as identifications begin; one each AKR code
_LETTERS = "ABCDEFGHIKLMNOPQRSTUVWXYZ"  # no J: handwriting has it for an I
_STREETS = 999  # in a section: a street has a hundred numbers of the 99,999
_WEST, _EAST, _DEPTH, _KERB, _HOUSE = 10.0, 140.0, 35.0, 5.0, 6.5  # metres in a street
_CELL, _STREET, _ROWS = (750.0, 420.0), (150.0, 70.0), 5
_PARCEL = 11  # purpose of chance
_GREEN, _SECOND = 42, 50  # within a street: numbers of its green, and of what was split off its lots


class Parcel(NamedTuple):
    """A perceel. `size` is the registered size in m2 as it is delivered; `begin` a proleptic ordinal."""

    identificatie: str
    akr: str
    sectie: str
    number: int
    ring: Ring
    size: str
    begin: int
    label: Point
    kind: str
    """`huis`, `weg`, `groen`, `tuin` or `water`."""

    @property
    def designation(self) -> str:
        """The kadastrale aanduiding."""
        return f"{self.akr} {self.sectie} {self.number}"


class Boundary(NamedTuple):
    """A kadastrale grens from `begin` to `end`, with the identifications of what lies on both sides."""

    number: int
    line: tuple[Point, Point]
    left: str
    right: str
    since: int
    until: int = 0
    arc: bool = False


def sections(m: Municipality) -> int:
    """How many sections the built ground takes."""
    return (m.streets - 1) // _STREETS + 1


def identification(section: int, number: int, kind: int = 7, index: int = 0) -> str:
    """An identification of the BRK: section, number, 7 for a perceel and 1 for an apartment right, index of the latter.

    >>> identification(9001, 101)
    '90010010170000'
    """
    return f"{section:04d}{number:05d}{kind}{index:04d}"


def section_of(street: int) -> tuple[int, str]:
    """Number and letters of the section that a street lies in."""
    index = street // _STREETS
    first, second = divmod(index, len(_LETTERS))
    letters = _LETTERS[second] if not first else _LETTERS[first - 1] + _LETTERS[second]
    return _FIRST_SECTION[0] + index, letters


def street_parcels(m: Municipality, street: int) -> Iterator[Parcel]:
    """The percelen of a street: the road first, then its lots in their order, then the green."""
    west, middle = street_start(m, street)
    lots = [lot for lot in m.lots(street) if not _is_second(m, lot)]
    yield _parcel(m, street, 1, _road(m, street), "weg")
    for lot in lots:
        yield from _lot(m, lot)
    for side in (0, 1):
        taken = max((lot.slot // 2 + _width(m, lot) for lot in lots if lot.slot % 2 == side), default=0)
        if west + _WEST + taken * _HOUSE < west + _EAST - 0.01:
            box = _box(west + _WEST + taken * _HOUSE, west + _EAST, middle, _KERB, _DEPTH, side)
            yield _parcel(m, street, _GREEN + side, box, "groen")


def lot_parcels(m: Municipality, lot: Lot) -> list[Parcel]:
    """The percelen that the pand on a lot stands on."""
    first = lot._replace(slot=brk_traps.JOINED[0] % SLOTS) if _is_second(m, lot) else lot
    return [parcel for parcel in _lot(m, first) if parcel.kind == "huis"]


def open_parcels(m: Municipality) -> Iterator[Parcel]:
    """The percelen where no street was built: pieces of land in every place, and the water of the town."""
    number = 0
    for place in m.places:
        for cell in range(place.columns * place.rows):
            row, column = divmod(cell, place.columns)
            built = min(BUURT, max(0, place.streets - cell * BUURT))
            corner = place.west + column * _CELL[0], row * _CELL[1]
            for piece in range(built, BUURT) if built else ():
                down, along = divmod(piece, _ROWS)
                south, west = corner[1] + down * _STREET[1], corner[0] + along * _STREET[0]
                number += 1
                yield _open(m, number, rectangle(west, south, west + _STREET[0], south + _STREET[1]), "groen")
            if not built:
                number += 1
                yield _open(m, number, rectangle(*corner, corner[0] + _CELL[0], corner[1] + _CELL[1]), "groen")
    town = m.places[0]
    # The quay: what the town has south of its first street.
    south_west, south_east = outline(m, town)[:2]
    north_west, north_east = place_on_map(town.west, 0.0), place_on_map(town.west + town.columns * _CELL[0], 0.0)
    yield _open(m, number + 1, (south_west, south_east, north_east, north_west, south_west), "water")


def boundaries(m: Municipality, street: int) -> Iterator[Boundary]:
    """Boundaries between the percelen of a street: of each with the road, and with the next one in its row."""
    road, *others = street_parcels(m, street)
    number = 700_000_000 + street * 200
    before: dict[int, Parcel] = {}
    for parcel in others:
        if parcel.kind not in ("huis", "groen") or _bow(parcel.ring):
            continue
        within = parcel.number % 100
        slot = within - 2 if within < _GREEN else within - _GREEN if within < _SECOND else within - _SECOND
        # Rings go anticlockwise from the south-west: what lies inside is on the left.
        a, b, c, d, _ = parcel.ring
        key = trap(m, street * SLOTS + slot) if within < _GREEN else -1
        front = (a, b) if slot % 2 else (c, d)
        number += 1
        arc = key == brk_traps.CURVED
        yield Boundary(number, front, parcel.identificatie, road.identificatie, parcel.begin, arc=arc)
        neighbour = before.get(slot % 2)
        if neighbour and _touch(neighbour.ring, parcel.ring):
            number += 1
            yield Boundary(number, (a, d), neighbour.identificatie, parcel.identificatie, parcel.begin)
        before[slot % 2] = parcel
        if key == brk_traps.ENDED:
            number += 1
            middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
            until = date(2015, 6, 1).toordinal()
            yield Boundary(number, (middle, c), parcel.identificatie, parcel.identificatie, parcel.begin, until)


def _touch(left: Ring, right: Ring) -> bool:
    return left[1] == right[0] and left[2] == right[3]


def _bow(ring: Ring) -> bool:
    """Whether a ring of four corners crosses itself."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy), _ = ring
    area = ax * by - bx * ay + bx * cy - cx * by + cx * dy - dx * cy + dx * ay - ax * dy
    return abs(area) < 1e-6


def _is_second(m: Municipality, lot: Lot) -> bool:
    return trap(m, lot.street * SLOTS + lot.slot) == brk_traps.JOINED[1]


def _width(m: Municipality, lot: Lot) -> int:
    """How many places along the street the perceel of a lot takes."""
    return 2 if trap(m, lot.street * SLOTS + lot.slot) == brk_traps.JOINED[0] else lot.positions


def _lot(m: Municipality, lot: Lot) -> Iterator[Parcel]:
    """The percelen of a lot: one, but for the traps."""
    key = trap(m, lot.street * SLOTS + lot.slot)
    start, middle = street_start(m, lot.street)
    # As sums of the same terms, so that neighbours share their corners to the last digit.
    west, east = (start + _WEST + position * _HOUSE for position in (lot.slot // 2, lot.slot // 2 + _width(m, lot)))
    side, number = lot.slot % 2, lot.slot + 2
    if key == brk_traps.GARDEN:
        yield _parcel(m, lot.street, number, _box(west, east, middle, _KERB, 20.0, side), "huis")
        yield _parcel(m, lot.street, _SECOND + lot.slot, _box(west, east, middle, 20.0, _DEPTH, side), "tuin")
    elif key == brk_traps.HALVED:
        half = west + 0.4 * _HOUSE
        yield _parcel(m, lot.street, number, _box(west, half, middle, _KERB, _DEPTH, side), "huis")
        yield _parcel(m, lot.street, _SECOND + lot.slot, _box(half, east, middle, _KERB, _DEPTH, side), "huis")
    elif key == brk_traps.SLIVER:
        yield _parcel(m, lot.street, number, _box(west, east, middle, _KERB + 0.06, _DEPTH, side), "huis")
        strip = _box(west, east, middle, _KERB, _KERB + 0.06, side)
        yield _parcel(m, lot.street, _SECOND + lot.slot, strip, "tuin")._replace(size="0,4")
    else:
        ring = _box(west, east, middle, _KERB, _DEPTH, side)
        if key == brk_traps.CROSSED:
            ring = ring[0], ring[2], ring[1], ring[3], ring[0]
        parcel = _parcel(m, lot.street, number, ring, "huis")
        if key == brk_traps.CROSSED:
            parcel = parcel._replace(size="195")
        if key == brk_traps.RESIZED:
            parcel = parcel._replace(size=str(2 * int(parcel.size)))
        yield parcel


def _box(west: float, east: float, middle: float, near: float, far: float, side: int) -> Ring:
    """A rectangle so many metres off the middle of the road: north of it for odd numbers, south for even ones."""
    away = 1.0 if side else -1.0
    return rectangle(west, middle + away * near, east, middle + away * far)


def _road(m: Municipality, street: int) -> Ring:
    """The road, with both ends of the street: a ring that has a corner wherever a lot has one."""
    west, middle = street_start(m, street)
    breaks = [_WEST + position * _HOUSE for position in range(21)]
    south = [(west + x, middle - _KERB) for x in breaks]
    north = [(west + x, middle + _KERB) for x in reversed(breaks)]
    low, high = middle - _DEPTH, middle + _DEPTH
    ring = [(west, low), (west + _WEST, low), *south, (west + _EAST, low), (west + _STREET[0], low)]
    ring += [(west + _STREET[0], high), (west + _EAST, high), *north, (west + _WEST, high), (west, high), (west, low)]
    return tuple(place_on_map(*point) for point in ring)


def _parcel(m: Municipality, street: int, number: int, ring: Ring, kind: str) -> Parcel:
    section, letters = section_of(street)
    number += street % _STREETS * 100
    return _made(identification(section, number), AKR[0], letters, number, ring, began(m, street), kind)


def _open(m: Municipality, number: int, ring: Ring, kind: str) -> Parcel:
    begin = date(1985, 3, 1).toordinal() + draw(m.seed, _PARCEL, number) % 9000
    return _made(identification(_FIRST_SECTION[1], number), AKR[1], "A", number, ring, begin, kind)


def _made(key: str, akr: str, sectie: str, number: int, ring: Ring, begin: int, kind: str) -> Parcel:
    x0, y0 = ring[0]
    area = sum((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0) for (x1, y1), (x2, y2) in pairwise(ring)) / 2
    label = sum(x for x, _ in ring[:-1]) / (len(ring) - 1), sum(y for _, y in ring[:-1]) / (len(ring) - 1)
    return Parcel(key, akr, sectie, number, ring, str(max(1, round(abs(area)))), begin, label, kind)
