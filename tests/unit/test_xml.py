import pytest
from hypothesis import given
from hypothesis import strategies as st

from bagxml import added, changed, mutations, pand, stand
from stelsel.errors import DeliveryError
from stelsel.home import open_home
from stelsel.loading.readers.xml import XmlReader
from stelsel.loading.register import read_register

READER = XmlReader(read_register(open_home(), "bag"))


def rows(content: bytes) -> list[dict]:
    document = READER.document(content, "a.xml")
    return [record.row for record in READER.records(content, document, "a.xml")]


def test_a_record_becomes_a_row_of_text():
    (row,) = rows(stand(pand()))
    assert row["identificatie"] == "0457100000000001"
    assert row["oorspronkelijkBouwjaar"] == "1975"
    assert row["geometrie"].startswith("POLYGON((130000.0 480000.0,")
    assert "eindGeldigheid" not in row


def test_space_around_and_inside_a_value_is_folded():
    (row,) = rows(stand(pand("\n   0457100000000001\n  ")))
    assert row["identificatie"] == "0457100000000001"


def test_an_unknown_element_is_an_error_with_its_line():
    content = stand(pand(extra="\n<Objecten:kleur>rood</Objecten:kleur>"))
    with pytest.raises(DeliveryError, match=r"a\.xml, line 3: element .*kleur is not known; list it in loader\.yml"):
        rows(content)


def test_an_unknown_record_is_an_error():
    with pytest.raises(DeliveryError, match=r"Tuin is no record that loader\.yml knows"):
        rows(stand("<Objecten:Tuin/>"))


def test_an_element_that_stands_twice_is_an_error():
    with pytest.raises(DeliveryError, match="status stands twice"):
        rows(stand(pand(extra="<Objecten:status>Pand gesloopt</Objecten:status>")))


def test_another_namespace_is_named_beside_what_was_expected():
    content = stand(pand()).replace(b"extract-deelbestand-lvc/v20200601", b"extract-deelbestand-lvc/v20300101")
    with pytest.raises(
        DeliveryError, match=r"v20300101}bagStand, which is no bag delivery.*expects .*sl-bag-extract:bagStand"
    ):
        rows(content)


def test_a_document_that_stops_halfway_is_named_with_line_and_column():
    content = stand(pand(), pand("0457100000000002"))
    with pytest.raises(DeliveryError, match=r"a\.xml: is not well-formed XML: .*line 2, column"):
        rows(content[:-300])


@pytest.mark.parametrize("prolog", [
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY e "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
])  # fmt: skip
def test_a_doctype_is_refused(prolog):
    content = stand(pand("&e;" if b"ENTITY" in prolog else "0457100000000001")).replace(b"?>\n", b"?>\n" + prolog, 1)
    with pytest.raises(DeliveryError, match="DOCTYPE"):
        rows(content)


def test_changes_are_read_in_their_order():
    content = mutations(changed(pand(year="1975"), pand(year="1976")), added(pand("0457100000000002")))
    (first,), (second,) = READER.changes(content, "m.xml")
    assert (first.was.row["oorspronkelijkBouwjaar"], first.becomes.row["oorspronkelijkBouwjaar"]) == ("1975", "1976")
    assert second.was is None
    assert second.becomes.row["identificatie"] == "0457100000000002"


def test_the_date_and_the_area_are_read_from_the_head():
    content = stand(pand(), day="2021-10-15")
    assert READER.header(content, "selecties-extract:StandTechnischeDatum", "a.xml") == ["2021-10-15"]
    assert READER.header(content, "selecties-extract:GemeenteIdentificatie", "a.xml") == ["0457"]


@given(st.binary(max_size=400), st.integers(0, 2000))
def test_whatever_the_bytes_a_delivery_error_is_the_worst(noise, at):
    content = stand(pand())
    try:
        rows(content[:at] + noise + content[at + len(noise) :])
    except DeliveryError as error:
        assert "a.xml" in str(error)  # noqa: PT017  # what other errors there are would fail the test
