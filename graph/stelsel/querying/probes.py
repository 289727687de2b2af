"""Small questions to a store, each with its own small limits, and all of them together with one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from stelsel.errors import LimitError, QuerySyntaxError
from stelsel.querying.binding import bind
from stelsel.storing import Limits, Question, Store
from stelsel.storing.formats import FORMATS

Row = Mapping[str, Mapping[str, str]]
"""Of each variable that is bound the term, as the SPARQL results in JSON have it: `value`, `type`, ..."""

_FOLDER: Final = Path(__file__).parent / "rules"
_LEAST: Final = 0.02  # seconds that are worth a question


@dataclass(frozen=True)
class Allowance:
    """What a diagnosis may take: `each` question, and `seconds` for all of them together."""

    each: Limits
    seconds: float


class Probes:
    """Asks a store, until the time for all questions has passed. `cut` says that some question had no answer."""

    def __init__(self, store: Store, allowance: Allowance, asked: Question) -> None:
        self._store, self._each, self._asked = store, allowance.each, asked
        self._end = time.monotonic() + allowance.seconds
        self.cut = False

    async def ask(self, name: str, **terms: str) -> list[Row] | None:
        """The rows of `rules/<name>.rq` with terms, in N-Triples form, in the place of `$name`; None as for `rows`."""
        return await self._rows(Question(bind(_text(name), terms)))

    async def rows(self, text: str) -> list[Row] | None:
        """The rows of a SELECT about the dataset of the question itself.

        None where a limit was met, so that nothing is known. Raises StoreError.
        """
        return await self._rows(replace(self._asked, text=text))

    async def _rows(self, question: Question) -> list[Row] | None:
        left = self._end - time.monotonic()
        if left < _LEAST:
            self.cut = True
            return None
        within = replace(self._each, seconds=min(self._each.seconds, left))
        try:
            async with aclosing(self._store.answer(question, FORMATS["json"], within)) as answer:
                content = b"".join([chunk async for chunk in answer])
        except (LimitError, QuerySyntaxError):
            # A question about the pieces of a query may be one that the engine does not take: then nothing is known.
            self.cut = True
            return None
        found: list[Row] = orjson.loads(content)["results"]["bindings"]
        return found


def number(row: Mapping[str, Any], name: str) -> int:
    """A count in a row."""
    return int(row[name]["value"])


def holds(row: Mapping[str, Any], name: str) -> bool:
    """A boolean in a row."""
    return name in row and row[name]["value"] == "true"


@cache
def _text(name: str) -> str:
    return (_FOLDER / f"{name}.rq").read_text("utf-8")
