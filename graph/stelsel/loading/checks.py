"""A staged edition against its shapes: counted over all of it by queries, and kept as a SHACL report in its graphs."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from itertools import islice

from pyoxigraph import RdfFormat, Store, parse

from stelsel.home import Home
from stelsel.loading.delivery import Progress
from stelsel.loading.pool import cores
from stelsel.loading.register import Register
from stelsel.loading.rows import read_lines
from stelsel.loading.writing import EditionWriter
from stelsel.modelling.reports import report
from stelsel.modelling.shapes import count, read_shapes
from stelsel.names import Names

LISTED = 1_000  # focus nodes that a report names for each shape; the counts are of all
STRETCH = 200_000  # quads loaded at a time: Oxigraph keeps a million, about 1.3 GB, where it is given more


def validate(
    register: Register, home: Home, names: Names, writer: EditionWriter, identity: str, progress: Progress
) -> dict[str, int]:
    """Shape -> how many times it is broken, for those that are; the report becomes a graph of the edition.

    The edition is loaded into an Oxigraph directory beside it for the purpose, which is removed again. A register
    without `<register>.shapes.ttl` has nothing to keep to.
    """
    file = home.ontologies / f"{register.name}.shapes.ttl"
    if not file.is_file():
        return {}
    started = time.perf_counter()
    shapes = read_shapes(file, names.root)
    folder = writer.staged / "check"
    try:
        store = Store(folder)
        for part, number in writer.quads.items():
            progress(f"{number:,} quads into the store that is checked", 0, 0)
            _load(store, writer, part)
        outcomes = []
        for part in writer.quads:
            # A graph at a time: the union of them costs twice as much, and a shape that targets nothing there is quick.
            graph = names.graph(register.name, part)
            progress(f"{len(shapes)} shapes on {graph}", 0, 0)
            found = count(store, shapes, graph, examples=LISTED, threads=cores())
            outcomes += [outcome for outcome in found if outcome.checked]
        del store
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    quads = [
        quad for piece in report(outcomes, names, register.name, identity) for quad in parse(piece, RdfFormat.N_QUADS)
    ]
    writer.write("validatie", names.validation(register.name), quads)
    writer.seconds["check"] += time.perf_counter() - started
    broken: Counter[str] = Counter()
    for outcome in outcomes:
        broken[outcome.shape.iri] += outcome.violations
    return {shape: number for shape, number in broken.items() if number}


def _load(store: Store, writer: EditionWriter, part: str) -> None:
    lines = read_lines(writer.staged / writer.file(part))
    while content := b"".join(islice(lines, STRETCH)):
        store.bulk_load(content, RdfFormat.N_QUADS)
