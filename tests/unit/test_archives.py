import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import DeliveryError
from stelsel.loading.readers.archives import MAX_DEPTH, members

JUNK = (".DS_Store", "__MACOSX", "README*")


def packed(entries: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def written(folder: Path, content: bytes, name: str = "delivery.zip") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def found(source: Path) -> dict[str, bytes]:
    return {member.where: member.content for member in members(source, JUNK)}


@pytest.mark.parametrize("inner", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("outer", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_files_four_zips_deep_are_found_however_each_was_packed(tmp_path, inner, outer):
    content = packed({"a.xml": b"<a/>", "b.xml": b"<b/>" * 1000}, inner)
    for name in ("third.zip", "second.zip", "first.zip"):
        content = packed({name: content, "beside.xml": b"<c/>"}, outer)
    files = found(written(tmp_path, content))
    assert files["delivery.zip > first.zip > second.zip > third.zip > b.xml"] == b"<b/>" * 1000
    assert len(files) == 5


@given(st.lists(st.binary(min_size=1, max_size=5000), min_size=1, max_size=6), st.booleans())
def test_what_goes_in_comes_out(tmp_path_factory, contents, stored):
    how = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    inner = packed({f"{i}.xml": content for i, content in enumerate(contents)}, how)
    source = written(tmp_path_factory.mktemp("zip"), packed({"one.zip": inner, "two.zip": inner}, how))
    assert list(found(source).values()) == contents * 2


def test_junk_is_passed_over(tmp_path):
    source = written(
        tmp_path, packed({"__MACOSX/._a.xml": b"x", ".DS_Store": b"x", "README_TEST.md": b"x", "a.xml": b"<a/>"})
    )
    assert list(found(source)) == ["delivery.zip > a.xml"]


def test_a_folder_is_read_as_a_zip_is(tmp_path):
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep", packed({"a.xml": b"<a/>"}))
    written(tmp_path, b"<b/>", "b.xml")
    assert set(found(tmp_path).values()) == {b"<a/>", b"<b/>"}


@pytest.mark.parametrize("name", ["../a.xml", "/etc/a.xml", "..\\a.xml", "x/../../a.xml", "C:a.xml"])
def test_a_name_that_leads_out_is_refused_and_named(tmp_path, name):
    with pytest.raises(DeliveryError, match="leads out of the archive"):
        found(written(tmp_path, packed({name: b"<a/>"})))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    with pytest.raises(DeliveryError, match="zip bomb"):
        found(written(tmp_path, packed({"a.xml": b"\0" * 20_000_000})))


def test_a_bomb_in_a_zip_in_a_zip_is_refused(tmp_path):
    inner = packed({"a.xml": b"\0" * 20_000_000})
    with pytest.raises(DeliveryError, match=r"outer > inner.zip > 'a.xml'".replace("outer", "delivery.zip")):
        found(written(tmp_path, packed({"inner.zip": inner})))


def test_zips_without_end_are_refused(tmp_path):
    content = b"<a/>"
    name = "a.xml"
    for depth in range(MAX_DEPTH + 1):
        content, name = packed({name: content}), f"{depth}.zip"
    with pytest.raises(DeliveryError, match="deep"):
        found(written(tmp_path, content))


def test_overlapping_entries_are_refused(tmp_path):
    content = bytearray(packed({"a.xml": b"<a/>" * 100, "b.xml": b"<b/>" * 100}, zipfile.ZIP_STORED))
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = struct.pack("<I", 0)  # both entries now claim the same bytes
    with pytest.raises(DeliveryError, match="overlaps"):
        found(written(tmp_path, bytes(content)))


def test_an_encrypted_entry_is_refused(tmp_path):
    content = bytearray(packed({"a.xml": b"<a/>"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DeliveryError, match="encrypted"):
        found(written(tmp_path, bytes(content)))


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.95])
def test_a_truncated_zip_says_to_fetch_it_again(tmp_path, keep):
    content = packed({f"{i}.xml": bytes(range(256)) * 50 for i in range(5)})
    with pytest.raises(DeliveryError, match="fetch it again"):
        found(written(tmp_path, content[: int(len(content) * keep)]))


def test_a_byte_that_fell_over_is_found_by_its_checksum(tmp_path):
    content = bytearray(packed({"a.xml": b"<a>" + b"text " * 1000 + b"</a>"}, zipfile.ZIP_STORED))
    content[200] ^= 0xFF
    with pytest.raises(DeliveryError, match="broken inside its zip"):
        found(written(tmp_path, bytes(content)))


@pytest.mark.parametrize(("name", "content", "says"), [
    ("empty.zip", b"", "is an empty file"),
    ("text.zip", b"this is no zip", "is not a complete zip"),
])  # fmt: skip
def test_what_is_no_zip_is_named(tmp_path, name, content, says):
    with pytest.raises(DeliveryError, match=f"{name}.*{says}"):
        found(written(tmp_path, content, name))


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(DeliveryError, match=r"nowhere\.zip: there is no such file"):
        found(tmp_path / "nowhere.zip")
