"""Editions: dated, immutable loads of a register, each a folder that appears whole or not at all.

What a linkset links is an edition too, of the register `linkset-NAME`.

    DATA/editions/<register>/<id>/edition.json       what this module's Edition says
                                 /quads/*.nq.zst     N-Quads, a file a graph
                                 /SHA256SUMS         every other file

An edition is made in a folder of `staging` and put in place by `commit`, under the `lock` of the data directory.
"""

from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stelsel.errors import Damaged
from stelsel.storing.checksums import seal, verify
from stelsel.storing.locks import lock
from stelsel.storing.staging import place, staging

__all__ = [
    "Access",
    "Delivered",
    "Edition",
    "GraphFile",
    "TableCount",
    "commit",
    "edition_path",
    "editions",
    "lock",
    "newest",
    "registers",
    "staging",
    "verify",
]

Access = Literal["open", "gesloten"]
# A name that is one step of a path, whatever it says.
Step = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GraphFile(_Fact):
    """A graph of an edition and the file that holds it: N-Quads in zstd, one space between terms."""

    iri: str
    file: Annotated[str, Field(pattern=r"^quads/[A-Za-z0-9][A-Za-z0-9._-]*\.nq\.zst$")]
    quads: Annotated[int, Field(ge=0)]
    """Lines in the file."""
    access: Access
    subjects: tuple[str, ...]
    """Sorted beginnings of the subjects' IRIs, up to and including the last `/` or `#`: two graphs that share none
    have no triple in common."""


LINKSET: Final = "linkset-"
"""What the register of a linkset's edition begins with; its name is the rest."""


class Delivered(_Fact):
    """A file of the delivery, as it was received."""

    name: str
    sha256: str
    bytes: int
    address: str = ""
    """Where it was fetched from, without what would let others in; empty for one that came as a file."""


class TableCount(_Fact):
    """What became of a table's records."""

    read: int
    mapped: int
    refused: int
    reported: int
    """Loaded, though something about the record was reported."""


with warnings.catch_warnings():
    # Every class of pydantic has a method `register`, from abc.ABCMeta. A field of that name harms nobody once it is
    # spelled `= Field()`: without that the method would be taken for its default.
    warnings.filterwarnings("ignore", 'Field name "register"', UserWarning)

    class Edition(_Fact):
        """One dated load of one register: what it holds, and what it came from."""

        register: Step = Field()
        id: Step
        date: dt.date
        areas: tuple[str, ...] = ()
        """What part of the country it covers (municipality codes); empty for all of it."""
        base: str
        """Base IRI that it was minted under."""
        previous: str | None
        """The edition that mutations were applied to."""
        used: dict[str, str] = {}
        """For a linkset, which has no deliveries: register -> id of its edition that links were computed from."""
        deliveries: tuple[Delivered, ...]
        mapping: str
        """SHA-256 of the register's folder."""
        stelsel: str
        started: dt.datetime
        finished: dt.datetime
        graphs: tuple[GraphFile, ...]
        tables: dict[str, TableCount]
        problems: dict[str, int]
        """Reason -> number of records."""
        warnings: tuple[str, ...]
        violations: dict[str, int]
        """Shape IRI -> number of violations."""


def registers(data: Path) -> list[str]:
    """Names of the registers that have an edition, sorted."""
    return sorted({path.parent.parent.name for path in (data / "editions").glob("*/*/edition.json")})


def editions(data: Path, register: str) -> list[Edition]:
    """A register's editions, oldest first. Raises Damaged where an edition's description cannot be read."""
    found = [_read(path) for path in (data / "editions" / register).glob("*/edition.json")]
    return sorted(found, key=lambda edition: (edition.date, edition.finished, edition.id))


def newest(data: Path, register: str) -> Edition | None:
    """The edition with the latest date; of two with the same date the one that was made last."""
    return next(reversed(editions(data, register)), None)


def edition_path(data: Path, edition: Edition) -> Path:
    """The folder of an edition."""
    return data / "editions" / edition.register / edition.id


def commit(data: Path, edition: Edition, staged: Path) -> Path:
    """Writes the description and the checksums of a staged edition, and moves it into place. The caller has the lock.

    An edition that is there already is left as it is, and its folder returned. Raises Damaged where a graph's file is
    not in the staged folder.
    """
    target = edition_path(data, edition)
    for graph in edition.graphs:
        if not (staged / graph.file).is_file():
            raise Damaged(f"{edition.register} {edition.id} names {graph.file} and did not write it")
    if target.exists():
        return target
    (staged / "edition.json").write_text(edition.model_dump_json(indent=1) + "\n", encoding="utf-8")
    seal(staged)
    place(staged, target)
    return target


def _read(path: Path) -> Edition:
    try:
        return Edition.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Damaged(f"{path} does not describe an edition: {where}: {first['msg']}".replace(": : ", ": ")) from error
