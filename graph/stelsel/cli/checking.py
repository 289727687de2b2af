"""`stelsel check`: every content file read as the engine will read it, and what is wrong with which, by file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from stelsel.errors import ContentError, StelselError
from stelsel.home import Home
from stelsel.linking.declarations import FOLDER, linksets, read_linkset
from stelsel.loading.delivery import Kinds
from stelsel.loading.hooks import read_hook
from stelsel.loading.mapping import Mapper
from stelsel.loading.register import read_register
from stelsel.modelling import ontology
from stelsel.modelling.shapes import read_shapes
from stelsel.names import Names
from stelsel.querying.curated import read, read_all
from stelsel.storing.stewardship import STEWARD


def check_home(home: Home, names: Names) -> tuple[list[str], int]:
    """What is wrong, a line each, and how many registers and files were looked at."""
    findings: list[str] = []
    looked = 0
    for looks in (_registers(home, names), _linksets(home, names), _queries(home, names), _ontologies(home, names)):
        for look in looks:
            looked += 1
            try:
                findings += look()
            except StelselError as error:
                findings.append(str(error))
    return findings, looked


def _registers(home: Home, names: Names) -> Iterator[Callable[[], list[str]]]:
    def register(name: str) -> list[str]:
        if name == STEWARD:
            raise ContentError("this name is that of what stewards write; choose another", file=f"loaders/{name}")
        if name == FOLDER or name.startswith("linkset-"):
            raise ContentError("this name is that of linksets; choose another", file=f"loaders/{name}")
        found = read_register(home, name)
        Kinds(found)
        read_hook(found)
        Mapper(found, names)
        return []

    yield from (partial(register, name) for name in home.registers())


def _linksets(home: Home, names: Names) -> Iterator[Callable[[], list[str]]]:
    def linkset(name: str) -> list[str]:
        found = read_linkset(home, names, name)
        unknown = sorted({*found.registers} - {*home.registers()})
        if unknown:
            raise ContentError(f"{', '.join(unknown)} is no register of this home", file=str(found.file))
        return []

    def together() -> list[str]:
        found = [read_linkset(home, names, name) for name in linksets(home)]
        used = {linkset.query(side) for linkset in found for side in (linkset.source, linkset.target)}
        idle = sorted({*(home.loaders / FOLDER).glob("*.rq")} - used)
        return [f"{file}: no linkset uses this query" for file in idle]

    yield from (partial(linkset, name) for name in linksets(home))
    yield together


def _queries(home: Home, names: Names) -> Iterator[Callable[[], list[str]]]:
    def query(file: Path) -> list[str]:
        read(file, names.root)
        return []

    def together() -> list[str]:
        read_all(home.queries, names.root)
        return []

    yield from (partial(query, file) for file in sorted(home.queries.glob("*/*.rq")))
    yield together  # two queries may not have one path


def _ontologies(home: Home, names: Names) -> Iterator[Callable[[], list[str]]]:
    def terms(file: Path) -> list[str]:
        return [str(finding) for finding in ontology.check(file, names.root)]

    def shapes(file: Path) -> list[str]:
        read_shapes(file, names.root)
        return terms(file)

    for file in sorted(home.ontologies.glob("*.ttl")):
        yield partial(shapes if file.name.endswith(".shapes.ttl") else terms, file)
