"""`stelsel query`: a question to the current release, or to another store, with the same guard as over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import orjson

from stelsel.cli import console
from stelsel.errors import NotFound, ParameterError, SettingError
from stelsel.home import Home
from stelsel.names import Names
from stelsel.querying import curated
from stelsel.querying.guard import judge
from stelsel.settings import Settings
from stelsel.storing import Limits, Question, Store
from stelsel.storing.embedded import EmbeddedStore
from stelsel.storing.formats import FORMATS, Format
from stelsel.storing.releases import current_path, hold
from stelsel.storing.remote_opening import Remote

SHOWN = 200  # rows of a table on a terminal; a format such as csv gives all
WIDEST = 7  # columns that fit beside each other; with more, each row is shown as a list


def ask(settings: Settings, home: Home, what: str, parameters: list[str], format_name: str | None) -> None:
    """Prints the answer: a table on a terminal for a SELECT, else the format asked for."""
    names = Names(settings.base)
    text = _text(home, names, what, parameters)
    form = judge(text)
    solutions = form in {"select", "ask"}
    name = format_name or ("table" if solutions else "turtle")
    if name == "table" and not solutions:
        raise SettingError(
            "a table is for SELECT and ASK; this query gives a graph: --format turtle, ntriples or jsonld"
        )
    wanted = FORMATS.get("json" if name == "table" else name)
    if wanted is None:
        raise SettingError(f"there is no format {name!r}; there are: table, {', '.join(FORMATS)}")
    answer = asyncio.run(_answer(settings, Question(text, base_iri=names.root), wanted))
    if name == "table":
        _table(answer)
    else:
        console.write_bytes(answer)


def _text(home: Home, names: Names, what: str, parameters: list[str]) -> str:
    """The SPARQL: of a curated query with its parameters bound, of a file, or what was typed."""
    pairs = dict(parameter.partition("=")[::2] for parameter in parameters)
    for candidate in (Path(what), home.queries / what, home.queries / f"{what}.rq"):
        if len(what) < 1000 and candidate.is_file():
            text = candidate.read_text("utf-8")
            if text.lstrip().startswith("#+"):
                return curated.read(candidate, names.root).bind({name: [value] for name, value in pairs.items()})
            break
    else:
        if what.endswith(".rq"):
            raise NotFound(f"there is no file {what}, here or in queries/")
        text = what
    if pairs:
        raise ParameterError("only a curated query, with a #+ header, takes parameters", name=next(iter(pairs)))
    return text


async def _answer(settings: Settings, question: Question, wanted: Format) -> bytes:
    limits = Limits(seconds=settings.query_seconds, memory=settings.query_memory)
    async with _store(settings) as store, aclosing(store.answer(question, wanted, limits)) as answer:
        return b"".join([chunk async for chunk in answer])


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Store]:
    """What the service with these settings would answer from."""
    if settings.store:
        remote = Remote(settings)
        try:
            yield await remote.store(await remote.now())
        finally:
            await remote.close()
        return
    path = current_path(settings.data, settings.audience)
    with hold(path):  # so that prune leaves it
        store = await EmbeddedStore.open(
            path / "oxigraph", release=path.name, workers=2, default_graph=settings.default_graph
        )
        try:
            yield store
        finally:
            await store.close()


def _table(answer: bytes) -> None:
    found = orjson.loads(answer)
    if "boolean" in found:
        console.say("yes" if found["boolean"] else "no")
        return
    columns, rows = found["head"]["vars"], found["results"]["bindings"]
    cells = [[row[name]["value"] if name in row else "" for name in columns] for row in rows[:SHOWN]]
    more = f" ({SHOWN} shown; --format csv gives all)" if len(rows) > SHOWN else ""
    if len(columns) <= WIDEST:
        console.table(f"{len(rows):,} rows{more}", columns, cells)
        return
    for number, row in enumerate(cells, 1):
        facts = [[name, cell] for name, cell in zip(columns, row, strict=True) if cell]
        console.table(f"row {number} of {len(rows):,}{more}", ["column", "value"], facts)
