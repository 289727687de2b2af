"""Empty answers that say where to hear why: a link to their diagnosis, for those who ask with `?uitleg=true`.

In JSON it stands in `head.link`, which is what the standard has for it (SPARQL 1.1 Results JSON, 3.1.2), so that no
client meets a member that it does not know. Every format has the header `Link` with `rel="help"`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import urlencode

import orjson

from stelsel.errors import ParameterError, Truncated
from stelsel.storing import Question
from stelsel.storing.formats import Format

_LONGEST: Final = 4000  # characters of a query that a link carries; a longer one is posted
_SHORT: Final = 20_000  # bytes of an answer that may be empty: its header can be long
_TRUE: Final = frozenset({"true", "1", "ja", "yes"})
_FALSE: Final = frozenset({"false", "0", "nee", "no", ""})
# How an answer without rows, and ASK that finds none, end.
_EMPTY: Final = {"xml": (b"<results></results></sparql>", b"<boolean>false</boolean></sparql>")}


def flag(parameters: list[tuple[str, str]], name: str) -> bool:
    """Whether a parameter says yes. Raises ParameterError where it says neither yes nor no."""
    given = next((value.lower() for key, value in parameters if key == name), "")
    if given not in _TRUE | _FALSE:
        raise ParameterError(f"{name}={given[:40]} is not true or false", name=name)
    return given in _TRUE


def help_link(doctor: str, question: Question) -> str:
    """The address of a question's diagnosis."""
    if len(question.text) > _LONGEST:
        return f"{doctor}?leeg=true"
    graphs = [("default-graph-uri", graph) for graph in question.default_graphs or ()]
    graphs += [("named-graph-uri", graph) for graph in question.named_graphs or ()]
    return f"{doctor}?{urlencode([('leeg', 'true'), *graphs, ('query', question.text)])}"


async def with_help(
    chunks: AsyncGenerator[bytes], headers: list[tuple[bytes, bytes]], format: Format, link: str
) -> AsyncGenerator[bytes]:
    """The chunks of an answer. One that is empty gets the link, and `headers` get it before the first chunk comes."""
    async with aclosing(chunks):
        first = await anext(chunks, b"")
        try:
            second = await anext(chunks, None)
        except Truncated:
            yield first
            raise
        if second is None and is_empty(first, format):
            headers.append((b"link", f'<{link}>; rel="help"'.encode()))
            first = _linked(first, link) if format.name == "json" else first
        yield first
        if second is None:
            return
        yield second
        async for chunk in chunks:
            yield chunk


def is_empty(body: bytes, format: Format) -> bool:
    """Whether a whole answer has no rows, no triples, or is no."""
    if len(body) > _SHORT:
        return False
    if format.name == "json":
        answer = orjson.loads(body)
        return answer.get("boolean") is False or answer.get("results") == {"bindings": []}
    if format.name in _EMPTY:
        return body.endswith(_EMPTY[format.name])
    if format.name in {"csv", "tsv"}:
        return body == b"false" or (body.count(b"\n") == 1 and body.endswith(b"\n"))
    return body.strip() in {b"", b"[]"} or (format.name == "rdfxml" and b"<rdf:Description" not in body)


def _linked(body: bytes, link: str) -> bytes:
    answer = orjson.loads(body)
    answer["head"]["link"] = [*answer["head"].get("link", []), link]
    return orjson.dumps(answer)
