"""The `#+` header of a curated query, read strictly: YAML whose every complaint names the line and what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn, TypeVar

import yaml

from stelsel.errors import ContentError

_Read = TypeVar("_Read")
_MARK = re.compile(r"#\+ ?")


@dataclass(frozen=True)
class Field:
    """A value and the line it stands on. Scalars are kept as they are written: 0457 is a code, and no number."""

    value: str | tuple[str, ...] | Fields
    line: int


class Fields:
    """A mapping of the header. Every method that reads raises ContentError where the value is not what it should be."""

    def __init__(self, file: str, line: int, entries: dict[str, Field]) -> None:
        self.file, self.line, self._entries = file, line, entries

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def only(self, known: Iterable[str], what: str) -> None:
        """Refuses any other key, and says which was meant."""
        known = sorted(known)
        for key, field in self._entries.items():
            if key not in known:
                near = get_close_matches(key, known, 1)
                meant = f"write {near[0]}" if near else f"the keys of {what} are {', '.join(known)}"
                self.fail(f"{key} is no key of {what}; {meant}", field.line)

    def text(self, key: str, default: str | None = None) -> str | None:
        """A scalar as it is written."""
        field = self._entries.get(key)
        if field is None:
            return default
        if not isinstance(field.value, str):
            self.fail(f"{key} is one value, such as {key}: something", field.line)
        return field.value

    def flag(self, key: str) -> bool:
        """True or false; false where it does not stand."""
        text = self.text(key, "false")
        if text not in {"true", "false"}:
            self.fail(f"{key} is true or false", self.at(key))
        return text == "true"

    def whole(self, key: str, default: int, most: int) -> int:
        """A whole number from 0 to `most`."""
        text = self.text(key, str(default)) or ""
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= most):
            self.fail(f"{key} is a whole number up to {most}", self.at(key))
        return int(text)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of scalars; one scalar is a list of one."""
        field = self._entries.get(key)
        if field is None:
            return ()
        if isinstance(field.value, Fields):
            self.fail(f"{key} is a list, such as {key}: [one, two]", field.line)
        return (field.value,) if isinstance(field.value, str) else field.value

    def fields(self, key: str) -> Fields:
        """A mapping; an empty one where it does not stand."""
        field = self._entries.get(key)
        if field is None:
            return Fields(self.file, self.line, {})
        if not isinstance(field.value, Fields):
            self.fail(f"{key} has keys of its own, such as {key}: {{name: value}}", field.line)
        return field.value

    def is_text(self, key: str) -> bool:
        """Whether the value is a scalar."""
        return key in self._entries and isinstance(self._entries[key].value, str)

    def at(self, key: str) -> int:
        """The line of a key; of the mapping where the key does not stand."""
        return self._entries[key].line if key in self._entries else self.line

    def read(self, key: str, reader: Callable[[str], _Read]) -> _Read:
        """What `reader` makes of a scalar that must be there; its ValueError is told with the line."""
        text = self.text(key)
        if text is None:
            self.fail(f"{key} is missing", self.line)
        try:
            return reader(text)
        except (ValueError, re.error) as error:
            self.fail(f"{key}: {error}", self.at(key))

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        """Raises ContentError."""
        raise ContentError(message, file=self.file, line=line or self.line)


def split(text: str) -> tuple[str, str]:
    """The header's YAML, and the query with empty lines in its place, so that both count lines as the file does."""
    lines = text.splitlines(keepends=True)
    count = 0
    while count < len(lines) and lines[count].startswith("#+"):
        count += 1
    return "".join(_MARK.sub("", line, count=1) for line in lines[:count]), "\n" * count + "".join(lines[count:])


def parse(header: str, file: str) -> Fields:
    """The header as fields. Raises ContentError for what is no YAML, or no mapping."""
    try:
        node = yaml.compose(header, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContentError(f"the header is no YAML: {error.problem}", file=file, line=line) from None
    except yaml.YAMLError as error:
        raise ContentError(f"the header is no YAML: {error}", file=file, line=1) from None
    if not isinstance(node, yaml.MappingNode):
        raise ContentError("the file begins with a header: lines such as `#+ summary: ...`", file=file, line=1)
    return _fields(node, file)


def _fields(node: yaml.MappingNode, file: str) -> Fields:
    entries: dict[str, Field] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ContentError("a key is a word", file=file, line=line)
        if key.value in entries:
            raise ContentError(f"{key.value} stands twice", file=file, line=line)
        entries[key.value] = Field(_value(value, file), line)
    return Fields(file, node.start_mark.line + 1, entries)


def _value(node: yaml.Node, file: str) -> str | tuple[str, ...] | Fields:
    if isinstance(node, yaml.MappingNode):
        return _fields(node, file)
    if isinstance(node, yaml.SequenceNode):
        if all(isinstance(item, yaml.ScalarNode) for item in node.value):
            return tuple(item.value for item in node.value)
        raise ContentError("a list has plain values only", file=file, line=node.start_mark.line + 1)
    return str(node.value)
