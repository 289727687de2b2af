"""A GeoPackage (OGC 12-128r18) in RD, written as it comes: the same bytes for the same features, by one SQLite.

No spatial index: that is an extension of the format, and no loader needs it.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import NamedTuple

from stelsel.errors import DiskFull
from stelsel.sampling.ground import Point, Ring

RD, _APPLICATION, _VERSION = 28992, 0x47504B47, 10300  # "GPKG", 1.3.0
_LAYOUT = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys(srs_id), z TINYINT NOT NULL, m TINYINT NOT NULL,
  PRIMARY KEY (table_name, column_name));
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84"]', NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Amersfoort / RD New', 28992, 'EPSG', 28992, 'PROJCS["Amersfoort / RD New"]', NULL);
"""


class Layer(NamedTuple):
    """A layer: name, type of geometry, columns of text, and features (WKB of each, then its texts or None)."""

    name: str
    kind: str
    columns: tuple[str, ...]
    features: Iterable[tuple[bytes, Sequence[str | None]]]


def write_geopackage(path: Path, layers: Iterable[Layer], day: date) -> Path:
    """Writes a file and gives its path. It has its name only when it is complete. Raises DiskFull."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(unfinished)) as database:
            # One writer, and a file that is thrown away when anything goes wrong: no journal.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.executescript(
                f"{_LAYOUT} PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_VERSION};"
            )
            for layer in layers:
                _write(database, layer, day)
            database.commit()
        unfinished.replace(path)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise DiskFull(f"{path}: the disk is full; the sample was not written") from error
        raise
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _write(database: sqlite3.Connection, layer: Layer, day: date) -> None:
    columns = "".join(f', "{name}" TEXT' for name in layer.columns)
    database.execute(
        f'CREATE TABLE "{layer.name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {layer.kind}{columns})'
    )
    contents = (layer.name, "features", layer.name, f"{day}T00:00:00.000Z", RD)
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id) VALUES (?, ?, ?, ?, ?)",
        contents,
    )
    database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (layer.name, layer.kind, RD))
    places = ", ".join("?" * (len(layer.columns) + 2))
    rows = ((number, _blob(wkb), *texts) for number, (wkb, texts) in enumerate(layer.features, 1))
    database.executemany(f'INSERT INTO "{layer.name}" VALUES ({places})', rows)  # noqa: S608  # names of our own


def _blob(wkb: bytes) -> bytes:
    """A geometry behind the header of the format: little-endian, no envelope, not empty (2.1.3.1.1)."""
    return b"GP" + struct.pack("<BBi", 0, 1, RD) + wkb


def multipolygon(polygons: Sequence[Sequence[Ring]]) -> bytes:
    """WKB of polygons, each an outer ring and then inner ones."""
    parts = [struct.pack("<BII", 1, 6, len(polygons))]
    for rings in polygons:
        parts.append(struct.pack("<BII", 1, 3, len(rings)))
        parts += [struct.pack("<I", len(ring)) + _points(ring) for ring in rings]
    return b"".join(parts)


def multilinestring(line: Sequence[Point]) -> bytes:
    """WKB of one line as a multi-line."""
    return struct.pack("<BII", 1, 5, 1) + struct.pack("<BII", 1, 2, len(line)) + _points(line)


def multipoint(points: Sequence[Point]) -> bytes:
    """WKB of points."""
    return struct.pack("<BII", 1, 4, len(points)) + b"".join(struct.pack("<BI", 1, 1) + _points([p]) for p in points)


def _points(points: Sequence[Point]) -> bytes:
    """To the millimetre, as everything in a sample is."""
    return b"".join(struct.pack("<dd", round(x, 3), round(y, 3)) for x, y in points)
