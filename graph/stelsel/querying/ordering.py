"""Rules about the order in which a query is written, which is the order in which this engine takes it.

The rewrites that are called the same rest on two facts of the algebra (SPARQL 1.1, 18.5). A join may be done in any
order. And `(A OPTIONAL B) join P` is `(A join P) OPTIONAL B` when A binds, in each of its solutions, every variable that
B and P share: then P cannot see whether B matched, nor B whether P did. For MINUS in the place of OPTIONAL the same holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from stelsel.querying.advice import Advice
from stelsel.querying.patterns import Element, Group, Query, Triple

_BARRIERS = frozenset({"optional", "minus"})
_GRAPH = frozenset({"graph"})


def late(query: Query) -> Iterator[Advice]:
    """VALUES, and required patterns, that stand behind an OPTIONAL."""
    for group, _ in query.groups():
        elements = group.elements
        first = next((at for at, element in enumerate(elements) if element.kind == "optional"), None)
        if first is None:
            continue
        stop = next((at for at in range(first, len(elements)) if elements[at].kind == "bind"), len(elements))
        behind = [at for at in range(first, stop) if elements[at].joined and elements[at].variables]
        values = [at for at in behind if elements[at].kind == "values"]
        if values:
            yield _moved(query, group, values, first, "values-late")
        head = Group(group.begin, group.end, elements[:first])
        required = [at for at in behind if at not in values]
        if required and not head.anchored:
            yield _moved(query, group, required, first, "required-late")


def _moved(query: Query, group: Group, late_ones: list[int], first: int, rule: str) -> Advice:
    elements = group.elements
    same = all(_free(elements, at, first) for at in late_ones)
    moved = [elements[at] for at in late_ones]
    what = query.text[moved[0].begin : moved[0].end].removesuffix(".").strip()
    edits: tuple[tuple[int, int, str], ...] = ()
    # A blank node's label cannot stand in two places with a group between them, so such a pattern stays where it is.
    if not any("_:" in query.text[element.begin : element.end] for element in moved):
        texts = [query.text[element.begin : element.end].removesuffix(".").strip() for element in moved]
        begin, dot = _door(group, first, rule)
        edits = ((begin, begin, f"{dot}{' . '.join(texts)} . "), *((each.begin, each.end, "") for each in moved))
    return Advice(
        rule,
        moved[0].begin,
        "yes" if same else "sometimes",
        edits,
        {"pattern": shortened(what)},
        variant="" if same else "shared",
    )


def _door(group: Group, first: int, rule: str) -> tuple[int, str]:
    """Where late patterns come in, and what must stand before them: VALUES first of all, others before the OPTIONAL."""
    head = group.elements[:first]
    if rule == "values-late" and not any(element.kind in {"bind", "minus"} for element in head):
        return group.begin + 1, " "
    open_block = bool(head) and head[-1].kind == "block" and not head[-1].dotted
    return group.elements[first].begin, ". " if open_block else ""


def _free(elements: tuple[Element, ...], at: int, first: int) -> bool:
    """Whether an element can go before the first OPTIONAL with the answer unchanged."""
    certain: frozenset[str] = frozenset()
    for place, element in enumerate(elements[:at]):
        if place >= first and element.kind in _BARRIERS and not elements[at].variables & element.variables <= certain:
            return False
        certain |= element.certain if element.joined else frozenset()
    return True


def path_late(query: Query) -> Iterator[Advice]:
    """A path of any length from a given node, beside other patterns of what it finds: they are asked again and again."""
    for group, _ in query.groups():
        for element in group.elements:
            found = (_path_apart(query, group, element, each) for each in element.triples if _walks(each))
            yield from (advice for advice in found if advice is not None)


def _walks(triple: Triple) -> bool:
    ends = {triple.subject.kind, triple.object.kind}
    return endless(triple) and (triple.subject.fixed or triple.object.fixed) and "variable" in ends


def _path_apart(query: Query, group: Group, element: Element, triple: Triple) -> Advice | None:
    end = triple.object if triple.object.kind == "variable" else triple.subject
    others = [each for each in group.triples if each is not triple]
    if not any(end.value in {term.value for term in each.terms if term.kind == "variable"} for each in others):
        return None
    edits: tuple[tuple[int, int, str], ...] = ()
    # A subquery would part what one blank node joins, and it would lose which graph of GRAPH ?g it is about.
    if len(element.triples) == 1 and "_:" not in query.text and not query.within(group, _GRAPH):
        inner = query.text[element.begin : element.end].removesuffix(".").strip()
        edits = ((element.begin, element.end, f"{{ SELECT {end.text} {{ {inner} }} }}"),)
    return Advice("path-late", triple.predicate.offset, "yes", edits, {"path": shortened(triple.predicate.text)})


def endless(triple: Triple) -> bool:
    """Whether a triple pattern is a path with `*` or `+` in it."""
    return triple.predicate.kind == "path" and any(part in {"*", "+"} for part in triple.predicate.parts)


def shortened(text: str) -> str:
    """A piece of a query on one line of at most 80 characters."""
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:79]}\u2026"
