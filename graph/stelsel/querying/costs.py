"""Rules about patterns that this engine reads far more for than it need: joins without a shared variable, sorts, filters.

The figures in their words are measurements at 10 million triples; `rules/README.md` says where each comes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from stelsel.querying.advice import Advice
from stelsel.querying.lexer import Token
from stelsel.querying.ordering import endless, shortened
from stelsel.querying.patterns import Element, Group, Query, Triple, names

_TEXTUAL: Final = frozenset({"contains", "regex", "lcase", "ucase", "strends", "strstarts"})
_SUBSTITUTED: Final = frozenset({"optional", "exists", "not exists", "minus"})
_LINKS: Final = frozenset({"optional", "bind", "filter", "exists", "not exists"})


def products(query: Query) -> Iterator[Advice]:
    """Patterns that are joined and share no variable: every row of the one with every row of the other."""
    for group, around in _surrounded(query.top, frozenset()):
        parts = _parts(group, around, _LINKS)
        if len(parts) > 1:
            other = parts[1]
            values = {"one": shortened(_text(query, parts[0])), "other": shortened(_text(query, other))}
            yield Advice("cross-product", other.begin, "no", values=values)
            continue
        unfiltered = _parts(group, around, _LINKS - {"filter"})
        if len(unfiltered) > 1:
            other = unfiltered[1]
            values = {"one": shortened(_text(query, unfiltered[0])), "other": shortened(_text(query, other))}
            yield Advice("cross-product", other.begin, "sometimes", values=values, variant="filter")


def _surrounded(owner: Element, around: frozenset[str]) -> Iterator[tuple[Group, frozenset[str]]]:
    """Every group, with those of its variables that what stands around it mentions too, as far as the next SELECT."""
    for group in owner.groups:
        shared = frozenset() if owner.kind == "select" else around & group.variables
        yield group, shared
        times = Counter(name for element in group.elements for name in element.variables)
        for element in group.elements:
            if element.groups:
                beside = frozenset(name for name in element.variables if times[name] > 1)
                yield from _surrounded(element, (shared & element.variables) | beside)


def _parts(group: Group, around: frozenset[str], links: frozenset[str]) -> list[Element]:
    """The first element of each part of a group that is connected by variables."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := parent.setdefault(name, name)) != name:
            parent[name] = parent[above]
            name = above
        return name

    def tie(variables: frozenset[str]) -> None:
        first, *others = [root(name) for name in variables] or [""]
        for other in others:
            parent[other] = root(first)

    elements = [each for each in group.elements if each.joined and each.variables and each.rows != 1]
    for each in elements:
        tie(each.variables)
    for each in group.elements:
        if each.kind in links:
            tie(each.variables)
    tie(around)
    return list({root(next(iter(each.variables))): each for each in reversed(elements)}.values())[::-1]


def sorts(query: Query) -> Iterator[Advice]:
    """ORDER BY over rows whose number nothing bounds."""
    for select in query.selects():
        order = select.modifiers.get("order")
        if order and "group" not in select.modifiers and not select.groups[0].anchored:
            edits = ((order[0].offset, order[-1].offset + len(order[-1].text), ""),) if select is query.top else ()
            limited = "limit" in select.modifiers
            yield Advice("order-unbounded", order[0].offset, "no", () if limited else edits)


def paths(query: Query) -> Iterator[Advice]:
    """Paths with `?` in them, and paths without a length of which neither end is given."""
    for group, _ in query.groups():
        for triple in group.triples:
            if triple.predicate.kind != "path":
                continue
            values = {"path": shortened(triple.predicate.text)}
            if "?" in triple.predicate.parts:
                yield Advice("path-optional", triple.predicate.offset, "sometimes", values=values)
            if (
                endless(triple)
                and not triple.subject.fixed
                and not triple.object.fixed
                and not _narrowed(group, triple)
            ):
                yield Advice("path-open", triple.predicate.offset, "no", values=values)


def _narrowed(group: Group, triple: Triple) -> bool:
    """Whether another pattern of the group says anything about an end of a path."""
    ends = {triple.subject.value, triple.object.value}
    if any(ends & {term.value for term in each.terms} for each in group.triples if each is not triple):
        return True
    return any(element.kind != "block" and element.joined and element.variables & ends for element in group.elements)


def texts(query: Query) -> Iterator[Advice]:
    """Filters that take every string apart."""
    for group, _ in query.groups():
        for element in group.elements:
            found = _word(element, _TEXTUAL) if element.kind == "filter" else None
            if found is not None and not group.anchored:
                yield Advice("text-filter", found.offset, "no", values={"function": found.text.upper()})


def optionals(query: Query) -> Iterator[Advice]:
    """Several OPTIONALs with more than one pattern in each."""
    for group, _ in query.groups():
        found = [each for each in group.elements if each.kind == "optional" and len(each.groups[0].triples) > 1]
        if len(found) > 1:
            edits = tuple(edit for element in found for edit in _nested(query, element))
            yield Advice("optional-many", found[0].begin, "sometimes", edits, {"count": str(len(found))})


def _nested(query: Query, element: Element) -> tuple[tuple[int, int, str], ...]:
    """`OPTIONAL { a . b }` as `OPTIONAL { a OPTIONAL { b } }`, where that is all there is in it."""
    inner = element.groups[0]
    blocks = inner.elements
    if any(each.kind != "block" or len(each.triples) > 1 for each in blocks) or "_:" in query.text:
        return ()
    parts = [_text(query, each) for each in blocks]
    return ((element.begin, inner.end, " ".join(f"OPTIONAL {{ {part}" for part in parts) + " }" * len(parts)),)


def negations(query: Query) -> Iterator[Advice]:
    """FILTER NOT EXISTS over many rows, which MINUS answers with one table."""
    for group, _ in query.groups():
        for element in group.elements:
            if element.kind == "not exists" and not group.anchored:
                inner = element.groups[0]
                # Equal when the two always share a variable that both bind, and nothing inside looks outside. In what is
                # itself evaluated with values from outside, MINUS would not see them.
                same = (
                    all(each.kind == "block" for each in inner.elements)
                    and bool(inner.certain & group.certain)
                    and not query.within(group, _SUBSTITUTED)
                    and "_:" not in query.text
                )
                minus = f" MINUS {query.text[inner.begin : inner.end]} "
                edits = ((element.begin, element.end, ""), (group.end - 1, group.end - 1, minus)) if same else ()
                yield Advice("not-exists", element.begin, "yes" if same else "sometimes", edits)


def _text(query: Query, element: Element) -> str:
    return query.text[element.begin : element.end].removesuffix(".").strip()


def _word(element: Element, words: frozenset[str]) -> Token | None:
    return next(
        (
            token
            for token in element.tokens
            if token.kind == "word" and token.text.lower() in words and names(element.tokens)
        ),
        None,
    )
