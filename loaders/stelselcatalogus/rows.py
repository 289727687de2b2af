"""Free text of the Stelselcatalogus: HTML in literals becomes text, and what loader.yml has a table of is spelt one way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from stelsel.loading.rows import Row

TEXTS = (
    "naam",
    "definitie",
    "toelichting",
    "bron",
    "gebruiksvoorwaarden",
    "herkomst",
    "kwaliteit",
    "populatie",
)
TRUTH = {"ja": "true", "nee": "false"}
_BLOCKS = {"br", "div", "li", "p", "tr"}
_ADDRESS = re.compile(r"https?://\S+\Z")
_CLOSED = re.compile(r"</[A-Za-z]")
_APART = re.compile(r"[;/+]")


def rows(table: str, row: Row) -> Iterator[tuple[str, Row]]:
    """The record, with `toegang` and `houder` beside what `toegankelijkheid` and `eigenaar` say in words."""
    clean = dict(row)
    for name in TEXTS:
        text = clean.pop(name, None)
        if isinstance(text, str) and (plain := text_of(text)):
            clean[name] = plain
    related, said = clean.pop("relatie", []), clean.get("verwant", [])
    addresses = [text for text in related if _ADDRESS.match(text)]
    if addresses:
        clean["verwant"] = [*said, *addresses]
    if len(addresses) < len(related):
        clean["relatie"] = [text for text in related if text not in addresses]
    authentic, access, owner = (clean.get(name) for name in ("authentiek", "toegankelijkheid", "eigenaar"))
    if isinstance(authentic, str):
        clean["authentiek"] = TRUTH.get(authentic.lower(), authentic)
    if isinstance(access, str):
        clean["toegang"] = access.lower()
    if isinstance(owner, str) and (parts := owners(owner)):
        clean["houder"] = parts
    yield table, clean


def owners(text: str) -> list[str]:
    """The parts of an owner's text, in lower case, each once.

    >>> owners("UWV; Belastingdienst; CBS")
    ['uwv', 'belastingdienst', 'cbs']
    """
    parts = (" ".join(part.split()).lower() for part in _APART.split(text))
    return list(dict.fromkeys(part for part in parts if part))


def text_of(markup: str) -> str:
    """What a browser would show of it, on one line; a `<` that opens no tag stays.

    >>> text_of('Zie <a href="http://example.nl">artikel 1</a> &amp; verder<br/>als n < 5')
    'Zie artikel 1 & verder als n < 5'
    """
    for _ in range(2):  # the dump has links that were escaped once too often
        if "<" not in markup and "&" not in markup:
            break
        reader = _Shown()
        reader.feed(markup)
        reader.close()
        markup = "".join(reader.parts)
        if not _CLOSED.search(markup):
            break
    return " ".join(markup.split())


class _Shown(HTMLParser):
    """Collects text, and a space where a block begins."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        """Words on both sides of a block are two."""
        if tag in _BLOCKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        """What is shown."""
        self.parts.append(data)
