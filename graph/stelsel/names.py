"""The IRIs that Stelsel mints, and nothing in anyone else's domain."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """IRIs under one operator's base.

    >>> Names("https://data.example.nl").graph("bag", "historie")
    'https://data.example.nl/graph/bag/historie'
    """

    base: str

    @property
    def root(self) -> str:
        """What relative IRIs in `.rq` and `.ttl` files are resolved against: `PREFIX id: <id/>`."""
        return f"{self.base}/"

    def graph(self, register: str, part: str = "") -> str:
        """The graph of a register, or a part of it such as `historie`."""
        return f"{self.base}/graph/{register}" + (f"/{part}" if part else "")

    def linkset(self, name: str) -> str:
        """The graph of a linkset."""
        return f"{self.base}/graph/linkset/{name}"

    def ontology(self, name: str) -> str:
        """The graph that holds one file of `ontologies/`."""
        return f"{self.base}/graph/ontologie/{name}"

    def validation(self, register: str) -> str:
        """The graph with the SHACL report of a register's edition."""
        return f"{self.base}/graph/validatie/{register}"

    @property
    def catalogue(self) -> str:
        """The graph with DCAT, VoID and PROV of every edition."""
        return f"{self.base}/graph/catalogus"

    def identifier(self, soort: str, sleutel: str) -> str:
        """The IRI of a thing that its register gave none."""
        return f"{self.base}/id/{soort}/{sleutel}"

    def term(self, name: str) -> str:
        """A class or property of our own, for what no published vocabulary has (`ontologies/core.ttl`)."""
        return f"{self.base}/def/{name}"
