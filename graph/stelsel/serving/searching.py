"""The search for an address: the form's fields become the values of a curated query, and its rows a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stelsel.errors import ParameterError
from stelsel.querying.curated import CuratedQuery
from stelsel.serving.answers import Row, rows
from stelsel.serving.descriptions import Labels, name
from stelsel.serving.examples import API
from stelsel.serving.linking import address
from stelsel.storing import Store

_REQUIRED = ("postcode", "huisnummer")
_FIELDS = (*_REQUIRED, "huisletter", "huisnummertoevoeging")
_LONGEST = 40


@dataclass(frozen=True)
class Given:
    """What stands in the form."""

    postcode: str = ""
    huisnummer: str = ""
    huisletter: str = ""
    huisnummertoevoeging: str = ""

    @property
    def text(self) -> str:
        """What is searched for, in one line."""
        tail = f"-{self.huisnummertoevoeging}" if self.huisnummertoevoeging else ""
        return f"{self.postcode} {self.huisnummer}{self.huisletter}{tail}".strip()

    @property
    def values(self) -> Mapping[str, list[str]]:
        """The fields that are filled in."""
        return {field: [value] for field in _FIELDS if (value := getattr(self, field))}


@dataclass(frozen=True)
class Found:
    """The rows of the answer with the labels of what they name. `message` is the key of a text, where there is no answer."""

    message: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Row] = ()
    labels: Labels = field(default_factory=dict)
    address: str = ""


NOTHING = Given()


def find(queries: Sequence[CuratedQuery]) -> CuratedQuery | None:
    """The curated query that finds an address: the first that takes a postcode and a house number. A home may have none."""
    return next((one for one in queries if set(_REQUIRED) <= _names(one) and one.form == "select"), None)


def read(parameters: Mapping[str, str]) -> Given:
    """The form as a person fills it in: spaces and small letters in a postcode are no matter."""
    given = {field: parameters.get(field, "").strip()[:_LONGEST] for field in _FIELDS}
    given["postcode"] = given["postcode"].replace(" ", "").upper()
    return Given(**given)


async def run(store: Store, query: CuratedQuery | None, given: Given, base_iri: str) -> Found:
    """The answer of the curated query for these fields. Raises what the store raises."""
    if query is None:
        return Found("search.unavailable")
    if not (given.postcode and given.huisnummer):
        return Found("search.missing")
    values = {name: value for name, value in given.values.items() if name in _names(query)}
    try:
        text = query.bind(values)
    except ParameterError:
        return Found("search.wrong")
    found = await rows(store, text, base_iri)
    iris = [term.value for row in found for term in row.values() if term.kind == "uri"]
    return Found(
        columns=[column.name for column in query.declared.returns],
        rows=found,
        labels=await name(store, iris),
        address=address(API + query.path, {key: value for key, [value] in values.items()}),
    )


def _names(query: CuratedQuery) -> set[str]:
    return {parameter.name for parameter in query.parameters}
