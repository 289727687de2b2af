"""What is linked: the objects of the two sides, read from the store of the release that is being built.

The side `to` is kept in memory whole: measured, 1.1 KB an object with a polygon of four corners, index and all. The side
`from` goes by in blocks, so that it costs 8 bytes an object and 30 MB at a time, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from stelsel.errors import ContentError

BLOCK = 20_000  # rows of the side `from` in memory at a time
RD = "<http://www.opengis.net/def/crs/EPSG/0/28992> "

Index = NDArray[np.int64]
Shapes = NDArray[np.object_]
Row = dict[str, str | None]
Rows = list[Row]


@dataclass(frozen=True)
class Objects:
    """Objects of a side, and the rows that their query gave of them: `of` is the object of each row.

    `keys`, `ranks` and `shapes` are those of each row, None where it has none; `columns` are the IRIs that go with each
    object, `object` among them. `broken` is how many geometries cannot be used.
    """

    iris: list[str]
    of: Index
    keys: list[str | None]
    ranks: list[str | None]
    shapes: Shapes
    columns: dict[str, list[str | None]]
    broken: int

    def rank(self) -> Index:
        """The place of each object's highest rank among all, in the order of their characters; 0 without one."""
        order = {text: place for place, text in enumerate(sorted({text for text in self.ranks if text is not None}), 1)}
        places = (order[text] if text is not None else 0 for text in self.ranks)
        rank = np.zeros(len(self.iris), np.int64)
        np.maximum.at(rank, self.of, np.fromiter(places, np.int64, len(self.of)))
        return rank


@dataclass(frozen=True)
class Asked:
    """A side's query, and the graphs that it sees."""

    file: Path
    root: str
    graphs: tuple[str, ...]

    def rows(self, store: Store) -> Iterator[Row]:
        """What the store answers: the text of each column, None where it is unbound.

        Raises ContentError for an object, or a value of a link, that is no IRI.
        """
        text = self.file.read_text("utf-8")
        found = store.query(
            text,
            base_iri=self.root,
            default_graph=[NamedNode(graph) for graph in self.graphs],
            named_graphs=[NamedNode(graph) for graph in self.graphs],
        )
        assert isinstance(found, QuerySolutions)  # the declaration was read, and this was a SELECT
        columns = [variable.value for variable in found.variables]
        plain = [column in {"key", "wkt", "rank"} for column in columns]
        for solution in found:
            row: Row = {}
            for column, text_like, term in zip(columns, plain, solution, strict=True):
                if term is None:
                    row[column] = None
                elif isinstance(term, NamedNode) or (text_like and isinstance(term, Literal)):
                    row[column] = term.value
                else:
                    raise ContentError(f"?{column} must be an IRI, and is {term}", file=str(self.file))
            if row["object"] is None:
                raise ContentError("?object is unbound in a row", file=str(self.file))
            yield row


def read_targets(store: Store, asked: Asked) -> Objects:
    """The whole side `to`, its objects sorted by IRI, so that whatever is chosen is chosen alike in each build.

    Raises ContentError, as `Asked.rows` does, and where two rows give one object two values of a link.
    """
    found = asked.rows(store)
    chunks = []
    while rows := list(islice(found, BLOCK)):
        chunks.append(_objects(rows, list(dict.fromkeys(map(_object, rows))), asked))
    iris = sorted({iri for chunk in chunks for iri in chunk.iris})
    number = {iri: index for index, iri in enumerate(iris)}
    columns: dict[str, list[str | None]] = {name: [None] * len(iris) for chunk in chunks for name in chunk.columns}
    for chunk in chunks:
        _put(columns, ((number[iri], place) for place, iri in enumerate(chunk.iris)), chunk.columns, asked)
    of = [np.fromiter((number[iri] for iri in chunk.iris), np.int64, len(chunk.iris))[chunk.of] for chunk in chunks]
    return Objects(
        iris=iris,
        of=np.concatenate([np.empty(0, np.int64), *of]),
        keys=[key for chunk in chunks for key in chunk.keys],
        ranks=[rank for chunk in chunks for rank in chunk.ranks],
        shapes=np.concatenate([np.empty(0, np.object_), *(chunk.shapes for chunk in chunks)]),
        columns=columns,
        broken=sum(chunk.broken for chunk in chunks),
    )


def read_blocks(store: Store, asked: Asked) -> Iterator[Objects]:
    """The side `from`, some 20,000 rows at a time; all rows of an object are in one block.

    Raises ContentError where rows of an object do not follow each other. They are told apart by 64 bits each, keyed anew
    in each process, so that with 20 million objects one build in 100,000 says so in error.
    """
    seen: list[Index] = []
    block: Rows = []
    last = ""
    for row in asked.rows(store):
        if len(block) >= BLOCK and _object(row) != last:
            yield _block(block, asked, seen)
            block = []
        block.append(row)
        last = _object(row)
    if block:
        yield _block(block, asked, seen)
    prints = np.concatenate(seen) if seen else np.empty(0, np.int64)
    if len(np.unique(prints)) != len(prints):
        raise ContentError("gives rows of one object that do not follow each other", file=str(asked.file))


def _block(rows: Rows, asked: Asked, seen: list[Index]) -> Objects:
    iris = list(dict.fromkeys(_object(row) for row in rows))
    seen.append(np.fromiter(map(hash, iris), np.int64, len(iris)))
    return _objects(rows, iris, asked)


def _object(row: Row) -> str:
    return row["object"] or ""


def _objects(rows: Rows, iris: list[str], asked: Asked) -> Objects:
    number = {iri: index for index, iri in enumerate(iris)}
    of = np.fromiter((number[_object(row)] for row in rows), np.int64, len(rows))
    shapes, broken = _shapes([row.get("wkt") for row in rows], rows, asked)
    names = rows[0].keys() - {"key", "rank", "wkt"}
    columns: dict[str, list[str | None]] = {name: [None] * len(iris) for name in names}
    texts = {name: [row[name] for row in rows] for name in names}
    _put(columns, zip(of.tolist(), range(len(rows)), strict=True), texts, asked)
    keys, ranks = [row.get("key") for row in rows], [row.get("rank") for row in rows]
    return Objects(iris, of, keys, ranks, shapes, columns, broken)


def _put(
    columns: dict[str, list[str | None]],
    places: Iterable[tuple[int, int]],
    values: Mapping[str, Sequence[str | None]],
    asked: Asked,
) -> None:
    """Puts values in their columns: to place, from place. Raises ContentError where another value is there."""
    for to, place in places:
        for name, given in values.items():
            was, value = columns[name][to], given[place]
            if was is not None and value is not None and was != value:
                raise ContentError(
                    f"gives {columns['object'][to]} two values of ?{name}: {was} and {value}", file=str(asked.file)
                )
            columns[name][to] = was or value


def _shapes(texts: list[str | None], rows: Rows, asked: Asked) -> tuple[Shapes, int]:
    """Geometries in RD, in metres; what cannot be read or is not valid (OGC 06-103r4, 6.1.11.1) is None, and counted."""
    for text, row in zip(texts, rows, strict=True):
        if text is not None and not text.startswith(RD):
            raise ContentError(
                f"?wkt of {row['object']} is not in RD: it begins with {text[:60]!r}", file=str(asked.file)
            )
    bare = np.array([None if text is None else text[len(RD) :] for text in texts], dtype=object)
    shapes = np.asarray(shapely.from_wkt(bare, on_invalid="ignore"), dtype=object).reshape(len(texts))
    sound = shapely.is_valid(shapes) & ~shapely.is_empty(shapes)
    broken = int(np.count_nonzero(~sound & (bare != None)))  # noqa: E711  # an array compares by element
    shapes[~sound] = None
    return shapes, broken
