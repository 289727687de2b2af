"""A query whose SERVICE calls go elsewhere than it says."""

from __future__ import annotations

from collections.abc import Callable

from stelsel.errors import QuerySyntaxError
from stelsel.querying.cursor import Cursor, Unread


def redirected(text: str, base: str, give: Callable[[str], str]) -> tuple[str, frozenset[str]]:
    """A query in which `give(endpoint)` stands for each endpoint of a SERVICE, and all that were given.

    Raises QuerySyntaxError where that cannot be read, and what `give` raises. An endpoint that engines could read and
    this does not is still there afterwards: whoever needs to be sure judges what comes back (see querying.guard).

    >>> redirected("SELECT * { SERVICE <x> { ?s ?p 'SERVICE <x>' } }", "http://e.nl/", lambda address: address + "/y")[0]
    "SELECT * { SERVICE <http://e.nl/x/y> { ?s ?p 'SERVICE <x>' } }"
    """
    cursor = Cursor(text, base)
    parts: list[str] = []
    given: set[str] = set()
    done = 0
    try:
        cursor.prologue()
        while cursor.here.text:
            if not cursor.takes("service"):
                cursor.step()
                continue
            cursor.takes("silent")
            endpoint = cursor.iri()
            address = give(endpoint.value)
            given.add(address)
            parts += (text[done : endpoint.offset], f"<{address}>")
            done = cursor.ended
    except Unread as error:
        raise QuerySyntaxError(str(error), line=error.line, column=error.column) from None
    return "".join([*parts, text[done:]]), frozenset(given)
