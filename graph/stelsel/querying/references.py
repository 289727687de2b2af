"""A relative IRI made absolute, as Oxigraph does it."""

from __future__ import annotations

import re
from typing import cast

# RFC 3986, appendix B, and a scheme as section 3.1 has it.
_REFERENCE = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)


def resolve(base: str, reference: str) -> str:
    """A relative IRI made absolute as Oxigraph does (RFC 3986, 5.2.2).

    One that has a scheme stays as it is, and so does any without a base that has an authority (`//data.example.nl`).

    >>> resolve("https://data.example.nl/a/b", "../sparql")
    'https://data.example.nl/sparql'
    """
    scheme, base_authority, base_path, base_query, _ = _split(base)
    own_scheme, authority, path, query, fragment = _split(reference)
    if own_scheme is not None or base_authority is None:
        return reference
    if authority is None and path:
        path = _joined("", path) if path.startswith("/") else _joined(base_path.rpartition("/")[0], f"/{path}")
    elif authority is None:
        path, query = base_path, base_query if query is None else query
    return f"{scheme}://{base_authority if authority is None else authority}{path}{query or ''}{fragment or ''}"


def _split(reference: str) -> tuple[str | None, str | None, str, str | None, str | None]:
    found = cast("re.Match[str]", _REFERENCE.fullmatch(reference))  # every text matches
    return cast("tuple[str | None, str | None, str, str | None, str | None]", found.groups())


def _joined(head: str, path: str) -> str:
    """The path behind the head, without its `.` and `..` (RFC 3986, 5.2.4); the head's own stay, as in Oxigraph."""
    steps = head.split("/")
    for segment in path.split("/")[1:]:
        if segment == ".." and len(steps) > 1:
            steps.pop()
        elif segment not in {".", ".."}:
            steps.append(segment)
    return "/".join(steps) + ("/" if path.endswith(("/.", "/..")) else "")
