from __future__ import annotations

from stelsel.serving.reference import operations

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "API", "version": "1.0.0"},
    "servers": [{"url": "http://localhost:8000/api/v1"}],
    "paths": {
        "/panden/{identificatie}": {
            "parameters": [{"$ref": "#/components/parameters/taal"}],
            "get": {
                "tags": ["bag"],
                "summary": "Pand",
                "parameters": [
                    {
                        "name": "identificatie",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string"},
                        "example": "0457/1",
                    },
                    {"name": "minimum", "in": "query", "schema": {"type": "integer", "default": 0}},
                    {"name": "status", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
                ],
                "responses": {
                    "200": {"description": "Het pand", "content": {"application/json": {}, "text/csv": {}}},
                    "404": {"$ref": "#/components/responses/weg"},
                },
            },
        },
        "/adressen": {
            "get": {
                "summary": "Adressen",
                "parameters": [
                    {
                        "name": "postcode",
                        "in": "query",
                        "required": True,
                        "schema": {"type": "string", "examples": ["1399 ZA"]},
                    },
                    {"name": "huisnummer", "in": "query", "required": True, "schema": {"type": "integer"}},
                ],
                "responses": {},
            }
        },
    },
    "components": {
        "parameters": {"taal": {"name": "taal", "in": "query", "schema": {"type": "string"}, "description": "De taal"}},
        "responses": {"weg": {"description": "Niet gevonden"}},
    },
}


def test_operations_stand_by_their_tag_in_the_order_of_the_document():
    assert [(tag, [one.path for one in group]) for tag, group in operations(DOCUMENT)] == [
        ("bag", ["/panden/{identificatie}"]),
        ("", ["/adressen"]),
    ]


def test_parameters_are_told_with_what_they_take():
    (_, [pand]), _ = operations(DOCUMENT)
    told = {one.name: (one.where, one.kind, one.required, one.default) for one in pand.parameters}
    assert told == {
        "taal": ("query", "string", False, ""),
        "identificatie": ("path", "string", True, ""),
        "minimum": ("query", "integer", False, "0"),
        "status": ("query", "a | b", False, ""),
    }
    assert pand.answers == (("200", "Het pand", ("application/json", "text/csv")), ("404", "Niet gevonden", ()))


def test_an_example_is_an_address_that_works():
    (_, [pand]), _ = operations(DOCUMENT)
    assert pand.example == "http://localhost:8000/api/v1/panden/0457%2F1"


def test_there_is_no_example_where_a_required_value_has_none():
    _, (_, [adressen]) = operations(DOCUMENT)
    assert not adressen.example


def test_an_empty_document_has_no_operations():
    assert operations({}) == []
