"""Geometries of a batch, from EPSG:28992 (RD New) as delivered to CRS84, with what is broken told apart.

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
_DIGITS = 8  # degrees: about a millimetre
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


def literals(texts: list[str | None]) -> tuple[list[tuple[str, str] | None], dict[int, str]]:
    """For each WKT in RD (None where a row has none): the CRS84 and the RD literal in N-Triples form, or None.

    Second: index -> what is wrong with it, for those that are broken. A polygon must be valid in the sense of
    OGC 06-103r4, 6.1.11.1 (no self-intersection), and lie where RD New is used.
    """
    broken = {
        i: text[len(UNREADABLE) :] for i, text in enumerate(texts) if text is not None and text.startswith(UNREADABLE)
    }
    shapes = shapely.from_wkt([None if i in broken else text for i, text in enumerate(texts)], on_invalid="ignore")
    present = [i for i, text in enumerate(texts) if text is not None and i not in broken]
    valid = shapely.is_valid(shapes)
    bounds = shapely.bounds(shapes)
    for i in present:
        if shapes[i] is None:
            broken[i] = "cannot be read"
        elif not valid[i]:
            broken[i] = shapely.is_valid_reason(shapes[i])
        elif not _in_area(bounds[i]):
            broken[i] = "lies outside the area of EPSG:28992"
    sound = [i for i in present if i not in broken]
    result: list[tuple[str, str] | None] = [None] * len(texts)
    if sound:
        projected = shapely.transform(shapes[sound], _project)
        wkts = shapely.to_wkt(projected, rounding_precision=_DIGITS, output_dimension=2)
        for i, wkt in zip(sound, wkts, strict=True):
            result[i] = (f'"{wkt}"^^<{WKT}>', f'"<{RD_CRS}> {texts[i]}"^^<{WKT}>')
    return result, broken


def _in_area(bounds: np.ndarray) -> bool:
    west, south, east, north = bounds
    return bool(_X[0] <= west and east <= _X[1] and _Y[0] <= south and north <= _Y[1])
