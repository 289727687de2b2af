"""What the doctor says about a query before it runs: the rule, the place, the faster form, and whether that is the same.

The words are in `rules/{nl,en}.yml`; the rules are functions from a query to advice, in `ordering` and `costs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml

Same = Literal["yes", "no", "sometimes"]

LANGUAGES: Final = ("nl", "en")
_FOLDER: Final = Path(__file__).parent / "rules"


@dataclass(frozen=True)
class Advice:
    """One remark. `same` says whether the faster form has the same answer: always, never, or when `rules` says.

    `edits` make the faster form of the text: begin, end, and what comes in that place. `values` fill the words.
    """

    rule: str
    offset: int
    same: Same
    edits: tuple[tuple[int, int, str], ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""

    def words(self, language: str) -> dict[str, str]:
        """What there is to say: `what`, `why`, `instead`, and `unless` where the answers can differ."""
        said: dict[str, str] = {}
        for key in (self.rule, f"{self.rule}.{self.variant}"):
            said |= _texts(language).get(key, {})
        return {key: text.format(**self.values) for key, text in said.items()}


def edited(text: str, edits: tuple[tuple[int, int, str], ...]) -> str:
    """The text with edits made, which do not overlap.

    >>> edited("a b c", ((4, 5, "d"), (0, 1, "")))
    ' b d'
    """
    parts: list[str] = []
    done = 0
    for begin, end, new in sorted(edits, key=lambda edit: edit[:2]):
        parts += (text[done:begin], new)
        done = end
    return "".join([*parts, text[done:]])


def phrase(key: str, language: str, *, section: str = "diagnosis", **values: object) -> str:
    """A sentence of the diagnosis, or of another section of the words."""
    return str(_texts(language)[section][key]).format(**values)


@cache
def _texts(language: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((_FOLDER / f"{language}.yml").read_text("utf-8"))
    return found
