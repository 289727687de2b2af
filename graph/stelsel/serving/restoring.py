"""Which profiles a graph can be asked in: what its literals must be, beyond what the store keeps of them.

A client asks for one with `_profile`, by name or by IRI (W3C Content Negotiation by Profile, the query string argument). What
is served of the catalogue and of single things is in the profile as it is: those answers are small.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stelsel.errors import ParameterError
from stelsel.storing.formats import Kind

PARAMETER: Final = "_profile"

Datatypes = tuple[tuple[str, str], ...]

_DCAT: Final = "http://www.w3.org/ns/dcat#"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"


@dataclass(frozen=True)
class Profile:
    """A profile: its names, its IRIs, and the datatype of each property for which the store has another."""

    name: str
    iris: frozenset[str]
    datatypes: Datatypes


DCAT_AP: Final = Profile(
    "dcat-ap",
    frozenset(
        {
            "http://data.europa.eu/r5r/",
            "http://data.europa.eu/r5r",
            "https://semiceu.github.io/DCAT-AP/releases/3.0.0/",
            "https://docs.geostandaarden.nl/dcat/dcat-ap-nl30/",
            "http://www.w3.org/ns/dcat#",
        }
    ),
    # DCAT 3, 6.8.14, and the shapes of DCAT-AP 3 and DCAT-AP-NL 3.
    ((_DCAT + "byteSize", _XSD + "nonNegativeInteger"),),
)
PROFILES: Final = (DCAT_AP,)

ALWAYS: Final[Datatypes] = tuple(pair for profile in PROFILES for pair in profile.datatypes)
"""For answers in which every profile is kept."""


def asked(parameters: Iterable[tuple[str, str]]) -> Datatypes:
    """The datatypes of the profile that is asked for; none when none is. Raises ParameterError for one that is not known."""
    wanted = [value for name, value in parameters if name == PARAMETER]
    if not wanted:
        return ()
    for profile in PROFILES:
        if wanted[0] == profile.name or wanted[0] in profile.iris:
            return profile.datatypes
    known = ", ".join(profile.name for profile in PROFILES)
    raise ParameterError(f"{PARAMETER}={wanted[0][:80]} is not offered; there is: {known}", name=PARAMETER)


def check(datatypes: Datatypes, kind: Kind) -> None:
    """Raises ParameterError where a profile is asked for of what is no graph: it would change nothing, and nobody would know."""
    if datatypes and kind != "graph":
        raise ParameterError(f"{PARAMETER} says how a graph is written, and this query gives none", name=PARAMETER)
