"""Which release a remote store holds: what its catalogue graph says, or that it says nothing."""

from __future__ import annotations

import re
from contextlib import aclosing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from stelsel.errors import NoRelease, Unreachable
from stelsel.names import Names
from stelsel.storing import Limits, Question, Store
from stelsel.storing.editions import Access
from stelsel.storing.formats import FORMATS
from stelsel.storing.releases import Release

_QUERIES: Final = Path(__file__).parent / "queries"
_WITHIN: Final = Limits(seconds=10.0, memory=1_000_000_000, lane="curated")
_EDITION: Final = re.compile(r"(.+?)-((\d{4}-\d\d-\d\d).*)")

Row = dict[str, str]


async def held(store: Store, names: Names, audience: Access) -> Release | None:
    """The release that the store's catalogue graph speaks of; None where it speaks of none.

    A push begins with a catalogue that says so and ends with the real one: NoRelease is raised for a store that is
    halfway. Raises as `answer` does, too.
    """
    rows = await _rows(store, "release", names.catalogue)
    found = [row for row in rows if row["release"] == names.identifier("release", row["id"])]
    if not found and (unfinished := await _rows(store, "release-unfinished", names.catalogue)):
        raise NoRelease(f"<{unfinished[0]['release']}> is being pushed to this store; it is not whole yet")
    if not found:
        return None
    newest = max(found, key=lambda row: datetime.fromisoformat(row["made"]))
    parts = [row for row in await _rows(store, "release-parts", names.catalogue) if row["release"] == newest["release"]]
    graphs = {row["graph"]: int(row["triples"]) for row in parts if "graph" in row}
    graphs[names.catalogue] = await count(store, names.catalogue)
    editions = [_edition(names, row["edition"]) for row in parts if "edition" in row]
    return Release(
        id=newest["id"],
        audience=audience,
        made=_moment(newest["made"]),
        base=names.base,
        stelsel="",
        editions={register: edition for register, edition, _ in editions},
        dates={register: day for register, _, day in editions},
        quads=sum(graphs.values()),
        graphs=graphs,
        repeated={},
    )


def foreign(names: Names, audience: Access, now: datetime) -> Release:
    """What stands in for the release of a store that is not ours: it may change at any time, so it is another every
    minute, and nothing that was kept of its answers is used for longer.
    """
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    return Release(
        id=f"foreign-{minute:%Y%m%d-%H%M}",
        audience=audience,
        made=minute,
        base=names.base,
        stelsel="",
        editions={},
        dates={},
        quads=0,
        graphs={},
        repeated={},
    )


async def count(store: Store, graph: str) -> int:
    """How many triples a graph has. Raises as `answer` does."""
    rows = await _rows(store, "count", graph)
    return int(rows[0]["number"])


async def graphs_of(store: Store, names: Names) -> set[str]:
    """The graphs that the store's catalogue speaks of, whatever releases they are of. Raises as `answer` does."""
    return {row["graph"] for row in await _rows(store, "release-parts", names.catalogue) if "graph" in row}


async def speaks(store: Store, release: str) -> bool:
    """Whether the store's own default graph has the catalogue in it, so that it is the union of all graphs."""
    return any(row["release"] == release for row in await _rows(store, "release", None))


async def _rows(store: Store, name: str, graph: str | None) -> list[Row]:
    """The answer to `queries/<name>.rq` about one graph, or the default graph: values by variable."""
    graphs = None if graph is None else (graph,)
    question = Question((_QUERIES / f"{name}.rq").read_text("utf-8"), default_graphs=graphs)
    async with aclosing(store.answer(question, FORMATS["json"], _WITHIN)) as chunks:
        content = b"".join([chunk async for chunk in chunks])
    try:
        bindings: list[dict[str, Any]] = orjson.loads(content)["results"]["bindings"]
        return [{name: str(term["value"]) for name, term in binding.items()} for binding in bindings]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Unreachable(f"the remote store does not write SPARQL results as JSON: {error!r}") from error


def _edition(names: Names, iri: str) -> tuple[str, str, date]:
    """The register, the id and the date of an edition, out of its IRI."""
    match = _EDITION.fullmatch(iri.removeprefix(names.identifier("editie", "")))
    if match is None:
        raise Unreachable(f"the remote store's catalogue names an edition <{iri}>, which is not how editions are named")
    return match[1], match[2], date.fromisoformat(match[3])


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
