"""The regions of Statistics Netherlands in a year: gemeente, wijken and buurten, their codes, changes and surfaces.

Between the two years one buurt was split and another was renumbered. Wijk 00 has what no street lies in: a harbour
north of a village, and water. Every address lies in exactly one buurt of land; the quay belongs to the buurten beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import shapely

from stelsel.sampling.cbs_figures import ABOARD, YEARS, Figures, streets_of
from stelsel.sampling.ground import exclave, outline, place_on_map
from stelsel.sampling.municipality import GEMEENTE, GEMEENTENAAM, Municipality

UNCHANGED, RENUMBERED, REDRAWN, NOT_SAID = "1", "2", "3", "."
"""IndelingswijzigingWijkenEnBuurten: as the year before, another code, another border; `.` for larger regions."""
GEMEENTE_CODE = f"GM{GEMEENTE}"
_OUTER = f"{GEMEENTE}00"  # the wijk without streets
HARBOUR, WATER = f"BU{_OUTER}00", f"BU{_OUTER}97"
_SPLIT, _RENUMBERED = (0, 1), 2  # buurten; every municipality has three
_FORMER_WITHIN = "90"  # no wijk has so many buurten
_WIDE, _HIGH, _SEA = 750.0, 420.0, 500.0  # metres: a buurt, and how far the water goes
_DIGITS = 3  # a millimetre, as in the BAG: so that neighbours share their corners exactly


@dataclass(frozen=True)
class Region:
    """A region in a year. `kind` is Gemeente, Wijk or Buurt; `ground` is in RD; water has no figures."""

    code: str
    name: str
    kind: str
    change: str
    figures: Figures
    ground: shapely.MultiPolygon
    water: bool = False

    @property
    def wijk(self) -> str:
        """The code of the wijk that a buurt lies in."""
        return f"WK{self.code[2:8]}"

    @property
    def square_km(self) -> float:
        """Its surface."""
        return float(self.ground.area) / 1e6


def regions(m: Municipality, year: int, counted: list[Figures]) -> list[Region]:
    """The regions of a year, largest first and each wijk before its buurten, from the figures of all buurten in order."""
    buurten = [*_buurten(m, year, counted), _harbour(m), _water(m)]
    wijken = sorted({buurt.wijk for buurt in buurten})
    result = [_union(GEMEENTE_CODE, GEMEENTENAAM, "Gemeente", NOT_SAID, buurten)]
    for wijk in wijken:
        inside = sorted((b for b in buurten if b.wijk == wijk), key=lambda b: b.code)
        title = "Buitengebied" if wijk.endswith("00") else f"Wijk {wijk[-2:]}"
        result += [_union(wijk, title, "Wijk", UNCHANGED, inside), *inside]
    return result


def water_of(gemeente: Region, all_regions: list[Region]) -> Region:
    """The gemeente once more, as its water only: the map has it as a feature of its own, under the same code."""
    ground = next(region.ground for region in all_regions if region.code == WATER)
    return replace(gemeente, figures=Figures(), ground=ground, water=True)


def _buurten(m: Municipality, year: int, counted: list[Figures]) -> list[Region]:
    earlier = year != YEARS[-1] and m.trapped
    result = []
    for buurt, own in enumerate(counted):
        code, ground, change, total = m.buurt_code(buurt), _cell(m, buurt), UNCHANGED, own
        if earlier and buurt == _SPLIT[1]:
            continue
        if earlier and buurt == _SPLIT[0]:
            total = own.plus(counted[_SPLIT[1]])
            ground = _joined([ground, _cell(m, _SPLIT[1])])
        elif earlier and buurt == _RENUMBERED:
            code = f"{code[:8]}{_FORMER_WITHIN}"
        elif m.trapped and buurt in _SPLIT:
            change = REDRAWN
        elif m.trapped and buurt == _RENUMBERED:
            change = RENUMBERED
        result.append(Region(code, _name(m, buurt), "Buurt", change, total, ground))
    return result


def _harbour(m: Municipality) -> Region:
    return Region(HARBOUR, "Buitenhaven", "Buurt", UNCHANGED, ABOARD, _surface(exclave(m.places[-1])))


def _water(m: Municipality) -> Region:
    town = m.places[0]
    south, edges = _quay(m), [town.west + column * _WIDE for column in range(town.columns + 1)]
    return Region(WATER, "Wadermeer (water)", "Buurt", UNCHANGED, Figures(), _ring(edges, [south - _SEA, south]), True)


def _name(m: Municipality, buurt: int) -> str:
    streets = streets_of(m, buurt)
    if streets:
        return f"{m.street_name(streets[0])} e.o."
    return f"{next(p for p in reversed(m.places) if p.first_buurt <= buurt).name} dorp"


def _cell(m: Municipality, buurt: int) -> shapely.MultiPolygon:
    """The ground of a buurt: the last one of a place has what is left of its row, those in the south of the town the quay."""
    place = next(p for p in reversed(m.places) if p.first_buurt <= buurt)
    row, column = divmod(buurt - place.first_buurt, place.columns)
    after = m.places[m.places.index(place) + 1].first_buurt if place != m.places[-1] else m.buurten
    until = place.columns if buurt == after - 1 else column + 1
    south = [_quay(m)] if place == m.places[0] and row == 0 else []
    edges = [place.west + edge * _WIDE for edge in range(column, until + 1)]
    return _ring(edges, [*south, row * _HIGH, (row + 1) * _HIGH])


def _quay(m: Municipality) -> float:
    """How far south of the origin the town goes, in metres."""
    return min(north for _, north in _on_street_map(outline(m, m.places[0])))


def _on_street_map(ring: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Metres east and north of the origin, back from RD."""
    (x0, y0), (x1, y1) = place_on_map(0.0, 0.0), place_on_map(1.0, 0.0)
    cos, sin = x1 - x0, y1 - y0
    return [(cos * (x - x0) + sin * (y - y0), cos * (y - y0) - sin * (x - x0)) for x, y in ring]


def _ring(edges: list[float], norths: list[float]) -> shapely.MultiPolygon:
    """A rectangle with a corner wherever a neighbour has one, so that borders are the same line in both."""
    west, east, south, north = edges[0], edges[-1], norths[0], norths[-1]
    around = [
        *((edge, south) for edge in edges),
        *((east, y) for y in norths[1:]),
        *((edge, north) for edge in edges[-2::-1]),
        *((west, y) for y in norths[-2::-1]),
    ]
    return _surface([place_on_map(*corner) for corner in around])


def _surface(ring: Iterable[tuple[float, float]]) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([shapely.Polygon([(round(x, _DIGITS), round(y, _DIGITS)) for x, y in ring])])


def _joined(grounds: list[shapely.MultiPolygon]) -> shapely.MultiPolygon:
    whole = shapely.union_all(grounds)
    parts = list(whole.geoms) if isinstance(whole, shapely.MultiPolygon) else [whole]
    return shapely.MultiPolygon([shapely.orient_polygons(part) for part in parts])


def _union(code: str, name: str, kind: str, change: str, buurten: list[Region]) -> Region:
    """A region of land buurten together: its figures are their sum."""
    land = [buurt for buurt in buurten if not buurt.water]
    figures = Figures()
    for buurt in land:
        figures = figures.plus(buurt.figures)
    return Region(code, name, kind, change, figures, _joined([buurt.ground for buurt in land]))
