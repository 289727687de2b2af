"""The one list of prefixes: `ontologies/prefixes.ttl`, where each is declared once with sh:declare."""

from __future__ import annotations

from pathlib import Path

from pyoxigraph import Literal, NamedNode

from stelsel.modelling.documents import read_turtle
from stelsel.modelling.mentions import resolve

_SH = "http://www.w3.org/ns/shacl#"
_DECLARE, _PREFIX, _NAMESPACE = (NamedNode(f"{_SH}{name}") for name in ("declare", "prefix", "namespace"))


def read_prefixes(path: Path, root_iri: str) -> dict[str, str]:
    """Prefix -> namespace, sorted by prefix; a relative namespace (`def/`) is the operator's own.

    Raises ContentError for a declaration that is not whole, and for a prefix that is declared twice.
    """
    document = read_turtle(path, root_iri)
    found: dict[str, str] = {}
    for subject in document.subjects(_DECLARE):
        for declaration in document.objects(subject, _DECLARE):
            prefix, namespace = document.only(declaration, _PREFIX), document.only(declaration, _NAMESPACE)
            if not isinstance(prefix, Literal) or not isinstance(namespace, Literal):
                raise document.wrong("sh:declare needs one sh:prefix and one sh:namespace, both literals", subject)
            if prefix.value in found:
                raise document.wrong(f"prefix {prefix.value} is declared twice", subject)
            found[prefix.value] = resolve(root_iri, namespace.value)
    return dict(sorted(found.items()))
