"""SHACL property paths (SHACL 2.3.1) as SPARQL property paths: the two are the same, written differently."""

from __future__ import annotations

from pyoxigraph import BlankNode, NamedNode

from stelsel.modelling.documents import RDF, Document, Term

_SH = "http://www.w3.org/ns/shacl#"
_FIRST = NamedNode(f"{RDF}first")
# Path predicate -> how it is written around its operand.
_OPERATORS = {
    NamedNode(f"{_SH}inversePath"): "(^{})",
    NamedNode(f"{_SH}zeroOrMorePath"): "({}*)",
    NamedNode(f"{_SH}oneOrMorePath"): "({}+)",
    NamedNode(f"{_SH}zeroOrOnePath"): "({}?)",
}
_ALTERNATIVE = NamedNode(f"{_SH}alternativePath")


def sparql_path(document: Document, node: Term) -> str:
    """A path node in SPARQL. Raises ContentError for what is no path."""
    if isinstance(node, NamedNode):
        return str(node)
    facts = document.facts.get(node, ()) if isinstance(node, BlankNode) else ()
    if any(predicate == _FIRST for predicate, _ in facts):
        return _joined(document, node, "/")
    match facts:
        case [(predicate, operand)] if predicate in _OPERATORS:
            return _OPERATORS[predicate].format(sparql_path(document, operand))
        case [(predicate, operand)] if predicate == _ALTERNATIVE:
            return _joined(document, operand, "|")
    raise document.wrong("sh:path is a property, a list of paths, or [ sh:inversePath … ] and the like", node)


def _joined(document: Document, head: Term, operator: str) -> str:
    members = document.members(head)
    if len(members) < 2:
        raise document.wrong("a path of several steps needs at least two", head)
    return f"({operator.join(sparql_path(document, member) for member in members)})"
