"""Which terms a Turtle or SPARQL text names, and on which line: the two write IRIs and prefixes alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

# Strings and comments are matched first, so that what looks like a term inside them is none.
_TOKEN = re.compile(
    r"""
    "{3}(?:[^"\\]|\\.|"{1,2}(?!"))*"{3} | '{3}(?:[^'\\]|\\.|'{1,2}(?!'))*'{3}
    | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | \#[^\n]*
    | <(?P<iri>[^<>"{}|^`\\\x00-\x20]*)>
    | (?P<prefix>[A-Za-z][\w.-]*)?:(?P<local>[\w:%](?:[\w.:%-]*[\w:%-])?)?
    """,
    re.DOTALL | re.VERBOSE,
)
_DECLARATION = re.compile(r"(?:@prefix|\bPREFIX)\s+([A-Za-z][\w.-]*)?:\s*<([^<>]*)>", re.IGNORECASE)

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True)
class Mention:
    """A term, the line that it stands on (from 1), and whether it begins that line."""

    iri: str
    line: int
    at_margin: bool


def resolve(root_iri: str, text: str) -> str:
    """An IRI as a file writes it, made absolute; urljoin alone would drop the `#` that ends a namespace."""
    return text if _SCHEME.match(text) else urljoin(root_iri, text) + ("#" if text.endswith("#") else "")


def declarations(text: str) -> list[tuple[str, str, int]]:
    """The prefixes that a text declares: prefix, namespace as written, line."""
    return [(m[1] or "", m[2], text.count("\n", 0, m.start()) + 1) for m in _DECLARATION.finditer(text)]


def mentions(text: str, root_iri: str) -> Iterator[Mention]:
    """The IRIs that a text names outside its prefix declarations, in order.

    A prefix that is not declared gives nothing: that is the parser's to say.
    """
    prefixes = {prefix: resolve(root_iri, namespace) for prefix, namespace, _ in declarations(text)}
    declared = [match.span() for match in _DECLARATION.finditer(text)]
    line, before = 1, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", before, token.start())
        before = token.start()
        if any(start <= token.start() < end for start, end in declared):
            continue
        margin = token.start() == 0 or text[token.start() - 1] == "\n"
        if token["iri"] is not None:
            yield Mention(resolve(root_iri, token["iri"]), line, margin)
        elif token["local"] and (token["prefix"] or "") in prefixes:
            yield Mention(prefixes[token["prefix"] or ""] + token["local"], line, margin)
