"""The statline reader: an export of StatLine, wide, with its unit in the heading."""

import io

import pytest

from stelsel.errors import ContentError, DeliveryError
from stelsel.home import open_home
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.statline import StatLineReader
from stelsel.loading.register import Document, read_register

CBS = read_register(open_home(), "cbs")
REGION = "Regiocode (gemeente, wijk, buurt) (code)"
HEADING = (
    f'"Perioden";"Wijken en buurten";"{REGION}";"Particuliere huishoudens (Aantal)";"Opleidingsniveau/Laag/Waarde (%)"'
)


def member(*lines: str) -> Member:
    data = ("﻿" + "\r\n".join(lines) + "\r\n").encode()
    return Member("SES_WOA_2019.csv", len(data), len(data), lambda: io.BytesIO(data))


def reader() -> StatLineReader:
    return StatLineReader(CBS, CBS.named("SES_WOA_2019.csv"))


def said(*lines: str) -> str:
    with pytest.raises(DeliveryError) as caught:
        list(reader().records(member(*lines)))
    return str(caught.value)


def test_a_line_is_an_observation_for_each_measure_with_padding_gone():
    found = list(reader().records(member(HEADING, '"2019*";"Weesp";"GM0457    ";"    9174";"       ."')))
    assert [record.table for record in found] == [
        "tabel",
        "tabelonderwerp",
        "tabelonderwerp",
        "waarneming",
        "waarneming",
    ]
    assert found[2].row["eenheid"] == "http://qudt.org/vocab/unit/PERCENT"
    same = {"tabel": "85163NED", "jaar": "2019", "code": "GM0457"}
    assert found[3].row == {**same, "onderwerp": "ParticuliereHuishoudens", "waarde": "9174"}
    assert found[4].row == {**same, "onderwerp": "SesOpleidingsniveauLaag", "reden": "def/OnbekendOfGeheim"}
    assert found[4].place == "line 2"


def test_the_edition_is_of_the_first_of_january_of_its_period():
    assert reader().facts(member(HEADING, '"2019";"Weesp";"GM0457";"1";"2"')).dates == ("2019-01-01",)
    with pytest.raises(DeliveryError, match="has no lines under its heading"):
        reader().facts(member(HEADING))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([HEADING.replace("Laag", "Lager")], "column Opleidingsniveau/Lager/Waarde (%) of table 85163NED (2019)"),
        ([HEADING.replace("Perioden", "Jaren")], "has no heading 'Perioden': this is no such export of StatLine"),
        ([HEADING, '"2019";"Weesp";"GM0457";"1"'], "line 2: has 4 cells where the heading has 5"),
        ([HEADING, '"vorig jaar";"Weesp";"GM0457";"1";"2"'], "line 2: has the period 'vorig jaar', which is no year"),
        ([HEADING, '"2019";"Weesp" x;"GM0457";"1";"2"'], "line 2: is no CSV"),
    ],
)
def test_what_is_no_such_export_is_an_error_with_its_line(lines, message):
    assert message in said(*lines)


def test_options_that_are_missing_are_an_error_of_the_content():
    with pytest.raises(ContentError, match="options of statline: table"):
        StatLineReader(CBS, Document(reader="statline", files=("*",), options={"stems": "onderwerpen.yml"}))
