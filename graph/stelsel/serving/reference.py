"""An OpenAPI document made ready to read: operations by tag, with their parameters, answers and an example."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation; `default` and `example` are empty where there is none."""

    name: str
    where: str
    kind: str
    required: bool
    description: str
    default: str
    example: str


@dataclass(frozen=True)
class Operation:
    """One method of one path. `example` is an address to try; empty where an example of a required value is missing."""

    method: str
    path: str
    summary: str
    description: str
    anchor: str
    parameters: tuple[Parameter, ...]
    answers: tuple[tuple[str, str, tuple[str, ...]], ...]
    example: str


def operations(document: Mapping[str, Any]) -> list[tuple[str, list[Operation]]]:
    """The operations of a document by tag, in its own order; an operation without a tag stands under an empty one."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document.get("paths", {}).items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                tag = str(next(iter(operation.get("tags", ())), ""))
                groups.setdefault(tag, []).append(_operation(document, path, method, operation))
    return list(groups.items())


def _operation(document: Mapping[str, Any], path: str, method: str, found: Mapping[str, Any]) -> Operation:
    shared = document["paths"][path].get("parameters", [])
    parameters = tuple(_parameter(document, one) for one in [*shared, *found.get("parameters", [])])
    return Operation(
        method=method.upper(),
        path=path,
        summary=str(found.get("summary") or path),
        description=str(found.get("description", "")),
        anchor=re.sub(r"[^a-z0-9]+", "-", f"{method}{path}".lower()).strip("-"),
        parameters=parameters,
        answers=tuple(_answers(document, found)),
        example=_example(document, path, parameters) if method == "get" else "",
    )


def _parameter(document: Mapping[str, Any], given: Mapping[str, Any]) -> Parameter:
    found = _resolve(document, given)
    schema = _resolve(document, found.get("schema", {}))
    items = _resolve(document, schema.get("items", {}))
    example = found.get("example", schema.get("example", next(iter(schema.get("examples", ())), None)))
    if example is None and isinstance(found.get("examples"), Mapping):
        example = next((one.get("value") for one in found["examples"].values()), None)
    kind = schema.get("format") or schema.get("type") or "string"
    if kind == "array":
        kind = f"{items.get('format') or items.get('type') or 'string'} *"
    choices = schema.get("enum") or items.get("enum")
    return Parameter(
        name=str(found.get("name", "")),
        where=str(found.get("in", "query")),
        kind=" | ".join(map(_text, choices)) if choices else str(kind),
        required=bool(found.get("required", False)),
        description=str(found.get("description", "")),
        default=_text(schema.get("default")),
        example=_text(example),
    )


def _answers(document: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for status, given in found.get("responses", {}).items():
        answer = _resolve(document, given)
        yield str(status), str(answer.get("description", "")), tuple(answer.get("content", {}))


def _example(document: Mapping[str, Any], path: str, parameters: tuple[Parameter, ...]) -> str:
    if any(one.required and not one.example for one in parameters):
        return ""
    for one in parameters:
        if one.where == "path":
            path = path.replace(f"{{{one.name}}}", quote(one.example, safe=""))
    query = [(one.name, one.example) for one in parameters if one.where == "query" and one.example and one.required]
    servers = document.get("servers") or [{"url": ""}]
    return str(servers[0]["url"]).rstrip("/") + path + (f"?{urlencode(query)}" if query else "")


def _resolve(document: Mapping[str, Any], found: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a `$ref` within the document stands for."""
    seen = 0
    while "$ref" in found and seen < 10:
        target: Any = document
        for step in str(found["$ref"]).removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        found, seen = target, seen + 1
    return found


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
