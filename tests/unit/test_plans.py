from __future__ import annotations

import asyncio
import signal
import time

import pytest

from stelsel.errors import QuerySyntaxError
from stelsel.querying.plans import read_plan
from stelsel.serving.planning import Planner, _Ended, _failed

PREFIXES = {"bag": "http://bag.basisregistraties.overheid.nl/def/bag#"}
BAG = "PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>\n"


@pytest.fixture(scope="module")
def plan():
    with asyncio.Runner() as runner:
        planner = Planner("http://localhost:8000/")
        yield lambda text: runner.run(planner.plan(text, PREFIXES))
        planner.close()


def lines(planned):
    assert planned.plan is not None, planned.why_not("en")
    return planned.plan.lines()


def test_a_plan_is_the_engines_own_in_words(plan):
    text = f"{BAG}SELECT ?p (COUNT(*) AS ?n) {{ ?v a bag:X ; bag:deel ?p OPTIONAL {{ ?v bag:doel ?d }} }} GROUP BY ?p"
    assert lines(plan(text)) == [
        "give ?p, ?n",
        "  compute ?(1) -> ?n",
        "    group and count: ?p, COUNT(*) -> ?(1)",
        "      for each row of the first: the second, where there is one (OPTIONAL)",
        "        for each row of the first: the second",
        "          find ?v a bag:X",
        "          find ?v bag:deel ?p",
        "        find ?v bag:doel ?d",
    ]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (
            "SELECT * { { SELECT ?a { ?a bag:p ?b } } { SELECT ?c { ?c bag:q ?d } } }",
            "every row of the first with every row of the second",
        ),
        ("SELECT * { ?a bag:p ?b MINUS { ?a bag:q ?c } }", "MINUS on ?a with a table in memory"),
        ("CONSTRUCT { ?a bag:p ?b } WHERE { ?a bag:p/bag:q ?b }", "find ?a bag:p "),
        ("DESCRIBE <http://e/>", "given rows"),
        ("ASK { ?a <bag> ?b }", "find ?a <http://localhost:8000/bag> ?b"),
    ],
)
def test_every_form_has_a_plan(plan, text, step):
    assert any(line.strip().startswith(step) for line in lines(plan(BAG + text)))


def test_what_does_not_end_without_data_is_told_and_ended(plan):
    product = " ".join(f"VALUES ?v{i} {{ {'1 ' * 30} }}" for i in range(9))
    began = time.monotonic()
    planned = plan(f"SELECT (COUNT(*) AS ?n) {{ {product} }}")
    assert planned.plan is None
    assert planned.why_not("en") == "the query does not end within 1 s, even without any data: it will not end here"
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("code", "said", "reason", "why"),
    [
        (None, "", "busy", "the plan was not ready in 4 s; the service is busy, ask again"),
        (-signal.SIGXCPU, "", "late", "the query does not end within 1 s, even without any data: it will not end here"),
        (
            -signal.SIGABRT,
            "memory allocation failed",
            "large",
            "the query takes more than 1000 MB of memory, even without any data",
        ),
        (1, "Error: odd\n at 1", "failed", "Error: odd"),
    ],
)
def test_a_plan_that_is_not_there_has_its_reason(code, said, reason, why):
    planned = _failed(_Ended(code, said))
    assert (planned.reason, planned.why_not("en")) == (reason, why)


def test_the_engine_says_where_it_stopped_reading(plan):
    with pytest.raises(QuerySyntaxError) as caught:
        plan("SELECT * {\n ?s ?p }")
    assert (caught.value.line, caught.value.column) == (2, 9)


def test_a_plan_goes_to_no_other_service(plan):
    assert plan("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }").reason == "service"


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    planner = Planner("http://localhost:8000/")

    async def several():
        await asyncio.gather(*(planner.plan("ASK { ?a ?b ?c }", {}) for _ in range(5)))

    asyncio.run(several())
    (folder,) = tmp_path.iterdir()
    assert [path.name for path in folder.iterdir()] == ["empty"]
    planner.close()
    assert list(tmp_path.iterdir()) == []


def test_without_the_command_there_is_no_plan_and_a_reason(monkeypatch):
    monkeypatch.setattr("stelsel.serving.planning._command", lambda: None)
    planned = asyncio.run(Planner("http://localhost:8000/").plan("ASK {}", {}))
    assert "is not installed" in planned.why_not("en")


def test_a_step_that_is_not_known_keeps_the_engines_name():
    node = {"name": "NewStep(?a)", "children": [{"name": "Odd", "children": []}]}
    assert read_plan({"plan": node}, {}).lines() == ["NewStep ?a", "  Odd"]


def test_a_plan_without_end_is_cut():
    node = {"name": "Union", "children": []}
    for _ in range(200):
        node = {"name": "Union", "children": [node]}
    assert read_plan({"plan": node}, {}).lines()[-1].strip() == "\u2026"


def test_where_there_is_no_room_there_is_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    planned = asyncio.run(Planner("http://localhost:8000/").plan("ASK { }", {}))
    assert planned.reason == "failed"
    assert "nowhere" in planned.why_not("en")
