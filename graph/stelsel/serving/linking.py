"""Where things are in this service: the page of an IRI, its short name, and the register that a graph belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import yaml

from stelsel.home import Home
from stelsel.modelling.prefixes import read_prefixes
from stelsel.names import Names
from stelsel.serving.language import LANGUAGES, Language, visible
from stelsel.storing.editions import LINKSET

_LOCAL = re.compile(r"\w[\w-]*")
_HUMP = re.compile(r"(?<=[a-zà-þ])(?=[A-ZÀ-Þ][a-zà-þ])|_")
# What a page may link to. Anything else (javascript:, data:, file:, ...) is shown as text.
_INSIDE = frozenset({"http", "https", "urn"})
_OUTSIDE = frozenset({"http", "https"})


@dataclass(frozen=True)
class Links:
    """The addresses and names of IRIs in the pages of one operator."""

    names: Names
    prefixes: Mapping[str, str]  # namespace -> prefix
    titles: Mapping[str, Mapping[str, str]]  # register -> language -> title

    @property
    def root(self) -> str:
        """The path under which the service stands: empty, unless the operator's base has a path."""
        return urlsplit(self.names.base).path

    def page(self, iri: str) -> tuple[str, Mapping[str, str]] | None:
        """The path and the parameters of an IRI's page; None for an IRI that must not become a link."""
        if _scheme(iri) not in _INSIDE:
            return None
        minted = f"{self.names.base}/id/"
        if iri.startswith(minted) and not any(character in iri for character in "?#"):
            return f"/id/{iri[len(minted) :]}", {}
        return "/resource", {"iri": iri}

    def outside(self, iri: str) -> str | None:
        """The IRI as an address at its source; None where it is ours, or no web address."""
        ours = iri.startswith(self.names.root)
        return iri if _scheme(iri) in _OUTSIDE and not ours else None

    def short(self, iri: str) -> str:
        """The IRI with the prefix that `ontologies/prefixes.ttl` gives its namespace; empty where it gives none."""
        cut = max(iri.rfind("#"), iri.rfind("/")) + 1
        prefix, local = self.prefixes.get(iri[:cut]), iri[cut:]
        return f"{prefix}:{local}" if prefix is not None and _LOCAL.fullmatch(local) else ""

    def readable(self, iri: str) -> str:
        """The last part of an IRI in words, for a property or a class that has no label.

        >>> Links(Names("http://x.nl"), {}, {}).readable("http://y.nl/def#oorspronkelijkBouwjaar")
        'oorspronkelijk bouwjaar'
        """
        words = _HUMP.sub(" ", re.split(r"[#/:]", iri.rstrip("#/"))[-1] or iri)
        return visible(words[:1] + words[1:].lower() if " " in words else words)

    def exact(self, iri: str) -> str:
        """An IRI as short as it can be without saying less, for a thing that has no label."""
        head = f"{self.names.base}/id/"
        return visible(iri.removeprefix(head) or iri) if iri.startswith(head) else self.short(iri) or visible(iri)

    def register(self, graph: str) -> tuple[str, str]:
        """The register and the part that a graph IRI names: `("bag", "historie")`. Both are empty for another's graph."""
        head = self.names.graph("")
        if not graph.startswith(head):
            return "", ""
        register, _, part = graph[len(head) :].partition("/")
        return register, part

    def title(self, graph: str, language: Language) -> str:
        """A graph's title: that of its register, with the part; else what its IRI says."""
        register, part = self.register(graph)
        title = language.pick(self.titles.get(register, {}))
        if title:
            return visible(f"{title}, {part}" if part else title)
        return visible(graph.removeprefix(self.names.graph("")))


def read_links(names: Names, home: Home) -> Links:
    """The links of a home: the prefixes of its ontologies, and the titles of its registers."""
    file = home.ontologies / "prefixes.ttl"
    declared = read_prefixes(file, names.root) if file.is_file() else {}
    prefixes = {namespace: prefix for prefix, namespace in declared.items()}
    titles = {register: _titles(home.loaders / register / "loader.yml") for register in home.registers()}
    titles |= {LINKSET + file.stem: _titles(file) for file in sorted((home.loaders / "linksets").glob("*.yml"))}
    return Links(names, prefixes, titles)


def address(path: str, parameters: Mapping[str, str]) -> str:
    """A path with its parameters, encoded."""
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _scheme(iri: str) -> str:
    scheme, colon, _ = iri.partition(":")
    return scheme.lower() if colon else ""


def _titles(loader: Path) -> Mapping[str, str]:
    found = yaml.safe_load(loader.read_text("utf-8"))
    title = found.get("title", {}) if isinstance(found, dict) else {}
    if isinstance(title, str):
        return {"": title}
    return {tag: str(title[tag]) for tag in LANGUAGES if tag in title}
