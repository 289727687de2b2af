"""Which pattern first leaves no rows: the patterns of a query, one more each time.

The texts that are asked are made of pieces of the query itself, which its author was free to ask; nothing else is put in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stelsel.querying.patterns import Element, Query
from stelsel.querying.probes import Probes, number

_MOST: Final = 1000  # rows that are counted

_PIECES: Final = 25
_RESTRICTING: Final = frozenset({"filter", "exists", "not exists", "minus"})


@dataclass(frozen=True)
class Piece:
    """A pattern or a filter: its text, and where it stands."""

    text: str
    offset: int
    restricts: bool


@dataclass(frozen=True)
class Narrowed:
    """The piece that leaves no rows, and how many there were before it. `alone` says that it fits something by itself."""

    piece: Piece | None
    before: int
    alone: bool = False

    @property
    def rows(self) -> str:
        """How many rows there were, as far as they were counted."""
        return f"{self.before}+" if self.before == _MOST else str(self.before)


def pieces(query: Query) -> list[Piece]:
    """The required patterns as the engine takes them, and behind them what takes rows away."""
    found: list[Piece] = []
    for element in query.where.elements:
        if element.kind != "optional":
            found += _pieces(query, element)
    return sorted(found, key=lambda piece: piece.restricts)


def _pieces(query: Query, element: Element) -> list[Piece]:
    blank = any(term.kind == "blank" for triple in element.triples for term in triple.terms)
    if element.kind == "block" and not blank:
        return [
            Piece(" ".join([*(term.text for term in triple.terms), "."]), triple.subject.offset, restricts=False)
            for triple in element.triples
        ]
    text = query.text[element.begin : element.end]
    text = f"{{ {text} }}" if element.kind == "select" else text
    text = f"{text} ." if element.kind == "block" and not element.dotted else text
    return [Piece(text, element.begin, element.kind in _RESTRICTING)]


async def narrow(query: Query, probes: Probes) -> Narrowed | None:
    """Where the rows of a query end; None where that could not be found out."""
    before = 1
    taken: list[Piece] = []
    for piece in pieces(query)[:_PIECES]:
        taken.append(piece)
        rows = await _count(query, [each.text for each in taken], probes)
        if rows is None:
            return None
        if not rows:
            alone = not piece.restricts and len(taken) > 1 and await _count(query, [piece.text], probes)
            return Narrowed(piece, before if len(taken) > 1 else 0, alone=bool(alone))
        before = rows
    return Narrowed(None, before)


async def _count(query: Query, texts: list[str], probes: Probes) -> int | None:
    prologue = query.text[: query.begin]
    inner = "\n".join(texts)  # a line each: a piece may end in a comment
    text = (
        f"{prologue}SELECT (COUNT(*) AS ?rows) {query.top.dataset}\n"
        f"WHERE {{ {{ SELECT * WHERE {{ {inner}\n}} LIMIT {_MOST} }} }}"
    )
    rows = await probes.rows(text)
    return number(rows[0], "rows") if rows else None
