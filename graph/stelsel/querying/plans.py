"""The engine's own plan of a query, made readable.

It is what `oxigraph query --explain-file` writes (Oxigraph 0.5): nodes with a name and children. Oxigraph plans without
looking at the data, so the plan from an empty store is the plan of a full one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_DEEPEST: Final = 60
_LONGEST: Final = 400  # characters of one step
_INTERNAL: Final = re.compile(r"\?[0-9a-f]{31,32}\b")
_IRI: Final = re.compile(r"<([^<>\s]+)>")
_LOCAL: Final = re.compile(r"\w[\w-]*")
_NAME: Final = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)
_KEYS: Final = re.compile(r"\w+, keys = (.*)", re.DOTALL)
_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"

_WORDS: Final = {
    "QuadPattern": "find {}",
    "Path": "walk {}",
    "Lateral": "for each row of the first: the second",
    "ForLoopLeftJoin": "for each row of the first: the second, where there is one (OPTIONAL)",
    "Filter": "keep where {}",
    "Extend": "compute {}",
    "Aggregate": "group and count: {}",
    "Sort": "sort all rows by {}",
    "Slice": "cut: {}",
    "Project": "give {}",
    "Distinct": "drop rows that came before (all are kept in memory)",
    "Reduced": "drop a row that equals the one before",
    "Union": "all rows of each",
    "StaticBindings": "given rows: {}",
}
_TABLES: Final = {
    "Join": "join on {} with a table in memory",
    "LeftJoin": "OPTIONAL on {} with a table in memory",
    "AntiJoin": "MINUS on {} with a table in memory",
}


@dataclass(frozen=True)
class Step:
    """One step of a plan: what it does in words, the engine's name for it, and the steps that it takes its rows from."""

    text: str
    engine: str
    steps: tuple[Step, ...] = ()

    def json(self) -> dict[str, Any]:
        """As it stands in the doctor's answer."""
        return {"step": self.text, "engine": self.engine, "from": [step.json() for step in self.steps]}

    def lines(self, indent: str = "") -> list[str]:
        """As an indented text, the last step first."""
        return [indent + self.text, *(line for step in self.steps for line in step.lines(indent + "  "))]


def read_plan(found: Mapping[str, Any], prefixes: Mapping[str, str]) -> Step:
    """The plan in an explanation; IRIs are shortened by `prefixes` (namespaces by prefix)."""
    return _step(found["plan"], {namespace: prefix for prefix, namespace in prefixes.items()}, _DEEPEST)


def _step(node: Mapping[str, Any], prefixes: Mapping[str, str], deep: int) -> Step:
    if not deep:
        return Step("\u2026", "")
    engine = str(node["name"])
    named = _NAME.fullmatch(engine)
    name, inner = (named[1], named[2] or "") if named else (engine, "")
    inner = _shown(inner, prefixes)
    keys = _KEYS.fullmatch(inner)
    if name in _TABLES and keys:
        words = (
            _TABLES[name].format(keys[1]) if keys[1].strip() else "every row of the first with every row of the second"
        )
    else:
        words = _WORDS.get(name, engine if not inner else f"{name} {inner}").format(inner)
    return Step(words, engine[:_LONGEST], tuple(_step(child, prefixes, deep - 1) for child in node["children"]))


def _shown(inner: str, prefixes: Mapping[str, str]) -> str:
    """The inside of a step with short names, and without the engine's own variables."""
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"?({len(numbers) + 1})")

    def short(found: re.Match[str]) -> str:
        cut = max(found[1].rfind("#"), found[1].rfind("/")) + 1
        prefix, local = prefixes.get(found[1][:cut]), found[1][cut:]
        return f"{prefix}:{local}" if prefix is not None and _LOCAL.fullmatch(local) else found[0]

    shown = _IRI.sub(short, _INTERNAL.sub(number, inner.replace(_TYPE, "a")))
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}\u2026"
