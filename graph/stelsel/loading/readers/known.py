"""The readers by the name that loader.yml calls them. XML is not among them: its documents are read where they are mapped."""

from __future__ import annotations

from stelsel.errors import ContentError
from stelsel.loading.readers.csv import CsvReader
from stelsel.loading.readers.geojson import GeoJsonReader
from stelsel.loading.readers.geopackage import GeoPackageReader
from stelsel.loading.readers.json import JsonReader
from stelsel.loading.readers.odata import ODataReader
from stelsel.loading.readers.rdf import RdfReader
from stelsel.loading.readers.reading import Make, Reader
from stelsel.loading.readers.statline import StatLineReader
from stelsel.loading.register import Document, Register

READERS: dict[str, Make] = {
    "csv": CsvReader,
    "geojson": GeoJsonReader,
    "geopackage": GeoPackageReader,
    "json": JsonReader,
    "odata": ODataReader,
    "rdf": RdfReader,
    "statline": StatLineReader,
}


def reader(register: Register, document: Document) -> Reader:
    """The reader of a kind of file. Raises ContentError where there is none of that name, or it has other options."""
    make = READERS.get(document.reader)
    if make is None:
        known = ", ".join(["xml", *READERS])
        raise ContentError(
            f"there is no reader {document.reader!r}; there are: {known}", file=str(register.folder / "loader.yml")
        )
    return make(register, document)
