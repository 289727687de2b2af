"""A graph of a release as N-Triples, in parts that a store takes one at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import suppress
from typing import IO, NamedTuple

from pyoxigraph import NamedNode, RdfFormat, Store


class Part(NamedTuple):
    """Whole lines of N-Triples."""

    content: bytes
    triples: int


def parts(store: Store, graph: str, size: int) -> Generator[Part]:
    """A graph in parts of about `size` bytes; all statements with a blank node come together in the last.

    Labels of blank nodes mean something within one document only, so those statements are not to be divided.
    """
    blank: list[bytes] = []
    reading, writing = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))
    # The engine writes as fast as it can into a pipe, which makes it wait for whoever reads.
    thread = threading.Thread(target=_dump, args=(store, graph, writing), daemon=True)
    thread.start()
    try:
        while lines := reading.readlines(size):
            plain: list[bytes] = []
            for line in lines:
                (blank if line.startswith(b"_:") or b" _:" in line else plain).append(line)
            if plain:
                yield Part(b"".join(plain), len(plain))
    finally:
        reading.close()
        thread.join()
    if blank:
        yield Part(b"".join(blank), len(blank))


def _dump(store: Store, graph: str, file: IO[bytes]) -> None:
    with suppress(BrokenPipeError), file:  # whoever read has had enough
        store.dump(file, RdfFormat.N_TRIPLES, from_graph=NamedNode(graph))
