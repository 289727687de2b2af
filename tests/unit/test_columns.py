"""Columns: what a lenient one does with a value that does not fit, and what a reference to a law becomes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stelsel.loading.mapping import Mapper
from stelsel.loading.register import Register
from stelsel.loading.tables import Column
from stelsel.names import Names

X = "http://example.nl/"
COLUMNS = {
    "boom": {"type": "iri", "required": True},
    "soort": {"codes": {"eik": X + "eik", "es": X + "es"}, "many": True, "lenient": True},
    "wet": {"type": "law", "lenient": True},
    "hoogte": {"type": "integer"},
}
MAPPING = f"""CONSTRUCT {{ $boom <{X}soort> $soort ; <{X}wet> $wet ; <{X}hoogte> $hoogte }} WHERE {{ }}"""


@pytest.fixture(scope="module")
def mapper(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bomen")
    (folder / "boom.rq").write_text(MAPPING)
    register = Register.model_validate(
        {
            **dict.fromkeys(("publisher", "licence", "source", "frequency", "theme"), X),
            "name": "bomen",
            "folder": folder,
            "title": {"nl": "B"},
            "description": {"nl": "B"},
            "documents": [{"root": "a"}],
            "tables": {"boom": {"key": ["boom"], "columns": COLUMNS}},
        }
    )
    return Mapper(register, Names("https://data.example.nl"))


def mapped(mapper, **row):
    batch = mapper.map("boom", [{"boom": X + "1", **row}], ["regel 1"], date(2024, 1, 1))
    return batch.quads[""].decode(), batch.problems


def test_what_fits_a_lenient_column_stays_and_what_does_not_is_reported(mapper):
    quads, problems = mapped(mapper, soort=["eik", "beuk", "es", "iep"], hoogte="3")
    assert [word in quads for word in ("/eik>", "/es>", '"3"', "beuk", "iep")] == [True, True, True, False, False]
    assert [(p.key, p.reason, p.message, p.refused) for p in problems] == [
        (X + "1", "kolom", "soort: 'beuk' is not in the code list", False),
        (X + "1", "kolom", "soort: 'iep' is not in the code list", False),
    ]


def test_a_record_is_refused_for_any_other_column_and_says_what_else_was_wrong(mapper):
    quads, problems = mapped(mapper, soort=["beuk"], hoogte="hoog")
    assert quads == ""
    assert {(p.message.partition(":")[0], p.refused) for p in problems} == {("soort", True), ("hoogte", True)}


def test_a_reference_to_a_law_is_its_one_iri_or_is_reported(mapper):
    one, _ = mapped(mapper, wet="jci1.3:c:BWBR0023466&hoofdstuk=3&artikel=19")
    other, _ = mapped(
        mapper, wet="http://wetten.overheid.nl/BWBR0023466/geldigheidsdatum_14-08-2013#Hoofdstuk3_Artikel19"
    )
    assert one == other
    assert "<https://wetten.overheid.nl/jci1.3:c:BWBR0023466&artikel=19>" in one
    none, problems = mapped(mapper, wet="http://wetten.overheid.nl/jci1.3:c:", hoogte="3")
    assert X + "wet" not in none
    assert [problem.refused for problem in problems] == [False]


@given(st.lists(st.sampled_from(["eik", "es", "beuk", "", "iep"]), min_size=1, max_size=6))
def test_every_value_of_a_lenient_column_is_loaded_or_reported(mapper, said):
    quads, problems = mapped(mapper, soort=said, hoogte="3")
    known = [text for text in said if text in COLUMNS["soort"]["codes"]]
    assert {text for text in ("eik", "es") if f"/{text}>" in quads} == set(known)
    assert len(problems) == len(said) - len(known)


@pytest.mark.parametrize("more", [{"required": True}, {"type": "geometry"}])
def test_a_column_that_a_record_cannot_do_without_is_not_lenient(more):
    with pytest.raises(ValidationError, match="lenient"):
        Column(lenient=True, **more)
