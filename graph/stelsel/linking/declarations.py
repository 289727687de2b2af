"""What a file of `loaders/linksets/` says: what is linked to what, by which rule, on whose account and how well.

loaders/linksets/pand-buurt.yml     this module's Linkset
                /pand.rq            SELECT ?object and ?key, ?wkt or both: a side of it, or of several linksets
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pyoxigraph import QuerySolutions, Store

from stelsel.errors import ContentError, NotFound, QueryRefused, QuerySyntaxError
from stelsel.home import Home
from stelsel.modelling.prefixes import read_prefixes
from stelsel.names import Names
from stelsel.querying.guard import judge
from stelsel.storing.editions import LINKSET

FOLDER = "linksets"
"""The folder of `loaders/` that holds them; without a `loader.yml` it is no register."""

Method = Literal["key", "within", "overlap"]
Ambiguous = Literal["all", "best", "none", "refuse"]
Share = Annotated[float, Field(ge=0, le=1)]
Iri = Annotated[str, Field(pattern=r"^https?://[^\s<>\"{}|\\^`]+$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]

_NEEDED: dict[Method, str] = {"key": "key", "within": "wkt", "overlap": "wkt"}


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Text(_Fact):
    """A text in both languages."""

    nl: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Basis(_Fact):
    """Why these links may be made: a law, a practical reason, or both."""

    law: str = Field(default="", pattern=r"^(BWBR[0-9]{7})?$")
    reason: Text | None = None

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not self.law and self.reason is None:
            raise ValueError("a basis is a law (a BWB id), a reason in nl and en, or both")
        return self


class Side(_Fact):
    """One side of a linkset: the objects that a query gives."""

    query: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\.rq$")]
    registers: Annotated[tuple[Name, ...], Field(min_length=1)]
    """The registers that it asks. It sees their graphs and the catalogue, and nothing else."""
    minimum: Share
    """What share of the objects must be linked, or the build fails."""


class Linkset(_Fact):
    """A declared linkset: everything that its file says."""

    name: Name
    folder: Path
    title: Text
    description: Text
    owner: Iri
    """The organisation that answers for it, in TOOI."""
    basis: Basis
    licence: Iri
    theme: Iri
    method: Method
    source: Side = Field(alias="from")
    target: Side = Field(alias="to")
    links: Annotated[dict[str, str], Field(min_length=1)]
    """Property -> column of the query `to` that is its value: `object`, or what goes with that object."""
    ambiguous: Ambiguous
    """For an object with more than one: all of them, the best one, none of them, or refuse to build."""
    share: Share = 0.0
    """For overlap: the smallest share of the object `from` that counts."""
    evidence: Literal["none", "share"] = "none"
    """For overlap: whether each link has its def:Koppeling, with the share."""

    @model_validator(mode="after")
    def _fits_its_method(self) -> Self:
        if (self.method == "overlap") != (self.share > 0):
            raise ValueError("share, above 0, goes with the method overlap")
        if self.evidence == "share" and self.method != "overlap":
            raise ValueError("evidence: share goes with the method overlap")
        return self

    @property
    def register(self) -> str:
        """The name under which its editions are kept."""
        return LINKSET + self.name

    @property
    def file(self) -> Path:
        """The declaration."""
        return self.folder / f"{self.name}.yml"

    @property
    def registers(self) -> tuple[str, ...]:
        """All registers that must have an edition, sorted."""
        return tuple(sorted({*self.source.registers, *self.target.registers}))

    def query(self, side: Side) -> Path:
        """The file of a side's query."""
        return self.folder / side.query

    def fingerprint(self) -> str:
        """SHA-256 over the declaration and both queries: what an edition's `mapping` says."""
        digest = hashlib.sha256()
        for file in (self.file, self.query(self.source), self.query(self.target)):
            digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
        return digest.hexdigest()


def linksets(home: Home) -> list[str]:
    """Names of the linksets that a home declares, sorted."""
    return sorted(file.stem for file in (home.loaders / FOLDER).glob("*.yml"))


def read_linkset(home: Home, names: Names, name: str) -> Linkset:
    """The linkset `name`, its queries tried and its properties written out as IRIs.

    Raises NotFound for an unknown name, and ContentError, with the file, for anything that is wrong in it.
    """
    file = home.loaders / FOLDER / f"{name}.yml"
    if name not in linksets(home):
        raise NotFound(f"there is no linkset {name!r}; there are: {', '.join(linksets(home)) or 'none'}")
    linkset = _read(file, name)
    declared = home.ontologies / "prefixes.ttl"
    prefixes = read_prefixes(declared, names.root) if declared.is_file() else {}
    links = {_property(text, prefixes, file): column for text, column in linkset.links.items()}
    linkset = linkset.model_copy(update={"links": links})
    own, both = _NEEDED[linkset.method], {"object", "key", "wkt"}
    source = _columns(linkset.query(linkset.source), {"object", own}, both, names)
    target = _columns(
        linkset.query(linkset.target), {"object", own, *links.values()}, both | {"rank", *links.values()}, names
    )
    if ("key" in source) != ("key" in target):
        raise ContentError("one of its queries gives ?key; both do, or neither", file=str(file))
    return linkset


def _read(file: Path, name: str) -> Linkset:
    try:
        facts = yaml.safe_load(file.read_text("utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ContentError(f"is not YAML: {error.problem}", file=str(file), line=line) from error
    if not isinstance(facts, dict):
        raise ContentError("is no declaration: it has no keys", file=str(file))
    try:
        return Linkset.model_validate({**facts, "name": name, "folder": file.parent})
    except ValidationError as error:
        first = error.errors()[0]
        place = " > ".join(map(str, first["loc"]))
        raise ContentError(f"{place}: {first['msg']}" if place else first["msg"], file=str(file)) from error


def _property(text: str, prefixes: Mapping[str, str], file: Path) -> str:
    prefix, colon, local = text.partition(":")
    if not colon or prefix not in prefixes:
        raise ContentError(f"links > {text}: {prefix}: is no prefix of ontologies/prefixes.ttl", file=str(file))
    return prefixes[prefix] + local


def _columns(file: Path, needed: set[str], known: set[str], names: Names) -> set[str]:
    """The columns of a query, which is tried on a store with nothing in it."""
    try:
        text = file.read_text("utf-8")
        judge(text, base=names.root)
        found = Store().query(text, base_iri=names.root)
    except FileNotFoundError:
        raise ContentError("is named by a linkset, and is not there", file=str(file)) from None
    except (QueryRefused, QuerySyntaxError, SyntaxError) as error:
        raise ContentError(str(error), file=str(file)) from error
    if not isinstance(found, QuerySolutions):
        raise ContentError("is no SELECT", file=str(file))
    columns = {variable.value for variable in found.variables}
    if needed - columns:
        raise ContentError(f"does not give ?{', ?'.join(sorted(needed - columns))}", file=str(file))
    if columns - known:
        raise ContentError(f"gives ?{', ?'.join(sorted(columns - known))}, which nothing uses", file=str(file))
    return columns
