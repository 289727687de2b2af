"""Drives an HTTP endpoint with the same requests as its peer: by `wrk` for load, by one connection for time."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

ACCEPT = {
    "select": "application/sparql-results+json",
    "ask": "application/sparql-results+json",
    "graph": "application/n-triples",
}
_SCRIPT = """
local requests, n = {}, 0
function init(args)
  for line in io.lines(args[1]) do
    local accept, path = line:match("^(%S+) (.*)$")
    requests[#requests + 1] = wrk.format("GET", path, {Accept = accept, Host = wrk.host})
  end
  math.randomseed(tonumber(args[2]) or 1)
  n = math.random(#requests)
end
function request()
  n = n % #requests + 1
  return requests[n]
end
"""
_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger")
_RENAMED = {
    f"{_XSD}string": "",
    # Virtuoso gives WKT a datatype of its own when it is loaded.
    "http://www.openlinksw.com/schemas/virtrdf#Geometry": "http://www.opengis.net/ont/geosparql#wktLiteral",
}
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})")
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Ask:
    """A question: which query of the set it is, its text, and the form of its answer."""

    name: str
    text: str
    form: str
    mix: str = ""
    compared: bool = True  # DESCRIBE and GeoSPARQL are the engine's own business

    @property
    def path(self) -> str:
        """Where it is asked, below the address of a service."""
        return "?query=" + quote(self.text, safe="")


@dataclass(frozen=True)
class Load:
    """What came of a load: answers a second, milliseconds of the median and of the 99th percentile, and what failed."""

    rate: float
    p50: float
    p99: float
    failed: int


def load(address: str, asks: list[Ask], *, clients: int, seconds: float) -> Load:
    """Ask for a while, with so many clients that each wait for their answer. Needs Debian's `wrk`."""
    place = urlsplit(address)
    with tempfile.TemporaryDirectory() as folder:
        script, requests = Path(folder, "asks.lua"), Path(folder, "asks")
        script.write_text(_SCRIPT, "utf-8")
        requests.write_text("".join(f"{ACCEPT[ask.form]} {place.path}{ask.path}\n" for ask in asks), "utf-8")
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--latency", "--timeout", "60s", "-s", str(script)]
        done = subprocess.run([*command, address, "--", str(requests)], capture_output=True, text=True, check=True)
    said = done.stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", said)))
    failed += sum(sum(map(int, re.findall(r"\d+", line))) for line in said.splitlines() if "Socket errors" in line)
    if rate is None:
        raise RuntimeError(said)
    return Load(float(rate[1]), _percentile(said, 50), _percentile(said, 99), failed)


def _percentile(said: str, which: int) -> float:
    found = re.search(rf"^\s*{which}%\s+([\d.]+)(us|ms|s)", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(said)
    return float(found[1]) * _UNITS[found[2]]


class Client:
    """One connection."""

    def __init__(self, address: str) -> None:
        self._place = urlsplit(address)
        self._connection = http.client.HTTPConnection(self._place.hostname or "", self._place.port, timeout=120)

    def ask(self, ask: Ask) -> tuple[float, bytes]:
        """The seconds that an answer took, and the answer. Raises RuntimeError for any other than 200."""
        began = time.perf_counter()
        self._connection.request("GET", self._place.path + ask.path, headers={"Accept": ACCEPT[ask.form]})
        answer = self._connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise RuntimeError(f"{ask.name}: {answer.status} {body[:500]!r}")
        return took, body

    def close(self) -> None:
        """Let go."""
        self._connection.close()


def same(ask: Ask, one: bytes, other: bytes) -> bool:
    """Whether two answers are equal: as rows in any order, as a set of triples, or as a yes or no.

    Engines may write a number in another form, and a plain string with its datatype or without.
    """
    if ask.form == "graph":
        return _triples(one) == _triples(other)
    first, second = json.loads(one), json.loads(other)
    if ask.form == "ask":
        return bool(first["boolean"] == second["boolean"])
    return _rows(first) == _rows(second)


def _triples(graph: bytes) -> set[str]:
    lines = (" ".join(line.split()) for line in graph.decode().splitlines() if not line.startswith("#"))
    return {_ESCAPED.sub(lambda match: chr(int(match[1], 16)), line) for line in lines if line}


def _rows(answer: dict[str, dict[str, list[dict[str, dict[str, str]]]]]) -> list[list[tuple[str, ...]]]:
    return sorted(sorted((name, *_term(term)) for name, term in row.items()) for row in answer["results"]["bindings"])


def _term(term: dict[str, str]) -> tuple[str, ...]:
    if term["type"] not in ("literal", "typed-literal"):
        return term["type"], "" if term["type"] == "bnode" else term["value"]
    datatype = _RENAMED.get(term.get("datatype", ""), term.get("datatype", ""))
    if datatype.removeprefix(_XSD) in _NUMBERS:
        return "number", f"{float(term['value']):.6g}"
    return "literal", term["value"], term.get("xml:lang", ""), datatype
