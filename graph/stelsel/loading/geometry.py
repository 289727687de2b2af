"""Geometries of a batch, in EPSG:28992 (RD New) or CRS84 as delivered, each given in both, what is broken told apart.

Oxigraph's GeoSPARQL knows CRS84 only and gives nothing, silently, for an RD literal. So both are kept: CRS84 for
queries, and the delivered RD numbers under a property of their own.

The transformation is PROJ's for EPSG:28992 to OGC:CRS84. Without the RDNAPTRANS grid, which PROJ does not ship, it
is the seven-parameter one of EPSG:4830, which PROJ rates at 1 m; the RD literal is exact.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from pyproj import Transformer

from stelsel.loading.rows import UNREADABLE
from stelsel.terms import WKT

RD_CRS = "http://www.opengis.net/def/crs/EPSG/0/28992"
CRS84 = "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> "
"""What the WKT of a delivery in CRS84 begins with, as in a GeoSPARQL literal; WKT in RD New begins with nothing."""
_DIGITS = 8  # degrees: about a millimetre
_RD_DIGITS = 3  # metres
# The area of use of RD New, with a margin: what lies outside has its axes swapped or is no RD.
_X = (-10_000.0, 310_000.0)
_Y = (270_000.0, 640_000.0)


@cache
def _to_crs84() -> Transformer:
    return Transformer.from_crs("EPSG:28992", "OGC:CRS84", always_xy=True, allow_ballpark=False)


def _project(coordinates: np.ndarray) -> np.ndarray:
    """(n, 2) metres in RD to (n, 2) degrees, longitude first."""
    x, y = _to_crs84().transform(coordinates[:, 0], coordinates[:, 1])
    return np.column_stack([x, y])


def _back(coordinates: np.ndarray) -> np.ndarray:
    """(n, 2) degrees, longitude first, to (n, 2) metres in RD."""
    x, y = _to_crs84().transform(coordinates[:, 0], coordinates[:, 1], direction="INVERSE")
    return np.column_stack([x, y])


def literals(texts: list[str | None]) -> tuple[list[tuple[str, str] | None], dict[int, str]]:
    """For each WKT (None where a row has none): the CRS84 and the RD literal in N-Triples form, or None.

    Second: index -> what is wrong with it, for those that are broken. A polygon must be valid in the sense of
    OGC 06-103r4, 6.1.11.1 (no self-intersection), and lie where RD New is used. What was delivered is kept to the last
    digit; the other one is rounded, to 8 digits of a degree or to a millimetre.
    """
    broken = {
        i: text[len(UNREADABLE) :] for i, text in enumerate(texts) if text is not None and text.startswith(UNREADABLE)
    }
    plain = [None if i in broken or text is None else text.removeprefix(CRS84) for i, text in enumerate(texts)]
    shapes = shapely.from_wkt(plain, on_invalid="ignore")
    present = [i for i, text in enumerate(plain) if text is not None]
    valid = shapely.is_valid(shapes)
    for i in present:
        if shapes[i] is None:
            broken[i] = "cannot be read"
        elif not valid[i]:
            broken[i] = shapely.is_valid_reason(shapes[i])
    in_degrees = [i for i in present if i not in broken and str(texts[i]).startswith(CRS84)]
    metres = shapes.copy()
    metres[in_degrees] = shapely.transform(shapes[in_degrees], _back)
    bounds = shapely.bounds(metres)
    broken |= {i: "lies outside the area of EPSG:28992" for i in present if i not in broken and not _in_area(bounds[i])}
    sound = np.array([i for i in present if i not in broken], dtype=int)
    delivered = np.isin(sound, in_degrees)
    result: list[tuple[str, str] | None] = [None] * len(texts)
    for i, other in zip(sound[delivered], _wkt(metres[sound[delivered]], _RD_DIGITS), strict=True):
        result[i] = (_literal(str(plain[i])), _literal(f"<{RD_CRS}> {other}"))
    projected = shapely.transform(shapes[sound[~delivered]], _project)
    for i, other in zip(sound[~delivered], _wkt(projected, _DIGITS), strict=True):
        result[i] = (_literal(other), _literal(f"<{RD_CRS}> {plain[i]}"))
    return result, broken


def _wkt(shapes: np.ndarray, digits: int) -> list[str]:
    return list(shapely.to_wkt(shapes, rounding_precision=digits, output_dimension=2))


def _literal(wkt: str) -> str:
    return f'"{wkt}"^^<{WKT}>'


def _in_area(bounds: np.ndarray) -> bool:
    west, south, east, north = bounds
    return bool(_X[0] <= west and east <= _X[1] and _Y[0] <= south and north <= _Y[1])
