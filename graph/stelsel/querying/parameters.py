"""What a curated query can be asked: each parameter with its type and bounds, and how a value becomes an RDF term."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from stelsel import terms
from stelsel.errors import ParameterError

Type = Literal["string", "integer", "decimal", "date", "dateTime", "boolean", "year", "iri", "enum"]

TYPES: Final[dict[str, dict[str, Any]]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "dateTime": {"type": "string", "format": "date-time"},
    "boolean": {"type": "boolean"},
    "year": {"type": "integer"},
    "iri": {"type": "string"},
    "enum": {"type": "string"},
}
"""Type -> its JSON Schema, of a parameter and of a column."""

LONGEST: Final = 500  # characters of a value, unless maxLength says otherwise
MANY: Final = 100  # values of one parameter
_NUMBERS: Final = {"integer": int, "decimal": Decimal, "year": int}
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Text:
    """A text for people. `en` is empty where there is only Dutch."""

    nl: str
    en: str = ""


SILENCE: Final = Text("")


@dataclass(frozen=True)
class Parameter:
    """One `$name`. `template` belongs to an iri, `values` to an enum; `example` and `default` are texts, as in a URL."""

    name: str
    type: Type
    description: Text = SILENCE
    required: bool = False
    default: str | None = None
    example: str | None = None
    many: bool = False
    minimum: str | None = None
    maximum: str | None = None
    max_length: int = LONGEST
    pattern: re.Pattern[str] | None = None
    template: terms.IriTemplate | None = None
    values: tuple[str, ...] = field(default=())

    @property
    def optional(self) -> bool:
        """Whether it may have no value at all: then it is unbound in the query."""
        return not self.required and self.default is None

    def bind(self, given: Sequence[str]) -> tuple[str, ...]:
        """The terms, in N-Triples form, of the texts that are given; none for an optional parameter that is not.

        Raises ParameterError: none where one is required, several where one is taken, or a text that does not fit.
        """
        if not given:
            if self.default is not None:
                # The empty text is where pages begin; it need not look like the other values.
                return ('""',) if self.default == "" and self.type == "string" else (self.term(self.default),)
            if self.required:
                hint = f", such as {self.name}={self.example}" if self.example else ""
                raise ParameterError(f"parameter {self.name} is required{hint}", name=self.name)
            return ()
        if len(given) > 1 and not self.many:
            raise ParameterError(
                f"parameter {self.name} is given {len(given)} times, and takes one value", name=self.name
            )
        if len(given) > MANY:
            raise ParameterError(
                f"parameter {self.name} is given {len(given)} times; {MANY} is the most", name=self.name
            )
        return tuple(dict.fromkeys(self.term(text) for text in given))

    def term(self, text: str) -> str:
        """The RDF term, in N-Triples form, of one text. Raises ParameterError."""
        try:
            return self._term(text)
        except ValueError as error:
            raise ParameterError(f"parameter {self.name}: {error}", name=self.name) from None

    def _term(self, text: str) -> str:
        if len(text) > self.max_length:
            raise ValueError(f"is {len(text)} characters long; {self.max_length} is the most")
        if _CONTROL.search(text):
            raise ValueError("has a character that cannot be printed")
        if self.template is not None:
            return self.template.term(text)
        if self.pattern is not None and not self.pattern.fullmatch(text):
            raise ValueError(f"{text[:80]!r} does not fit {self.pattern.pattern}")
        if self.type == "enum":
            if text not in self.values:
                raise ValueError(f"{text[:80]!r} is none of {', '.join(self.values)}")
            return terms.quote(text)
        term = terms.KINDS[self.type](text)
        self._within(text)
        return term

    def _within(self, text: str) -> None:
        as_number = _NUMBERS.get(self.type, str)  # dates compare as their texts do
        if self.minimum is not None and as_number(text) < as_number(self.minimum):
            raise ValueError(f"{text[:80]} is less than {self.minimum}")
        if self.maximum is not None and as_number(text) > as_number(self.maximum):
            raise ValueError(f"{text[:80]} is more than {self.maximum}")
