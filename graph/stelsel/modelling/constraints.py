"""SHACL Core components as SPARQL queries: each finds what breaks it, over a whole graph at once.

The supported components are the keys of COMPONENTS; SHACL sections are of the 2017 Recommendation. A query gives
`?this` (the focus node) and, where a component judges values, `?value`. The texts are in components/: what comes from
a shape goes in at a `$token`, as an RDF term that the engine itself has written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Store, Triple

from stelsel.modelling.documents import XSD, Document, Term

SH = "http://www.w3.org/ns/shacl#"
_TOKEN = re.compile(r"\$([a-z]+[0-9]*)")
_QUERIES = Path(__file__).parent / "components"

# Datatypes that the engine can cast to, so that "2021-02-30"^^xsd:date is told from a date (SHACL 4.1.2).
_CAST = frozenset(
    {"boolean", "integer", "decimal", "double", "float", "date", "dateTime", "time", "gYear", "gYearMonth"}
)
_UNCHECKED = frozenset({"string", "anyURI"})
_NODE_KINDS = {
    "IRI": "isIRI(?value)",
    "BlankNode": "isBlank(?value)",
    "Literal": "isLiteral(?value)",
    "BlankNodeOrIRI": "!isLiteral(?value)",
    "BlankNodeOrLiteral": "!isIRI(?value)",
    "IRIOrLiteral": "!isBlank(?value)",
}


@cache
def query(name: str) -> str:
    """The text of a query in components/."""
    return (_QUERIES / f"{name}.rq").read_text(encoding="utf-8")


def bind(text: str, **tokens: str) -> str:
    """A text with its tokens put in place, once: what goes in is not looked at again."""
    return _TOKEN.sub(lambda match: tokens[match[1]], text)


@dataclass(frozen=True)
class Check:
    """A component as a query for what breaks it, and how the screen (components/screen.rq) can prove there is none."""

    query: str
    test: str = ""
    """What holds for each value, where that is all there is to it."""
    proof: str = ""
    """Proven where, of the counts that the screen gives: `values` good = pairs, `most` pairs = nodes, `least` nodes =
    all nodes. A value that is met twice makes pairs larger, and so only costs a proof."""


@dataclass(frozen=True)
class Place:
    """Where a component stands: the shape, what it looks at, and along which path (None: the node itself)."""

    document: Document
    shape: Term
    targets: str
    path: str | None

    def select(self, name: str, **tokens: str) -> str:
        """One of the queries in components/, for this place."""
        values = "BIND(?this AS ?value)" if self.path is None else bind("?this $path ?value .", path=self.path)
        return bind(query(name), targets=self.targets, path=self.path or "", values=values, **tokens)

    def check(self, name: str, **tokens: str) -> Check:
        """A check by one of the queries in components/."""
        return Check(self.select(name, **tokens))

    def test(self, expression: str, **tokens: str) -> Check:
        """The check that an expression holds for each value."""
        text = bind(expression, **tokens)
        return Check(self.select("test", test=text), test=text, proof="values")


Compile = Callable[[Place, Term], Check | None]


@dataclass(frozen=True)
class Component:
    """A constraint component: its name, and how a parameter becomes a query (None: nothing can break it)."""

    name: str
    compile: Compile
    needs_path: bool = False
    many: bool = False
    """Each value of the parameter is a constraint of its own; otherwise there may be one value."""

    @property
    def iri(self) -> str:
        """What sh:sourceConstraintComponent says in a report."""
        return f"{SH}{self.name}ConstraintComponent"


def _number(place: Place, value: Term) -> int:
    if (
        isinstance(value, Literal)
        and value.datatype.value == f"{XSD}integer"
        and re.fullmatch(r"[0-9]{1,9}", value.value)
    ):
        return int(value.value)
    raise place.document.wrong(f"{value} is not a count such as 1", place.shape)


def _iri(place: Place, value: Term) -> str:
    if isinstance(value, NamedNode):
        return str(value)
    raise place.document.wrong(f"{value} is not an IRI", place.shape)


def _term(place: Place, value: Term) -> str:
    if isinstance(value, BlankNode | Triple):
        raise place.document.wrong("a blank node cannot be compared with; give an IRI or a literal", place.shape)
    return str(value)


def _min_count(place: Place, value: Term) -> Check | None:
    number = _number(place, value)
    if number == 0:
        return None
    if number == 1:
        return Check(place.select("at_least_one"), proof="least")
    return place.check("at_least", parameter=str(number))


def _max_count(place: Place, value: Term) -> Check:
    number = _number(place, value)
    if number == 1:
        return Check(place.select("at_most_one"), proof="most")
    return place.check("at_most", parameter=str(number))


def _datatype(place: Place, value: Term) -> Check:
    datatype = _iri(place, value)
    assert isinstance(value, NamedNode)
    name = value.value.removeprefix(XSD)
    if name in _CAST:
        return place.test(
            "DATATYPE(?value) = $parameter && DATATYPE($parameter(STR(?value))) = $parameter", parameter=datatype
        )
    if value.value.startswith(XSD) and name not in _UNCHECKED:
        # The store turns derived integers into xsd:integer, so that such a check would fail on right data.
        message = f"sh:datatype xsd:{name} cannot be checked; xsd:integer with sh:minInclusive and sh:maxInclusive can"
        raise place.document.wrong(message, place.shape)
    return place.test("DATATYPE(?value) = $parameter", parameter=datatype)


def _node_kind(place: Place, value: Term) -> Check:
    kind = value.value.removeprefix(SH) if isinstance(value, NamedNode) else ""
    if kind not in _NODE_KINDS:
        raise place.document.wrong(f"sh:nodeKind is one of {', '.join(_NODE_KINDS)}", place.shape)
    return place.test(_NODE_KINDS[kind])


def _in(place: Place, value: Term) -> Check:
    # The same term, which IN does not ask: that compares values (1 and 1.0).
    members = {f"member{n}": _term(place, member) for n, member in enumerate(place.document.members(value))}
    return place.test(" || ".join(f"sameTerm(?value, ${name})" for name in members) or "false", **members)


def _pattern(place: Place, value: Term) -> Check:
    flags = place.document.only(place.shape, NamedNode(f"{SH}flags")) or Literal("")
    if not isinstance(value, Literal) or not isinstance(flags, Literal):
        raise place.document.wrong("sh:pattern and sh:flags are strings", place.shape)
    tokens = {"parameter": str(Literal(value.value)), "flags": str(Literal(flags.value))}
    # An expression that the engine cannot read matches nothing and raises nothing, so it is tried here.
    tried = next(iter(Store().query(bind('SELECT (REGEX("", $parameter, $flags) AS ?read) {}', **tokens))))  # type: ignore[arg-type]
    if tried["read"] is None:
        raise place.document.wrong(
            f"sh:pattern {value.value} with flags {flags.value!r} is no regular expression", place.shape
        )
    return place.test("!isBlank(?value) && REGEX(STR(?value), $parameter, $flags)", **tokens)


def _length(operator: str) -> Compile:
    def compile_(place: Place, value: Term) -> Check:
        expression = f"!isBlank(?value) && STRLEN(STR(?value)) {operator} $parameter"
        return place.test(expression, parameter=str(_number(place, value)))

    return compile_


def _range(operator: str) -> Compile:
    def compile_(place: Place, value: Term) -> Check:
        if not isinstance(value, Literal):
            raise place.document.wrong(f"{value} is not a literal", place.shape)
        return place.test(f"?value {operator} $parameter", parameter=str(value))

    return compile_


def _ordered(operator: str) -> Compile:
    return lambda place, value: place.check("ordered", operator=operator, parameter=_iri(place, value))


def _unique_lang(place: Place, value: Term) -> Check | None:
    match value:
        case Literal(value="true"):
            return place.check("unique_language")
        case Literal(value="false"):
            return None
    raise place.document.wrong("sh:uniqueLang is true or false", place.shape)


COMPONENTS: dict[str, Component] = {
    "minCount": Component("MinCount", _min_count, needs_path=True),
    "maxCount": Component("MaxCount", _max_count, needs_path=True),
    "datatype": Component("Datatype", _datatype),
    "nodeKind": Component("NodeKind", _node_kind),
    "class": Component("Class", lambda place, value: place.check("of_class", parameter=_iri(place, value)), many=True),
    "in": Component("In", _in),
    "hasValue": Component(
        "HasValue",
        lambda place, value: place.check("has_value", parameter=_term(place, value)),
        needs_path=True,
        many=True,
    ),
    "pattern": Component("Pattern", _pattern),
    "minInclusive": Component("MinInclusive", _range(">=")),
    "maxInclusive": Component("MaxInclusive", _range("<=")),
    "minExclusive": Component("MinExclusive", _range(">")),
    "maxExclusive": Component("MaxExclusive", _range("<")),
    "minLength": Component("MinLength", _length(">=")),
    "maxLength": Component("MaxLength", _length("<=")),
    "lessThan": Component("LessThan", _ordered("<"), needs_path=True, many=True),
    "lessThanOrEquals": Component("LessThanOrEquals", _ordered("<="), needs_path=True, many=True),
    "disjoint": Component(
        "Disjoint", lambda place, value: place.check("disjoint", parameter=_iri(place, value)), many=True
    ),
    "uniqueLang": Component("UniqueLang", _unique_lang, needs_path=True),
}
"""sh:<key> -> how it is checked."""
