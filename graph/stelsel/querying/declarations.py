"""What the header of a curated query declares: its place, its parameters, its columns, its pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from stelsel.errors import ParameterError
from stelsel.querying.header import Fields
from stelsel.querying.parameters import LONGEST, TYPES, Parameter, Text, Type
from stelsel.querying.results import Column
from stelsel.terms import IriTemplate, iri

KEYS: Final = frozenset(
    [
        "summary",
        "description",
        "tags",
        "method",
        "path",
        "parameters",
        "returns",
        "single",
        "paging",
        "most",
        "cache",
        "deprecated",
        "registers",
    ]
)
PARAMETER_KEYS: Final = frozenset(
    [
        "type",
        "description",
        "required",
        "default",
        "example",
        "many",
        "minimum",
        "maximum",
        "maxLength",
        "pattern",
        "template",
        "values",
    ]
)
COLUMN_KEYS: Final = frozenset(["type", "description", "property", "many", "optional"])
MOST: Final = 10_000
"""The most rows that any curated query may give at once."""

_NAME: Final = re.compile(r"[a-z][A-Za-z0-9]*")
# NL GOV REST API Design Rules: kebab-case segments, camelCase names, no slash at the end.
_PATH: Final = re.compile(r"(/[a-z0-9]+(-[a-z0-9]+)*|/\{[a-z][A-Za-z0-9]*\})+")
_HOLE: Final = re.compile(r"\{([^}]*)\}")
_OWN: Final = frozenset({"f"})  # parameters of every endpoint
_BOUNDED: Final = frozenset({"integer", "decimal", "date", "dateTime", "year"})


@dataclass(frozen=True)
class Paging:
    """Keyset paging: the items that come after the value `after` of column `by`, at most `size` of them.

    `after` and `size` are parameters of the query, which sorts by the column and says `LIMIT $size` itself.
    """

    by: str
    after: str
    size: str


@dataclass(frozen=True)
class Declaration:
    """A header that has been read."""

    path: str
    summary: Text
    description: Text
    tags: tuple[str, ...]
    registers: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    returns: tuple[Column, ...]
    single: bool
    paging: Paging | None
    most: int
    cache: int
    deprecated: date | None

    @property
    def path_names(self) -> tuple[str, ...]:
        """The parameters that stand in the path, in its order."""
        return tuple(_HOLE.findall(self.path))


def declare(fields: Fields) -> Declaration:
    """The declaration that these fields make. Raises ContentError with the line for whatever is not right."""
    fields.only(KEYS, "a curated query")
    if fields.text("method", "GET") != "GET":
        fields.fail("method is GET: a curated query only reads", fields.at("method"))
    parameters = fields.fields("parameters")
    columns = fields.fields("returns")
    found = Declaration(
        path=fields.read("path", _path),
        summary=_text(fields, "summary"),
        description=_text(fields, "description"),
        tags=fields.texts("tags"),
        registers=fields.texts("registers"),
        parameters=tuple(_parameter(parameters, name) for name in parameters),
        returns=tuple(_column(columns, name) for name in columns),
        single=fields.flag("single"),
        paging=_paging(fields.fields("paging")) if "paging" in fields else None,
        most=fields.whole("most", 0, MOST),
        cache=fields.whole("cache", 0, 31_536_000),
        deprecated=fields.read("deprecated", date.fromisoformat) if "deprecated" in fields else None,
    )
    if not found.summary.nl:
        fields.fail("summary is missing: one line that says what the answer is")
    _agree(fields, found)
    return found


def _agree(fields: Fields, found: Declaration) -> None:
    """What must agree between one key and another."""
    named = {parameter.name: parameter for parameter in found.parameters}
    for name in found.path_names:
        if name not in named:
            fields.fail(f"{{{name}}} in the path is no parameter; declare it under parameters", fields.at("path"))
        if not named[name].required or named[name].many:
            line = fields.fields("parameters").at(name)
            fields.fail(f"{name} stands in the path, so it takes `required: true`, and not `many`", line)
    bounds = [key for key in ("single", "paging", "most") if key in fields]
    if found.returns and len(bounds) != 1:
        fields.fail("say how much comes back, with one of `single: true`, `paging: {...}` and `most: 1000`")
    if found.paging is None:
        return
    line, size = fields.at("paging"), named.get(found.paging.size)
    if found.paging.by not in {column.name for column in found.returns if column.type in {"string", "iri"}}:
        fields.fail(f"paging goes by a string or iri column that is returned; {found.paging.by} is none", line)
    if found.paging.after not in named or named[found.paging.after].default != "":
        fields.fail(f'{found.paging.after} must be a parameter with `default: ""`', line)
    if size is None or size.type != "integer" or size.default is None or size.maximum is None or size.minimum != "1":
        fields.fail(f"{found.paging.size} must be an integer parameter with default, `minimum: 1` and maximum", line)
    if int(size.maximum) >= MOST:
        fields.fail(f"a page has fewer than {MOST} items", line)


def _path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise ValueError(f"{text} must look like /panden/{{identificatie}}: kebab-case, and no slash at the end")
    return text


def _text(fields: Fields, key: str) -> Text:
    if key not in fields or fields.is_text(key):
        return Text((fields.text(key, "") or "").strip())
    both = fields.fields(key)
    both.only({"nl", "en"}, key)
    return Text((both.text("nl", "") or "").strip(), (both.text("en", "") or "").strip())


def _parameter(parameters: Fields, name: str) -> Parameter:
    if not _NAME.fullmatch(name) or name in _OWN:
        parameters.fail(f"{name} is no name for a parameter: camelCase, and not `f`", parameters.at(name))
    fields = parameters.fields(name)
    fields.only(PARAMETER_KEYS, "a parameter")
    kind = _type(fields, TYPES)
    pattern = fields.read("pattern", re.compile) if "pattern" in fields else None
    if (kind == "enum") != ("values" in fields):
        fields.fail("an enum has `values: [one, two]`, and nothing else has", fields.at("values"))
    if "template" in fields and (kind != "iri" or pattern is None):
        fields.fail("template goes with `type: iri` and with a pattern for what fills it", fields.at("template"))
    if ("minimum" in fields or "maximum" in fields) and kind not in _BOUNDED:
        fields.fail("minimum and maximum are for numbers, dates and years")
    found = Parameter(
        name=name,
        type=kind,
        description=_text(fields, "description"),
        required=fields.flag("required"),
        default=fields.text("default"),
        example=fields.text("example"),
        many=fields.flag("many"),
        minimum=fields.text("minimum"),
        maximum=fields.text("maximum"),
        max_length=fields.whole("maxLength", LONGEST, LONGEST),
        pattern=pattern,
        template=fields.read("template", lambda text: IriTemplate(text, pattern))
        if pattern and "template" in fields
        else None,
        values=fields.texts("values"),
    )
    if found.required and found.default is not None:
        fields.fail("a parameter with a default is not required; leave out one of the two", fields.at("default"))
    if found.required and found.example is None:
        fields.fail(f"{name} is required, so it needs an example")
    for key in ("minimum", "maximum", "default", "example"):
        text = fields.text(key)
        if text is not None:
            _fits(found, key, text, fields)
    return found


def _fits(parameter: Parameter, key: str, text: str, fields: Fields) -> None:
    # The empty text is what a page begins after: no value of its own, whatever the pattern of the others is.
    if key == "default" and text == "" and parameter.type == "string":
        return
    try:
        parameter.term(text)
    except ParameterError as error:
        fields.fail(f"the {key} of {error}", fields.at(key))


def _column(columns: Fields, name: str) -> Column:
    if columns.is_text(name):
        kind = columns.text(name) or ""
        if kind not in TYPES or kind == "enum":
            columns.fail(_kinds(kind), columns.at(name))
        return Column(name, cast("Type", kind))
    fields = columns.fields(name)
    fields.only(COLUMN_KEYS, "a column")
    kind = _type(fields, TYPES.keys() - {"enum"})
    if "property" in fields:
        fields.read("property", iri)
    return Column(
        name=name,
        type=kind,
        description=_text(fields, "description"),
        property=fields.text("property") or "",
        many=fields.flag("many"),
        optional=fields.flag("optional"),
    )


def _type(fields: Fields, known: object) -> Type:
    kind = fields.text("type")
    if kind is None:
        fields.fail("type is missing")
    if kind not in cast("frozenset[str]", known):
        fields.fail(_kinds(kind), fields.at("type"))
    return cast("Type", kind)


def _kinds(kind: str) -> str:
    return f"{kind} is no type; the types are {', '.join(TYPES)}"


def _paging(fields: Fields) -> Paging:
    fields.only({"by", "after", "size"}, "paging")
    return Paging(fields.read("by", str), fields.read("after", str), fields.read("size", str))
