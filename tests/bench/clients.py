"""The clients of the soak: each asks in its own way until it is told to stop, and notes what became of it."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from driving import ACCEPT, Ask
from hostile import BROKEN, RUNAWAYS, opened, post, told
from material import LOOKUPS

from stelsel.storing.releases import switch

LATE = (
    0.5  # seconds after its deadline by which a query has ended, on a machine that the clients share with the service
)
_GRAPH = "http://localhost:8000/graph/beheer/soak"
_ROWS = 100_000  # which there are at a scale of 0.1
_BROKEN = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Told:
    """What became of one request: its status, or BROKEN; whether that is what the service owes."""

    kind: str
    status: int
    seconds: float
    owed: bool
    said: str = ""


@dataclass
class Tally:
    """All that was asked."""

    ended: list[Told] = field(default_factory=list)

    def by_kind(self) -> dict[str, list[Told]]:
        """The same, by kind of client."""
        found: dict[str, list[Told]] = {}
        for each in self.ended:
            found.setdefault(each.kind, []).append(each)
        return found


@dataclass(frozen=True)
class Around:
    """What clients know: where the service is and what it serves, a token, the deadline of a query, and when to stop."""

    base: str
    data: Path
    asks: list[Ask]
    token: str
    deadline: float
    tally: Tally
    stop: threading.Event

    def connection(self) -> http.client.HTTPConnection:
        """A new one."""
        place = urlsplit(self.base)
        return http.client.HTTPConnection(place.hostname or "", place.port, timeout=90)

    @property
    def authorized(self) -> dict[str, str]:
        """The header that makes one a steward and an operator."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Answer:
    """What came back; a status of BROKEN where that was not all."""

    status: int
    body: bytes
    seconds: float
    headers: dict[str, str] = field(default_factory=dict)


class Asking:
    """One client with one connection, which it opens again when it has to."""

    def __init__(self, around: Around) -> None:
        self._connection = around.connection()

    def __call__(self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> Answer:
        """A whole answer."""
        began = time.monotonic()
        try:
            self._connection.request(method, path, body or None, headers or {})
            answer = self._connection.getresponse()
            read = answer.read()
        except _BROKEN as error:
            self._connection.close()
            return Answer(BROKEN, repr(error).encode(), time.monotonic() - began)
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, read, time.monotonic() - began, told)


def _note(around: Around, kind: str, answer: Answer, *, owed: bool, about: str = "") -> None:
    said = "" if owed else f"{about} {answer.body[:300].decode(errors='replace')}"
    around.tally.ended.append(Told(kind, answer.status, answer.seconds, owed, said))


def lookups(around: Around, number: int) -> None:
    """Short questions, some of them again and again; each is answered, whatever others do."""
    ask, chance = Asking(around), random.Random(number)
    chosen = [each for each in around.asks if each.name in LOOKUPS]
    tags: dict[str, str] = {}
    while not around.stop.is_set():
        again = chance.random() < 0.5
        question = chance.choice(chosen[:20] if again else chosen)
        path = "/sparql" + question.path + ("" if again else quote(f" # {chance.random()}"))
        headers = {"Accept": ACCEPT[question.form]}
        if again and path in tags:
            headers["If-None-Match"] = tags[path]
        answer = ask("GET", path, headers=headers)
        if again and "etag" in answer.headers:
            tags[path] = answer.headers["etag"]
        kind = "lookup asked before" if again else "lookup"
        owed = answer.status == 200 or (answer.status == 304 and "If-None-Match" in headers)
        _note(around, kind, answer, owed=owed, about=question.name)
        time.sleep(0.01)


def analyses(around: Around, number: int) -> None:
    """Questions of a second or so; where the machine is busy they may meet their deadline, or wait for too long."""
    ask, chance = Asking(around), random.Random(number)
    chosen = [each for each in around.asks if each.mix == "analytic"]
    while not around.stop.is_set():
        path = "/sparql" + chance.choice(chosen).path + quote(f" # {chance.random()}")
        answer = ask("GET", path, headers={"Accept": ACCEPT["select"]})
        owed = answer.status == 200 or (answer.status in (503, 504) and told(answer.body, answer.status))
        _note(around, "analysis", answer, owed=owed)


def streams(around: Around, number: int) -> None:
    """Long answers that are read to their end: all of the rows, or a break at the deadline."""
    ask = Asking(around)
    while not around.stop.is_set():
        path = "/sparql?" + urlencode({"query": f"SELECT * {{ ?s ?p ?o }} LIMIT {_ROWS} # {number} {time.time()}"})
        answer = ask("GET", path, headers={"Accept": "text/csv"})
        whole = answer.status == 200 and answer.body.count(b"\n") == _ROWS + 1
        late = answer.status == BROKEN and answer.seconds > around.deadline - LATE
        refused = answer.status in (503, 504) and told(answer.body, answer.status)
        _note(around, "stream", answer, owed=whole or late or refused)


def pages(around: Around, _: int) -> None:
    """What is there besides queries."""
    ask = Asking(around)
    for path in itertools.cycle(("/", "/health/live", "/health/ready", "/catalogus", "/sparql", "/sparql/doctor")):
        if around.stop.wait(0.2):
            return
        if path == "/sparql/doctor":
            answer = ask("POST", path, urlencode({"query": "SELECT * { ?s ?p ?o } ORDER BY ?o"}), _FORM)
        else:
            answer = ask("GET", path, headers={"Accept": "text/html, text/turtle;q=0.5"})
        _note(around, f"page {path}", answer, owed=answer.status in (200, 303))


def hostile(around: Around, number: int) -> None:
    """Runaways, one after the other."""
    texts = list(RUNAWAYS.items())
    for n in itertools.count(number * 9):
        if around.stop.is_set():
            return
        name, query = texts[n % len(texts)]
        ended = post(around.base, query)
        on_time = ended.seconds < around.deadline + LATE
        said = f"{name}: {ended.said}"
        around.tally.ended.append(Told("runaway", ended.status, ended.seconds, ended.owed and on_time, said))


def leavers(around: Around, number: int) -> None:
    """They ask for something endless, and go away; others read the begin of a stream, and nothing more."""
    chance = random.Random(number)
    texts = [RUNAWAYS[name] for name in ("count of a cross join", "cross join as a stream", "sort of everything")]
    while not around.stop.is_set():
        with suppress(OSError), closing(opened(around.base, chance.choice(texts))) as asking:
            asking.settimeout(1)
            around.stop.wait(chance.choice((0.05, 0.3, 1.0)))
            with suppress(TimeoutError):
                asking.recv(1000)
        around.tally.ended.append(Told("leaver", 0, 0.0, owed=True))


def operators(around: Around, _: int) -> None:
    """They see what runs, and stop the oldest."""
    ask = Asking(around)
    while not around.stop.wait(1.5):
        listed = ask("GET", "/sparql/queries", headers=around.authorized)
        _note(around, "list of queries", listed, owed=listed.status == 200)
        if listed.status != 200:
            continue
        # Only those of the hostile: the others are owed their answer.
        found = [each["id"] for each in json.loads(listed.body)["queries"] if each["client"] == "127.0.0.2"]
        if found:
            stopped = ask("DELETE", f"/sparql/queries/{found[0]}", headers=around.authorized)
            _note(around, "stop of a query", stopped, owed=stopped.status in (204, 404))  # it may just have ended


def stewards(around: Around, number: int) -> None:
    """They change data, and see their change in what is answered from the release that it made."""
    ask = Asking(around)
    for n in itertools.count():
        if around.stop.wait(2):
            return
        subject = f"<urn:soak:{number}:{n}>"
        update = f"INSERT DATA {{ GRAPH <{_GRAPH}> {{ {subject} <urn:p> {n} }} }}"
        headers = {**_FORM, **around.authorized}
        changed = ask("POST", "/sparql/update", urlencode({"update": update}), headers)
        waits = changed.status in (409, 503) and told(changed.body, changed.status)
        _note(around, "update", changed, owed=changed.status == 204 or waits)
        if changed.status != 204:
            continue
        seen = ask("GET", "/sparql?" + urlencode({"query": f"ASK {{ {subject} <urn:p> {n} }}"}))
        if seen.headers.get("stelsel-release") == changed.headers["stelsel-release"]:
            _note(around, "update seen", seen, owed=seen.status == 200 and b"true" in seen.body)


def releasers(around: Around, _: int) -> None:
    """They switch between two releases, as after a build."""
    for name in itertools.cycle(("two", "one")):
        if around.stop.wait(5):
            return
        began = time.monotonic()
        switch(around.data, "open", name)
        around.tally.ended.append(Told("switch", 0, time.monotonic() - began, owed=True))


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

KINDS: dict[str, tuple[Callable[[Around, int], None], int]] = {
    "lookups": (lookups, 3),
    "analyses": (analyses, 1),
    "streams": (streams, 1),
    "pages": (pages, 1),
    "hostile": (hostile, 3),
    "leavers": (leavers, 2),
    "operators": (operators, 1),
    "stewards": (stewards, 1),
    "releasers": (releasers, 1),
}
