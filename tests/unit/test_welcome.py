from __future__ import annotations

import asyncio
from datetime import date

from stelsel.errors import DeadlinePassed
from stelsel.home import open_home
from stelsel.serving.facts import Reader
from stelsel.serving.language import language
from stelsel.serving.linking import read_links
from stelsel.serving.welcome import Census, others, shelves
from village import NAMES, RELEASE, village

LINKS = read_links(NAMES, open_home())
TODAY = date(2026, 1, 8)


def test_classes_are_counted_once_a_release_however_many_come():
    store = village()
    census = Census(store, NAMES)

    async def crowd():
        return await asyncio.gather(*(census.counts() for _ in range(10)))

    first, *_ = asyncio.run(crowd())
    counting = [question for question in store.questions if "GROUP BY" in question]
    assert len(counting) == 1
    assert (
        first.by_graph[NAMES.graph("bag")]["http://bag.basisregistraties.overheid.nl/def/bag#Nummeraanduiding"] == 1_200
    )
    store.release = "next"
    asyncio.run(census.counts())
    assert sum("GROUP BY" in question for question in store.questions) == 2


def test_a_count_that_takes_too_long_is_left_out_and_not_tried_again_for_this_release():
    store = village()
    store.fails = DeadlinePassed("out of time", seconds=10)
    census = Census(store, NAMES)
    assert not asyncio.run(census.counts()).known
    assert not asyncio.run(census.counts()).known
    assert len(store.questions) == 1


def test_a_register_stands_with_its_age_its_graphs_and_its_classes():
    counts = asyncio.run(Census(village(), NAMES).counts())
    [bag] = shelves(RELEASE, counts, Reader(language("en"), LINKS, counts.labels), TODAY)
    assert bag.title == "Key Register Addresses and Buildings (BAG)"
    assert bag.age == "1 month old"
    assert bag.graphs == [(NAMES.graph("bag"), 8_450), (NAMES.graph("bag", "historie"), 7)]
    assert [(name.label, count) for name, count in bag.classes[:1]] == [("number designation", 1_200)]


def test_graphs_of_no_register_stand_apart():
    assert others(RELEASE, LINKS) == [(NAMES.catalogue, 13), (NAMES.ontology("bag"), 30)]


def test_counts_come_from_the_catalogue_where_it_has_them():
    store = village()
    bag = NAMES.graph("bag")
    partition = f"""<{bag}> <http://rdfs.org/ns/void#classPartition> <{NAMES.root}id/partitie/1> .
        <{NAMES.root}id/partitie/1> <http://rdfs.org/ns/void#class> <http://example.org/K> ; <http://rdfs.org/ns/void#entities> 7 ."""
    store.load({NAMES.catalogue: partition}, NAMES.root)
    counts = asyncio.run(Census(store, NAMES).counts())
    assert counts.by_graph == {bag: {"http://example.org/K": 7}}
    assert not any("GROUP BY" in question for question in store.questions)
