"""How deep a query may nest its brackets. Oxigraph reads and runs them by recursion, and ends the process at its stack's end.

It was tried what it takes (0.5.13, a stack of 8 MB): `FILTER EXISTS` and calls of functions at 1024 but not at 512, subqueries
at 2048, groups and OPTIONAL at 4096, bare parentheses at 10,000. Queries that people and programs write stay below 20.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

DEEPEST: Final = 100
"""The most brackets that may be open at once: `(`, `{`, `[` and `<<`."""

# A pair of brackets without any other inside, not even in a string. What stands between them is read in one way only: no
# comment begins in it, every string ends in it, and with `://` an IRI is no comparison (see serving.keys).
_STRING: Final = r"""\"[^\"\\\r\n(){}\[\]]*+\"(?!\") | '[^'\\\r\n(){}\[\]]*+'(?!')"""
_IRI: Final = r"<[A-Za-z][A-Za-z0-9+.-]*+://[^<>\"'{}()\[\]|^`\\\x00-\x20]*+>"
_INNERMOST: Final = re.compile(
    rf"""(?: \( (?:[^(){{}}\[\]\"'\#<\\]++ | {_STRING} | {_IRI})*+ \)
       | \{{ (?:[^(){{}}\[\]\"'\#<\\]++ | {_STRING} | {_IRI})*+ \}} )""",
    re.VERBOSE,
)


@lru_cache(maxsize=16)
def suspect(text: str) -> bool:
    """Whether a text may nest too deep, and must be read token by token to know. Microseconds for most.

    It errs one way only: a text of which it says no does not nest deeper than DEEPEST, whatever its strings hold.
    """
    if _openings(text) <= DEEPEST:
        return False
    # Of thousands of rows after VALUES nothing is left. Once only: in what is left, a quote may begin what it ended before.
    return _openings(_INNERMOST.sub(" ", text)) >= DEEPEST


def _openings(text: str) -> int:
    return text.count("(") + text.count("{") + text.count("[") + text.count("<<")
