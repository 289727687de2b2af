"""What is done about objects that more than one thing answers to, as their linkset declares it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stelsel.linking.declarations import Ambiguous
from stelsel.linking.sides import Index


@dataclass(frozen=True)
class Pairs:
    """Links: the place of an object in its block, of another among the targets, and the share of the former in the latter."""

    source: Index
    target: Index
    share: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.source)

    def only(self, which: NDArray[np.bool_] | Index) -> Pairs:
        """Some of them."""
        return Pairs(self.source[which], self.target[which], self.share[which])


def settle(pairs: Pairs, ambiguous: Ambiguous, rank: Index, size: int) -> tuple[Pairs, Index]:
    """The pairs that become links, and the objects (of `size` in the block) that more than one thing answers to.

    The best is the one with the highest rank (of each target), then the largest share, then the first by IRI: targets
    are sorted. With `refuse`, as with `none`, nothing is kept of an ambiguous object; what to say of it is the caller's.
    """
    pairs = _once(pairs)
    number = np.bincount(pairs.source, minlength=size)
    unclear = np.flatnonzero(number > 1)
    if ambiguous == "all" or not len(unclear):
        return pairs, unclear
    if ambiguous != "best":
        return pairs.only(number[pairs.source] == 1), unclear
    order = np.lexsort((pairs.target, -pairs.share, -rank[pairs.target], pairs.source))
    return pairs.only(order[_first(pairs.source[order])]), unclear


def _once(pairs: Pairs) -> Pairs:
    """Each pair once, with its largest share, in order."""
    order = np.lexsort((-pairs.share, pairs.target, pairs.source))
    sorted_ = pairs.only(order)
    return sorted_.only(_first(sorted_.source) | _first(sorted_.target))


def _first(numbers: Index) -> NDArray[np.bool_]:
    """Which of sorted numbers differ from the one before."""
    first = np.ones(len(numbers), np.bool_)
    first[1:] = numbers[1:] != numbers[:-1]
    return first
