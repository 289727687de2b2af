from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from stelsel.errors import ParameterError
from stelsel.serving import restoring
from stelsel.storing import Question
from stelsel.storing.datatypes import BOUNDS, restore
from stelsel.storing.embedded import EmbeddedStore
from tinyreleases import answer, release

XSD = "http://www.w3.org/2001/XMLSchema#"
SIZE = NamedNode("http://www.w3.org/ns/dcat#byteSize")
OTHER = NamedNode("http://example.nl/number")
WANTED = {SIZE.value: f"{XSD}nonNegativeInteger"}


def number(text, kind="integer"):
    return Literal(text, datatype=NamedNode(XSD + kind))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Triple(BlankNode("a"), SIZE, number("12")), Triple(BlankNode("a"), SIZE, number("12", "nonNegativeInteger"))),
        (Triple(BlankNode("a"), SIZE, number("0")), Triple(BlankNode("a"), SIZE, number("0", "nonNegativeInteger"))),
    ],
)
def test_an_integer_gets_the_datatype_of_its_property_back(before, after):
    assert list(restore([before], WANTED)) == [after]


@pytest.mark.parametrize(
    ("property", "value"),
    [
        (SIZE, number("-1")),
        (SIZE, number("12.0", "decimal")),
        (SIZE, number("groot")),
        (SIZE, number("9" * 5000)),
        (SIZE, Literal("12")),
        (SIZE, NamedNode("http://example.nl/12")),
        (OTHER, number("12")),
    ],
)
def test_what_does_not_fit_stays_as_wrong_as_it_is(property, value):
    statement = Triple(BlankNode("a"), property, value)
    assert list(restore([statement], WANTED)) == [statement]


@given(st.sampled_from(sorted(BOUNDS)), st.integers(-(2**65), 2**65))
def test_a_restored_integer_is_in_the_bounds_of_its_datatype(datatype, value):
    statement = Triple(BlankNode("a"), SIZE, number(str(value)))
    (found,) = restore([statement], {SIZE.value: datatype})
    least, greatest = BOUNDS[datatype]
    fits = (least is None or value >= least) and (greatest is None or value <= greatest)
    assert (found.object.value, found.object.datatype.value) == (str(value), datatype if fits else f"{XSD}integer")


@pytest.mark.parametrize("name", ["dcat-ap", "http://data.europa.eu/r5r/"])
def test_a_profile_is_asked_for_by_name_or_iri(name):
    assert restoring.asked([("query", "x"), ("_profile", name)]) == restoring.DCAT_AP.datatypes
    assert restoring.asked([("query", "x")]) == ()


def test_a_profile_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(ParameterError, match="dcat-ap"):
        restoring.asked([("_profile", "ods")])


def test_a_profile_asks_for_datatypes_that_can_be_restored():
    assert {datatype for _, datatype in restoring.ALWAYS} <= BOUNDS.keys()


@pytest.mark.parametrize("format", ["turtle", "ntriples", "nquads", "trig", "rdfxml", "jsonld"])
def test_a_worker_restores_in_every_format_and_counts_its_rows_all_the_same(tmp_path, format):
    lines = "".join(
        f'<http://e/{n}> <{SIZE.value}> "{n}"^^<{XSD}nonNegativeInteger> <http://e/g> .\n' for n in range(50)
    )
    release(tmp_path, "r1", lines)
    text = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"

    async def run():
        store = await EmbeddedStore.open(tmp_path / "open/current/oxigraph", release="r1", workers=2)
        try:
            plain = await answer(store, text, format)
            return plain, await answer(store, text, format, question=Question(text, datatypes=restoring.ALWAYS))
        finally:
            await store.close()

    written = {"turtle": RdfFormat.TURTLE, "ntriples": RdfFormat.N_TRIPLES, "nquads": RdfFormat.N_QUADS}
    written |= {"trig": RdfFormat.TRIG, "rdfxml": RdfFormat.RDF_XML, "jsonld": RdfFormat.JSON_LD}
    kinds = [{quad.object.datatype.value for quad in parse(body, written[format])} for body in asyncio.run(run())]
    assert kinds == [{f"{XSD}integer"}, {f"{XSD}nonNegativeInteger"}]
