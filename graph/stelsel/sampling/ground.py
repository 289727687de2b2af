"""Where things are: rings and points in RD (EPSG:28992), in metres, on what is open sea in reality."""

from __future__ import annotations

from math import ceil, cos, radians, sin

from stelsel.sampling.municipality import Lot, Municipality, Place

Point = tuple[float, float]
Ring = tuple[Point, ...]

_ORIGIN = (16_000.0, 495_000.0)  # ten million addresses end at 94 km east and 555 km north, west of the coast
_COS, _SIN = cos(radians(8)), sin(radians(8))  # nothing is square to the grid, as in life
_STREET_WIDTH, _STREET_DEPTH = 150.0, 70.0
_FRONT, _HOUSE = 8.0, 6.5  # metres from the middle of the road to the front, and along it
_DEPTH = {"rij": 10.0, "flat": 14.0, "hof": 22.0}
_BERTHS = _PITCHES = 25.0  # metres along the quay for each


def place_on_map(east: float, north: float) -> Point:
    """RD coordinates of what lies so many metres from the origin."""
    return _ORIGIN[0] + east * _COS - north * _SIN, _ORIGIN[1] + east * _SIN + north * _COS


def rectangle(west: float, south: float, east: float, north: float) -> Ring:
    """A closed ring, counter-clockwise; south and north may be given the other way round."""
    south, north = min(south, north), max(south, north)
    a, b = place_on_map(west, south), place_on_map(east, south)
    return a, b, place_on_map(east, north), place_on_map(west, north), a


def around(point: Point) -> Ring:
    """A small surface around a point, square to the grid."""
    x, y = point
    return (x - 2, y - 2), (x + 2, y - 2), (x + 2, y + 2), (x - 2, y + 2), (x - 2, y - 2)


def _hole(west: float, south: float, east: float, north: float) -> Ring:
    """The same the other way round, as inner rings go."""
    return rectangle(west, south, east, north)[::-1]


def street_start(m: Municipality, street: int) -> Point:
    """The west end of the middle of a street, in metres from the origin."""
    place = m.places[m.place(street)]
    buurt, within = divmod(street - place.first_street, 30)
    row, column = divmod(buurt, place.columns)
    down, along = divmod(within, 5)
    west = place.west + column * 750.0 + along * _STREET_WIDTH
    return west, row * 420.0 + down * _STREET_DEPTH + _STREET_DEPTH / 2


def _span(m: Municipality, lot: Lot) -> tuple[float, float, float, float]:
    """West and east end, front and back of a building; the back lies south for odd numbers, north for even ones."""
    west, middle = street_start(m, lot.street)
    west += 10.0 + (lot.slot // 2) * _HOUSE
    away = 1.0 if lot.slot % 2 else -1.0
    front = middle + away * _FRONT
    return west, west + lot.positions * _HOUSE, front, front + away * _DEPTH[lot.kind]


def footprint(m: Municipality, lot: Lot, *, extended: bool = False) -> tuple[Ring, ...]:
    """Outer ring, then inner rings, of the pand on a plot; `extended` makes an L of a house."""
    west, east, front, back = _span(m, lot)
    away = 1.0 if back > front else -1.0
    if lot.kind == "hof":
        courts = [_hole(west + 6, front + away * 6, east - 6, back - away * 6)]
        if m.trapped and lot.street == 2 and lot.slot == 0:
            middle = (west + east) / 2
            courts = [
                _hole(west + 6, front + away * 6, middle - 3, back - away * 6),
                _hole(middle + 3, front + away * 6, east - 6, back - away * 6),
            ]
        return (rectangle(west, front, east, back), *courts)
    if extended:
        corner, deep = west + _HOUSE / 2, back + away * 3.0
        outline = (
            (west, front),
            (east, front),
            (east, back),
            (corner, back),
            (corner, deep),
            (west, deep),
            (west, front),
        )
        ring = tuple(place_on_map(*point) for point in outline)
        return (ring if away > 0 else ring[::-1],)
    return (rectangle(west, front, east, back),)


def crossed(m: Municipality, lot: Lot) -> tuple[Ring, ...]:
    """A ring that crosses itself: what XML Schema cannot see and no polygon may do."""
    west, east, front, back = _span(m, lot)
    corners = ((west, front), (east, back), (east, front), (west, back), (west, front))
    return (tuple(place_on_map(*corner) for corner in corners),)


def shed(m: Municipality, lot: Lot) -> tuple[Ring, ...]:
    """The footprint of the shed at the end of a garden."""
    west, _, front, back = _span(m, lot)
    far = back + (8.0 if back > front else -8.0)
    return (rectangle(west + 0.5, far, west + 3.5, far + (2.5 if back > front else -2.5)),)


def door(m: Municipality, street: int, slot: int) -> Point:
    """The point of a verblijfsobject: behind its own front, inside its pand."""
    west, middle = street_start(m, street)
    away = 1.0 if slot % 2 else -1.0
    return place_on_map(west + 10.0 + (slot // 2 + 0.4) * _HOUSE, middle + away * (_FRONT + 4.0))


def berth(m: Municipality, number: int) -> Ring:
    """The surface of a ligplaats: they lie in rows in the water south of the town."""
    row, along = divmod(number, _per_row(m))
    return rectangle(along * _BERTHS, -20.0 - row * 12.0, along * _BERTHS + 20.0, -15.0 - row * 12.0)


def pitch(m: Municipality, number: int) -> Ring:
    """The surface of a standplaats: south of the berths."""
    row, along = divmod(number, _per_row(m))
    south = -50.0 - _rows(m, m.berths) * 12.0 - row * 20.0
    return rectangle(along * _PITCHES, south, along * _PITCHES + 15.0, south + 12.0)


def outline(m: Municipality, place: Place) -> Ring:
    """The ground of a woonplaats; the town has the quay as well."""
    south = 0.0
    if place == m.places[0]:
        south = -60.0 - _rows(m, m.berths) * 12.0 - _rows(m, m.pitches) * 20.0
    return rectangle(place.west, south, place.west + place.columns * 750.0, place.rows * 420.0)


def exclave(place: Place) -> Ring:
    """The second part of a woonplaats that is not one piece: a harbour north of the village."""
    north = place.rows * 420.0
    return rectangle(place.west + 200.0, north + 100.0, place.west + 500.0, north + 250.0)


def cell(place: Place) -> Ring:
    """The ground of the first buurt of a place."""
    return rectangle(place.west, 0.0, place.west + 750.0, 420.0)


def _per_row(m: Municipality) -> int:
    return int(m.places[0].columns * 750.0 / _BERTHS)


def _rows(m: Municipality, things: int) -> int:
    return ceil(things / _per_row(m))
