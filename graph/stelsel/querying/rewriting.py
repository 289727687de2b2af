"""An update with what the protocol adds to it, and without what this service never does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stelsel.errors import ParameterError
from stelsel.querying.operations import operations
from stelsel.terms import iri

_NOTHING: Final = "INSERT DATA {}"


def without_silent_loads(text: str, base: str) -> str:
    """The update with each LOAD SILENT as the operation that does nothing: here no LOAD succeeds, and SILENT says that
    a failure is none (SPARQL 1.1 Update, 3.1.4).

    >>> without_silent_loads("CLEAR ALL ; LOAD SILENT <http://e.nl/>", "")
    'CLEAR ALL ; INSERT DATA {}'
    """
    if "silent" not in text.lower():
        return text
    return _replaced(text, [(o.start, o.end, _NOTHING) for o in operations(text, base) if o.word == "load silent"])


def with_dataset(text: str, base: str, using: Iterable[str], named: Iterable[str]) -> str:
    """The update with the protocol's dataset in each of its operations (SPARQL 1.1 Protocol, 2.2.3).

    Raises ParameterError for a graph that is no IRI, and where the update names a dataset itself.

    >>> with_dataset("DELETE WHERE { ?s ?p ?o }", "", ["http://e.nl/g"], [])
    'DELETE { ?s ?p ?o } USING <http://e.nl/g> WHERE { ?s ?p ?o }'
    """
    clause = "".join(
        [_clause("USING", "using-graph-uri", g) for g in using]
        + [_clause("USING NAMED", "using-named-graph-uri", g) for g in named]
    )
    if not clause:
        return text
    edits: list[tuple[int, int, str]] = []
    for operation in operations(text, base):
        if operation.dataset:
            raise ParameterError(
                "the update has USING or WITH, and the request names a dataset too; name it in one place",
                name="using-graph-uri",
            )
        if operation.where is None:
            continue
        if operation.template is None:
            edits.append((operation.where, operation.where, clause))
        else:
            begin, end = operation.template
            edits.append((operation.where, begin, f"{text[begin:end]} {clause}WHERE "))
    return _replaced(text, edits)


def _clause(word: str, parameter: str, graph: str) -> str:
    try:
        return f"{word} {iri(graph)} "
    except ValueError as error:
        raise ParameterError(f"{parameter}: {error}", name=parameter) from None


def _replaced(text: str, edits: list[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    done = 0
    for begin, end, new in edits:
        parts += (text[done:begin], new)
        done = end
    return "".join([*parts, text[done:]])
