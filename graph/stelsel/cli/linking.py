"""What `stelsel release` gave: the release, how much each linkset links, and which were left out."""

from __future__ import annotations

from stelsel.cli import console
from stelsel.linking.run import Made, Outcome

HEAD = ["linkset", "from", "linked", "to", "linked", "ambiguous"]


def released(outcome: Outcome) -> None:
    """Shows coverage on both sides of each linkset, and names the registers that the others are waiting for."""
    if outcome.made:
        console.table("linksets", HEAD, [_row(made) for made in outcome.made])
        kept = sum(not made.fresh for made in outcome.made)
        if kept:
            console.say(f"{kept} of them were computed before, from the same editions")
    for name, why in outcome.left_out.items():
        console.say(f"linkset {name} is left out: {why}")
    for made in outcome.made:
        for warning in made.edition.warnings:
            console.complain(f"linkset {made.name}: {warning}")
        broken = made.edition.problems.get("geometry", 0)
        if broken:
            console.complain(
                f"linkset {made.name}: {broken:,} geometries cannot be used, and their objects have no link"
            )
    made_it = outcome.release
    console.say(
        f"release {made_it.id} ({made_it.audience}): {made_it.quads:,} quads in {len(made_it.graphs)} graphs; it is current"
    )


def _row(made: Made) -> list[str]:
    source, target = made.edition.tables["from"], made.edition.tables["to"]
    return [
        made.name,
        f"{source.read:,}",
        f"{source.mapped:,}",
        f"{target.read:,}",
        f"{target.mapped:,}",
        f"{made.edition.problems.get('ambiguous', 0):,}",
    ]
