"""What a query asks of a year, a register or an edition that is not loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from stelsel.querying.mentions import Comparison
from stelsel.terms import XSD

_GYEAR: Final = f"{XSD}gYear"
# A year in the last step of an address: `.../regiojaar/2024-GM9990`, not the first digits of an identification.
_YEAR: Final = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])(?=[^/#]*$)")
_NEAR: Final = 10  # years to look before and after


def siblings(iri: str) -> list[str]:
    """The same address with other years in the place of the one that it names, the nearest first; none without a year.

    >>> siblings("http://e.nl/id/regiojaar/2031-GM9990")[:2]
    ['http://e.nl/id/regiojaar/2030-GM9990', 'http://e.nl/id/regiojaar/2032-GM9990']
    """
    found = _YEAR.search(iri)
    if found is None:
        return []
    year = int(found[1])
    years = [year + sign * apart for apart in range(1, _NEAR + 1) for sign in (-1, 1)]
    return [f"{iri[: found.start(1)]}{each}{iri[found.end(1) :]}" for each in years]


def year(iri: str) -> str:
    """The year that the end of an address names; empty where it names none."""
    found = _YEAR.search(iri)
    return found[1] if found else ""


def missing_year(comparison: Comparison, values: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """The years that a property has, newest first, where the one that is asked for is not among them.

    Of a filter it is not known whether it asks for earlier or for later: then it must lie outside of what there is.
    """
    asked = comparison.value
    if asked.datatype != _GYEAR:
        return ()
    years = sorted({value["value"] for value in values if value.get("datatype") == _GYEAR}, reverse=True)
    between = bool(years) and years[-1] <= asked.value <= years[0]
    return () if asked.value in years or (between and not comparison.exact) else tuple(years)


def register(graph: str, catalogue: str, dates: Mapping[str, date]) -> tuple[str, dict[str, str]] | None:
    """What there is to say of a graph that is not there, by its register: a reason and its values. None for others' graphs.

    `catalogue` is the catalogue graph, which stands beside the graphs of registers.
    """
    head = catalogue[: catalogue.rfind("/") + 1]
    if not graph.startswith(head):
        return None
    name = graph.removeprefix(head).partition("/")[0]
    if name in dates:
        return "edition", {"register": name, "date": dates[name].isoformat()}
    return "register", {"register": name}
