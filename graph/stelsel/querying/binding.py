"""Terms in the place of `$name`, for the queries that this service itself asks."""

from __future__ import annotations

from collections.abc import Mapping

from stelsel.querying.lexer import tokens


def bind(text: str, terms: Mapping[str, str]) -> str:
    """A query with terms, in N-Triples form, in the place of `$name`. Strings, comments and IRIs are left alone.

    >>> bind("ASK { $iri ?p '$iri' }", {"iri": "<http://x.nl/>"})
    "ASK { <http://x.nl/> ?p '$iri' }"
    """
    parts: list[str] = []
    done = 0
    for token in tokens(text):
        if token.kind == "variable" and token.text[0] == "$":
            parts += (text[done : token.offset], terms[token.text[1:]])
            done = token.offset + len(token.text)
    return "".join([*parts, text[done:]])
