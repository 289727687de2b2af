"""The json reader, and what readers of JSON share: bad JSON says where, and an unknown key says what to do."""

import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import ContentError, DeliveryError
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.json import JsonReader, Keys, objects, plain
from stelsel.loading.register import Document, Register
from stelsel.loading.tables import Column, Table


def register(**columns: Column) -> Register:
    table = Table(key=("nummer",), columns={"nummer": Column(required=True), **columns}, ignore=("meta/*", "let_*"))
    texts = {"nl": "Bomen", "en": "Trees"}
    return Register(
        name="bomen",
        folder=Path("bomen"),
        title=texts,
        description=texts,
        publisher="https://example.nl/",
        licence="https://example.nl/",
        source="https://example.nl/",
        frequency="https://example.nl/",
        theme="https://example.nl/",
        documents=(Document(reader="json", files=("*.json",), table="boom", options={"each": "data/bomen"}),),
        tables={"boom": table},
    )


def member(content: bytes, name: str = "bomen.json") -> Member:
    return Member(name, len(content), len(content), lambda: io.BytesIO(content))


def read(content: bytes, **columns: Column):
    known = register(**columns)
    return list(JsonReader(known, known.documents[0]).records(member(content)))


def said(content: bytes, **columns: Column) -> str:
    with pytest.raises(DeliveryError) as caught:
        read(content, **columns)
    return str(caught.value)


def bomen(*items: object) -> bytes:
    return json.dumps({"meta": 1, "data": {"bomen": items}}).encode()


def test_an_array_deep_in_a_file_gives_a_record_an_object():
    found = read(bomen({"nummer": 1}, {"nummer": "  2 "}))
    assert [(record.row, record.place) for record in found] == [
        ({"nummer": "1"}, "record 1"),
        ({"nummer": "2"}, "record 2"),
    ]


def test_keys_are_columns_by_their_path_and_by_their_other_spellings():
    columns = {"soort": Column(path="boom/soort", also=("boomSoort",)), "takken": Column(path="tak", many=True)}
    (record,) = read(
        bomen({"nummer": 1, "boom": {"soort": "eik"}, "tak": ["a", None, 2], "let_op": 3, "meta": {"x": 1}}), **columns
    )
    assert record.row == {"nummer": "1", "soort": "eik", "takken": ["a", "2"]}
    (other,) = read(bomen({"nummer": 1, "boomSoort": "eik"}), **columns)
    assert other.row["soort"] == "eik"


def test_a_byte_order_mark_is_no_part_of_the_json():
    assert read(b"\xef\xbb\xbf" + bomen({"nummer": 1}))


def test_an_unknown_key_is_named_with_its_record_and_with_what_to_do():
    message = said(bomen({"nummer": 1}, {"nummer": 2, "hoogte": 3}))
    assert message == (
        "bomen.json, record 2: table boom of bomen does not know the key 'hoogte'; "
        "list it in loader.yml as a column or under ignore"
    )


def test_a_column_that_is_said_twice_and_otherwise_is_an_error():
    column = Column(path="soort", also=("type",))
    assert "says soort twice" in said(bomen({"nummer": 1, "soort": "eik", "type": "es"}), soort=column)
    (record,) = read(bomen({"nummer": 1, "soort": "eik", "type": "eik"}), soort=column)
    assert record.row["soort"] == "eik"


def test_an_object_where_a_value_is_due_is_an_error():
    assert "nummer is a dict" in said(bomen({"nummer": {}}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bomen({"nummer": 1}, {"nummer": 2})[:-6], "bomen.json, record 2: is not JSON, or stops halfway"),
        (b'{"data": {"bomen": [{"nummer": 1}, {"nummer": NaN}]}}', "bomen.json, record 2: is not JSON"),
        (b'{"data": {"bomen": [{"nummer": 1}, 7]}}', "bomen.json, record 2: is no JSON object"),
        (b"<!DOCTYPE html><title>Storing</title>", "bomen.json: is a page of HTML or XML, not JSON"),
        (b'{"data": {"bomen": [{"nummer": "\xff"}]}}', "bomen.json, record 1: is not JSON"),
        (b"", "bomen.json, record 1: is not JSON"),
    ],
)
def test_a_file_that_is_no_json_says_from_which_record(content, message):
    assert said(content).startswith(message)


def test_the_record_that_is_wrong_is_named_in_a_file_of_many_pieces():
    items = [{"nummer": number} for number in range(20_000)]
    whole = json.dumps(items).encode()
    broken = whole.replace(b'{"nummer": 15000}', b'{"nummer" 15000}')
    with pytest.raises(DeliveryError, match="record 15001: is not JSON"):
        list(objects(member(broken), "item"))


def test_options_and_tables_that_are_not_there_are_errors_of_the_content():
    known = register()
    with pytest.raises(ContentError, match="options of json: every"):
        JsonReader(known, Document(reader="json", files=("*",), table="boom", options={"every": "x"}))
    with pytest.raises(ContentError, match="'struik' is none"):
        Keys(known, "struik")


@given(st.lists(st.integers(-(10**20), 10**20)))
def test_every_object_is_a_record_in_order(numbers):
    content = json.dumps([{"n": number} for number in numbers]).encode()
    assert [item["n"] for _, item in objects(member(content), "item")] == numbers


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**12), max_value=10**12))
def test_a_number_is_the_same_number_in_plain_writing(number):
    text = plain(number)
    assert Decimal(text) == number
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))
