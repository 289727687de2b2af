"""Long answers: everything out of Stelsel over HTTP, beside the engine itself and `oxigraph serve-read-only`, in turns.

    python tests/bench/stream.py [--scale 1] [--formats json csv tsv arrow parquet] [--rounds 3]

`native` is pyoxigraph in a process of its own, writing the same answer from the same store to nowhere: as TSV for the formats
in columns, which the engine does not write. Memory is the most that all processes of the service held at one moment (PSS). A
limit is 1.15 times the native time, and 400 MB whatever the number of rows. With ten million rows a round takes a quarter of an hour.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from engines import Engine, oxigraph, stelsel
from material import Material, material
from measure import alone, family, held, run, sampled, table

FORMATS = {
    "json": "application/sparql-results+json",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "xml": "application/sparql-results+xml",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
COLUMNS = ("arrow", "parquet")
_NATIVE = """
import sys, time
from pyoxigraph import QueryResultsFormat, Store
store = Store.read_only(sys.argv[1])
began = time.perf_counter()
results = store.query(sys.argv[2], use_default_graph_as_union=True)
with open("/dev/null", "wb") as nowhere:
    results.serialize(nowhere, getattr(QueryResultsFormat, sys.argv[3].upper()))
print(time.perf_counter() - began)
"""


@dataclass(frozen=True)
class Streamed:
    """One answer: seconds to its end and to its first byte, bytes, and the most memory at one moment."""

    seconds: float
    first: float
    size: int
    memory: int


def main() -> None:
    """Reads everything in every format, from all, in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=1, help="millions of rows: 10 is the measure (default 1)")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=["json", "csv", "tsv", *COLUMNS])
    parser.add_argument("--rounds", type=int, default=3, help="in turns (default 3)")
    options = parser.parse_args()
    made = material(options.scale)
    count = options.scale * 1_000_000  # of which there are a few more
    query = f"SELECT * {{ ?s ?p ?o }} LIMIT {count}"
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with ExitStack() as running:
        ours = running.enter_context(stelsel(made.data, query_seconds=3600, cache_bytes=0))
        peer = running.enter_context(oxigraph(made.plain))
        print(f"{ours.name} holds {held(family(ours.pid)).memory / 1e6:,.0f} MB before the first query")
        rows = []
        with alone():
            native(made, query, "tsv")  # warm
            for form in options.formats:
                rows += measure(made, query, form, [ours, peer], options.rounds)
        head = ["format", "from", "seconds", "ratio", "range", "first s", "MB", "peak PSS MB"]
        table(f"{count:,} rows (ratio <= 1.15, peak of {ours.name} <= 400 MB)", head, rows)


def measure(made: Material, query: str, form: str, engines: list[Engine], rounds: int) -> list[list[str]]:
    """One format; rows of the table."""
    wanted = [engine for engine in engines if engine.name == "stelsel" or form not in COLUMNS]
    seen: dict[str, list[Streamed]] = {"native": [], **{engine.name: [] for engine in wanted}}
    for _ in range(rounds):
        seen["native"].append(native(made, query, "tsv" if form in COLUMNS else form))
        for engine in wanted:
            seen[engine.name].append(read(engine, query, FORMATS[form]))
    rows = []
    for name, own in seen.items():
        ratios = [mine.seconds / its.seconds for mine, its in zip(own, seen["native"], strict=True)]
        rows.append(
            [
                form,
                name,
                f"{statistics.median(each.seconds for each in own):.2f}",
                f"{statistics.median(ratios):.2f}",
                f"{min(ratios):.2f}-{max(ratios):.2f}",
                f"{statistics.median(each.first for each in own):.2f}",
                f"{own[0].size / 1e6:,.0f}",
                f"{max(each.memory for each in own) / 1e6:,.0f}",
            ]
        )
    return rows


def native(made: Material, query: str, form: str) -> Streamed:
    """The engine itself, on Stelsel's own store. The time to start Python and open the store is not counted."""
    store = str(made.data.resolve() / "open/releases/one/oxigraph")
    measured = run([sys.executable, "-c", _NATIVE, store, query, form])
    return Streamed(float(measured.output), 0, 0, measured.memory)


def read(engine: Engine, query: str, media_type: str) -> Streamed:
    """All of an answer. Raises RuntimeError for any other than 200, and IncompleteRead for one that breaks off."""
    place = urlsplit(engine.address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=3600)
    buffer = bytearray(1 << 20)
    size = 0
    first = 0.0
    with sampled(engine.pid) as samples:
        began = time.perf_counter()
        connection.request("GET", f"{place.path}?{urlencode({'query': query})}", headers={"Accept": media_type})
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{engine.name}: {answer.status} {answer.read(500)!r}")
        while got := answer.readinto(buffer):
            first = first or time.perf_counter() - began
            size += got
        seconds = time.perf_counter() - began
    connection.close()
    return Streamed(seconds, first, size, samples.memory)


if __name__ == "__main__":
    main()
