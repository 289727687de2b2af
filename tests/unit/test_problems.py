from __future__ import annotations

import json
import logging

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse

from stelsel import errors
from stelsel.serving.headers import SecurityHeaders
from stelsel.serving.problems import Boundary, HttpProblem, install, problem
from stelsel.serving.sizes import LONGEST_ADDRESS, Sizes

EXPECTED = {
    400: [
        errors.QuerySyntaxError("x", line=1, column=2),
        errors.ParameterError("x", name="a"),
    ],
    403: [errors.QueryRefused("x")],
    404: [errors.NotFound("x")],
    406: [errors.NotAcceptable("x", offered=("text/csv",))],
    413: [HttpProblem("x", status=413)],
    500: [errors.StoreError("x"), errors.Damaged("x"), ValueError("x")],
    503: [errors.NoRelease("x"), errors.Busy("x", retry_after=3), errors.MemoryExceeded("x")],
    504: [errors.DeadlinePassed("x", seconds=20)],
}


@pytest.mark.parametrize(
    ("status", "error"), [(status, error) for status, group in EXPECTED.items() for error in group]
)
def test_an_error_has_its_status_and_a_document_in_standard_form(status, error):
    found = problem(error)
    document = json.loads(found.body)
    assert found.status == document["status"] == status
    assert document["type"].startswith("urn:problem-type:stelsel:")
    assert document["title"]
    assert document["detail"]
    assert found.all_headers()["content-type"] == "application/problem+json"
    assert found.all_headers()["content-language"] == "en"


def test_a_syntax_error_shows_the_line_of_the_query():
    error = errors.QuerySyntaxError("expected }", line=2, column=4)
    document = json.loads(problem(error, query="SELECT * {\n ?s ?p\n").body)
    assert (document["line"], document["column"], document["query_line"]) == (2, 4, " ?s ?p")


def test_a_line_that_the_query_does_not_have_is_left_empty():
    error = errors.QuerySyntaxError("unexpected end", line=9, column=1)
    assert json.loads(problem(error, query="SELECT").body)["query_line"] == ""


def test_each_error_tells_what_a_client_can_act_on():
    assert problem(errors.Busy("x", retry_after=3)).all_headers()["retry-after"] == "3"
    assert json.loads(problem(errors.NotAcceptable("x", offered=("text/csv",))).body)["offered"] == ["text/csv"]
    assert json.loads(problem(errors.ParameterError("x", name="jaar")).body)["parameter"] == "jaar"
    assert json.loads(problem(errors.DeadlinePassed("x", seconds=20)).body)["seconds"] == 20


def test_what_is_ours_to_solve_is_logged_under_an_id_and_told_without_details(caplog):
    with caplog.at_level(logging.ERROR):
        document = json.loads(problem(errors.StoreError("/srv/data/secret is broken")).body)
    assert "secret" not in json.dumps(document)
    assert document["instance"] in caplog.text
    assert "/srv/data/secret is broken" in caplog.text


def test_half_a_surrogate_pair_in_a_message_still_makes_a_document():
    assert json.loads(problem(errors.QuerySyntaxError("\ud800")).body)["detail"] == "?"


@pytest.fixture
def client():
    app = FastAPI()
    install(app)

    @app.get("/number/{number}")
    async def number(number: int) -> int:
        return number

    @app.get("/refused")
    async def refused() -> None:
        raise errors.QueryRefused("no")

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("a secret")

    @app.post("/echo")
    async def echo(body: dict[str, str]) -> dict[str, str]:
        return body

    with TestClient(SecurityHeaders(Boundary(Sizes(app, body=1000)))) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/refused", 405),
        ("GET", "/number/seven", 400),
        ("GET", "/refused", 403),
        ("GET", "/broken", 500),
        ("GET", "/" + "x" * (LONGEST_ADDRESS + 1), 414),
        ("GET", "/?" + "x" * (LONGEST_ADDRESS + 1), 414),
    ],
)
def test_fastapi_answers_with_problem_documents_too(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_method_that_is_not_allowed_says_which_is(client):
    assert client.post("/refused").headers["allow"] == "GET"


def test_a_parameter_that_does_not_fit_is_named(client):
    assert client.get("/number/seven").json()["parameter"] == "number"


@pytest.mark.parametrize("content", [b'{"a":"%s"}' % (b"x" * 2000), iter([b'{"a":"', b"x" * 2000, b'"}'])])
def test_a_body_that_is_too_long_is_refused_whether_its_length_was_told_or_not(client, content):
    answer = client.post("/echo", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


def test_a_short_body_passes(client):
    assert client.post("/echo", json={"a": "b"}).json() == {"a": "b"}


def test_a_page_may_be_stricter_than_the_general_headers():
    app = SecurityHeaders(PlainTextResponse("x", headers={"Content-Security-Policy": "default-src 'none'"}))
    found = TestClient(app).get("/").headers
    assert found["content-security-policy"] == "default-src 'none'"
    assert found["referrer-policy"]
