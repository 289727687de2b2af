"""How much of both sides was linked, exactly, and whether that is as much as the linkset declares."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stelsel.linking.declarations import Linkset, Side
from stelsel.linking.settling import Pairs
from stelsel.linking.sides import Index, Objects

SHOWN = 5  # keys that a message names; the graph of the linkset has all orphans


@dataclass
class Count:
    """Objects of a side: how many there are, how many are linked, and the first that are not."""

    objects: int = 0
    linked: int = 0
    first: list[str] = field(default_factory=list)

    @property
    def coverage(self) -> float:
        """The share that is linked. Of nothing, nothing is linked: a query that finds no object is noticed."""
        return self.linked / self.objects if self.objects else 0.0


class Coverage:
    """Counts what becomes of a linkset. Memory: a byte for each object of the side `to`."""

    def __init__(self, linkset: Linkset, targets: Objects) -> None:
        self._linkset, self._targets = linkset, targets
        self._reached = np.zeros(len(targets.iris), np.bool_)
        self.source = Count()
        self.links = 0
        self.ambiguous = 0
        self.broken = targets.broken
        self._unclear: list[str] = []

    def add(self, block: Objects, links: Pairs, unclear: Index) -> list[str]:
        """Counts a block, and gives its orphans: the objects without a link."""
        linked = np.zeros(len(block.iris), np.bool_)
        linked[links.source] = True
        self._reached[links.target] = True
        orphans = [block.iris[place] for place in np.flatnonzero(~linked)]
        self.source.objects += len(block.iris)
        self.source.linked += len(block.iris) - len(orphans)
        self.source.first += orphans[: SHOWN - len(self.source.first)]
        self.links += len(links)
        self.ambiguous += len(unclear)
        self._unclear += [block.iris[place] for place in unclear[: SHOWN - len(self._unclear)]]
        self.broken += block.broken
        return orphans

    @property
    def target(self) -> Count:
        """The side `to`."""
        first = [self._targets.iris[place] for place in np.flatnonzero(~self._reached)[:SHOWN]]
        return Count(len(self._targets.iris), int(np.count_nonzero(self._reached)), first)

    def empty(self) -> str:
        """Which side has no object at all, where the linkset asks for none; else nothing."""
        for name, side, count in self._sides():
            if not count.objects and not side.minimum:
                return f"{side.query} finds no object on the side {name} ({', '.join(side.registers)})"
        return ""

    def faults(self) -> tuple[str, ...]:
        """Where it does not keep to what it declares: a side with less than its minimum, an object with more than one."""
        too_little = tuple(
            _too_little(name, side, count) for name, side, count in self._sides() if count.coverage < side.minimum
        )
        if self._linkset.ambiguous != "refuse" or not self.ambiguous:
            return too_little
        return (*too_little, f"more than one answers to {_listed(self._unclear, self.ambiguous)}")

    def _sides(self) -> tuple[tuple[str, Side, Count], ...]:
        return ("from", self._linkset.source, self.source), ("to", self._linkset.target, self.target)


def _too_little(name: str, side: Side, count: Count) -> str:
    of = ", ".join(side.registers)
    if not count.objects:
        return f"{side.query} finds no object on the side {name} ({of})"
    missing = count.objects - count.linked
    return (
        f"on the side {name} ({of}) {count.linked:,} of {count.objects:,} objects are linked, {count.coverage:.2%}, and "
        f"the minimum is {side.minimum:.2%}; without a link: {_listed(count.first, missing)}"
    )


def _listed(some: list[str], all_: int) -> str:
    return ", ".join(some) + (f" and {all_ - len(some):,} more" if all_ > len(some) else "")
