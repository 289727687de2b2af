import sqlite3
import struct
import zipfile
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stelsel.errors import ContentError, DeliveryError
from stelsel.loading.geometry import CRS84
from stelsel.loading.readers.archives import members
from stelsel.loading.readers.geopackage import GeoPackageReader
from stelsel.loading.register import Register
from stelsel.loading.rows import UNREADABLE
from stelsel.sampling.geopackage import Layer, multipolygon, write_geopackage

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0))
WKB = multipolygon([(SQUARE,)])
WKT = "MULTIPOLYGON(((0.0 0.0,10.0 0.0,10.0 10.0,0.0 10.0,0.0 0.0)))"


def register(options=None, columns=None, **table) -> Register:
    facts = {
        "name": "test", "folder": Path("loaders/test"), "title": {"nl": "t"}, "description": {"nl": "t"},
        "publisher": "http://p/", "licence": "http://l/", "source": "http://s/", "frequency": "http://f/", "theme": "http://t/",
        "documents": [{"reader": "geopackage", "files": ["*.gpkg"], "table": "ding", "options": options or {}}],
        "tables": {"ding": {"key": ["naam"], "columns": columns or {"naam": {"required": True}, "vlak": {"type": "geometry"}}, **table}},
    }  # fmt: skip
    return Register.model_validate(facts)


def reader(**facts) -> GeoPackageReader:
    made = register(**facts)
    return GeoPackageReader(made, made.documents[0])


def layer(name="dingen", columns=("naam",), features=((WKB, ("a",)), (WKB, ("b",)))) -> Layer:
    return Layer(name, "MULTIPOLYGON", columns, features)


def written(folder: Path, *layers: Layer, sql: str = "") -> Path:
    file = write_geopackage(folder / "x.gpkg", layers or (layer(),), date(2024, 6, 8))
    if sql:
        with closing(sqlite3.connect(file)) as database:
            database.executescript(sql)
    return file


def read(file: Path, made: GeoPackageReader) -> list:
    return [record for member in members(file) for record in made.records(member)]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A file with nothing wrong."""
    return written(tmp_path_factory.mktemp("sound"))


def test_a_feature_is_a_record_with_its_geometry_as_wkt_and_its_place(tmp_path):
    first, second = read(written(tmp_path), reader())
    assert first.row == {"naam": "a", "vlak": WKT}
    assert first.table == "ding"
    assert second.place == "layer dingen, fid 2"


def test_a_file_in_a_zip_reads_the_same(tmp_path):
    file = written(tmp_path)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(file, "x.gpkg")
    assert read(tmp_path / "x.zip", reader()) == read(file, reader())


def test_numbers_are_text_and_what_is_missing_is_absent(tmp_path):
    columns = {
        "naam": {},
        "aantal": {"type": "integer"},
        "deel": {"type": "decimal"},
        "code": {},
        "vlak": {"type": "geometry"},
    }
    features = [(WKB, ("a", 12, 0.5, "-")), (WKB, (None, 3.0, None, "  x "))]
    file = written(tmp_path, layer(columns=("naam", "aantal", "deel", "code"), features=features))
    # Columns of the writer are of text; as SQLite keeps them, 12 has become '12'. A column of another type keeps numbers.
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            "CREATE TABLE n (fid INTEGER PRIMARY KEY, geom BLOB, naam TEXT, aantal INTEGER, deel DOUBLE, code TEXT);"
            "INSERT INTO n SELECT * FROM dingen; DROP TABLE dingen; ALTER TABLE n RENAME TO dingen;"
        )
    first, second = read(file, reader(columns=columns, options={"missing": ["-"]}))
    assert first.row == {"naam": "a", "aantal": "12", "deel": "0.5", "vlak": WKT}
    assert second.row == {"aantal": "3", "code": "x", "vlak": WKT}


def test_layers_go_to_their_tables_and_others_are_named(tmp_path):
    file = written(tmp_path, layer("pb_a"), layer("pb_b"), layer("anders"))
    options = {"layers": {"PB_*": "ding"}}
    with pytest.raises(DeliveryError, match=r"layers that test does not know: 'anders'; list them in loader\.yml"):
        read(file, reader(options=options))
    records = read(file, reader(options={**options, "ignore": ["anders"]}))
    assert [record.place for record in records] == [
        "layer pb_a, fid 1", "layer pb_a, fid 2", "layer pb_b, fid 1", "layer pb_b, fid 2"
    ]  # fmt: skip


def test_without_a_layer_in_the_options_a_file_has_one(tmp_path):
    with pytest.raises(DeliveryError, match=r"has 2 layers where loader\.yml expects"):
        read(written(tmp_path, layer("a"), layer("b")), reader())
    assert len(read(written(tmp_path, layer("a"), layer("b")), reader(options={"layer": "b", "ignore": ["a"]}))) == 2


def test_the_day_of_the_last_change_is_a_date_where_the_options_say_so(tmp_path):
    (member,) = members(written(tmp_path))
    assert reader().facts(member).dates == ()
    assert reader(options={"date": True}).facts(member).dates == ("2024-06-08",)


def test_an_unknown_column_is_an_error_unless_it_is_ignored(tmp_path):
    file = written(tmp_path, layer(columns=("naam", "kleur"), features=[(WKB, ("a", "rood"))]))
    with pytest.raises(DeliveryError, match=r"x\.gpkg, layer dingen: has headings .* does not know: 'kleur'"):
        read(file, reader())
    assert read(file, reader(ignore=["kleur"]))[0].row == {"naam": "a", "vlak": WKT}


def test_a_geometry_that_the_table_has_no_column_for_is_an_error_too(tmp_path):
    with pytest.raises(DeliveryError, match="does not know: 'geom'"):
        read(written(tmp_path), reader(columns={"naam": {}}))
    assert read(written(tmp_path), reader(columns={"naam": {}}, ignore=["geom"]))[0].row == {"naam": "a"}


@pytest.mark.parametrize(
    ("srs", "organisation", "prefix"), [(4326, "EPSG", CRS84), (84, "OGC", CRS84), (28992, "epsg", "")]
)
def test_a_crs_that_is_read_here_gives_its_prefix(tmp_path, srs, organisation, prefix):
    file = written(tmp_path, layer(features=[]))
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "INSERT OR REPLACE INTO gpkg_spatial_ref_sys VALUES ('x', ?, ?, ?, '', NULL)", (srs, organisation, srs)
        )
        database.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (srs,))
        blob = b"GP" + struct.pack("<BBi", 0, 1, srs) + WKB
        database.execute("INSERT INTO dingen (geom, naam) VALUES (?, 'a')", (blob,))
        database.commit()
    assert read(file, reader())[0].row["vlak"] == prefix + WKT


def test_another_crs_is_refused_by_name(tmp_path):
    sql = (
        "INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 31370, 'EPSG', 31370, '', NULL);"
        "UPDATE gpkg_geometry_columns SET srs_id = 31370;"
    )
    with pytest.raises(DeliveryError, match=r"layer dingen: is in EPSG:31370; only EPSG:28992"):
        read(written(tmp_path, sql=sql), reader())


@pytest.mark.parametrize(("blob", "says"), [
    (b"GP" + struct.pack("<BBi", 0, 1, 4326) + WKB, "is in CRS 4326, where its layer is in 28992"),
    (b"XY" + struct.pack("<BBi", 0, 1, 28992) + WKB, "no geometry of a GeoPackage"),
    (b"GP" + struct.pack("<BBi", 0, 0b100001, 28992) + WKB, "extension of GeoPackage"),
    (b"GP" + struct.pack("<BBi", 0, 0b1011, 28992) + WKB, "extension of GeoPackage"),
    (b"GP" + struct.pack("<BBi", 0, 1, 28992) + WKB[:-4], "stops halfway"),
    (b"GP", "no geometry of a GeoPackage"),
])  # fmt: skip
def test_a_geometry_that_cannot_be_read_is_kept_as_the_reason(tmp_path, blob, says):
    file = written(tmp_path)
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE dingen SET geom = ? WHERE fid = 1", (blob,))
        database.commit()
    first, second = read(file, reader())
    assert first.row["vlak"].startswith(UNREADABLE)
    assert says in first.row["vlak"]
    assert second.row["vlak"] == WKT


@pytest.mark.parametrize(
    ("flags", "envelope", "order"), [(0b0001, 0, "<"), (0b0010, 32, ">"), (0b0101, 48, "<"), (0b1001, 64, "<")]
)
def test_an_envelope_is_passed_over_and_an_empty_geometry_is_none(tmp_path, flags, envelope, order):
    file = written(tmp_path)
    with closing(sqlite3.connect(file)) as database:
        head = b"GP" + struct.pack(f"{order}BBi", 0, flags, 28992) + bytes(envelope)
        database.execute("UPDATE dingen SET geom = ? WHERE fid = 1", (head + WKB,))
        empty = b"GP" + struct.pack("<BBi", 0, 0b10001, 28992) + shapely.from_wkt("POLYGON EMPTY").wkb
        database.execute("UPDATE dingen SET geom = ? WHERE fid = 2", (empty,))
        database.commit()
    first, second = read(file, reader())
    assert first.row["vlak"] == WKT
    assert "vlak" not in second.row


@pytest.mark.parametrize(("sql", "says"), [
    ("DROP TABLE gpkg_contents;", "no GeoPackage: it has no gpkg_contents"),
    ("DELETE FROM gpkg_contents;", "has 0 layers"),
    ("ALTER TABLE dingen RENAME TO echt; CREATE VIEW dingen AS SELECT * FROM echt;", "is no plain table"),
    ("DROP TABLE dingen; CREATE VIRTUAL TABLE dingen USING rtree(fid, a, b);", "is no plain table"),
    ("ALTER TABLE dingen ADD COLUMN groot TEXT GENERATED ALWAYS AS (hex(zeroblob(90000000))) VIRTUAL;", "computed on reading"),
    ("UPDATE dingen SET naam = zeroblob(101000000) WHERE fid = 1;", "is a broken GeoPackage: string or blob too big"),
    ("UPDATE dingen SET naam = x'00ff' WHERE fid = 1;", "fid 1, column naam: holds bytes where text"),
    ("UPDATE dingen SET naam = CAST(x'ff' AS TEXT) WHERE fid = 1;", "is a broken GeoPackage: Could not decode"),
])  # fmt: skip
def test_a_hostile_or_broken_file_is_refused_with_what_is_wrong(tmp_path, sql, says):
    with pytest.raises(DeliveryError, match=says):
        read(written(tmp_path, sql=sql), reader())


def test_what_is_no_database_says_so(tmp_path):
    file = tmp_path / "x.gpkg"
    file.write_bytes(b"PKzip or anything else that is long enough")
    with pytest.raises(DeliveryError, match=r"x\.gpkg: is no GeoPackage: it does not begin as an SQLite database"):
        read(file, reader())


def test_a_file_that_was_cut_off_is_a_broken_geopackage(tmp_path):
    file = written(tmp_path, layer(features=[(WKB, (str(number),)) for number in range(3000)]))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(DeliveryError, match="is a broken GeoPackage"):
        read(file, reader())


@given(st.integers(0, 2**20), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_wrong_bytes_anywhere_do_no_worse_than_a_delivery_error(sound, at, noise):
    whole = sound.read_bytes()
    at %= len(whole) - len(noise)
    file = sound.with_name("damaged.gpkg")
    file.write_bytes(whole[:at] + noise + whole[at + len(noise) :])
    with suppress(DeliveryError):
        assert all(record.table == "ding" for record in read(file, reader()))


def test_a_name_with_quotes_is_a_name_and_no_sql(tmp_path):
    name = 'a"; DROP TABLE gpkg_contents; --'
    file = written(tmp_path, sql='ALTER TABLE dingen RENAME TO "a""; DROP TABLE gpkg_contents; --";')
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE gpkg_contents SET table_name = ?", (name,))
        database.execute("UPDATE gpkg_geometry_columns SET table_name = ?", (name,))
        database.commit()
    assert [record.place for record in read(file, reader())] == [f"layer {name}, fid 1", f"layer {name}, fid 2"]


def test_nothing_is_written_beside_a_file_that_is_read(tmp_path):
    file = written(tmp_path)
    before = file.read_bytes()
    read(file, reader())
    assert [path.name for path in tmp_path.iterdir()] == ["x.gpkg"]
    assert file.read_bytes() == before


def test_options_that_are_unknown_and_tables_that_are_not_there_are_content_errors():
    with pytest.raises(ContentError, match="options of geopackage"):
        reader(options={"laag": "x"})
    with pytest.raises(ContentError, match="'anders' is none"):
        reader(options={"layers": {"x": "anders"}})


def test_the_geopackage_of_the_bag_of_amsterdam_is_read(shared):
    columns = {"nummer_id": {"required": True}, "geom": {"type": "geometry", "required": True}}
    with closing(sqlite3.connect(shared / "data/bag/geopackage-amsterdam/bag.gpkg")) as database:
        names = [name for _, name, *_ in database.execute("PRAGMA table_info(ligplaatsen)")]
        (number,) = database.execute("SELECT COUNT(*) FROM ligplaatsen").fetchone()
    made = register(
        columns=columns, key=["nummer_id"], ignore=names[3:], options={"layer": "ligplaatsen", "ignore": ["*"]}
    )
    records = read(shared / "data/bag/geopackage-amsterdam/bag.gpkg", GeoPackageReader(made, made.documents[0]))
    assert len(records) == number > 50
    assert all(shapely.from_wkt(record.row["geom"].removeprefix(CRS84)).geom_type == "Point" for record in records)
