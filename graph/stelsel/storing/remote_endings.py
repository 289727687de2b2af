"""Whether an answer looks finished: some engines write an error after a part of it, with status 200.

Oxigraph's server ends a cut answer with the words of its error, so what it wrote does not end as its format does. This
cannot find every such case: an engine that stops between two lines of CSV, or after a statement of Turtle, and
ends the transfer as if all were well, cannot be told from one that is done.
"""

from __future__ import annotations

import re
from typing import Final

_TAIL: Final = 4096  # bytes that are kept of the end

_LINES: Final = re.compile(rb"(?:\A|\n|\A(?:true|false))\Z")
_OBJECT: Final = re.compile(rb"[}\]]\s*\Z")
_STATEMENTS: Final = re.compile(rb"(?:\A|[.}]|(?:\A|\n)#[^\n]*)\s*\Z")
_ENDS: Final = {
    "application/sparql-results+json": _OBJECT,
    "application/ld+json": _OBJECT,
    "application/json": _OBJECT,
    "application/sparql-results+xml": re.compile(rb"</(?:[\w.-]+:)?sparql\s*>\s*\Z"),
    "application/rdf+xml": re.compile(rb"RDF\s*>\s*\Z|/>\s*\Z"),
    "text/csv": _LINES,
    "text/tab-separated-values": _LINES,
    "text/turtle": _STATEMENTS,
    "application/trig": _STATEMENTS,
    # A statement that is whole in sight begins like one; of a longer one only the end is seen.
    "application/n-triples": re.compile(rb"(?:\A|\n)(?:[<_][^\n]*\.|#[^\n]*|)\s*\Z|\A[^\n]*\.\s*\Z"),
    "application/n-quads": re.compile(rb"(?:\A|\n)(?:[<_][^\n]*\.|#[^\n]*|)\s*\Z|\A[^\n]*\.\s*\Z"),
}


class Ending:
    """The last bytes of an answer in some media type."""

    def __init__(self, media_type: str) -> None:
        self._pattern = _ENDS.get(media_type)
        self._tail = b""

    def see(self, chunk: bytes) -> None:
        """Take note of the next bytes."""
        self._tail = chunk[-_TAIL:] if len(chunk) >= _TAIL else (self._tail + chunk)[-_TAIL:]

    @property
    def proper(self) -> bool:
        """Whether an answer may end so."""
        return self._pattern is None or self._pattern.search(self._tail) is not None
