"""Releases of a few triples, stores with runaways in them, and a real server process around them."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import RdfFormat, Store

from stelsel.storing import Limits, Question
from stelsel.storing.embedded import EmbeddedStore
from stelsel.storing.formats import FORMATS
from stelsel.storing.releases import Release

ROOT = Path(__file__).parents[1]
MEMORY = 500_000_000

# What Oxigraph cannot stop by itself, each by another part of the engine.
_PRODUCT = " ".join(f"VALUES ?v{i} {{ {'1 ' * 30} }}" for i in range(9))
_CROSS = " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(40))
RUNAWAYS = {
    "sort of a cross join": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY DESC(?c) ?f",
    "count of a cross join": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "path without an end": "SELECT (COUNT(*) AS ?n) { ?a (<http://e/next>|^<http://e/next>)* ?b }",
    "product of VALUES": f"SELECT (COUNT(*) AS ?n) {{ {_PRODUCT} }}",
    "concatenation of everything": "SELECT (GROUP_CONCAT(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
    "regular expression": 'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(REGEX(CONCAT(STR(?c), STR(?f)), "(x+x+)+y$", "i")) }',
    "planning": f"SELECT * {{ {_CROSS} }}",
}


def fill(path, quads):
    """A store directory with these N-Quads, closed again."""
    store = Store(str(path))
    store.bulk_load(quads.encode(), format=RdfFormat.N_QUADS)
    store.flush()
    del store
    return path


def chain(length):
    """N-Quads of a chain with labels, in one graph: twice `length` statements."""
    return "".join(
        f"<http://e/{i}> <http://e/next> <http://e/{i + 1}> <http://e/g> .\n"
        f'<http://e/{i}> <http://e/label> "label {i}" <http://e/g> .\n'
        for i in range(length)
    )


def release(data, id, quads, *, audience="open"):
    """A release as `stelsel.storing.releases` describes it, and the pointer at it."""
    folder = data / audience / "releases" / id
    folder.mkdir(parents=True)
    fill(folder / "oxigraph", quads)
    made = Release(
        id=id,
        audience=audience,
        made=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        base="http://localhost:8000",
        stelsel="0",
        editions={},
        dates={},
        quads=0,
        graphs={},
        repeated={},
    )
    (folder / "release.json").write_text(made.model_dump_json())
    (folder / "in-use.lock").touch()
    point(data, id, audience=audience)


def point(data, id, *, audience="open"):
    """Move the pointer, as a switch does."""
    new = data / audience / "current.new"
    new.symlink_to(f"releases/{id}")
    new.replace(data / audience / "current")


def ask(path, conversation, **options):
    """Run `conversation(store)` about the store at `path`, in workers."""

    async def run():
        store = await EmbeddedStore.open(path, release="r1", **{"workers": 2, **options})
        try:
            return await conversation(store)
        finally:
            await store.close()

    return asyncio.run(run())


async def answer(store, text, format="json", *, seconds=5.0, memory=MEMORY, question=None, **limits):
    """The whole answer, as bytes."""
    asked = question or Question(text)
    within = Limits(seconds, memory, **limits)
    async with aclosing(store.answer(asked, FORMATS[format], within)) as chunks:
        return b"".join([chunk async for chunk in chunks])


def workers_of(process):
    """The processes that were forked to answer for this one: children of its children."""
    return [worker for forker in children(process) for worker in children(forker)]


def children(process):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split() if Path(f"/proc/{int(line)}/exe").exists()]


def cpu(processes):
    """Seconds of processor time that these processes have used; of those that are gone, none."""
    total = 0
    for process in processes:
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(data, *, under=(), **settings):
    """A real server process on a free port, started by a command `under` which it runs; gives its address and its process."""
    program = (
        "import sys; from pathlib import Path; from stelsel.home import open_home; from stelsel.serving.server import run; "
        "from stelsel.settings import read_settings; run(read_settings(), open_home())"
    )
    environ = {k: v for k, v in os.environ.items() if not k.startswith("STELSEL_")}
    given = {
        f"STELSEL_{name.upper()}": str(value)
        for name, value in {"data": data, "port": 0, "budget_seconds": 0, **settings}.items()
    }
    with subprocess.Popen(
        [*under, sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**environ, **given},
    ) as process:
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            yield found[0], process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def eventually(condition, seconds=5.0):
    """Wait until it is so; whether it came to be."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
