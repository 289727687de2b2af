"""Deliveries to editions, through the function that the command line calls; bad ones through the command line itself."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from bagxml import added, changed, pand, stand, voorkomen
from bagxml import mutations as mutation_document
from stelsel.errors import DeliveryError, InputError
from stelsel.home import open_home
from stelsel.loading.rows import read_lines
from stelsel.loading.run import Outcome, load
from stelsel.settings import read_settings
from stelsel.storing.editions import edition_path, editions

HOME = open_home()
BAG = "http://bag.basisregistraties.overheid.nl/def/bag#"


def packed(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def written(folder: Path, files: dict[str, bytes], name: str = "delivery.zip") -> Path:
    file = folder / name
    file.write_bytes(packed(files))
    return file


def loaded(data: Path, *paths: Path, processes: int = 1, accept: bool = False) -> Outcome:
    settings = read_settings({"data": data, "processes": processes}, {})
    return load("bag", list(paths), home=HOME, settings=settings, accept=accept, progress=lambda *_: None)


def stored(data: Path, outcome: Outcome) -> Store:
    store = Store()
    folder = edition_path(data, outcome.edition)
    for graph in outcome.edition.graphs:
        store.load(b"".join(read_lines(folder / graph.file)), RdfFormat.N_QUADS)
    return store


def ask(store: Store, pattern: str) -> int:
    prefixes = f"PREFIX bag: <{BAG}> PREFIX def: <http://localhost:8000/def/> PREFIX dct: <http://purl.org/dc/terms/>"
    query = f"{prefixes} SELECT (COUNT(*) AS ?n) {{ {pattern} }}"
    (row,) = store.query(query, use_default_graph_as_union=True)
    return int(row["n"].value)


@pytest.fixture(scope="module")
def real(weesp, tmp_path_factory) -> tuple[Path, Outcome, Store]:
    data = tmp_path_factory.mktemp("weesp")
    outcome = loaded(data, weesp, processes=2)
    return data, outcome, stored(data, outcome)


@pytest.mark.parametrize(("pattern", "number"), [
    ("?x a bag:Nummeraanduiding", 12_694),
    ("?x a bag:Verblijfsobject", 12_509),
    ("?x a bag:Pand", 12_899),
    ("?x a bag:OpenbareRuimte", 321),
    ("?x a bag:Ligplaats", 167),
    ("?x a bag:Standplaats", 13),
    ("?x a bag:Voorkomen", 66_073),
    ("?x a def:NietBagVoorkomen", 926 + 14 + 4 + 12),
    ("{ SELECT DISTINCT ?p { ?x bag:maaktDeelUitVan ?p . ?x a bag:Verblijfsobject } }", 7_510),
    ("{ SELECT DISTINCT ?p { ?x bag:maaktDeelUitVan ?p . ?x a bag:Verblijfsobject . ?p a bag:Pand } }", 7_509),
    ("{ SELECT ?x { ?x a bag:Verblijfsobject ; bag:maaktDeelUitVan ?p } GROUP BY ?x HAVING(COUNT(*) > 1) }", 173),
    ("{ SELECT ?x { ?x a bag:Verblijfsobject ; bag:gebruiksdoel ?d } GROUP BY ?x HAVING(COUNT(*) > 1) }", 442),
    ("{ SELECT DISTINCT ?x { ?x a bag:Verblijfsobject ; bag:nevenadres ?a } }", 4),
    ("?w a bag:Woonplaats ; bag:identificatie '1012' ; bag:status <http://bag.basisregistraties.overheid.nl/id/begrip/WoonplaatsIngetrokken>", 1),
    ("<http://bag.basisregistraties.overheid.nl/bag/id/woonplaats/3631> def:gemeente <https://identifier.overheid.nl/tooi/id/gemeente/gm0457>", 1),
])  # fmt: skip
def test_weesp_holds_what_its_source_counts(real, pattern, number):
    assert ask(real[2], pattern) == number


def test_weesp_is_mapped_whole(real):
    tables = real[1].edition.tables
    assert sum(tables[name].read for name in tables if name not in {"onderzoek", "gemeente-woonplaats"}) == 66_073 + 956
    assert all(count.read == count.mapped and not count.refused for count in tables.values())
    assert real[1].edition.date.isoformat() == "2021-10-15"


def test_the_dangling_pand_of_weesp_is_in_the_report(real):
    """One pand that verblijfsobjecten lie in is not in the delivery."""
    _, outcome, store = real
    (shape,) = (shape for shape in outcome.edition.violations if shape.endswith("Verblijfsobject-maaktDeelUitVan"))
    assert outcome.edition.violations[shape] == 1
    pattern = "GRAPH <http://localhost:8000/graph/validatie/bag> { ?r <http://www.w3.org/ns/shacl#value> ?pand } ?x bag:maaktDeelUitVan ?pand . FILTER NOT EXISTS { ?pand a bag:Pand }"
    assert ask(store, pattern) >= 1


def test_weesp_as_known_and_valid_is_one_state_an_object_whatever_the_moments(real):
    """The rule for both times gives at most one voorkomen an object, on moments between and on the changes."""
    rule = """
      PREFIX nen3610: <http://modellen.geostandaarden.nl/def/nen3610#>
      PREFIX dct: <http://purl.org/dc/terms/>
      PREFIX def: <http://localhost:8000/def/>
      PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
      SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?o) AS ?m) {
        ?v a <http://bag.basisregistraties.overheid.nl/def/bag#Voorkomen> ; dct:isVersionOf ?o ; nen3610:tijdstipRegistratie ?t ; nen3610:beginGeldigheid ?g .
        OPTIONAL { ?v def:tijdstipInactief ?i } OPTIONAL { ?v nen3610:eindRegistratie ?u ; nen3610:eindGeldigheid ?e }
        FILTER(?t <= BEKEND && !(BOUND(?i) && ?i <= BEKEND) && ?g <= GELDIG && !(BOUND(?e) && ?u <= BEKEND && ?e <= GELDIG))
      }"""
    for known, valid in (
        ("2015-12-20T00:00:00", "2015-12-20"),
        ("2021-10-15T00:00:00", "2013-06-01"),
        ("2012-01-01T00:00:00", "2021-01-01"),
    ):
        query = rule.replace("BEKEND", f'"{known}"^^xsd:dateTime').replace("GELDIG", f'"{valid}"^^xsd:date')
        (row,) = real[2].query(query, use_default_graph_as_union=True)
        assert row["n"] == row["m"]
        assert int(row["n"].value) > 25_000


@pytest.mark.slow
def test_the_national_mutations_leave_weesp_alone_and_say_what_is_missing(real, mutations):
    data, before, _ = real
    outcome = loaded(data, mutations, processes=2)
    assert outcome.tally.applied == 0
    assert outcome.tally.elsewhere == 11_010
    assert outcome.edition.date.isoformat() == "2021-11-14"
    assert "mutations from 2021-10-15 to 2021-11-13 were not delivered" in outcome.edition.warnings[0]
    for name in ("pand", "verblijfsobject", "nummeraanduiding"):
        assert outcome.edition.tables[name] == before.edition.tables[name]
    again = loaded(data, mutations)
    assert not again.fresh
    assert again.edition.id == outcome.edition.id


@pytest.mark.slow
def test_one_process_or_two_give_the_same_bytes(weesp, real, tmp_path):
    one = loaded(tmp_path, weesp, processes=1)
    for graph in one.edition.graphs:
        if graph.file.startswith("quads/bag"):
            files = [
                edition_path(data, outcome.edition) / graph.file
                for data, outcome in ((tmp_path, one), (real[0], real[1]))
            ]
            assert len({hashlib.sha256(file.read_bytes()).digest() for file in files}) == 1


@pytest.mark.slow
def test_a_delivery_of_the_country_with_junk_in_it(shared, tmp_path):
    """It was cut down by hand, and two nummeraanduidingen stand in it twice: that is seen, and may be accepted."""
    source = shared / "data/bag/gem-0221-doesburg/BAGNLDL-15092020-small.zip"
    with pytest.raises(
        DeliveryError, match=r"0221NUM15092020-000001\.xml: nummeraanduiding 0221200000330998 1: .*twice"
    ):
        loaded(tmp_path, source, processes=2)
    outcome = loaded(tmp_path, source, processes=2, accept=True)
    tables = outcome.edition.tables
    assert tables["openbare-ruimte"].read == 201
    assert outcome.edition.areas == ("0221",)
    assert not sum(count.refused for count in tables.values())


def test_the_pand_with_broken_geometry_loads_without_it(shared, tmp_path):
    outcome = loaded(tmp_path, shared / "data/bag/gem-0221-doesburg/pand-gml-bad.xml")
    assert outcome.edition.tables["pand"].reported == 1
    # This voorkomen has ended, so it is in the history only.
    assert (
        ask(stored(tmp_path, outcome), "?p a bag:Voorkomen ; bag:identificatie '0147100000016964' ; bag:status ?s") == 1
    )
    (line,) = list(read_lines(edition_path(tmp_path, outcome.edition) / "problems.jsonl.zst"))
    assert b"0147100000016964" in line
    assert b"Self-intersection" in line


def test_a_mutation_gives_what_a_full_extract_of_that_day_would(tmp_path):
    ended = pand(when=voorkomen(1, end="2021-10-16", ended="2021-10-16T09:00:00.000"))
    second = pand(status="Pand gesloopt", when=voorkomen(2, begin="2021-10-16", registered="2021-10-16T09:00:00.000"))
    future = pand("0457100000000003", when=voorkomen(1, begin="2021-10-16", registered="2021-10-01T09:00:00.000"))
    by_mutation, by_extract = tmp_path / "a", tmp_path / "b"
    loaded(by_mutation, written(tmp_path, {"a.xml": stand(pand(), future)}))
    changes = mutations_zip(tmp_path, changed(pand(), ended) + added(second))
    one = loaded(by_mutation, changes)
    two = loaded(by_extract, written(tmp_path, {"a.xml": stand(ended, second, future, day="2021-10-16")}, "full.zip"))
    graphs = [
        {
            quad
            for graph in ("bag", "bag/historie")
            for quad in store.quads_for_pattern(None, None, None, NamedNode(f"http://localhost:8000/graph/{graph}"))
        }
        for store in (stored(by_mutation, one), stored(by_extract, two))
    ]
    assert graphs[0] == graphs[1]
    assert len(graphs[0]) > 20


def mutations_zip(folder: Path, *changes: str) -> Path:
    return written(folder, {"m.xml": mutation_document(*changes)}, "mutations.zip")


def test_a_mutation_needs_an_edition(tmp_path):
    with pytest.raises(DeliveryError, match="load a full extract first"):
        loaded(tmp_path / "data", mutations_zip(tmp_path, added(pand())))


def test_the_same_delivery_twice_is_one_edition(tmp_path):
    source = written(tmp_path, {"a.xml": stand(pand())})
    first, second = loaded(tmp_path / "data", source), loaded(tmp_path / "data", source)
    assert (first.fresh, second.fresh) == (True, False)
    assert first.edition.id == second.edition.id


def test_a_refused_record_stops_the_load_unless_it_is_accepted(tmp_path):
    source = written(tmp_path, {"a.xml": stand(pand(), pand("0457100000000002", status="Pand ontploft"))})
    with pytest.raises(DeliveryError, match=r"a\.xml, line 2: pand 0457100000000002 1: status: 'Pand ontploft'"):
        loaded(tmp_path / "data", source)
    assert not editions(tmp_path / "data", "bag")
    outcome = loaded(tmp_path / "data", source, accept=True)
    assert (outcome.edition.tables["pand"].mapped, outcome.edition.tables["pand"].refused) == (1, 1)


GOOD = stand(pand())
BAD = {
    "not a zip": (b"hello, I am no zip", "is not a complete zip"),
    "a truncated zip": (packed({"a.xml": GOOD})[:-40], "is not a complete zip"),
    "an empty file": (b"", "is an empty file"),
    "an empty document": (packed({"a.xml": b""}), r"a\.xml: is an empty file"),
    "another register": (packed({"data.csv": b"a;b"}), r"data\.csv: is no file that bag knows \(it expects \*\.xml\)"),
    "another document": (packed({"a.xml": b"<FeatureCollection/>"}), "which is no bag delivery"),
    "another namespace": (packed({"a.xml": GOOD.replace(b"v20200601", b"v20300601")}), "which is no bag delivery"),
    "half a document": (packed({"a.xml": GOOD[:-200]}), r"a\.xml: is not well-formed XML.*line 2"),
    "an identification that breaks its pattern": (packed({"a.xml": stand(pand("45710000000001"))}), r"a\.xml, line 2: pand 45710000000001 1: identificatie"),
    "a date that cannot be": (packed({"a.xml": stand(pand(when=voorkomen(begin="2021-02-29")))}), "0457100000000001 1: beginGeldigheid: '2021-02-29' is not a date"),
    "a record twice": (packed({"a.xml": stand(pand()), "b.xml": stand(pand())}), r"a\.xml and .*b\.xml: pand 0457100000000001 1: the delivery holds this record twice"),
    "a delivery without a date": (packed({"a.xml": GOOD.replace(b"StandTechnischeDatum", b"OtherDatum")}), "does not say its date"),
    "a delivery of no day": (packed({"a.xml": stand(pand(), day="2021-13-01")}), "says its date is '2021-13-01'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_named_and_what_was_there_stays(kind, tmp_path):
    content, says = BAD[kind]
    data = tmp_path / "data"
    good = loaded(data, written(tmp_path, {"a.xml": GOOD}))
    source = tmp_path / "bad.zip"
    source.write_bytes(content)
    with pytest.raises(InputError, match=says):
        loaded(data, source)
    assert [edition.id for edition in editions(data, "bag")] == [good.edition.id]
    assert not any((data / "staging").iterdir())


def stelsel(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "stelsel", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def test_the_command_line_says_it_in_a_sentence_and_fails(tmp_path):
    source = tmp_path / "bad.zip"
    source.write_bytes(BAD["half a document"][0])
    done = stelsel("load", "bag", str(source), "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "a.xml: is not well-formed XML" in done.stderr


def test_an_unknown_register_is_answered_with_those_there_are(tmp_path):
    done = stelsel("load", "bga", str(tmp_path), "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "there is no register 'bga'; there are: bag" in done.stderr


def test_an_unknown_setting_is_named(tmp_path):
    done = stelsel("status", "--data", str(tmp_path), STELSEL_DTA="x")
    assert done.returncode == 1
    assert "STELSEL_DTA is not a setting" in done.stderr
