"""What stands in a column: the texts, and of which kinds they are.

The engine's TSV is read, a batch at a time: rows are not walked in Python. It is not ambiguous: IRIs stand between `<` and
`>`, literals between quotes or as a bare number or boolean, and an unbound variable is nothing (SPARQL 1.1 CSV and TSV, 4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
# Kinds that are no datatypes; a language is a kind too, written as `@nl`.
IRI: Final = "iri"
BLANK: Final = "blank"
TRIPLE: Final = "triple"

# A quote inside a literal is escaped, and its language or datatype has none.
_LITERAL: Final = r'(?s)^"(?P<text>.*)"(?P<tail>[^"]*)$'
_BARE: Final = {
    "integer": r"^[+-]?[0-9]+$",
    "decimal": r"^[+-]?[0-9]*\.[0-9]+$",
    "double": r"^[+-]?[0-9]*\.?[0-9]*[eE][+-]?[0-9]+$",
    "boolean": r"^(true|false)$",
}
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}


@dataclass(frozen=True)
class Cells:
    """A piece of a column. `text` is a string array, null where unbound, holding what STR() gives; `kinds` are datatype IRIs,
    languages such as `@nl`, and `iri`, `blank` and `triple`.
    """

    text: pa.Array
    kinds: frozenset[str]


def read(lines: bytes, columns: int) -> list[Cells]:
    """The columns of whole lines of TSV, without the header."""
    names = [str(number) for number in range(columns)]
    table = csv.read_csv(
        BytesIO(lines),
        read_options=csv.ReadOptions(use_threads=False, block_size=len(lines) + 1, column_names=names),
        parse_options=csv.ParseOptions(
            delimiter="\t", quote_char=False, double_quote=False, escape_char=False, ignore_empty_lines=False
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.utf8()), strings_can_be_null=True, null_values=[""]
        ),
    )
    return [split(column.combine_chunks()) for column in table.columns]


def split(terms: pa.Array) -> Cells:
    """Texts and kinds of terms as TSV has them."""
    if isinstance(terms, pa.ChunkedArray):
        terms = pa.concat_arrays(terms.chunks) if terms.num_chunks else pa.array([], pa.utf8())
    marks = set(pc.unique(pc.utf8_slice_codeunits(terms, 0, 1)).to_pylist()) - {None}
    text, kinds = terms, set()
    if "<" in marks:
        triple = pc.starts_with(terms, "<<")
        iri = pc.and_not(pc.starts_with(terms, "<"), triple)
        kinds |= {kind for kind, those in ((TRIPLE, triple), (IRI, iri)) if _any(those)}
        text = pc.if_else(iri, pc.utf8_slice_codeunits(terms, 1, -1), text)
    if '"' in marks:
        literal = pc.starts_with(terms, '"')
        parts = pc.extract_regex(terms, _LITERAL)
        kinds |= {_kind(tail) for tail in pc.unique(pc.struct_field(parts, "tail")).to_pylist() if tail is not None}
        text = _unescape(pc.if_else(literal, pc.struct_field(parts, "text"), text), literal)
    if "_" in marks:
        kinds.add(BLANK)
    if marks - {"<", '"', "_"}:
        kinds |= {XSD + name for name, pattern in _BARE.items() if _any(pc.match_substring_regex(terms, pattern))}
    return Cells(text, frozenset(kinds))


def _kind(tail: str) -> str:
    """What follows the closing quote of a literal, as a kind."""
    return tail if tail.startswith("@") else tail[3:-1] if tail else XSD + "string"


def _unescape(text: pa.Array, literal: pa.Array) -> pa.Array:
    """Texts of literals without their escapes. The few that have any are mended one by one."""
    escaped = pc.fill_null(pc.and_(literal, pc.match_substring(text, "\\")), fill_value=False)
    if not _any(escaped):
        return text
    mended = [
        _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), value) for value in text.filter(escaped).to_pylist()
    ]
    return pc.replace_with_mask(text, escaped, pa.array(mended, pa.utf8()))


def _any(those: pa.Array) -> bool:
    return bool(pc.any(those).as_py())
