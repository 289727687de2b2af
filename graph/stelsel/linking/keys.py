"""Links by a shared key: a code or an identification that both sides have."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from stelsel.linking.settling import Pairs
from stelsel.linking.sides import Objects


class Keys:
    """Finds the objects `to` with the key of an object `from`, exactly as it is written. A look-up a row."""

    def __init__(self, targets: Objects) -> None:
        self._places: dict[str, list[int]] = defaultdict(list)
        for key, place in zip(targets.keys, targets.of.tolist(), strict=True):
            if key is not None:
                self._places[key].append(place)

    def match(self, block: Objects) -> Pairs:
        """All pairs with an equal key."""
        found = [
            (mine, theirs)
            for key, mine in zip(block.keys, block.of.tolist(), strict=True)
            if key is not None
            for theirs in self._places.get(key, ())
        ]
        both = np.array(found, np.int64).reshape(-1, 2)
        return Pairs(both[:, 0], both[:, 1], np.ones(len(both)))
