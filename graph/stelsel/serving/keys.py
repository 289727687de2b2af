"""When two questions are the same, so that the answer to one is the answer to the other.

The key of a question holds everything that its answer depends on but the release. Of the text it holds all but the
length of its gaps: what stands between tokens, white space and comments, counts as one space. Two texts that could mean
something else never share a key, so where the gaps cannot be told for certain the text counts as it stands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version
from typing import Any, Final, NamedTuple, TypeVar

import orjson
from starlette.types import Scope

from stelsel.querying.lexer import tokens
from stelsel.settings import Settings
from stelsel.storing import Question
from stelsel.storing.formats import Format

_LENGTH: Final = 16  # bytes of a key
_SEEN: Final = 8192  # requests that are remembered
_LONGEST_SEEN: Final = 4000  # bytes of such a request
_LONGEST: Final = 20_000  # characters of a text whose gaps are looked for token by token

# What `<` begins that ends in `>` without a space. As an operator it would be followed by an expression, in which `//`
# cannot stand; so with `://` it is an IRI in every query. Without, it is one or the other, which makes no difference
# to where strings and comments begin unless there is a `#` or a quote in it.
_IN_IRI: Final = r"[^<>\"'{}|^`\\\x00-\x20]"
_IRI: Final = rf"<(?:[A-Za-z][A-Za-z0-9+.-]*+://{_IN_IRI}*+|[^<>\"'{{}}|^`\\\x00-\x20\#]*+)>"
_DOUBTFUL: Final = r"<[^<>\"{}|^`\\\x00-\x20]*+>"
_STRING: Final = r"""(?:\"{3}(?:[^"\\]|"(?!""))*+\"{3} | '{3}(?:[^'\\]|'(?!''))*+'{3}
    | "(?!"")[^"\\\r\n]*+" | '(?!'')[^'\\\r\n]*+')"""
_PLAIN: Final = r"[^\ \t\r\n\"'\#<\\]++"
# Words with one space between them are one run: most of a text is that, and a match a word took a third of a request.
_SOLID: Final = rf"(?:{_PLAIN}(?:\ {_PLAIN})*+ | {_IRI} | {_STRING} | <(?!{_DOUBTFUL[1:]}))"
_GAP: Final = r"(?:[\ \t\r\n]++|\#[^\r\n]*+)"
_RUNS: Final = re.compile(rf"({_SOLID}++(?:\ {_SOLID}++)*+)|{_GAP}++", re.VERBOSE)

# The answer differs from one moment to the next, or depends on more than the release.
_FLEETING: Final = re.compile(r"(?:NOW|RAND|UUID) ?\(|(?<![\w:/#?$.@-])SERVICE(?![\w:.-])")
_FLEETING_WORDS: Final = ("NOW", "RAND", "UUID", "SERVICE")  # looked for first: a search for words is far cheaper

# What the key knows of anyway, or what does not change an answer that is complete.
_KNOWN: Final = frozenset({"query", "default-graph-uri", "named-graph-uri", "format", "output", "results", "timeout"})


Parameters = list[tuple[str, str]]
_K = TypeVar("_K")
_V = TypeVar("_V")


class Known(NamedTuple):
    """What has been found out about a request: the key of its question, and how the answer is to be written."""

    key: bytes
    format: str
    content_type: bytes


class Keys:
    """The keys of a service: its audience, its default graph and its limits are part of every one.

    It remembers the last requests that were judged, so that one that is the same to the byte is not read again.
    """

    def __init__(self, settings: Settings) -> None:
        self._fixed = (
            version("stelsel"),
            settings.audience,
            settings.default_graph,
            settings.query_rows,
            settings.query_bytes,
        )
        # What another endpoint holds can change at any moment.
        self._settled = not settings.store
        self._seen: dict[tuple[bytes, bytes], Known] = {}
        self._answered: dict[Known, str] = {}

    def seen(self, scope: Scope) -> Known | None:
        """What is known about a GET or HEAD that was judged before."""
        if scope["method"] == "POST" or not scope["query_string"]:
            return None
        return self._seen.get((scope["query_string"], _accept(scope)))

    def known(
        self, scope: Scope, question: Question, format: Format, content_type: bytes, parameters: Parameters
    ) -> Known | None:
        """What there is to know about a request that may be answered; None if the answer may be another one any moment."""
        key = self.key(question, format, parameters)
        if key is None:
            return None
        known = Known(key, format.name, content_type)
        if scope["method"] != "POST" and len(scope["query_string"]) <= _LONGEST_SEEN:
            _remember(self._seen, (scope["query_string"], _accept(scope)), known)
        return known

    def answered(self, release: str, known: Known) -> None:
        """Remember that a release has given a complete answer."""
        if self._answered.get(known) != release:
            _remember(self._answered, known, release)

    def was_answered(self, release: str, known: Known) -> bool:
        """Whether the release has given a complete answer, as far as is remembered."""
        return self._answered.get(known) == release

    def key(
        self, question: Question, format: Format, parameters: Parameters, *, rows: int | None = None
    ) -> bytes | None:
        """The key of a question's answer in a format; None where it may be another one the next moment.

        `rows` is the limit that the answer has kept to, where that is not the service's own.
        """
        folded = fold(question.text)
        if not self._settled or fleeting(folded):
            return None
        more = [pair for pair in parameters if pair[0] not in _KNOWN]
        graphs = (question.default_graphs, question.named_graphs)
        parts: Any = (*self._fixed, folded, question.base_iri, graphs, format.name, more, rows)
        try:
            return blake2b(orjson.dumps(parts), digest_size=_LENGTH).digest()
        except TypeError:  # half a surrogate pair: no query, as the engine will say
            return None


def _remember(found: dict[_K, _V], key: _K, value: _V) -> None:
    """Put something in a dictionary that does not grow for ever: the oldest makes place."""
    if len(found) >= _SEEN:
        del found[next(iter(found))]
    found[key] = value


@lru_cache(maxsize=256)
def fold(text: str) -> str:
    r"""A query with each gap as one space. A text whose gaps are not certain comes back with a space before it.

    >>> fold("SELECT *  # all\n{ ?s ?p 'a  # b' }")
    "SELECT * { ?s ?p 'a  # b' }"
    """
    quick = _folded(text)
    if quick is not None:
        return quick
    if len(text) > _LONGEST:
        return " " + text
    parts: list[str] = []
    end = 0
    for kind, written, offset in tokens(text):
        if kind == "unknown":
            return " " + text
        if kind == "comment":
            continue
        if parts and (text[end:offset]):
            parts.append(" ")
        parts.append(written)
        end = offset + len(written)
    return "".join(parts)


def _folded(text: str) -> str | None:
    """As `fold`, in one go; None where it cannot be seen so quickly where the gaps are."""
    pieces = _RUNS.split(text)  # what is neither solid nor a gap, what is solid (None for a gap), what is neither, ...
    return None if any(pieces[::2]) else " ".join(filter(None, pieces[1::2]))


def fleeting(folded: str) -> bool:
    """Whether a text that was folded asks for the moment, for chance or for somebody else's data."""
    upper = folded.upper()
    if not any(word in upper for word in _FLEETING_WORDS):
        return False
    return folded.startswith(" ") or _FLEETING.search(upper) is not None


def _accept(scope: Scope) -> bytes:
    # Several headers of one name are one list (RFC 9110, section 5.3).
    return b",".join([value for name, value in scope["headers"] if name == b"accept"])
