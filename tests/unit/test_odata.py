"""The odata reader and the stem table: every column is a measure that someone listed, and no sentinel is a number."""

import io
import json
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import ContentError, DeliveryError
from stelsel.home import open_home
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.cube import Cube
from stelsel.loading.readers.odata import ODataReader
from stelsel.loading.readers.stems import read_stems
from stelsel.loading.register import Document, read_register

CBS = read_register(open_home(), "cbs")
STEMS = read_stems(CBS.folder / "onderwerpen.yml")
V3 = "https://opendata.cbs.nl/ODataApi/OData/{}/$metadata#Cbs.OData.WebAPI.{}"
V4 = "https://odata4.cbs.nl/CBS/{}/$metadata#{}"
SECRET, NOT_SAID, NONE = "def/OnbekendOfGeheim", "def/RedenNietGegeven", "def/NietVanToepassing"


def v3(entity, *value, table="84799NED"):
    return {"odata.metadata": V3.format(table, entity), "value": value}


def v4(entity, *value, table="83765NED"):
    return {"@odata.context": V4.format(table, entity), "value": value}


def read(page):
    data = page if isinstance(page, bytes) else json.dumps(page).encode()
    member = Member("page.json", len(data), len(data), lambda: io.BytesIO(data))
    return list(ODataReader(CBS, CBS.named("TypedDataSet.json")).records(member))


def said(page) -> str:
    with pytest.raises(DeliveryError) as caught:
        read(page)
    return str(caught.value)


def row(**columns):
    return {"ID": 1, "WijkenEnBuurten": "GM0457    ", "Gemeentenaam_1": "Weesp     ", **columns}


def test_a_wide_row_is_an_observation_a_measure_with_padding_gone():
    found = read(v3("TypedDataSet", row(AantalInwoners_5=19738, MeestVoorkomendePostcode_113="      1381")))
    assert [record.table for record in found] == ["waarneming", "waarneming"]
    same = {"tabel": "84799NED", "jaar": "2020", "code": "GM0457"}
    assert found[0].row == {**same, "onderwerp": "AantalInwoners", "waarde": "19738"}
    assert found[1].row == {**same, "onderwerp": "MeestVoorkomendePostcode", "tekst": "1381"}


def test_a_column_with_one_stem_and_two_meanings_is_told_apart_by_its_number():
    found = read(v3("TypedDataSet", row(Appartement_48=2000, Appartement_56=900)))
    assert [(record.row["onderwerp"], record.row["waarde"]) for record in found] == [
        ("ElektriciteitAppartement", "2000"),
        ("AardgasAppartement", "900"),
    ]


def test_a_stem_is_the_same_measure_whatever_its_number_in_that_year():
    for table, key in (("85618NED", "GemiddeldAardgasverbruikTotaal_55"), ("85984NED", "GemiddeldAardgasverbruik_12")):
        (record,) = read(v3("TypedDataSet", row(**{key: 1180}), table=table))
        assert record.row["onderwerp"] == "GemiddeldAardgasverbruik"


def test_whether_years_compare_is_kept_with_the_region():
    changed, *_ = read(v3("TypedDataSet", row(IndelingswijzigingWijkenEnBuurten_4="3")))
    assert (changed.table, changed.row) == ("indeling", {"jaar": "2020", "code": "GM0457", "indelingswijziging": "3"})
    assert read(v3("TypedDataSet", row(IndelingswijzigingWijkenEnBuurten_4="."))) == []


def test_a_long_row_is_an_observation_by_its_code():
    keys = {"Id": 1, "StringValue": None, "WijkenEnBuurten": "GM0457"}
    found = read(
        v4(
            "Observations",
            {**keys, "Measure": "T001036", "ValueAttribute": "None", "Value": 18906.0},
            {**keys, "Measure": "M000219_2", "ValueAttribute": "Impossible", "Value": None},
            {**keys, "Measure": "M000221_2", "ValueAttribute": "None", "Value": None},
        )
    )
    assert [(r.row["onderwerp"], r.row.get("waarde"), r.row.get("reden")) for r in found] == [
        ("AantalInwoners", "18906", None),
        ("GemiddeldAardgasverbruik", None, NONE),
        ("GemiddeldeElektriciteitslevering", None, NOT_SAID),
    ]


def test_a_status_and_a_key_that_nobody_listed_are_errors():
    item = {"Id": 1, "Measure": "T001036", "ValueAttribute": "Vaag", "Value": 1, "WijkenEnBuurten": "GM0457"}
    assert "record 1: has the ValueAttribute 'Vaag', which is not in onderwerpen.yml; add it under missing" in said(
        v4("Observations", item)
    )
    assert "has keys that are not those of an observation: Perioden" in said(
        v4("Observations", {**item, "Perioden": 1})
    )


def test_what_the_columns_are_comes_with_unit_and_decimals():
    topic = {"Type": "Topic", "Key": "GemiddeldeWoningwaarde_35", "Title": "Gemiddelde woningwaarde "}
    group = {"Type": "TopicGroup", "Key": "", "Title": "Wonen", "Unit": None}
    table, about = read(v3("DataProperties", group, {**topic, "Unit": "x 1 000 euro", "Decimals": 0}))
    assert table.row == {"tabel": "84799NED", "jaar": "2020", "titel": "Kerncijfers wijken en buurten 2020"}
    assert about.row["onderwerp"] == "GemiddeldeWoningwaarde"
    assert (about.row["eenheid"], about.row["eenheidTekst"], about.row["decimalen"]) == (
        "def/DuizendEuro",
        "x 1 000 euro",
        "0",
    )
    message = said(v3("DataProperties", {**topic, "Unit": "el"}))
    assert (
        message == "page.json, record 1: has the unit 'el', which is not in onderwerpen.yml; add it there under units"
    )


def test_regions_are_read_from_both_versions():
    (old,) = read(v3("WijkenEnBuurten", {"Key": "GM0457    ", "Title": "Weesp", "Municipality": "GM0457"}))
    (new,) = read(v4("WijkenEnBuurtenCodes", {"Identifier": "GM0457", "Index": 1, "Title": "Weesp"}))
    assert (old.row["code"], old.row["naam"], old.row["jaar"]) == ("GM0457", "Weesp", "2020")
    assert (new.row["code"], new.row["naam"], new.row["jaar"]) == ("GM0457", "Weesp", "2017")


def test_a_table_of_a_year_that_is_not_listed_says_what_to_add():
    message = said(v3("TypedDataSet", row(), table="99999NED"))
    assert "page.json: is of table 99999NED, which is not in onderwerpen.yml" in message
    assert "84799NED (2020)" in message
    assert (
        "add it there under tables, with its year and title, and its columns under columns of the measures" in message
    )


def test_an_unknown_stem_says_what_to_add_and_where():
    message = said(v3("TypedDataSet", row(AantalLuchtballonnen_7=1)))
    assert "column AantalLuchtballonnen_7 of table 84799NED (2020) is no measure that onderwerpen.yml knows" in message
    assert "add `84799NED: AantalLuchtballonnen_7` there under columns of the measure that it is" in message


def test_the_stem_of_another_year_is_unknown_in_a_table_that_is_listed_column_by_column():
    assert "column GemiddeldAardgasverbruik_55 of table 84799NED (2020) is no measure" in said(
        v3("TypedDataSet", row(GemiddeldAardgasverbruik_55=1))
    )


def test_two_columns_that_are_one_measure_by_their_stem_are_refused():
    columns = row(AantalInwoners_5=1, AantalInwoners_6=2)
    assert "AantalInwoners_5 and AantalInwoners_6 of table 85984NED are both AantalInwoners by their stem" in said(
        v3("TypedDataSet", columns, table="85984NED")
    )


@pytest.mark.parametrize(
    "page",
    [
        v3("DataProperties", {"Type": "GeoDetail", "Key": "WijkenEnBuurten", "MapYear": 2019}),
        v4("Dimensions", {"Identifier": "WijkenEnBuurten", "MapYear": "2019"}),
    ],
)
def test_the_regions_of_another_year_than_the_table_are_refused(page):
    assert "record 1: has the regions of 2019, where onderwerpen.yml has table" in said(page)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (b'{"value": []}', "does not say, before its values, in odata.metadata or @odata.context"),
        (b'{"odata.error": {"code": "404"}}', "is no page of OData"),
        (json.dumps({"odata.metadata": V3.format("84799NED", "TypedDataSet")}).encode(), "is no page of OData"),
        (b"<html>Onderhoud</html>", "is a page of HTML or XML, not JSON; fetch it again"),
        (v3("CategoryGroups"), "has entity CategoryGroups, and the reader knows TypedDataSet"),
        (v3("TypedDataSet", {"ID": 1, "AantalInwoners_5": 1}), "record 1: has no WijkenEnBuurten"),
        (v3("WijkenEnBuurten", {"Title": "Weesp"}), "record 1: is a region without a Key or Identifier"),
        (
            json.dumps(v3("TypedDataSet", row(AantalInwoners_5=1))).encode()[:-30],
            "record 1: is not JSON, or stops halfway",
        ),
    ],
)
def test_a_page_that_is_not_what_it_should_be_is_an_error_with_its_place(page, message):
    assert message in said(page)


def test_the_edition_is_of_the_first_of_january_of_the_table():
    data = json.dumps(v3("TypedDataSet")).encode()
    member = Member("page.json", len(data), len(data), lambda: io.BytesIO(data))
    assert ODataReader(CBS, CBS.named("TypedDataSet.json")).facts(member).dates == ("2020-01-01",)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, NOT_SAID),
        (".", SECRET),
        ("         .", SECRET),
        ("", NONE),
        ("    ", NONE),
        (-99995, NOT_SAID),
        (-99997, SECRET),
        (-99999999, NOT_SAID),
        ("  -99997", SECRET),
        ("-99997.0", SECRET),
        (Decimal("-99999999.0"), NOT_SAID),
    ],
)
def test_what_stands_in_the_place_of_a_value_is_its_reason(value, reason):
    assert Cube(STEMS).read(value, textual=False) == (None, reason)


def test_zero_is_a_value():
    assert Cube(STEMS).read(0, textual=False) == ("0", "")
    assert Cube(STEMS).read("   0", textual=False) == ("0", "")
    assert Cube(STEMS).read(Decimal("0.0"), textual=False) == ("0", "")


SENTINELS = ("-99995", "-99997", "-99999999")
padding = st.text(" ", max_size=6)


@given(st.sampled_from(SENTINELS), st.integers(0, 4), padding, padding, st.sampled_from([str, Decimal, float, int]))
def test_no_writing_of_a_sentinel_ever_becomes_a_number(sentinel, zeros, before, after, kind):
    written = sentinel + ("." + "0" * zeros if zeros else "")
    value = before + written + after if kind is str else kind(sentinel) if kind is int else kind(written)
    text, reason = Cube(STEMS).read(value, textual=False)
    assert (text, reason) == (None, STEMS.missing[sentinel])


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9), padding)
def test_every_other_number_comes_through_as_it_is(number, around):
    if str(number).split(".", maxsplit=1)[0] in SENTINELS and number == int(number):
        return
    for value in (number, f"{around}{number}{around}"):
        text, reason = Cube(STEMS).read(value, textual=False)
        assert reason == ""
        assert Decimal(str(text)) == number


def test_a_stem_table_that_is_not_one_is_an_error_of_the_content(tmp_path):
    file = tmp_path / "onderwerpen.yml"
    with pytest.raises(ContentError, match="is not there"):
        read_stems(file)
    file.write_text("tables: [")
    with pytest.raises(ContentError, match="is not YAML"):
        read_stems(file)
    facts = yaml.safe_load((CBS.folder / "onderwerpen.yml").read_text("utf-8"))
    del facts["missing"]["null"]
    file.write_text(yaml.safe_dump(facts))
    with pytest.raises(ContentError, match='missing says what null and "" mean'):
        read_stems(file)
    facts["missing"]["null"] = NOT_SAID
    facts["tables"].pop("84799NED")
    file.write_text(yaml.safe_dump(facts))
    with pytest.raises(ContentError, match="has a column in 84799NED, which is not under tables"):
        read_stems(file)


def test_a_document_without_a_stem_table_is_an_error_of_the_content():
    with pytest.raises(ContentError, match="options of odata: stems"):
        ODataReader(CBS, Document(reader="odata", files=("*",)))


def test_a_measure_has_one_column_in_a_table_and_no_column_is_two_measures():
    for table in STEMS.tables:
        columns = [measure.columns[table] for measure in STEMS.measures.values() if table in measure.columns]
        assert len(columns) == len(set(columns))
    stems = [stem for name, m in STEMS.measures.items() for stem in ((name,) if m.stems is None else m.stems)]
    assert len(stems) == len(set(stems))
