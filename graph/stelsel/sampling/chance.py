"""Numbers that look random and are a pure function of seed, purpose and index."""

from __future__ import annotations

_MASK = (1 << 64) - 1


def draw(seed: int, purpose: int, index: int) -> int:
    """64 bits for one thing: splitmix64 (Steele, Lea and Flood, 2014). Other purposes give unrelated numbers.

    >>> draw(1, 2, 3) == draw(1, 2, 3), draw(1, 2, 3) == draw(1, 2, 4)
    (True, False)
    """
    x = (seed * 0xD1342543DE82EF95 + (index + 1) * 0x9E3779B97F4A7C15 + (purpose << 57)) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)
