"""What a query asks, as far as the doctor reads it: groups of patterns, with the place of each in the text.

This is no grammar: the engine judges a query. What is not read raises Unread, and then nothing is said about the
patterns: silence is better than a wrong remark. The shapes that come out are those of `patterns`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stelsel.querying.cursor import Cursor, Unread
from stelsel.querying.lexer import Token
from stelsel.querying.patterns import Element, Group, Query, Term, Triple

__all__ = ["LONGEST", "Unread", "read"]

LONGEST: Final = 10_000
"""Characters of a query that is read."""

_FORMS: Final = frozenset({"select", "ask", "construct", "describe"})
_MODIFIERS: Final = frozenset({"order", "limit", "offset", "group", "having"})


def read(text: str, base: str = "") -> Query:
    """The query's patterns; relative IRIs are resolved against `base`. Raises Unread, for a text that is no query too.

    >>> read("SELECT * { ?s <http://e/p> 1 OPTIONAL { ?s ?p ?o } }").where.certain
    frozenset({'s'})
    """
    if len(text) > LONGEST:
        raise Unread(f"a query of more than {LONGEST} characters is not read", 1, 1)
    return _Reader(Cursor(text, base)).query()


class _Reader:
    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._fresh = 0
        self._triples: list[Triple] = []
        self._kinds: Final[dict[str, Callable[[int], Element]]] = {
            "optional": self._optional,
            "minus": self._minus,
            "graph": self._graph,
            "filter": self._filter,
            "bind": self._bind,
            "values": self._values,
        }

    def query(self) -> Query:
        cursor = self._cursor
        cursor.prologue()
        begin = cursor.here.offset
        if cursor.word not in _FORMS:
            cursor.fail("SELECT, ASK, CONSTRUCT or DESCRIBE is expected here")
        found = self._select()
        if cursor.here.text:
            cursor.fail("what stands behind the query is not read")
        return Query(cursor.text, found, begin, dict(cursor.prefixes))

    def _select(self) -> Element:
        """A query from its form to its last modifier; a subquery is one too."""
        cursor = self._cursor
        begin = cursor.here.offset
        form = cursor.step().text.lower()
        described: list[Term] = []
        while form == "describe" and cursor.here.kind in {"iri", "name", "variable"}:
            described.append(cursor.variable_or_iri())
        head = self._head(form)
        datasets: list[Term] = []
        named = cursor.here.offset
        while cursor.takes("from"):
            cursor.takes("named")
            datasets.append(cursor.iri())
        clauses = cursor.text[named : cursor.ended] if datasets else ""
        where = Group(begin, begin)
        if cursor.takes("where") or cursor.here.text == "{" or form != "describe":
            where = self._group()
        modifiers: dict[str, tuple[Token, ...]] = {}
        name = ""
        while cursor.here.text not in {"", "}"}:
            name = cursor.word if cursor.word in _MODIFIERS else name
            if not name or cursor.word == "values":
                cursor.fail("what stands behind the pattern is not read")
            modifiers[name] = (*modifiers.get(name, ()), cursor.step())
        return Element(
            *("select", begin, cursor.ended, (where,)),
            tokens=head,
            form=form,
            modifiers=modifiers,
            datasets=tuple(datasets),
            dataset=clauses,
            described=tuple(term for term in described if term.kind == "iri"),
        )

    def _head(self, form: str) -> tuple[Token, ...]:
        """What stands between the form and the dataset: what is projected, or a template."""
        cursor = self._cursor
        if form == "construct" and cursor.here.text == "{":
            cursor.step()
            return cursor.bracket("}")
        found: list[Token] = []
        while cursor.word not in {"where", "from"} and cursor.here.text not in {"{", ""}:
            found.append(cursor.step())
        return tuple(found)

    def _group(self) -> Group:
        cursor = self._cursor
        begin = cursor.here.offset
        cursor.need("{")
        cursor.down()
        elements: list[Element] = []
        if cursor.word == "select":
            elements.append(self._select())
        while cursor.here.text != "}":
            if cursor.here.text == "." and elements:
                cursor.step()
                elements[-1] = elements[-1].ended(cursor.ended)
            else:
                elements.append(self._element())
        cursor.step()
        cursor.up()
        return Group(begin, cursor.ended, tuple(elements))

    def _element(self) -> Element:
        cursor = self._cursor
        begin, word = cursor.here.offset, cursor.word
        if cursor.here.text == "{":
            groups = [self._group()]
            while cursor.takes("union"):
                groups.append(self._group())
            return Element("union" if len(groups) > 1 else "group", begin, cursor.ended, tuple(groups))
        if word in self._kinds:
            return self._kinds[word](begin)
        if word not in {"", "true", "false"}:
            cursor.fail(f"{word.upper()[:20]} is not read")
        self._triples = []
        self._same_subject()
        return Element("block", begin, cursor.ended, triples=tuple(self._triples))

    def _optional(self, begin: int) -> Element:
        self._cursor.step()
        group = self._group()
        return Element("optional", begin, self._cursor.ended, (group,))

    def _minus(self, begin: int) -> Element:
        self._cursor.step()
        group = self._group()
        return Element("minus", begin, self._cursor.ended, (group,))

    def _graph(self, begin: int) -> Element:
        self._cursor.step()
        term = self._cursor.variable_or_iri()
        group = self._group()
        return Element("graph", begin, self._cursor.ended, (group,), term=term)

    def _bind(self, begin: int) -> Element:
        self._cursor.step()
        self._cursor.need("(")
        inner = self._cursor.bracket(")")
        return Element("bind", begin, self._cursor.ended, tokens=inner)

    def _filter(self, begin: int) -> Element:
        cursor = self._cursor
        cursor.step()
        negated = cursor.takes("not")
        if cursor.takes("exists"):
            group = self._group()
            return Element("not exists" if negated else "exists", begin, cursor.ended, (group,))
        head = (cursor.step(),) if cursor.here.kind in {"word", "name", "iri"} else ()
        opening = cursor.here
        cursor.need("(")
        inner = cursor.bracket(")")
        if any(token.kind == "word" and token.text.lower() == "exists" for token in inner):
            cursor.fail("EXISTS inside an expression is not read")
        return Element("filter", begin, cursor.ended, tokens=(*head, opening, *inner))

    def _values(self, begin: int) -> Element:
        cursor = self._cursor
        cursor.step()
        many = cursor.here.text == "("
        first = cursor.step()
        variables = cursor.bracket(")") if many else (first,)
        cursor.need("{")
        inner = cursor.bracket("}")
        rows = sum(token.text == "(" for token in inner) if many else len(inner)
        return Element("values", begin, cursor.ended, tokens=variables, data=inner, rows=rows)

    def _same_subject(self) -> None:
        opened = self._cursor.here.text == "["
        subject = self._node()
        if not (opened and self._cursor.here.text in {".", "}"}):  # `[ :p 1 ]` is a whole statement
            self._properties(subject)

    def _properties(self, subject: Term) -> None:
        cursor = self._cursor
        while True:
            predicate = cursor.predicate()
            self._triples.append(Triple(subject, predicate, self._node()))
            while cursor.here.text == ",":
                cursor.step()
                self._triples.append(Triple(subject, predicate, self._node()))
            if cursor.here.text != ";":
                return
            while cursor.here.text == ";":
                cursor.step()
            if cursor.here.text in {".", "}", "]"}:
                return

    def _node(self) -> Term:
        cursor = self._cursor
        kind, text, offset = cursor.here
        if kind in {"variable", "iri", "name"}:
            return cursor.variable_or_iri()
        if kind == "blank":
            cursor.step()
            return Term("blank", text, offset, value=text)
        if text != "[":
            return cursor.literal()
        cursor.step()
        self._fresh += 1
        found = Term("blank", "[]", offset, value=f"[]{self._fresh}")
        if cursor.here.text != "]":
            cursor.down()
            self._properties(found)
            cursor.up()
        cursor.need("]")
        return found
