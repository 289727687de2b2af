"""A reference to a law, in any form that deliveries have it in, as one IRI.

Forms: BWB id; jci 1.0 to 1.31 (Juriconnect, logische links), bare or behind wetten.overheid.nl; deep links of
wetten.overheid.nl with the place as a path or a fragment, with or without a date; its older `deeplink` script; ELI of the
European Union, at data.europa.eu or eur-lex.europa.eu.

What a reference is about is its law and its place in the law. When it was looked up, or on which day the text held, is
kept apart: two references to one article are one IRI. Articles are numbered through within a law, so where the article is
known, the chapter says nothing more and is left out.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

LAW = "https://wetten.overheid.nl/"
PLACES = (
    "boek",
    "deel",
    "hoofdstuk",
    "titeldeel",
    "titel",
    "afdeling",
    "paragraaf",
    "artikel",
    "lid",
    "onderdeel",
    "bijlage",
)
"""Kinds of place in a law, from the outside in; the order is that of the canonical IRI."""

_BWB = r"(?P<bwb>BWB[RVWB][0-9]{7})"
_JCI = re.compile(rf"(?:jci)?1\.[0-9]{{1,2}}:[cv]:{_BWB}(?P<rest>.*)", re.IGNORECASE)
_LINK = re.compile(rf"https?://(?:www\.)?wetten\.(?:overheid\.)?nl/{_BWB}(?P<rest>.*)", re.IGNORECASE)
_SCRIPT = re.compile(
    rf"https?://(?:www\.)?wetten\.(?:overheid\.)?nl/cgi-bin/deeplink/law1/(?:[^/]*/)?(?:bwbid|title)={_BWB}(?P<rest>.*)",
    re.IGNORECASE,
)
_BARE = re.compile(_BWB, re.IGNORECASE)
_HOST = re.compile(r"https?://(?:www\.)?wetten\.(?:overheid\.)?nl/(?=(?:jci)?1\.[0-9])", re.IGNORECASE)
_ELI = re.compile(
    r"https?://(?:data\.europa\.eu|eur-lex\.europa\.eu)/eli/(?P<kind>[a-z_]+)/(?P<year>[0-9]{4})/(?P<number>[0-9]+)"
    r"(?:/(?:oj|[0-9]{4}-[0-9]{2}-[0-9]{2})(?:/[a-z]{3})?)?/?",
    re.IGNORECASE,
)
_PLACE = re.compile(
    rf"(?P<kind>{'|'.join(PLACES)})[ =]?(?P<number>[0-9IVXLC][0-9A-Za-z.:]*)", re.IGNORECASE
)  # Hoofdstuk2.2 of a link, hoofdstuk=2.2 of a jci
_ISO = re.compile(r"(?:^|[/&=])([0-9]{4})-([0-9]{2})-([0-9]{2})(?=$|[/#&])")
_DUTCH = re.compile(r"geldigheidsdatum_([0-9]{2})-([0-9]{2})-([0-9]{4})")


@dataclass(frozen=True)
class Verwijzing:
    """A law, and a place in it."""

    law: str
    """BWB id, or the path of an ELI such as `reg_impl/2023/138`."""
    place: tuple[tuple[str, str], ...] = ()
    """Kind -> number, from the outside in, such as `(("artikel", "37b"),)`."""
    on: date | None = None
    """The day on which the text that is meant held, where that is said."""

    @property
    def iri(self) -> str:
        """The one IRI of this place: at wetten.overheid.nl, which answers it, or the ELI."""
        if "/" in self.law:
            return f"http://data.europa.eu/eli/{self.law}/oj"
        if not self.place:
            return LAW + self.law
        return f"{LAW}jci1.3:c:{self.law}" + "".join(f"&{kind}={number}" for kind, number in self.place)

    @property
    def whole(self) -> str:
        """The IRI of the law that it is a place in."""
        return Verwijzing(self.law).iri


def resolve(text: str) -> Verwijzing:
    """What a reference refers to.

    Raises ValueError for one that is none of the forms above, that names no law, or whose date is none.

    >>> resolve("http://wetten.overheid.nl/BWBR0023466/geldigheidsdatum_14-08-2013#Hoofdstuk3_Paragraaf3_Artikel25").iri
    'https://wetten.overheid.nl/jci1.3:c:BWBR0023466&artikel=25'
    >>> resolve("jci1.3:c:BWBR0004541").iri
    'https://wetten.overheid.nl/BWBR0004541'
    >>> resolve("https://eur-lex.europa.eu/eli/reg_impl/2023/138/oj/nld").iri
    'http://data.europa.eu/eli/reg_impl/2023/138/oj'
    """
    # Deliveries quote a link carelessly: an escaped ampersand, a quote or a backslash of the language it came from.
    plain = _HOST.sub("", unquote(html.unescape(text.strip()))).rstrip("\\'\"")
    eli = _ELI.fullmatch(plain)
    if eli:
        return Verwijzing(f"{eli['kind'].lower()}/{eli['year']}/{eli['number']}")
    for form in (_JCI, _LINK, _SCRIPT, _BARE):
        found = form.fullmatch(plain)
        if found:
            rest = found.groupdict().get("rest") or ""
            return Verwijzing(found["bwb"].upper(), _place(rest.replace("article=", "artikel=")), _day(rest))
    raise ValueError(f"{text[:200]!r} is no reference to a law that is known")


def _place(rest: str) -> tuple[tuple[str, str], ...]:
    found = {match["kind"].lower(): match["number"] for match in _PLACE.finditer(rest)}
    if "artikel" in found:
        found = {kind: number for kind, number in found.items() if kind in {"boek", "artikel", "lid", "onderdeel"}}
    return tuple((kind, found[kind]) for kind in PLACES if kind in found)


def _day(rest: str) -> date | None:
    dutch, iso = _DUTCH.search(rest), _ISO.search(rest)
    if dutch:
        day, month, year = map(int, dutch.groups())
    elif iso:
        year, month, day = map(int, iso.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{rest[:80]!r} says a date that is none") from None
