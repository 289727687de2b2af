"""Serving, beside `oxigraph serve-read-only` and Virtuoso 7 in the same run.

    python tests/bench/serve.py [--scale 1] [--no-virtuoso] [--rounds 5] [--seconds 3] [--only lookups mixes ...]

What is measured, each as a part that --only takes:

lookups        throughput, p50 and p99 of lookups and short stars at 1, 8 and 32 clients, nothing cached
mixes          the same of all lookups, those with OPTIONALs too, and of nine lookups to one analytic query
cached         the same of questions that have been asked before
aggregations   the time that each takes, one at a time
singles        p50 and p99 of every query, one client
swap           releases that switch every second under load: failures, slowest answer, open files, memory

Stelsel serves the data as named graphs with their union as default graph, the peers the same data as one default graph. A
column `same store` is Oxigraph on Stelsel's own store, so that what the service adds can be told from the price of named
graphs: that is the last column. The answers of all are compared first. The data and the queries are those of ../shared/bench where
it is there, else those of a sample; the stores that are built stay in build/bench. Rounds are interleaved and ratios are
medians of those of the rounds: the figures themselves say more about the machine.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import statistics
from contextlib import ExitStack

from driving import Ask, Client, Load, load, same
from engines import Engine, oxigraph, stelsel, virtuoso
from material import AGGREGATIONS, Material, material
from measure import alone, family, held, part, table
from swap import swap

CLIENTS = (1, 8, 32)
PARTS = ("lookups", "mixes", "cached", "aggregations", "singles", "swap")
LOADS = {"lookups", "mixes", "cached"}
LOADED = ["clients", "engine", "answers/s", "ratio", "range", "p50 ms", "ratio", "p99 ms", "ratio", "failed"]


def main() -> None:
    """Builds the stores, starts the services, compares their answers, and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1, help="millions of triples, about: 1 or 10 (default 1)")
    parser.add_argument(
        "--virtuoso",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="measure Virtuoso 7 too, where it is installed (default yes)",
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds in turns (default 5)")
    parser.add_argument("--seconds", type=float, default=3, help="of one load (default 3)")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, help="at once (default 1 8 32)")
    parser.add_argument("--workers", type=int, default=2, help="server processes of Stelsel (default 2)")
    parser.add_argument("--swap", type=float, default=60, help="seconds in which releases switch (default 60)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    if shutil.which("wrk") is None and set(options.only) & LOADS:
        print("wrk is not installed, so loads are left out; Debian has it as wrk")
        options.only = [name for name in options.only if name not in LOADS]
    made = material(options.scale)
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    if set(options.only) - {"swap"}:
        with ExitStack() as running:
            measure(made, running, options)
    if "swap" in options.only:
        with alone(), stelsel(made.data, workers=options.workers) as engine:
            swap(engine, made, options.swap)


def measure(made: Material, running: ExitStack, options: argparse.Namespace) -> None:
    """All parts but the swap. The first engine is the one that the others are compared with."""
    peer = running.enter_context(oxigraph(made.plain))
    ours = running.enter_context(stelsel(made.data, workers=options.workers, cache_bytes=0))
    other = running.enter_context(virtuoso(made)) if options.virtuoso else None
    engines = [peer, ours, *([other] if other else [])]
    compare(made.asks, engines)
    if "lookups" in options.only:
        report("lookups, not cached (8 clients: ratio >= 0.40, p50 <= 2.5)", made.lookups, engines, options)
    if "mixes" in options.only:
        report("lookups with the OPTIONAL query", of(made, "lookup"), engines, options)
        report("nine lookups to one analytic query", service(made), engines, options)
    if "cached" in options.only:
        cached = running.enter_context(stelsel(made.data, "cached", workers=options.workers))
        title = "asked before (ratio >= 1.5 at 8 clients, 2.0 at 32)"
        report(title, made.lookups[::5], [peer, cached], options)
    if {"aggregations", "singles"} & set(options.only):
        union = oxigraph(made.data / "open/releases/one/oxigraph", "--union-default-graph", name="same store")
        engines.insert(1, running.enter_context(union))
        if "aggregations" in options.only:
            chosen = [ask for ask in made.asks if ask.name in AGGREGATIONS]
            single("aggregations, one client (time <= 1.10)", chosen, engines, options.rounds, most=3)
        if "singles" in options.only:
            single("every query, one client", made.asks, engines, options.rounds, most=20)
    rows = [[e.name, str(h.processes), f"{h.memory / 1e6:,.0f}"] for e in engines if (h := held(family(e.pid)))]
    table("what they hold now", ["engine", "processes", "PSS MB"], rows)


def of(made: Material, mix: str) -> list[Ask]:
    """The questions of a mix."""
    return [ask for ask in made.asks if ask.mix == mix]


def service(made: Material) -> list[Ask]:
    """Nine lookups to one analytic query; those over the whole country are left out."""
    chance = random.Random(5)
    quick, long = of(made, "lookup"), [ask for ask in of(made, "analytic") if ask.name not in ("q07", "q16")]
    return [chance.choice(long if long and number % 10 == 9 else quick) for number in range(2000)]


def compare(asks: list[Ask], engines: list[Engine]) -> None:
    """Ours gives the same answers as the first, or this stops; where another differs is told. That warms them, too."""
    clients = [Client(engine.address) for engine in engines]
    chosen = [ask for ask in asks if ask.compared]
    # Of each query some: ten that are short, three that may take seconds each.
    chosen = [a for name in dict.fromkeys(ask.name for ask in chosen) for a in some(name, chosen)]
    differ: list[list[str]] = [[] for _ in engines]
    for ask in chosen:
        first = clients[0].ask(ask)[1]
        for number, client in enumerate(clients[1:], 1):
            try:
                equal = same(ask, first, client.ask(ask)[1])
            except RuntimeError as error:  # it does not know a function, say
                equal = False
                if engines[number].name != "virtuoso":
                    raise RuntimeError(f"{engines[number].name} does not answer {ask.text}") from error
            if not equal:
                differ[number].append(ask.name)
                if engines[number].name == "stelsel":
                    raise RuntimeError(f"{ask.name} has two answers:\n{ask.text}")
    for client in clients:
        client.close()
    for engine, names in zip(engines[1:], differ[1:], strict=True):
        told = ", ".join(f"{name} ({names.count(name)})" for name in sorted(set(names)))
        equal_ones = len(chosen) - len(names)
        print(
            f"{engine.name}: {equal_ones} of {len(chosen)} answers equal {'; not: ' + told if told else ''}", flush=True
        )


def some(name: str, asks: list[Ask]) -> list[Ask]:
    """The first few of a query."""
    found = [ask for ask in asks if ask.name == name]
    return found[: 10 if found[0].mix == "lookup" else 3]


def report(title: str, asks: list[Ask], engines: list[Engine], options: argparse.Namespace) -> None:
    """Load all in turns and print the ratios, the first as 1."""
    asks = random.Random(3).sample(asks, len(asks))  # of each query some, however short the load is
    rows = []
    with alone():
        for clients in options.clients:
            for engine in engines:  # warm, and what can be cached is
                load(engine.address, asks, clients=clients, seconds=1)
            rounds = [
                [load(engine.address, asks, clients=clients, seconds=options.seconds) for engine in engines]
                for _ in range(options.rounds)
            ]
            rows += [row(clients, engine, rounds, number) for number, engine in enumerate(engines)]
        table(title, LOADED, rows)


def row(clients: int, engine: Engine, rounds: list[list[Load]], number: int) -> list[str]:
    """The medians of one engine, and of its ratios with the first."""
    own = [loads[number] for loads in rounds]
    rates = [loads[number].rate / loads[0].rate for loads in rounds]
    return [
        str(clients),
        engine.name,
        f"{statistics.median(each.rate for each in own):,.0f}",
        f"{statistics.median(rates):.2f}",
        f"{min(rates):.2f}-{max(rates):.2f}",
        f"{statistics.median(each.p50 for each in own):.2f}",
        f"{statistics.median(loads[number].p50 / loads[0].p50 for loads in rounds):.2f}",
        f"{statistics.median(each.p99 for each in own):.1f}",
        f"{statistics.median(loads[number].p99 / loads[0].p99 for loads in rounds):.2f}",
        str(sum(each.failed for each in own)),
    ]


def single(title: str, asks: list[Ask], engines: list[Engine], rounds: int, *, most: int) -> None:
    """Time every query, one at a time: in a round each engine gets the same questions after each other, a second of them."""
    clients = [Client(engine.address) for engine in engines]
    rows = []
    with alone():
        for name in sorted({ask.name for ask in asks}):
            chosen = [ask for ask in asks if ask.name == name][:most]
            took: list[list[float]] = [[] for _ in engines]
            for _ in range(rounds):
                spent = 0.0
                for ask in chosen:
                    for number, client in enumerate(clients):
                        try:
                            took[number].append(client.ask(ask)[0] * 1000)
                        except RuntimeError:  # it does not know a function of this query
                            took[number].append(math.nan)
                    spent += took[0][-1]
                    if spent > 1000:
                        break
            added = statistics.median(ours / store for store, ours in zip(took[1], took[2], strict=True))
            rows.append([name, *(cell for own in took for cell in cells(own, took[0])), f"{added:.2f}"])
        head = ["query"]
        for number, engine in enumerate(engines):
            head += [engine.name, "p99", *(["ratio"] if number else [])]
        head.append(f"{engines[2].name} / {engines[1].name}")
        table(f"{title}: p50 and p99 in ms, and the ratio with {engines[0].name}", head, rows)
    for client in clients:
        client.close()


def cells(own: list[float], first: list[float]) -> list[str]:
    """The figures of one engine for one query; a ratio is the median of those question by question."""
    if any(math.isnan(value) for value in own):
        return ["no", "", ""]
    ratio = [] if own is first else [f"{statistics.median(b / a for a, b in zip(first, own, strict=True)):.2f}"]
    return [f"{statistics.median(own):.1f}", f"{part(own, 0.99):.1f}", *ratio]


if __name__ == "__main__":
    main()
