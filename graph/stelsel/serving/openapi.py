"""The curated queries as an OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from stelsel.names import Names
from stelsel.querying.curated import CuratedQuery
from stelsel.querying.parameters import TYPES, Parameter, Text
from stelsel.querying.results import Column
from stelsel.serving.problems import MEDIA_TYPE
from stelsel.storing.formats import formats

VERSION: Final = "1.0.0"
"""Of the API (semantic versioning); the first number stands in its address."""
PREFIX: Final = "/api/v1"

_PROBLEMS: Final = {
    "400": "Een parameter is fout of onbekend; een problem document zegt welke",
    "404": "Er is niet zo'n object in de editie die wordt geserveerd",
    "406": "Geen van de formaten past",
    "500": "Er ging iets mis aan onze kant",
    "503": "De dienst is even te druk, of er is nog geen release",
    "504": "Het antwoord kwam niet op tijd klaar",
}
_HEADERS: Final = {
    "API-Version": {"description": "Versie van de API", "schema": {"type": "string"}},
    "ETag": {"description": "Kenmerk van dit antwoord", "schema": {"type": "string"}},
    "Stelsel-Release": {"description": "De release die antwoordt", "schema": {"type": "string"}},
}
_NEXT: Final = {"Link": {"description": 'rel="next": de volgende pagina', "schema": {"type": "string"}}}
_PROBLEM: Final = {
    "type": "object",
    "description": "Problem document (RFC 9457)",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "parameter": {"type": "string", "description": "De parameter die fout is"},
    },
}
_LINKS: Final = {
    "type": "object",
    "required": ["self"],
    "properties": {name: {"$ref": "#/components/schemas/Link"} for name in ("self", "next")},
}
_LINK: Final = {"type": "object", "required": ["href"], "properties": {"href": {"type": "string", "format": "uri"}}}


def document(queries: Sequence[CuratedQuery], names: Names, contact: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The document. `contact` has name, email and url; without it, the service itself is named."""
    paths: dict[str, Any] = {}
    for query in sorted(queries, key=lambda query: query.path):
        paths[query.path] = {"get": _operation(query)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stelsel",
            "description": "Vragen aan de basisregistraties, met getypeerde antwoorden. Afgeleid van de registraties; "
            "de registraties zelf zijn authentiek.",
            "version": VERSION,
            "contact": dict(contact or {"name": "Stelsel", "url": names.root}),
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": f"{names.base}{PREFIX}", "description": "Deze dienst"}],
        "tags": [{"name": tag} for tag in sorted({tag for query in queries for tag in query.tags})],
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM, "Links": _LINKS, "Link": _LINK}},
    }


def _operation(query: CuratedQuery) -> dict[str, Any]:
    declared = query.declared
    found: dict[str, Any] = {
        "operationId": "".join(part.capitalize() for part in query.name.replace("/", "-").split("-")),
        "summary": query.summary.nl,
        "description": query.description.nl or query.summary.nl,
        "tags": list(query.tags),
        "parameters": [*(_parameter(p, p.name in declared.path_names) for p in query.parameters), _format(query)],
        "responses": {
            "200": {
                "description": query.summary.nl,
                "headers": _HEADERS | (_NEXT if declared.paging else {}),
                "content": _content(query),
            },
            "304": {"description": "Niet veranderd sinds het antwoord met deze ETag"},
        }
        | {
            status: {"description": said, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
            for status, said in _PROBLEMS.items()
        },
    }
    if declared.deprecated:
        found["deprecated"] = True
    return found


def _parameter(parameter: Parameter, in_path: bool) -> dict[str, Any]:  # noqa: FBT001 - one caller, next to it
    schema: dict[str, Any] = dict(TYPES[parameter.type])
    if parameter.type in {"string", "iri"}:
        schema["maxLength"] = parameter.max_length
    if parameter.pattern and (in_path or parameter.template is None):
        schema["pattern"] = f"^(?:{parameter.pattern.pattern})$"
    if parameter.default == "" and "pattern" in schema:
        schema["pattern"] = f"^(?:{parameter.pattern.pattern if parameter.pattern else ''})?$"
    if parameter.values:
        schema["enum"] = list(parameter.values)
    for key, bound in (("minimum", parameter.minimum), ("maximum", parameter.maximum)):
        if bound is not None and schema["type"] in {"integer", "number"}:
            schema[key] = as_json(parameter, bound)
    if parameter.default is not None:
        schema["default"] = as_json(parameter, parameter.default)
    found: dict[str, Any] = {
        "name": parameter.name,
        "in": "path" if in_path else "query",
        "description": parameter.description.nl or parameter.name,
        "required": parameter.required,
        "schema": {"type": "array", "items": schema} if parameter.many else schema,
    }
    if parameter.example is not None:
        example = as_json(parameter, parameter.example)
        found["example"] = [example] if parameter.many else example
    return found


def as_json(parameter: Parameter, text: str) -> Any:
    """A value of a parameter as its JSON Schema has it."""
    readers: dict[str, Any] = {"integer": int, "number": float, "boolean": lambda given: given == "true"}
    return readers.get(str(TYPES[parameter.type]["type"]), str)(text)


def _format(query: CuratedQuery) -> dict[str, Any]:
    return {
        "name": "f",
        "in": "query",
        "description": "Formaat van het antwoord; gaat voor de Accept-header",
        "required": False,
        "schema": {"type": "string", "enum": list(media_types(query))},
    }


def media_types(query: CuratedQuery) -> dict[str, str]:
    """Names of the formats that a query's answer is given in, and their media types; the first is the default."""
    if query.form == "select":
        return {"json": "application/json", "csv": "text/csv", "srj": "application/sparql-results+json"}
    return {one.name: one.media_type for one in formats("graph")}


def _content(query: CuratedQuery) -> dict[str, Any]:
    plain: dict[str, Any] = {"type": "string"}
    found: dict[str, Any] = {media_type: {"schema": plain} for media_type in media_types(query).values()}
    if query.form == "select":
        found["application/json"] = {"schema": schema(query)}
        found["application/sparql-results+json"] = {"schema": {"type": "object"}}
    return found


def schema(query: CuratedQuery) -> dict[str, Any]:
    """The JSON Schema of a query's answer as JSON."""
    item = _item(query.returns)
    if query.declared.single:
        return item
    return {
        "type": "object",
        "required": ["_links", "items"],
        "properties": {"_links": {"$ref": "#/components/schemas/Links"}, "items": {"type": "array", "items": item}},
        "additionalProperties": False,
    }


def _item(columns: Iterable[Column]) -> dict[str, Any]:
    columns = list(columns)
    return {
        "type": "object",
        "required": [column.name for column in columns if not column.optional or column.many],
        "properties": {column.name: _column(column) for column in columns},
        "additionalProperties": False,
    }


def _column(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = dict(TYPES[column.type])
    if column.type == "iri":
        found["format"] = "iri"
    if column.many:
        found = {"type": "array", "items": found}
    said = _said(column)
    return found | ({"description": said} if said else {})


def _said(column: Column) -> str:
    meaning: Text = column.description
    return ". ".join(filter(None, (meaning.nl, f"Betekenis: {column.property}" if column.property else "")))
