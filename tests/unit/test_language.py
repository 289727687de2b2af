from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.serving import language as module
from stelsel.serving.language import LANGUAGES, language, preferred, visible

SERVING = Path(module.__file__).parent
NL, EN = language("nl"), language("en")


def holes(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def test_every_language_has_the_same_texts_with_the_same_holes():
    assert {key: holes(text) for key, text in NL.texts.items()} == {key: holes(text) for key, text in EN.texts.items()}


def test_no_text_is_empty():
    assert not [key for tongue in (NL, EN) for key, text in tongue.texts.items() if not text.strip()]


def test_every_text_that_a_template_or_a_module_names_is_there():
    content = "".join(file.read_text("utf-8") for file in [*SERVING.glob("templates/*.html"), *SERVING.glob("*.py")])
    named = set(re.findall(r'(?:\bt|\.text|\.counted)\(\s*"([A-Za-z_.]+[A-Za-z])"', content))
    assert len(named) > 60
    assert not [key for key in named if key not in NL.texts and f"{key}.one" not in NL.texts]


def test_every_text_is_used():
    content = "".join(file.read_text("utf-8") for file in [*SERVING.glob("templates/*.html"), *SERVING.glob("*.py")])
    quoted = set(re.findall(r'"([A-Za-z_.]+)"', content))
    # Keys that are put together: by a status, a shape, a unit, or from the last word of the key.
    families = ("problem.", "shape.", "docs.where.", "sparql.ready.", "age.", "number.")
    heads = {"sparql": quoted, "doctor": quoted, "resource": {"complete", "cut", "cutMany", "large", "undrawn"}}
    put_together = {f"{head}.{word}" for head, words in heads.items() for word in words}
    unused = [
        key
        for key in NL.texts
        if not ({key, re.sub(r"\.(one|other)$", "", key)} & quoted or key.startswith(families) or key in put_together)
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "nl"),
        ("en", "en"),
        ("en-GB,en;q=0.9,nl;q=0.8", "en"),
        ("fr, nl-BE;q=0.5, en;q=0.4", "nl"),
        ("en;q=0", "nl"),
        ("*", "nl"),
    ],
)
def test_a_client_gets_the_language_that_it_likes_best(header, code):
    assert preferred(header) == code


@given(st.text(max_size=300))
def test_any_accept_language_gives_a_language_of_the_pages(header):
    assert preferred(header) in LANGUAGES


def test_numbers_and_dates_are_written_as_each_language_writes_them():
    assert (NL.number(12_694), EN.number(12_694)) == ("12.694", "12,694")
    assert (NL.decimal(52.3071, 6), EN.decimal(52.3071, 6)) == ("52,307100", "52.307100")
    assert (NL.length(2_000), EN.length(0.5)) == ("2 km", "0.5 m")
    assert (NL.day(date(2024, 2, 29)), EN.day(date(2024, 2, 29))) == ("29 februari 2024", "29 February 2024")
    assert NL.moment(datetime(2024, 2, 29, 9, 5)) == "29 februari 2024, 09:05"  # noqa: DTZ001 - the BAG has no zone
    assert NL.counted("count.statements", 1) == "1 bewering"
    assert NL.counted("count.statements", 2_000) == "2.000 beweringen"


@pytest.mark.parametrize(
    ("since", "age"),
    [
        (date(2026, 3, 31), "today"),
        (date(2026, 3, 30), "1 day"),
        (date(2026, 2, 28), "1 month"),
        (date(2026, 3, 1), "30 days"),
        (date(2025, 4, 1), "11 months"),
        (date(2025, 3, 31), "1 year"),
        (date(2021, 10, 15), "4 years"),
        (date(2026, 4, 1), "future"),
    ],
)
def test_an_age_is_told_in_whole_units(since, age):
    assert age in EN.age(since, date(2026, 3, 31))


def test_a_label_is_chosen_by_language_then_without_one_then_any():
    assert EN.pick({"nl": "straat", "en": "street"}) == "street"
    assert EN.pick({"nl": "straat", "": "Straat 1"}) == "Straat 1"
    assert EN.pick({"fy": "strjitte"}) == "strjitte"
    assert not EN.pick({})


@given(st.text())
def test_visible_text_hides_nothing_and_keeps_its_length(text):
    shown = visible(text)
    assert len(shown) == len(text)
    assert shown.isprintable() or not {"\x00", "\x07", "\x1b", "\x9b", "\u200f", "\u202e", "\u2066"} & set(shown)


def test_a_language_that_the_pages_do_not_speak_is_refused():
    with pytest.raises(KeyError):
        language("../../settings")
