"""The `geopackage` reader: features of an OGC GeoPackage (12-128r18), streamed, with their geometry as WKT.

Options: `layers` (layer, as a shell pattern -> the table of its records), or `layer` where there is one, of the
document's table; without either, the one layer that the file has. `ignore` (layers left out on purpose; any other is an
error), `missing` (texts that say that there is no value), `date` (true: the day on which a layer was last changed is the
edition's).

A file is hostile until it has proved otherwise: it is opened read-only, its schema is not trusted to call functions, no
view or virtual table is read, no extension is loaded, and what a cell may hold is bounded.
"""

from __future__ import annotations

import fnmatch
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import Field, ValidationError

from stelsel.errors import ContentError, DeliveryError
from stelsel.loading.geometry import CRS84
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.headings import Headings
from stelsel.loading.readers.reading import Facts, Record
from stelsel.loading.readers.wkb import BrokenWkb, to_wkt
from stelsel.loading.register import Document, Register
from stelsel.loading.rows import UNREADABLE, Row
from stelsel.loading.tables import Fact

MAX_CELL = 100_000_000  # bytes: the largest municipality's boundary has less than one of those
_MAGIC = b"SQLite format 3\x00"
# Axes are x, y as everyone writes them, whatever the CRS says (12-128r18, Annex K, "gpkg_geometry_columns").
_CRS = {("EPSG", 28992): "", ("EPSG", 7415): "", ("EPSG", 4326): CRS84, ("OGC", 84): CRS84}
_ENVELOPES = (0, 32, 48, 48, 64)  # bytes, by its code (2.1.3.1.1)


class Options(Fact):
    """What the reader must know of a kind of file."""

    layer: str = ""
    layers: dict[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    date: bool = False


@dataclass(frozen=True)
class _Layer:
    """A layer of a file, and what its records are."""

    name: str
    table: str
    geometry: str
    """The column that holds the geometry; empty for a layer without."""
    srs: int
    prefix: str
    """What WKT in its CRS begins with here."""
    changed: str


class GeoPackageReader:
    """Reads the features of layers as records, and refuses layers and columns that loader.yml does not name."""

    def __init__(self, register: Register, document: Document) -> None:
        """Raises ContentError for options that the reader does not know, and for a table that is not there."""
        file = str(register.folder / "loader.yml")
        try:
            self._options = Options.model_validate(document.options)
        except ValidationError as error:
            raise ContentError(f"options of geopackage: {error.errors()[0]['msg']}", file=file) from error
        self._layers = self._options.layers or {self._options.layer or "*": document.table}
        for table in self._layers.values():
            if table not in register.tables:
                raise ContentError(f"a layer of geopackage has its table; {table!r} is none", file=file)
        self._register = register
        self._headings = {table: Headings(register, table) for table in self._layers.values()}

    def facts(self, member: Member) -> Facts:
        """The days on which its layers were last changed, where the option says that these count."""
        if not self._options.date:
            return Facts()
        with self._opened(member) as database:
            days = {layer.changed[:10] for layer in self._found(database, member.where)}
        return Facts(dates=tuple(sorted(days)))

    def records(self, member: Member) -> Iterator[Record]:
        """A record a feature. Raises DeliveryError for what is no GeoPackage, and for layers, columns and CRSs unknown."""
        with self._opened(member) as database:
            for layer in self._found(database, member.where):
                yield from self._features(database, layer, member.where)

    @contextmanager
    def _opened(self, member: Member) -> Iterator[sqlite3.Connection]:
        with member.on_disk() as path:
            with path.open("rb") as stream:
                if stream.read(len(_MAGIC)) != _MAGIC:
                    raise DeliveryError("is no GeoPackage: it does not begin as an SQLite database", where=member.where)
            # immutable: no lock, no journal and nothing written beside it, in a folder that may be read-only.
            address = f"file:{quote(str(path))}?mode=ro&immutable=1"
            with closing(sqlite3.connect(address, uri=True)) as database:
                database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL)
                database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
                try:
                    database.execute("PRAGMA trusted_schema = OFF")
                    database.execute("PRAGMA cell_size_check = ON")
                    yield database
                except (sqlite3.Error, UnicodeDecodeError) as error:
                    raise DeliveryError(f"is a broken GeoPackage: {error}", where=member.where) from error

    def _found(self, database: sqlite3.Connection, where: str) -> list[_Layer]:
        """The layers to read, by name. Raises DeliveryError where there are others, or none."""
        kept = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"} <= kept:
            raise DeliveryError("is a database, but no GeoPackage: it has no gpkg_contents", where=where)
        contents = database.execute(
            "SELECT table_name, last_change FROM gpkg_contents WHERE data_type IN ('features', 'attributes') ORDER BY 1"
        )
        layers, unknown = [], []
        # Whatever its schema says, a column of SQLite can hold anything.
        for name, changed in ((str(name), str(changed)) for name, changed in contents.fetchall()):
            table = next((t for pattern, t in self._layers.items() if _fits(name, pattern)), None)
            if table is not None:
                layers.append(self._layer(database, name, table, changed, where))
            elif not any(_fits(name, pattern) for pattern in self._options.ignore):
                unknown.append(name)
        if unknown:
            raise DeliveryError(
                f"has layers that {self._register.name} does not know: {', '.join(repr(n[:80]) for n in unknown)}; list "
                "them in loader.yml, under layers or ignore of the reader's options",
                where=where,
            )
        if not layers or ("*" in self._layers and len(layers) > 1):
            expected = ", ".join(self._layers)
            raise DeliveryError(f"has {len(layers)} layers where loader.yml expects {expected}", where=where)
        return layers

    def _layer(self, database: sqlite3.Connection, name: str, table: str, changed: str, where: str) -> _Layer:
        place = f"{where}, layer {name}"
        # Not a view, nor a virtual table: what those do on reading is the file's choice.
        made = database.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).fetchone()
        if made is None or not str(made[0]).upper().startswith("CREATE TABLE"):
            raise DeliveryError("is no plain table", where=place)
        found = database.execute(
            "SELECT g.column_name, g.srs_id, s.organization, s.organization_coordsys_id FROM gpkg_geometry_columns g "
            "LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id WHERE g.table_name = ?",
            (name,),
        ).fetchone()
        if found is None:
            return _Layer(name, table, "", 0, "", changed)
        column, srs, organisation, code = found
        known = (str(organisation).upper(), 84 if str(code).upper() == "CRS84" else code)
        if known not in _CRS:
            raise DeliveryError(
                f"is in {organisation}:{code}; only EPSG:28992 (RD New), EPSG:4326 and CRS84 are read", where=place
            )
        return _Layer(name, table, str(column), int(srs), _CRS[known], changed)

    def _features(self, database: sqlite3.Connection, layer: _Layer, where: str) -> Iterator[Record]:
        place = f"{where}, layer {layer.name}"
        described = database.execute(f"PRAGMA table_xinfo({_quoted(layer.name)})").fetchall()
        if any(hidden for *_, hidden in described):
            raise DeliveryError("has columns that are computed on reading", where=place)
        # The primary key is the file's own numbering of its rows (2.1.6.1.1), and no fact about the feature.
        key = next((name for _, name, _, _, _, primary, _ in described if primary), "rowid")
        names = [name for _, name, *_ in described if name != key]
        spec = self._register.tables[layer.table]
        # A geometry column has any name: gpkg_geometry_columns says which one it is.
        shape = (spec.columns[spec.geometry].path or spec.geometry) if spec.geometry else layer.geometry
        headings = [shape if name == layer.geometry else name for name in names]
        columns = self._headings[layer.table].columns(headings, place)
        # Names are quoted as SQLite does it; there is no parameter for a name.
        chosen = ", ".join(_quoted(name) for name in (key, *names))
        for number, *cells in database.execute(f"SELECT {chosen} FROM {_quoted(layer.name)}"):  # noqa: S608
            here = f"layer {layer.name}, {key} {number}"
            row: Row = {}
            for name, column, cell in zip(names, columns, cells, strict=True):
                if column is None or cell is None:
                    continue
                if name == layer.geometry:
                    text = _geometry(cell, layer)
                else:
                    text = _text(cell, f"{where}, {here}, column {name}")
                if text and text not in self._options.missing:
                    row[column[0]] = [text] if column[1] else text
            yield Record(layer.table, row, here)


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name.casefold(), pattern.casefold())


def _quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _text(cell: object, place: str) -> str:
    if isinstance(cell, bytes):
        raise DeliveryError("holds bytes where text or a number is due", where=place)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip()


def _geometry(blob: object, layer: _Layer) -> str:
    """A geometry as WKT; nothing where it is empty; UNREADABLE and the reason where it is broken."""
    try:
        content = _wkb(blob, layer.srs)
        return layer.prefix + to_wkt(content) if content else ""
    except BrokenWkb as error:
        return f"{UNREADABLE}{error}"


def _wkb(blob: object, srs: int) -> bytes:
    """The WKB behind the header of a GeoPackage geometry (2.1.3.1.1); nothing where it says that it is empty."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        raise BrokenWkb("is no geometry of a GeoPackage")
    flags = blob[3]
    envelope = flags >> 1 & 0b111
    if blob[2] or flags & 0b100000 or envelope >= len(_ENVELOPES):
        raise BrokenWkb("is a geometry of an extension of GeoPackage, which is not read here")
    (told,) = struct.unpack_from("<i" if flags & 1 else ">i", blob, 4)
    if told != srs:
        raise BrokenWkb(f"is in CRS {told}, where its layer is in {srs}")
    return b"" if flags & 0b10000 else blob[8 + _ENVELOPES[envelope] :]
