"""Which of many terms is meant by one that is not there: another spelling of its address, or a name that is near."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_SCHEME: Final = re.compile(r"^(https?)://")
_MOST: Final = 500  # candidates that are measured


def twins(iri: str) -> list[str]:
    """The other spellings of an address: http and https, with and without a slash at the end, and both.

    >>> twins("http://e.nl/a")
    ['https://e.nl/a', 'http://e.nl/a/', 'https://e.nl/a/']
    """
    found = _SCHEME.match(iri)
    other = f"{'http' if found[1] == 'https' else 'https'}{iri[len(found[1]) :]}" if found else ""
    spellings = [iri, *([other] if other else [])]
    spellings += [each[:-1] if each.endswith("/") else f"{each}/" for each in spellings]
    return [each for each in spellings if each != iri]


def namespace(iri: str) -> str:
    """The part of an IRI up to and with its last `#`, or else its last `/`."""
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def nearest(iri: str, candidates: Iterable[str]) -> list[str]:
    """Up to three of the candidates, the nearest first: one namespace and few letters apart, or the very same name.

    >>> nearest("http://e.nl/postkode", ["http://e.nl/postcode", "http://e.nl/naam", "http://f.nl/x"])
    ['http://e.nl/postcode']
    """
    space, name = namespace(iri), iri[len(namespace(iri)) :]
    allowed = max(1, min(3, len(name) // 3))
    found: list[tuple[int, str]] = []
    measured = 0
    for candidate in candidates:
        other = candidate[len(namespace(candidate)) :]
        if other.lower() == name.lower():
            found.append((0 if namespace(candidate) == space else 1, candidate))
        elif candidate.startswith(space) and abs(len(other) - len(name)) <= allowed and measured < _MOST:
            measured += 1
            apart = distance(name, other, allowed)
            if apart <= allowed:
                found.append((apart, candidate))
    return [candidate for _, candidate in sorted(found)[:3]]


def distance(one: str, other: str, most: int) -> int:
    """How many letters must be put in, left out, changed or swapped; `most + 1` as soon as it is more than `most`.

    >>> distance("postcode", "psotcode", 3)
    1
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter.lower() != against.lower()))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
