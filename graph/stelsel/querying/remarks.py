"""Rules about what comes out: projections, counts, graphs, descriptions, and geometry that this engine does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from stelsel.querying import costs, ordering
from stelsel.querying.advice import Advice
from stelsel.querying.lexer import Token, tokens
from stelsel.querying.patterns import Element, Query

_GEOF: Final = "http://www.opengis.net/def/function/geosparql/"
_DECLARING: Final = frozenset({"prefix"})


def stars(query: Query) -> Iterator[Advice]:
    """SELECT * of everything there is."""
    top = query.top
    if top.form == "select" and top.star and "limit" not in top.modifiers and not query.where.anchored:
        end = top.end
        yield Advice("select-star", query.begin, "no", ((end, end, " LIMIT 1000"),))


def counts(query: Query) -> Iterator[Advice]:
    """COUNT(DISTINCT ...) of everything."""
    for select in query.selects():
        tokens_ = select.tokens
        for at, token in enumerate(tokens_[:-2]):
            if token.text.lower() == "count" and tokens_[at + 2].text.lower() == "distinct":
                if not select.groups[0].anchored and "group" not in select.modifiers:
                    edits = _undistinct(select, tokens_, at)
                    yield Advice(
                        "count-distinct",
                        token.offset,
                        "sometimes",
                        edits,
                        variant="subjects" if edits else "",
                    )
                break


def _undistinct(select: Element, found: tuple[Token, ...], at: int) -> tuple[tuple[int, int, str], ...]:
    """The subjects of one property with one value: each is one triple, and a triple stands in one graph only."""
    elements = select.groups[0].elements
    if len(elements) != 1 or len(elements[0].triples) != 1 or select.datasets:
        return ()
    triple = elements[0].triples[0]
    counted = found[at + 3]
    if (
        counted.text[1:] != triple.subject.value
        or triple.predicate.kind != "iri"
        or not triple.object.fixed
        or found[at + 4].text != ")"
    ):
        return ()
    distinct = found[at + 2]
    return ((distinct.offset, counted.offset, ""),)


def graphs(query: Query) -> Iterator[Advice]:
    """GRAPH ?g whose graph nobody asks for."""
    mentions = Counter(token.text[1:] for token in tokens(query.text) if token.kind == "variable")
    for group, owner in query.groups():
        for element in group.elements:
            if element.kind != "graph" or element.term is None or element.term.kind != "variable" or owner.star:
                continue
            name = element.term.text[1:]
            inner = element.groups[0]
            if mentions[name] == 1 and not query.top.datasets and not query.top.star:
                single = (
                    len(inner.elements) == 1 and len(inner.triples) == 1 and inner.triples[0].predicate.kind == "iri"
                )
                edits = ((element.begin, inner.begin, ""),)
                yield Advice("graph-any", element.begin, "yes" if single else "sometimes", edits, {"graph": f"?{name}"})


def descriptions(query: Query) -> Iterator[Advice]:
    """DESCRIBE, which gives less than people expect, and more than once where sources overlap."""
    if query.top.form == "describe":
        yield Advice("describe", query.begin, "no")


def geometries(query: Query) -> Iterator[Advice]:
    """GeoSPARQL functions on coordinates that this engine does not know, or over everything there is."""
    for group, _ in query.groups():
        rijksdriehoek = {
            triple.object.value
            for triple in group.triples
            if triple.predicate.value.endswith("rdWKT") and triple.object.kind == "variable"
        }
        for element in group.elements:
            if element.kind not in {"filter", "bind"} or not _spatial(query, element):
                continue
            wrong = next((token for token in element.tokens if _rd(token, rijksdriehoek)), None)
            if wrong is not None:
                yield Advice("rd-geometry", wrong.offset, "no")
            elif not group.anchored:
                yield Advice("geo-scan", element.begin, "no")


def _rd(token: Token, variables: set[str]) -> bool:
    return (token.kind == "string" and "28992" in token.text) or (
        token.kind == "variable" and token.text[1:] in variables
    )


def _spatial(query: Query, element: Element) -> bool:
    prefixes = [f"{prefix}:" for prefix, namespace in query.prefixes.items() if namespace == _GEOF]
    return any(
        (token.kind == "name" and token.text.startswith(tuple(prefixes)))
        or (token.kind == "iri" and token.text.startswith(f"<{_GEOF}"))
        for token in element.tokens
    )


Rule = Callable[[Query], Iterator[Advice]]
RULES: Final[tuple[Rule, ...]] = (
    *(ordering.late, ordering.path_late),
    *(costs.products, costs.sorts, costs.paths, costs.texts, costs.optionals, costs.negations),
    *(stars, counts, graphs, descriptions, geometries),
)


def advise(query: Query, *, union: bool = True) -> list[Advice]:
    """Every remark about a query, in the order of the text. `union`: its default graph is the union of all graphs."""
    rules = RULES if union else [rule for rule in RULES if rule is not graphs]
    return sorted((advice for rule in rules for advice in rule(query)), key=lambda advice: advice.offset)


def undeclared(text: str, known: Mapping[str, str]) -> list[Advice]:
    """Prefixes that are used and not declared, with the line that declares them; `known` are namespaces by prefix.

    Needs no grammar: the engine's own message is about something else (`expected OPTIONAL`).
    """
    declared: set[str] = set()
    used: dict[str, int] = {}
    before = ""
    for token in tokens(text):
        if token.kind == "name":
            prefix = token.text.partition(":")[0]
            if before in _DECLARING:
                declared.add(prefix)
            else:
                used.setdefault(prefix, token.offset)
        if token.kind != "comment":
            before = token.text.lower() if token.kind == "word" else ""
    return [
        Advice(
            "unknown-prefix",
            offset,
            "no",
            ((0, 0, f"PREFIX {prefix}: <{known[prefix]}>\n"),) if prefix in known else (),
            {"prefix": prefix, "namespace": known.get(prefix, "")},
            variant="known" if prefix in known else "",
        )
        for prefix, offset in used.items()
        if prefix not in declared
    ]
