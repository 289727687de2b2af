"""Queries that each would take down a service without limits, whatever its data is, and a client that sends them.

They are of every kind: sorts, products, paths, texts that double, regular expressions, and what takes long to read or plan.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

HOSTILE = "127.0.0.2"  # another client than the one whose time is taken
OWED = (400, 403, 413, 503, 504)
BROKEN = 0  # the status of an answer that broke off, so that nobody takes the part for the whole

STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
_PRODUCT = " ".join(f"VALUES ?v{n} {{ {'1 ' * 30} }}" for n in range(9))
_CROSS = " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(40))
_DEEP = "!<urn:none>"
for _ in range(6):
    _DEEP = f"(({_DEEP})*/(^({_DEEP}))*)*"
_DOUBLED = " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(40))
_MANY = " ".join(f"?a{n} ?p ?a{n + 1} ." for n in range(4000))

RUNAWAYS = {
    "sort of everything": "SELECT * { ?a ?b ?c } ORDER BY DESC(STR(?c)) ?a",
    "sort of a cross join": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY DESC(?c) ?f",
    "count of a cross join": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "cross join of 40 patterns": f"SELECT * {{ {_CROSS} }}",
    "cross join as a stream": STREAM,
    "graph of a cross join": "CONSTRUCT { ?a ?e ?f } { ?a ?b ?c . ?d ?e ?f }",
    "distinct of a cross join": "SELECT DISTINCT ?a ?d { ?a ?b ?c . ?d ?e ?f } ORDER BY ?d",
    "groups of a cross join": "SELECT ?x (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f BIND(CONCAT(STR(?a), STR(?d)) AS ?x) } GROUP BY ?x ORDER BY ?n",
    "not exists": "SELECT * { ?a ?b ?c FILTER NOT EXISTS { ?d ?e ?f . ?g ?h ?i FILTER(?f = ?c && ?i = 7) } }",
    "minus": "SELECT (COUNT(*) AS ?n) { { ?a ?b ?c . ?d ?e ?f } MINUS { ?a ?b ?x . ?d ?e ?y } }",
    "path over everything": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:none>|^!<urn:none>)* ?b }",
    "deep path": f"SELECT (COUNT(*) AS ?n) {{ ?a {_DEEP} ?b }}",
    "product of VALUES": f"SELECT (COUNT(*) AS ?n) {{ {_PRODUCT} }}",
    "huge VALUES": f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {'1 ' * 300_000} }} ?a ?b ?c . ?d ?e ?f }}",
    "GROUP_CONCAT of everything": "SELECT (GROUP_CONCAT(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
    "text that doubles": f'SELECT ?x40 {{ BIND("xxxxxxxxxxxxxxxx" AS ?x0) {_DOUBLED} }}',
    "regular expression": 'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(REGEX(CONCAT(STR(?c), STR(?f)), "(x+x+)+y$", "i")) }',
    "large regular expression": 'ASK { ?a ?b ?c FILTER(REGEX(STR(?c), "((a{1,100}){1,100}){1,100}")) }',
    "thousands of unions": f"SELECT (COUNT(*) AS ?n) {{ {' UNION '.join(['{ ?a ?b ?c . ?d ?e ?f }'] * 4000)} }}",
    "thousands of patterns": f"SELECT (COUNT(*) AS ?n) {{ {_MANY} }}",
    "nested a thousand deep": "SELECT * { " + "{ " * 1000 + "?a ?b ?c . ?d ?e ?f" + " }" * 1000 + " }",
    "nested a hundred thousand deep": "SELECT * { " + "{ " * 100_000 + "?a ?b ?c" + " }" * 100_000 + " }",
    "parentheses": "SELECT (" + "(" * 100_000 + "1" + ")" * 100_000 + " AS ?x) {}",
    "negations": "ASK { FILTER(" + "!" * 100_000 + "true) }",
    "long, and with the word service": "SELECT * " + "{ " * 200_000 + "# service",
    "escapes": "SELECT * { ?s ?p '" + "\\u0041" * 80_000 + "' . ?a ?b ?c . ?d ?e ?f } ORDER BY ?a ?d",
}


@dataclass(frozen=True)
class Ended:
    """How a query ended: its status (BROKEN where the answer broke off), seconds, and whether that is as it should be."""

    status: int
    seconds: float
    owed: bool
    said: str = ""


def post(base: str, query: str) -> Ended:
    """Send a query and read its answer. Owed is a problem that says what it is, a broken answer, or one that is whole."""
    place = urlsplit(base)
    began = time.monotonic()
    with closing(
        http.client.HTTPConnection(place.hostname or "", place.port, timeout=60, source_address=(HOSTILE, 0))
    ) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
            connection.request(
                "POST",
                "/sparql",
                urlencode({"query": query}),
                {"content-type": "application/x-www-form-urlencoded", "accept": "application/sparql-results+json, */*"},
            )
        try:
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            return Ended(BROKEN, time.monotonic() - began, owed=False, said=repr(error))
        try:
            body = b""
            while piece := answer.read(1 << 20):
                body = piece[-2000:] if len(body) > 2_000_000 else body + piece
        except (OSError, http.client.HTTPException):
            return Ended(BROKEN, time.monotonic() - began, owed=True)
        seconds = time.monotonic() - began
        if answer.status == 200:
            return Ended(200, seconds, owed=True)
        said = body[:300].decode(errors="replace")
        return Ended(answer.status, seconds, answer.status in OWED and told(body, answer.status), said)


def told(body: bytes, status: int) -> bool:
    """Whether this is a problem document (RFC 9457) of that status."""
    try:
        return bool(json.loads(body)["status"] == status)
    except (ValueError, KeyError, TypeError):
        return False


def opened(base: str, query: str) -> socket.socket:
    """A connection that has asked, and reads nothing."""
    place = urlsplit(base)
    asking = socket.create_connection((place.hostname or "", place.port or 80), timeout=60, source_address=(HOSTILE, 0))
    asking.sendall(f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: e\r\n\r\n".encode())
    return asking
