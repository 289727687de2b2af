"""A `.rq` file with a header becomes a query that can be bound: values in, SPARQL out, its structure never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

import pyoxigraph

from stelsel.errors import ContentError, InputError, ParameterError, QuerySyntaxError
from stelsel.querying import header
from stelsel.querying.declarations import Declaration, declare
from stelsel.querying.guard import Form, judge
from stelsel.querying.lexer import Token, place, tokens
from stelsel.querying.parameters import Parameter, Text
from stelsel.querying.results import Column

_END: Final = Token("unknown", "", -1)
# An answer is known by its release and its question (ETag), so nothing else may be in it.
_FLEETING: Final = frozenset({"now", "rand", "uuid", "struuid", "bnode"})


class _Hole(NamedTuple):
    """A place where a parameter's value goes. After LIMIT and OFFSET a number stands bare, by SPARQL's grammar."""

    name: str
    bare: bool


@dataclass(frozen=True)
class CuratedQuery:
    """One file of `queries/`. `name` is its theme and file name, such as `bag/pand`; `text` the query, without header."""

    name: str
    file: str
    form: Form
    text: str
    declared: Declaration
    pieces: tuple[str | _Hole, ...]

    @property
    def path(self) -> str:
        """Where its endpoint is, with holes: `/panden/{identificatie}`."""
        return self.declared.path

    @property
    def summary(self) -> Text:
        """What it gives, in one line."""
        return self.declared.summary

    @property
    def description(self) -> Text:
        """More about what it gives; may be empty."""
        return self.declared.description

    @property
    def tags(self) -> tuple[str, ...]:
        """Under which heads it is listed."""
        return self.declared.tags

    @property
    def returns(self) -> tuple[Column, ...]:
        """The columns of its answer, in order; none for a CONSTRUCT."""
        return self.declared.returns

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What can be asked, in the order of the header."""
        return self.declared.parameters

    def bind(self, values: Mapping[str, Sequence[str]], *, beyond: int = 0) -> str:
        """The SPARQL text with these values in it, each as one RDF term; the rest of the text is the file's.

        A page is made `beyond` items longer than asked, to see whether there are more. Raises ParameterError for a
        name that is not declared, and for values that do not fit: it tells all that is wrong, and names the first.
        """
        terms = self.terms(values)
        size = self.declared.paging.size if self.declared.paging else ""
        return "".join(
            piece if isinstance(piece, str) else _filling(piece, terms[piece.name], beyond * (piece.name == size))
            for piece in self.pieces
        )

    def terms(self, values: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
        """The RDF terms of every parameter, in N-Triples form. Raises ParameterError as `bind` does."""
        found: dict[str, tuple[str, ...]] = {}
        wrong: list[ParameterError] = []
        try:
            check_names(values, [parameter.name for parameter in self.parameters])
        except ParameterError as error:
            wrong.append(error)
        for parameter in self.parameters:
            try:
                found[parameter.name] = parameter.bind(values.get(parameter.name, ()))
            except ParameterError as error:
                wrong.append(error)
        if wrong:
            raise ParameterError("; ".join(map(str, wrong)), name=wrong[0].name)
        return found

    def page_size(self, values: Mapping[str, Sequence[str]]) -> int | None:
        """How many items a page has for these values; None where there are no pages. Raises ParameterError."""
        paging = self.declared.paging
        return None if paging is None else _whole(self.terms(values)[paging.size][0])

    def examples(self) -> dict[str, list[str]]:
        """The example value of every parameter that has one."""
        return {parameter.name: [parameter.example] for parameter in self.parameters if parameter.example is not None}


def check_names(given: Mapping[str, object], known: Sequence[str]) -> None:
    """Raises ParameterError for a name that is not known, and says which was meant."""
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
            raise ParameterError(f"there is no parameter {name[:80]}; {hint}", name=name[:80])


def read_all(folder: Path, root_iri: str) -> tuple[CuratedQuery, ...]:
    """Every curated query of a home's `queries/`, by name. Raises ContentError; also where two have the same path."""
    found = tuple(sorted((read(path, root_iri) for path in folder.glob("*/*.rq")), key=lambda query: query.name))
    paths: dict[str, CuratedQuery] = {}
    for query in found:
        shape = "/".join("{}" if part.startswith("{") else part for part in query.path.split("/"))
        if shape in paths:
            raise ContentError(f"{query.path} is the path of {paths[shape].name} too", file=query.file)
        paths[shape] = query
    return found


def read(path: Path, root_iri: str) -> CuratedQuery:
    """The curated query in a file. `root_iri` is what its relative IRIs are resolved against (Names.root).

    Raises ContentError, with the line, for a header or a query that is not right: the two must agree.
    """
    text = path.read_text("utf-8")
    head, body = header.split(text)
    file = f"{path.parent.name}/{path.name}"
    fields = header.parse(head, file)
    declared = declare(fields)
    pieces = tuple(_pieces(body, declared, fields))
    query = CuratedQuery(f"{path.parent.name}/{path.stem}", file, "select", body, declared, pieces)
    unused = {p.name for p in declared.parameters} - {p.name for p in pieces if isinstance(p, _Hole)}
    for name in sorted(unused):
        line = fields.fields("parameters").at(name)
        fields.fail(f"{name} is declared and ${name} does not stand in the query", line)
    least = {name: values for name, values in query.examples().items() if _named(declared, name).required}
    for values in (least, query.examples()):
        form = _try(query, values, root_iri, fields)
    return CuratedQuery(query.name, file, form, body, declared, pieces)


def _pieces(text: str, declared: Declaration, fields: header.Fields) -> Iterator[str | _Hole]:
    """The text between the parameters, and the parameters."""
    names = [parameter.name for parameter in declared.parameters]
    done = 0
    found = [token for token in tokens(text) if token.kind != "comment"]
    for index, token in enumerate(found):
        line = place(text, token.offset)[0]
        if token.kind == "word" and token.text.lower() in _FLEETING:
            fields.fail(f"{token.text} differs from one moment to the next; take the value as a parameter", line)
        if token.kind != "variable" or token.text[0] != "$":
            continue
        name = token.text[1:]
        if name not in names:
            near = get_close_matches(name, names, 1)
            meant = f"write ${near[0]}" if near else "declare it under parameters, or write ? for a variable"
            fields.fail(f"{token.text} is no parameter; {meant}", line)
        parameter = _named(declared, name)
        around = [*found[max(0, index - 3) : index], *found[index + 1 : index + 2], _END]
        bare = index > 0 and found[index - 1].text.lower() in {"limit", "offset"}
        if (parameter.optional or parameter.many) and not _alone_in_values(around):
            fields.fail(
                f"{token.text} may have no value, or several, so it stands alone in VALUES ?variable {{ {token.text} }}",
                line,
            )
        if bare and (parameter.type != "integer" or parameter.minimum is None):
            fields.fail(f"{token.text} is a number of rows: `type: integer`, with a minimum", line)
        yield text[done : token.offset]
        yield _Hole(name, bare)
        done = token.offset + len(token.text)
    yield text[done:]


def _alone_in_values(around: Sequence[Token]) -> bool:
    if len(around) < 5:
        return False
    values, variable, opening, closing, _ = around
    return (
        values.text.lower() == "values" and variable.kind == "variable" and (opening.text, closing.text) == ("{", "}")
    )


def _filling(hole: _Hole, terms: tuple[str, ...], beyond: int) -> str:
    if hole.bare:
        return f" {_whole(terms[0]) + beyond} "
    # The spaces keep a term apart from what stands beside it: `<` before an IRI would make `<<`.
    return f" {' '.join(terms) or 'UNDEF'} "


def _whole(term: str) -> int:
    return int(term.split('"')[1])


def _named(declared: Declaration, name: str) -> Parameter:
    return next(parameter for parameter in declared.parameters if parameter.name == name)


def _try(query: CuratedQuery, values: Mapping[str, Sequence[str]], root_iri: str, fields: header.Fields) -> Form:
    """Runs the query on no data at all, which shows whether it is one and what it returns."""
    try:
        text = query.bind(values)
        form = judge(text, base=root_iri)
        answer = pyoxigraph.Store().query(text, base_iri=root_iri)
    except QuerySyntaxError as error:
        fields.fail(str(error), error.line)
    except InputError as error:
        fields.fail(str(error))
    except SyntaxError as error:
        fields.fail(f"the query does not parse: {error}", _line(str(error)))
    if form not in {"select", "construct"}:
        fields.fail(f"write SELECT or CONSTRUCT: {form.upper()} gives no columns and no graph of its own choice")
    returned = (
        [variable.value for variable in answer.variables] if isinstance(answer, pyoxigraph.QuerySolutions) else []
    )
    declared = [column.name for column in query.declared.returns]
    if returned != declared:
        said = f"returns says {', '.join(declared) or 'nothing'}"
        fields.fail(
            f"{said}, and the query gives {', '.join(returned) or 'a graph'}; write the same names in the same order",
            fields.at("returns"),
        )
    return form


def _line(message: str) -> int | None:
    """The line in Oxigraph's `error at 3:14: ...`."""
    digits = message.partition(" at ")[2].partition(":")[0]
    return int(digits) if digits.isdecimal() else None
