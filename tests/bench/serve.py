"""Serving, beside `oxigraph serve-read-only` in the same run: lookups, repeated queries, aggregations, releases that switch.

    python tests/bench/serve.py [--scale 1] [--rounds 5] [--seconds 3] [--workers 2] [--swap 60] [--only lookups cached ...]

Stelsel serves the data as named graphs with the union as default graph, Oxigraph the same data as one default graph. The
answers of both are compared first. The data and the queries are those of ../shared/bench where it is there, else those of a
sample. Rounds are interleaved and what is printed are medians of ratios: the figures themselves say more about the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from driving import Ask, Client, Load, load, same
from measure import table
from pyoxigraph import RdfFormat, Store

from stelsel.storing.releases import Release

ROOT = Path(__file__).parents[2]
GENERATED = ROOT.parent / "shared/bench"
BIN = Path(sys.executable).parent
LOOKUPS = ("q01", "q02", "q03", "q04", "q08", "q09", "q13", "q14", "q15", "q19", "q20", "q22")
AGGREGATIONS = ("q06", "q07", "q11", "q12", "q16", "q18", "q21")
CLIENTS = (1, 8, 32)
PARTS = ("lookups", "cached", "aggregations", "swap")


def main() -> None:
    """Builds the stores, starts the servers, and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1, help="millions of triples, about")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of one load")
    parser.add_argument("--workers", type=int, default=2, help="server processes of Stelsel")
    parser.add_argument("--swap", type=float, default=60, help="seconds in which releases switch")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asks = build(folder, options.scale)
        print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        if set(options.only) - {"swap"}:
            with ExitStack() as servers:
                settings = {"data": folder / "data", "workers": options.workers}
                oxigraph = servers.enter_context(peer(folder / "peer"))
                plain = servers.enter_context(stelsel({**settings, "cache_bytes": 0}))
                compare(asks, oxigraph, plain)
                if "lookups" in options.only:
                    lookups = [ask for ask in asks if ask.name in LOOKUPS]
                    report("lookups, not cached (throughput >= 0.40, p50 <= 2.5)", lookups, oxigraph, plain, options)
                if "aggregations" in options.only:
                    aggregate([ask for ask in asks if ask.name in AGGREGATIONS], oxigraph, plain, options.rounds)
                if "cached" in options.only:
                    cached = servers.enter_context(stelsel(settings))
                    hot = [ask for ask in asks if ask.name in LOOKUPS][::5]
                    report("repeated (throughput >= 1.5 at 8 clients, 2.0 at 32)", hot, oxigraph, cached, options)
        if "swap" in options.only:
            with stelsel({"data": folder / "data", "workers": options.workers}) as address:
                swap(address, folder / "data", asks, options.swap)


def build(folder: Path, scale: float) -> list[Ask]:
    """The same data twice: for Stelsel as a release of named graphs, for Oxigraph as one default graph."""
    if GENERATED.is_dir():
        for kind in ("nq", "nt"):
            command = [sys.executable, str(GENERATED / "gen.py"), "--scale", str(scale), "--format", kind]
            command += ["--out", str(folder / f"data.{kind}"), "--params", str(folder / "parameters.json")]
            subprocess.run(command, check=True)
        sys.path.insert(0, str(GENERATED))
        import queries  # type: ignore[import-not-found] # where the data is, its queries are

        sys.path.pop(0)
        made = queries.instances(json.loads((folder / "parameters.json").read_text("utf-8")), per_query=60)
        asks = [Ask(entry["id"], text, entry["form"]) for entry, _, text in made]
        fill(folder / "data/open/releases/one/oxigraph", folder / "data.nq", RdfFormat.N_QUADS)
    else:
        asks = sample(folder)
    fill(folder / "peer", folder / "data.nt", RdfFormat.N_TRIPLES)
    release(folder / "data", "one")
    # Another release with the same content, so that both give the same answers.
    subprocess.run(["cp", "-al", folder / "data/open/releases/one", folder / "data/open/releases/two"], check=True)
    release(folder / "data", "two")
    point(folder / "data", "one")
    return asks


def sample(folder: Path) -> list[Ask]:
    """Without the generator: a sample of the BAG, loaded and released as anyone would, and lookups of its objects."""
    environ = {**os.environ, "STELSEL_DATA": str(folder / "made")}
    steps: tuple[tuple[str, ...], ...] = (
        ("sample", str(folder / "sample"), "--addresses", "2000"),
        ("load", "bag", str(folder / "sample/bag")),
        ("release",),
    )
    for step in steps:
        subprocess.run([BIN / "stelsel", *step], check=True, env=environ)
    store = Store.read_only(str(next((folder / "made/open/releases").iterdir()) / "oxigraph"))
    with (folder / "data.nq").open("wb") as quads, (folder / "data.nt").open("wb") as triples:
        for quad in store:
            quads.write(f"{quad} .\n".encode())
            triples.write(f"{quad.triple} .\n".encode())
    fill(folder / "data/open/releases/one/oxigraph", folder / "data.nq", RdfFormat.N_QUADS)
    subjects = sorted({str(quad.subject) for quad in store})[::7][:700]
    return [
        *(Ask("q01", f"SELECT ?p ?o {{ {subject} ?p ?o }}", "select") for subject in subjects),
        Ask("q07", "SELECT ?t (COUNT(?s) AS ?n) { ?s a ?t } GROUP BY ?t", "select"),
        Ask("q16", "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }", "select"),
    ]


def fill(path: Path, file: Path, format: RdfFormat) -> None:
    """A store with the content of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    store = Store(str(path))
    store.bulk_load(path=str(file), format=format)
    store.flush()
    store.optimize()


def release(data: Path, name: str) -> None:
    """What makes a folder with a store in it a release."""
    folder = data / "open/releases" / name
    made = Release(
        id=name,
        audience="open",
        made=datetime(2026, 1, 1, tzinfo=UTC),
        base="http://localhost:8000",
        stelsel="0",
        editions={},
        dates={},
        quads=0,
        graphs={},
        repeated={},
    )
    (folder / "release.json").unlink(missing_ok=True)  # it may be a hard link to that of another
    (folder / "release.json").write_text(made.model_dump_json(), "utf-8")
    (folder / "in-use.lock").unlink(missing_ok=True)
    (folder / "in-use.lock").touch()


def point(data: Path, name: str) -> None:
    """Make a release the current one."""
    new = data / "open/current.new"
    new.symlink_to(f"releases/{name}")
    new.replace(data / "open/current")


@contextmanager
def stelsel(settings: dict[str, object]) -> Iterator[str]:
    """A running service; gives the address of its endpoint."""
    given = {"port": 0, "budget_seconds": 0, "query_seconds": 60, **settings}
    environ = {key: value for key, value in os.environ.items() if not key.startswith("STELSEL_")}
    environ |= {f"STELSEL_{name.upper()}": str(value) for name, value in given.items()}
    log = tempfile.TemporaryFile()  # noqa: SIM115 # the log is written, as in earnest, and closed with the process
    with (
        log,
        subprocess.Popen(
            [BIN / "stelsel", "serve"], stdout=subprocess.PIPE, stderr=log, text=True, env=environ
        ) as process,
    ):
        try:
            said = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", said)
            if found is None:
                log.seek(0)
                raise RuntimeError(log.read().decode())
            yield found[0] + "/sparql"
        finally:
            process.terminate()
            process.wait(90)


@contextmanager
def peer(store: Path) -> Iterator[str]:
    """A running Oxigraph; gives the address of its endpoint."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [BIN / "oxigraph", "serve-read-only", "--location", store, "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/query"
        finally:
            process.terminate()


def compare(asks: list[Ask], one: str, other: str) -> None:
    """Both give the same answers, a few of each query; that warms them, too."""
    clients = Client(one), Client(other)
    for ask in asks[::7]:
        if ask.name in ("q14", "g01", "g02"):  # DESCRIBE and GeoSPARQL are the engine's own business
            continue
        first, second = (client.ask(ask)[1] for client in clients)
        if not same(ask, first, second):
            raise RuntimeError(f"{ask.name} has two answers:\n{ask.text}\n{first[:500]!r}\n{second[:500]!r}")
    for client in clients:
        client.close()


def report(title: str, asks: list[Ask], one: str, other: str, options: argparse.Namespace) -> None:
    """Load both in turns and print the ratios, the peer as 1."""
    rows = []
    for clients in CLIENTS:
        for address in (one, other):  # warm, and what can be cached is
            load(address, asks, clients=clients, seconds=1)
        rounds: list[tuple[Load, Load]] = []
        for _ in range(options.rounds):
            first, second = (load(a, asks, clients=clients, seconds=options.seconds) for a in (one, other))
            rounds.append((first, second))
        rates = [b.rate / a.rate for a, b in rounds]
        rows.append(
            [
                str(clients),
                f"{statistics.median(a.rate for a, _ in rounds):,.0f}",
                f"{statistics.median(b.rate for _, b in rounds):,.0f}",
                f"{statistics.median(rates):.2f}",
                f"{min(rates):.2f}-{max(rates):.2f}",
                f"{statistics.median(b.p50 / a.p50 for a, b in rounds):.2f}",
                f"{statistics.median(b.p99 / a.p99 for a, b in rounds):.2f}",
                f"{sum(a.failed for a, _ in rounds)}/{sum(b.failed for _, b in rounds)}",
            ]
        )
    table(title, ["clients", "oxigraph/s", "stelsel/s", "ratio", "range", "p50", "p99", "failed"], rows)


def aggregate(asks: list[Ask], one: str, other: str, rounds: int) -> None:
    """Time what takes long, one at a time."""
    clients = Client(one), Client(other)
    rows = []
    for name in sorted({ask.name for ask in asks}):
        same_query = [ask for ask in asks if ask.name == name][:3]
        times: tuple[list[float], list[float]] = [], []
        for _ in range(rounds):
            for ask in same_query:
                for client, taken in zip(clients, times, strict=True):
                    taken.append(client.ask(ask)[0] * 1000)
        first, second = (statistics.median(taken) for taken in times)
        ratio = statistics.median(b / a for a, b in zip(*times, strict=True))
        rows.append([name, f"{first:.1f}", f"{second:.1f}", f"{ratio:.2f}"])
    table("aggregations (time <= 1.10)", ["query", "oxigraph ms", "stelsel ms", "ratio"], rows)


def swap(address: str, data: Path, asks: list[Ask], seconds: float) -> None:
    """Switch every second under a mixed load; what is slow or fails for it is told."""
    stop = threading.Event()
    took: list[float] = []
    failures: list[str] = []
    quick = [ask for ask in asks if ask.name in LOOKUPS]

    def drive(start: int) -> None:
        client = Client(address)
        for n in range(start, 1_000_000_000):
            if stop.is_set():
                return
            try:
                took.append(client.ask(quick[n * 7 % len(quick)])[0])
            except (RuntimeError, OSError) as error:
                failures.append(str(error))
                client = Client(address)

    threads = [threading.Thread(target=drive, args=[n * 31]) for n in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(3)
    still = list(took)
    took.clear()
    end = time.monotonic() + seconds
    switches = 0
    while time.monotonic() < end:
        time.sleep(1)
        switches += 1
        point(data, "two" if switches % 2 else "one")
    stop.set()
    for thread in threads:
        thread.join()
    rows = [
        ["requests", f"{len(still)}", f"{len(took)}"],
        ["failed", "", str(len(failures))],
        *([f"{name} ms", f"{_at(still, part):.1f}", f"{_at(took, part):.1f}"] for name, part in _PARTS),
    ]
    table(f"{switches} switches in {seconds:g} s (0 failed, none over 250 ms)", ["", "before", "during"], rows)
    for failure in failures[:3]:
        print(failure)


_PARTS = (("p50", 0.5), ("p99", 0.99), ("slowest", 1.0))


def _at(took: list[float], part: float) -> float:
    return sorted(took)[min(len(took) - 1, int(part * len(took)))] * 1000


if __name__ == "__main__":
    main()
