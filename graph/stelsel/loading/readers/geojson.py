"""The `geojson` reader: features as records, streamed, with their geometry as WKT in CRS84 or EPSG:28992.

Options: `name` (a regular expression on the file's name; its named groups fill columns that a feature leaves empty,
such as the year), `missing` (texts that say that there is no value). Columns are properties, or keys in them with a `/`;
the table's column of type `geometry` is the feature's geometry.

Coordinates are longitude and latitude (RFC 7946, 4), or what the `crs` member of the older GeoJSON says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import ijson
from pydantic import ValidationError, field_validator

from stelsel.errors import DeliveryError
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.json import Keys, no_json, objects, opened, wrong_options
from stelsel.loading.readers.reading import Facts, Record
from stelsel.loading.register import Document, Register
from stelsel.loading.rows import UNREADABLE, Row
from stelsel.loading.tables import Fact

CRS84, RD = "OGC:CRS84", "EPSG:28992"
_PREFIX = {CRS84: "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> ", RD: ""}
# EPSG:4326 in GeoJSON is written longitude first, whatever EPSG says of its axes (GeoJSON 2008, 3; RFC 7946, 4).
_CRS = re.compile(r"(?:(?P<OGC>CRS84)|EPSG(?:/0/|:+(?:[0-9.]*:)?)(?P<EPSG>4326|28992))\Z")
_NAMES = {"CRS84": CRS84, "4326": CRS84, "28992": RD}
_FEATURE = {"type", "id", "geometry", "geometry_name", "properties", "bbox", "crs"}
# How deep the positions of a geometry lie.
_DEPTH = {"Point": 0, "LineString": 1, "MultiPoint": 1, "Polygon": 2, "MultiLineString": 2, "MultiPolygon": 3}


class Options(Fact):
    """What the reader must know of a kind of file."""

    name: str = ""
    missing: tuple[str, ...] = ()

    @field_validator("name")
    @classmethod
    def _is_a_pattern(cls, name: str) -> str:
        try:
            re.compile(name)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        return name


class BrokenGeometry(ValueError):
    """What is wrong with a geometry."""


class GeoJsonReader:
    """Reads a FeatureCollection."""

    def __init__(self, register: Register, document: Document) -> None:
        """Raises ContentError for options that the reader does not know, and for a table that is not there."""
        try:
            self._options = Options.model_validate(document.options)
        except ValidationError as error:
            raise wrong_options(register, "geojson", error) from error
        self._table = document.table
        self._keys = Keys(register, document.table, self._options.missing)
        self._geometry = register.tables[document.table].geometry

    def facts(self, _member: Member) -> Facts:
        """GeoJSON says nothing of itself but its coordinate reference system."""
        return Facts()

    def records(self, member: Member) -> Iterator[Record]:
        """A record a feature. Raises DeliveryError, with the number of the feature, for what is no GeoJSON.

        So it does for coordinates that are not in the system that the file says: that is two systems in one file.
        """
        told = _system(member)
        named = self._named(member.where)
        for number, feature in objects(member, "features.item", floats=True):
            place = f"feature {number}"
            where = f"{member.where}, {place}"
            properties = feature.get("properties") or {}
            if feature.get("type") != "Feature" or not isinstance(properties, dict) or feature.keys() - _FEATURE:
                raise DeliveryError("is no Feature of GeoJSON", where=where)
            if "crs" in feature and _crs(feature["crs"], where) != told:
                raise DeliveryError("has another crs than its file: mixed coordinate reference systems", where=where)
            row: Row = {**named, **self._keys.row(properties, where)}
            shape = feature.get("geometry")
            if self._geometry and shape is not None:
                row[self._geometry] = _wkt(shape, told, where)
            yield Record(self._table, row, place)

    def _named(self, where: str) -> Row:
        found = re.search(self._options.name, where) if self._options.name else None
        return {name: text for name, text in found.groupdict().items() if text} if found else {}


def _system(member: Member) -> str:
    """The coordinate reference system of a file: what `crs` says, wherever it stands, and CRS84 where it has none."""
    kind = ""
    with opened(member) as stream:
        try:
            for prefix, event, value in ijson.parse(stream):
                if prefix == "type":
                    kind = str(value)
                if prefix == "crs.properties.name" or (prefix == "crs" and event in {"null", "string"}):
                    return _named_system(value, member.where)
                if prefix == "features" and event == "start_array":
                    break
        except ijson.JSONError as error:
            raise no_json(member, error, 1) from error
    if kind not in {"", "FeatureCollection"}:
        raise DeliveryError("is no FeatureCollection of GeoJSON", where=member.where)
    # Behind the features, then, or nowhere: a pass over the file that builds nothing else.
    for _, crs in objects(member, "crs"):
        return _crs(crs, member.where)
    return CRS84


def _crs(crs: Any, where: str) -> str:
    properties = crs.get("properties") if isinstance(crs, dict) else None
    return _named_system(properties.get("name") if isinstance(properties, dict) else crs, where)


def _named_system(name: Any, where: str) -> str:
    found = _CRS.search(name) if isinstance(name, str) else None
    if found is None:
        raise DeliveryError(f"is in {str(name)[:80]!r}; the reader knows CRS84 and EPSG:28992", where=where)
    return _NAMES[found["OGC"] or found["EPSG"]]


def _wkt(shape: Any, system: str, where: str) -> str:
    """A geometry as WKT in a system, or what is wrong with it."""
    try:
        kind = shape["type"]
        depth = _DEPTH[kind]
        return f"{_PREFIX[system]}{kind.upper()}{_positions(shape['coordinates'], depth, system, where)}"
    except BrokenGeometry as error:
        return f"{UNREADABLE}{error}"
    except (KeyError, TypeError, ValueError):
        return f"{UNREADABLE}is no geometry of GeoJSON with coordinates"


def _positions(coordinates: Any, depth: int, system: str, where: str) -> str:
    if not isinstance(coordinates, list) or not coordinates:
        raise BrokenGeometry("has no coordinates")
    if depth > 1:
        return "(" + ",".join(_positions(part, depth - 1, system, where) for part in coordinates) + ")"
    line = coordinates if depth else [coordinates]
    for x, y, *_ in line:
        if abs(y) > 90 if system == CRS84 else abs(y) <= 90:
            raise DeliveryError(
                f"has the position {x} {y} in a file that is in {system}: mixed coordinate reference systems",
                where=where,
            )
    return "(" + ",".join(f"{x} {y}" for x, y, *_ in line) + ")"
