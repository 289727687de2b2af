"""A clone of a store, changed. It runs in the writer's process; until the clone is put in place nobody reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse

from stelsel.errors import NotFound
from stelsel.names import Names
from stelsel.storing.amending import About, amend, provenance
from stelsel.storing.changes import Effect
from stelsel.storing.description import Counts, count
from stelsel.storing.stewardship import check_apart, keep, quads, skolemise
from stelsel.storing.writer import Job

_FORMATS: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "rdfxml": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
}
_COUNT: Final = "SELECT ?graph (COUNT(?s) AS ?number) WHERE { GRAPH ?graph { ?s ?p ?o } } GROUP BY ?graph"


def apply(job: Job) -> Effect:
    """Clones, changes and closes. Raises SyntaxError, RuntimeError (the change does not fit what is there), NotFound,
    GraphsOverlap, ValueError (what is to be loaded has graphs of its own), MemoryError and OSError.
    """
    Store.read_only(job.source).backup(job.target)
    store = Store(job.target)
    before = {graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode)}
    _run(store, job)
    if job.touched is None:
        effect = Effect(job.graph is None or job.graph in before, _counts(store), ())
    else:
        effect = _steward(store, job, before)
    # What is not flushed is replayed by every reader that opens the store.
    store.flush()
    return effect


def _run(store: Store, job: Job) -> None:
    if job.kind == "update":
        store.update(job.text, base_iri=job.base_iri or None)
        return
    graph = DefaultGraph() if job.graph is None else NamedNode(job.graph)
    if job.kind == "remove":
        if isinstance(graph, NamedNode) and not store.contains_named_graph(graph):
            raise NotFound(f"there is no graph {graph}")
        if isinstance(graph, DefaultGraph):
            store.clear_graph(graph)
        else:
            store.remove_graph(graph)
        return
    if job.kind == "replace":
        store.clear_graph(graph)
    if isinstance(graph, NamedNode):
        store.add_graph(graph)
    for file, name, base_iri in job.parts:
        # Not `load(to_graph=...)`: that puts the graphs which a JSON-LD document names wherever the document says.
        document = parse(
            path=file, format=_FORMATS[name], base_iri=base_iri, without_named_graphs=True, rename_blank_nodes=True
        )
        store.extend(Quad(quad.subject, quad.predicate, quad.object, graph) for quad in document)


def _steward(store: Store, job: Job, before: set[str]) -> Effect:
    """The graphs that were touched, put in order, kept for the edition, and told of in the catalogue."""
    touched = job.touched or []
    _check_confined(store, before | set(touched))
    about = About(**job.about)
    names = Names(about.base)
    counts: dict[str, Counts] = {}
    written = []
    for graph in touched:
        if not store.contains_named_graph(NamedNode(graph)):
            continue
        skolemise(store, graph, f"{names.base}/.well-known/genid/{about.release}-")
        check_apart(store, graph)
        counts[graph] = count(store, graph)
        written.append(keep(quads(store, graph), graph, Path(job.edition)))
    written.append(keep(provenance(names, about), names.catalogue, Path(job.edition)))
    graphs = {graph: counted.triples for graph, counted in counts.items()}
    if amend(store, names, about, touched, counts):
        graphs[names.catalogue] = count(store, names.catalogue).triples
    return Effect(job.graph is None or job.graph in before, graphs, tuple(written))


def _check_confined(store: Store, allowed: set[str]) -> None:
    """A last check on what has been judged already: nothing may be where nothing was to be written."""
    strays = {graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode)} - allowed
    if strays:
        raise ValueError(f"the change would write {min(strays)}, which is not the steward's")
    for quad in store.quads_for_pattern(None, None, None, DefaultGraph()):
        raise ValueError(f"the change would put {quad.triple} in no graph at all")


def _counts(store: Store) -> dict[str, int]:
    solutions = store.query(_COUNT)
    if not isinstance(solutions, QuerySolutions):
        raise TypeError("a SELECT gave no solutions")
    found = {graph.value: 0 for graph in store.named_graphs() if isinstance(graph, NamedNode)}
    for solution in solutions:
        graph, number = solution["graph"], solution["number"]
        if isinstance(graph, NamedNode) and isinstance(number, Literal):
            found[graph.value] = int(number.value)
    return found
