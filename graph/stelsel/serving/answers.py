"""What the pages read from the store: rows of terms, collected from one JSON answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from stelsel.storing import Limits, Question, Store
from stelsel.storing.formats import FORMATS

_FOLDER = Path(__file__).parent / "queries"

PAGE = Limits(seconds=10.0, memory=1_000_000_000, lane="curated")
"""What a question of a page may take: pages ask little, and wait for no one else's long query."""


@dataclass(frozen=True)
class Term:
    """An RDF term as the SPARQL results in JSON give it. `datatype` is empty for a plain or tagged string."""

    kind: Literal["uri", "literal", "bnode", "triple"]
    value: str
    datatype: str = ""
    language: str = ""


Row = Mapping[str, Term]


def query(name: str) -> str:
    """The text of a query of the pages, `queries/<name>.rq`."""
    return (_FOLDER / f"{name}.rq").read_text("utf-8")


async def rows(store: Store, text: str, within: Limits = PAGE) -> list[Row]:
    """Every row of a SELECT, unbound variables left out. Raises what the store raises."""
    # The generator is closed whatever happens: that is what ends a query of a client that went away.
    async with aclosing(store.answer(Question(text), FORMATS["json"], within)) as answer:  # type: ignore[type-var]
        content = b"".join([chunk async for chunk in answer])
    bindings = orjson.loads(content)["results"]["bindings"]
    return [{name: _term(term) for name, term in binding.items()} for binding in bindings]


def _term(found: Mapping[str, object]) -> Term:
    kind = found["type"]
    if kind == "triple":  # RDF 1.2: shown as text, it has no page
        return Term("triple", orjson.dumps(found["value"]).decode())
    return Term(
        "literal" if kind == "typed-literal" else kind,  # type: ignore[arg-type]
        str(found["value"]),
        str(found.get("datatype", "")),
        str(found.get("xml:lang", "")),
    )
