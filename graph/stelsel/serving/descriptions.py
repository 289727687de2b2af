"""What the graph says of one IRI: its statements, its parts, and what points at it, each with its graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stelsel import terms
from stelsel.querying.binding import bind
from stelsel.serving import restoring
from stelsel.serving.answers import Row, Term, query, rows
from stelsel.serving.language import Language
from stelsel.storing import Question, Store

MOST = 1_000
"""How many statements, and how many incoming links, a description holds. The queries ask for one more."""
MOST_COUNTED = 100_000
"""How far incoming links are counted."""
_MOST_NAMED = 2_000

Labels = Mapping[str, Mapping[str, str]]
"""Labels by IRI, then by language tag."""


@dataclass(frozen=True)
class Known:
    """An IRI in the spelling that the graph has, and the roles in which it occurs."""

    iri: str
    as_subject: bool = False
    as_object: bool = False
    as_property: bool = False


@dataclass(frozen=True)
class Description:
    """What is said of an IRI. `statements` and `incoming` hold at most MOST; `links` counts on to MOST_COUNTED + 1."""

    known: Known
    statements: Sequence[Row]
    parts: Sequence[Row]
    incoming: Sequence[Row]
    links: int
    uses: Sequence[Row]
    labels: Labels
    cut: bool


async def find(store: Store, spellings: Sequence[str]) -> Known | None:
    """The first of these spellings that the graph knows, or None."""
    found = await rows(store, bind(query("known"), {"spellings": _terms(spellings)}))
    roles = {row["iri"].value: [row[name].value == "true" for name in _ROLES] for row in found}
    known = [Known(iri, *roles[iri]) for iri in spellings if any(roles.get(iri, ()))]
    # A spelling that has statements of its own says more than one that is merely pointed at.
    return next((one for one in known if one.as_subject), next(iter(known), None))


_ROLES = ("asSubject", "asObject", "asProperty")


async def describe(store: Store, known: Known) -> Description:
    """Everything that a page shows of an IRI. The questions are asked one by one: a page takes one worker, not five."""
    iri = {"iri": terms.iri(known.iri)}
    statements = await rows(store, bind(query("statements"), iri)) if known.as_subject else []
    parts = await rows(store, bind(query("parts"), iri)) if known.as_subject else []
    incoming = await rows(store, bind(query("incoming"), iri)) if known.as_object else []
    links = len(incoming) if len(incoming) <= MOST else await count_links(store, known.iri)
    uses = await rows(store, bind(query("uses"), iri)) if known.as_property else []
    mentioned = _mentioned([*statements[:MOST], *parts[:MOST], *incoming[:MOST], *uses])
    return Description(
        known=known,
        statements=statements[:MOST],
        parts=parts[:MOST],
        incoming=incoming[:MOST],
        links=links,
        uses=uses,
        labels=await name(store, [known.iri, *mentioned]),
        cut=len(statements) > MOST or len(parts) > MOST,
    )


async def count_links(store: Store, iri: str) -> int:
    """How many links point at an IRI, counted no further than MOST_COUNTED + 1."""
    found = await rows(store, bind(query("incoming-count"), {"iri": terms.iri(iri)}))
    return int(found[0]["count"].value)


async def name(store: Store, iris: Iterable[str]) -> Labels:
    """The labels of these IRIs, as far as they have any."""
    things = list(dict.fromkeys(iris))[:_MOST_NAMED]
    if not things:
        return {}
    labels: dict[str, dict[str, str]] = {}
    for row in await rows(store, bind(query("labels"), {"things": _terms(things)})):
        labels.setdefault(row["thing"].value, {}).setdefault(row["label"].language.lower(), row["label"].value)
    return labels


@dataclass(frozen=True)
class Document:
    """The description as a thing of its own: its address, the IRI that was asked for, where to ask for more, and its words."""

    address: str
    asked: str
    endpoint: str
    language: Language


async def rdf_question(store: Store, known: Known, document: Document) -> Question:
    """The question whose answer is the description as RDF, with a remark that says what it leaves out."""
    language = document.language
    links = await count_links(store, known.iri) if known.as_object else 0
    key = "complete" if links <= MOST else "cut" if links <= MOST_COUNTED else "cutMany"
    count, shown = language.number(min(links, MOST_COUNTED)), language.number(min(links, MOST))
    remark = language.text(f"resource.{key}", count=count, shown=shown, sparql=document.endpoint)
    if len(await rows(store, bind(query("statements"), {"iri": terms.iri(known.iri)}))) > MOST:
        remark += " " + language.text("resource.factsLeft", shown=language.number(MOST))
    if document.asked != known.iri:
        remark += " " + language.text("resource.stored", asked=document.asked, stored=known.iri)
    values = {
        "document": terms.iri(document.address),
        "iri": terms.iri(known.iri),
        "remark": f"{terms.quote(remark)}@{language.code}",
    }
    return Question(bind(query("description"), values), datatypes=restoring.ALWAYS)


def _terms(iris: Iterable[str]) -> str:
    return " ".join(map(terms.iri, iris))


def _mentioned(found: Iterable[Row]) -> Iterable[str]:
    for row in found:
        for term in row.values():
            if _nameable(term):
                yield term.value
            elif term.kind == "literal" and term.datatype:
                yield term.datatype


def _nameable(term: Term) -> bool:
    if term.kind != "uri":
        return False
    try:
        terms.iri(term.value)
    except ValueError:  # the store may hold what a query cannot spell; such a term keeps its own text
        return False
    return True
