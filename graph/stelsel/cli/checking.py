"""`stelsel check`: every content file read as the engine will read it, and what is wrong with which, by file and line."""

from __future__ import annotations

from collections.abc import Callable

from stelsel.errors import StelselError
from stelsel.home import Home
from stelsel.loading.mapping import Mapper
from stelsel.loading.readers.xml import XmlReader
from stelsel.loading.register import read_register
from stelsel.modelling.ontology import check as check_ontology
from stelsel.modelling.shapes import read_shapes
from stelsel.names import Names
from stelsel.querying import curated


def check_home(home: Home, names: Names) -> tuple[list[str], int]:
    """What is wrong, a line each, and how many files were looked at."""
    findings: list[str] = []
    looked = 0

    def attempt(look: Callable[[], object]) -> None:
        nonlocal looked
        looked += 1
        try:
            look()
        except StelselError as error:
            findings.append(str(error))

    for name in home.registers():

        def register(name: str = name) -> None:
            found = read_register(home, name)
            XmlReader(found)
            Mapper(found, names)

        attempt(register)
    for file in sorted(home.queries.rglob("*.rq")):
        attempt(lambda file=file: curated.read(file, names.root))
    for file in sorted(home.ontologies.rglob("*.ttl")):
        if file.name.endswith(".shapes.ttl"):
            attempt(lambda file=file: read_shapes(file, names.root))
        else:
            attempt(lambda file=file: findings.extend(map(str, check_ontology(file, names.root))))
    return findings, looked
