"""The words of the pages in Dutch and English, and how each writes numbers, dates and ages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("nl", "en")
"""The languages of the pages; the first is what a client gets that asks for neither."""

_FOLDER = Path(__file__).parent / "texts"
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# One range of Accept-Language (RFC 9110, 12.5.4): a tag, and its weight where it has one.
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]{1,80})?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*")


def visible(text: str) -> str:
    r"""Text in which no character is hidden: controls, and marks that turn the reading direction, become a sign.

    >>> visible("a\x07b")
    'a�b'
    """
    return _HIDDEN.sub("\ufffd", text)


def preferred(accept_language: str) -> str:
    """The page language that a client likes best by its Accept-Language; Dutch where it names neither.

    >>> preferred("fr, en-GB;q=0.8, nl;q=0.2")
    'en'
    """
    best, weight = LANGUAGES[0], 0.0
    for part in accept_language.split(",")[:50]:
        found = _RANGE.fullmatch(part)
        if found and found[1].lower() in LANGUAGES and float(found[2] or 1) > weight:
            best, weight = found[1].lower(), float(found[2] or 1)
    return best


@dataclass(frozen=True)
class Language:
    """One language of the pages."""

    code: str
    texts: Mapping[str, str]
    months: tuple[str, ...]

    def text(self, key: str, **values: object) -> str:
        """The text with this key, its holes filled. KeyError for a key that is not there."""
        return self.texts[key].format(**values)

    def counted(self, key: str, count: int) -> str:
        """A number with its noun, such as `1 bewering` or `12.694 beweringen`."""
        return self.text(f"{key}.{'one' if count == 1 else 'other'}", count=self.number(count))

    def number(self, value: int) -> str:
        """A whole number, in groups of three."""
        return f"{value:,}".replace(",", self.texts["number.group"])

    def decimal(self, value: float, places: int) -> str:
        """A number with this many decimals."""
        return f"{value:.{places}f}".replace(".", self.texts["number.decimal"])

    def length(self, metres: float) -> str:
        """A length in metres or kilometres."""
        value, unit = (metres / 1000, "km") if metres >= 1000 else (metres, "m")
        return f"{value:g}".replace(".", self.texts["number.decimal"]) + f" {unit}"

    def day(self, value: date) -> str:
        """A date in words: `29 februari 2024`."""
        return f"{value.day} {self.months[value.month - 1]} {value.year}"

    def moment(self, value: datetime) -> str:
        """A date in words with the time: `29 februari 2024, 13:45`."""
        return f"{self.day(value.date())}, {value:%H:%M}"

    def age(self, since: date, today: date) -> str:
        """How long ago a date is, in the largest unit that is not nought."""
        days = (today - since).days
        if days < 0:
            return self.text("age.future")
        months = (today.year - since.year) * 12 + today.month - since.month - (today.day < since.day)
        for key, count in (("age.year", months // 12), ("age.month", months), ("age.day", days)):
            if count:
                return self.counted(key, count)
        return self.text("age.today")

    def pick(self, choices: Mapping[str, str]) -> str:
        """Of texts by language tag (empty: no language) the one that fits best; empty where there is none."""
        order = (self.code, "", *LANGUAGES, *sorted(choices))
        return next((choices[tag] for tag in order if tag in choices), "")


@cache
def language(code: str) -> Language:
    """The language with this code. KeyError if the pages do not speak it."""
    if code not in LANGUAGES:
        raise KeyError(code)
    content = yaml.safe_load((_FOLDER / f"{code}.yml").read_text("utf-8"))
    months = tuple(content.pop("months"))
    return Language(code, dict(_flat(content)), months)


def _flat(content: Mapping[str, Any], head: str = "") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for key, value in content.items():
        if isinstance(value, Mapping):
            lines += _flat(value, f"{head}{key}.")
        else:
            lines.append((f"{head}{key}", str(value)))
    return lines
