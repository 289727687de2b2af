"""What the pages read from the store: rows of terms, collected from one JSON answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from stelsel.storing import Limits, Question, Store
from stelsel.storing.formats import FORMATS, Format

_FOLDER = Path(__file__).parent / "queries"

PAGE = Limits(seconds=10.0, memory=1_000_000_000, lane="curated")
"""What a question of a page may take: pages ask little, and wait for no one else's long query."""


Kind = Literal["uri", "literal", "bnode", "triple"]


@dataclass(frozen=True)
class Term:
    """An RDF term as the SPARQL results in JSON give it. `datatype` is empty for a plain or tagged string."""

    kind: Kind
    value: str
    datatype: str = ""
    language: str = ""


Row = Mapping[str, Term]

_KINDS: Mapping[str, Kind] = {"uri": "uri", "literal": "literal", "typed-literal": "literal", "bnode": "bnode"}


def query(name: str) -> str:
    """The text of a query of the pages, `queries/<name>.rq`."""
    return (_FOLDER / f"{name}.rq").read_text("utf-8")


async def rows(store: Store, text: str, base_iri: str | None = None) -> list[Row]:
    """Every row of a SELECT, unbound variables left out. Raises what the store raises."""
    content = await collect(store, Question(text, base_iri), FORMATS["json"])
    bindings = orjson.loads(content)["results"]["bindings"]
    return [{name: _term(term) for name, term in binding.items()} for binding in bindings]


async def collect(store: Store, question: Question, format: Format) -> bytes:
    """The whole answer. Raises what the store raises."""
    # The generator is closed whatever happens: that is what ends a query of a client that went away.
    async with aclosing(store.answer(question, format, PAGE)) as answer:
        return b"".join([chunk async for chunk in answer])


def _term(found: Mapping[str, Any]) -> Term:
    if found["type"] == "triple":  # RDF 1.2: it has no page, and is shown as text
        return Term("triple", orjson.dumps(found["value"]).decode())
    return Term(_KINDS[found["type"]], found["value"], found.get("datatype", ""), found.get("xml:lang", ""))
