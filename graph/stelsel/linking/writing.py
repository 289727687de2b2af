"""The graph of a linkset as a file of an edition: links, their evidence, and the objects that have no link."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, serialize

from stelsel.linking.declarations import Linkset
from stelsel.linking.settling import Pairs
from stelsel.linking.sides import Objects
from stelsel.names import Names
from stelsel.storing.editions import Access, GraphFile
from stelsel.storing.packing import Packer

_A = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_DECIMAL = "<http://www.w3.org/2001/XMLSchema#decimal>"
_DIGITS = 6  # of a share: a millionth of a building is less than a square centimetre for most


class LinksetWriter:
    """Writes the file of a linkset's graph in a staged edition, a block at a time."""

    def __init__(self, linkset: Linkset, names: Names, staged: Path, access: Access) -> None:
        self._linkset, self._names, self._staged, self._access = linkset, names, staged, access
        self._graph = names.linkset(linkset.name)
        self._lines, self._subjects = 0, set[str]()
        (staged / "quads").mkdir()

    def add(self, block: Objects, targets: Objects, links: Pairs, orphans: list[str]) -> None:
        """Appends the links of a block, each linked pair's evidence, and its orphans."""
        lines = [*self._links(block, targets, links), *self._orphans(orphans)]
        if self._linkset.evidence == "share":
            lines += self._evidence(block, targets, links)
        packer = Packer()
        packer.add("".join(f"{line} <{self._graph}> .\n" for line in lines).encode())
        self._append(self._linkset.register, packer)
        self._lines += len(lines)
        self._subjects.update(_stem(block.iris[place]) for place in {*links.source.tolist()})
        self._subjects.update(map(_stem, orphans))

    def graph(self) -> GraphFile:
        """The linkset's graph, when all blocks have been added."""
        self._append(self._linkset.register, Packer())  # a linkset without a block has a file too
        koppeling = {self._names.identifier("koppeling", "")} if self._linkset.evidence == "share" else set()
        return self._file(self._linkset.register, self._graph, self._lines, self._subjects | koppeling)

    def catalogue(self, quads: list[Quad]) -> GraphFile:
        """Writes the linkset's part of the catalogue."""
        packer = Packer()
        packer.add(serialize(quads, format=RdfFormat.N_QUADS) or b"")
        self._append("catalogus", packer)
        return self._file("catalogus", self._names.catalogue, len(quads), {_stem(_iri(quad)) for quad in quads})

    def _links(self, block: Objects, targets: Objects, links: Pairs) -> Iterator[str]:
        for predicate, column in self._linkset.links.items():
            values = targets.columns.get(column, [])
            pairs = ((block.iris[mine], values[theirs]) for mine, theirs in _places(links))
            # An object that lies in two buurten of one wijk lies in that wijk once.
            yield from dict.fromkeys(f"<{mine}> <{predicate}> <{value}>" for mine, value in pairs if value is not None)

    def _orphans(self, orphans: list[str]) -> Iterator[str]:
        predicate = self._names.term("zonderKoppeling")
        yield from (f"<{orphan}> <{predicate}> <{self._graph}>" for orphan in orphans)

    def _evidence(self, block: Objects, targets: Objects, links: Pairs) -> Iterator[str]:
        kind, source, target, share = map(self._names.term, ("Koppeling", "van", "naar", "aandeel"))
        start = self._names.identifier("koppeling", f"{self._linkset.name}-")
        for (mine, theirs), value in zip(_places(links), links.share.tolist(), strict=True):
            one, two = block.iris[mine], targets.iris[theirs]
            # Two objects have one name in two registers now and then, so that the whole IRIs count.
            key = hashlib.blake2b(f"{one} {two}".encode(), digest_size=12).hexdigest()
            subject = f"<{start}{key}>"
            yield f"{subject} {_A} <{kind}>"
            yield f"{subject} <{source}> <{one}>"
            yield f"{subject} <{target}> <{two}>"
            yield f'{subject} <{share}> "{value:.{_DIGITS}f}"^^{_DECIMAL}'

    def _append(self, name: str, packer: Packer) -> None:
        with (self._staged / "quads" / f"{name}.nq.zst").open("ab") as file:
            file.write(packer.frame())

    def _file(self, name: str, iri: str, quads: int, subjects: Iterable[str]) -> GraphFile:
        return GraphFile(
            iri=iri, file=f"quads/{name}.nq.zst", quads=quads, access=self._access, subjects=tuple(sorted(subjects))
        )


def _places(links: Pairs) -> Iterator[tuple[int, int]]:
    return zip(links.source.tolist(), links.target.tolist(), strict=True)


def _stem(iri: str) -> str:
    return iri[: max(iri.rfind("/"), iri.rfind("#")) + 1] or iri


def _iri(quad: Quad) -> str:
    return str(quad.subject)[1:-1]
