"""What a load gave, and `stelsel status`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stelsel.cli import console
from stelsel.errors import NoRelease
from stelsel.home import Home
from stelsel.loading.run import Outcome
from stelsel.storing.editions import Access, editions, registers
from stelsel.storing.releases import AUDIENCES, current, releases


def loaded(outcome: Outcome) -> None:
    """Says what a load gave: counts a table, what was refused and reported, what the shapes found."""
    edition = outcome.edition
    if not outcome.fresh:
        why = "changes nothing in it" if outcome.tally else "was loaded before"
        console.say(f"edition {edition.register} {edition.id} stands; this delivery {why}")
    else:
        rows = [
            [name, f"{count.read:,}", f"{count.mapped:,}", f"{count.refused:,}", f"{count.reported:,}"]
            for name, count in edition.tables.items()
        ]
        console.table(
            f"edition {edition.register} {edition.id}", ["table", "read", "mapped", "refused", "reported"], rows
        )
        quads = sum(graph.quads for graph in edition.graphs)
        seconds = (edition.finished - edition.started).total_seconds()
        console.say(f"{quads:,} quads in {seconds:,.1f} s")
    if outcome.tally:
        tally = outcome.tally
        console.say(
            f"changes: {tally.applied:,} applied, {tally.already:,} applied before, {tally.elsewhere:,} for another area, "
            f"{len(tally.problems):,} that do not fit"
        )
    for reason, number in edition.problems.items():
        console.say(f"{number:,} problems of kind {reason}; all are in problems.jsonl.zst of the edition")
    if edition.violations:
        rows = [[shape.rsplit("/", 1)[-1], f"{number:,}"] for shape, number in edition.violations.items()]
        console.table("what the shapes found (graph/validatie has the objects)", ["shape", "results"], rows)
    for warning in edition.warnings:
        console.complain(warning)


def status(data: Path, home: Home) -> dict[str, Any]:
    """Registers with their editions, and per audience the releases and which one is current."""
    names = sorted({*home.registers(), *registers(data)})  # a register of another home, and what stewards wrote, too
    found = {
        name: [
            {
                "id": edition.id,
                "date": edition.date.isoformat(),
                "age": console.age(edition.date),
                "quads": sum(graph.quads for graph in edition.graphs),
                "refused": sum(count.refused for count in edition.tables.values()),
                "violations": sum(edition.violations.values()),
                "warnings": list(edition.warnings),
            }
            for edition in editions(data, name)
        ]
        for name in names
    }
    return {"data": str(data), "registers": found, "audiences": {name: _audience(data, name) for name in AUDIENCES}}


def _audience(data: Path, audience: Access) -> dict[str, Any]:
    try:
        serving: str | None = current(data, audience).id
    except NoRelease:
        serving = None
    made = [
        {
            "id": release.id,
            "made": release.made.isoformat(timespec="seconds"),
            "age": console.age(release.made),
            "quads": release.quads,
            "editions": release.editions,
        }
        for release in releases(data, audience)
    ]
    return {"current": serving, "releases": made}


def show(found: dict[str, Any]) -> None:
    """The same for a person."""
    rows = [
        [name, e["id"], e["age"], f"{e['quads']:,}", f"{e['refused']:,}", f"{e['violations']:,}"]
        for name, editions_ in found["registers"].items()
        for e in editions_
    ]
    columns = ["register", "edition", "age", "quads", "refused", "violations"]
    console.table(f"editions in {found['data']}", columns, rows, names=2)
    for audience, state in found["audiences"].items():
        rows = [
            [
                "->" if r["id"] == state["current"] else "",
                r["id"],
                r["age"],
                f"{r['quads']:,}",
                ", ".join(r["editions"]),
            ]
            for r in state["releases"]
        ]
        if rows:
            console.table(
                f"releases for {audience}", ["current", "release", "age", "quads", "registers"], rows, names=2
            )
    if not any(state["current"] for state in found["audiences"].values()):
        console.say("nothing is current; make a release with: stelsel release")
