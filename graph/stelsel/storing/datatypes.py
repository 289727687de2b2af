"""Datatypes that the store takes away, given back on the way out.

Oxigraph keeps every integer as xsd:integer, whatever it came in as. Where a property has one datatype by definition, its
values get it back: those that fit it, and no others, so that what is wrong in the data stays as wrong as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGER: Final = NamedNode(_XSD + "integer")
# Datatype -> least and greatest value (XML Schema 1.1 part 2, section 3.4); None is no bound.
BOUNDS: Final[Mapping[str, tuple[int | None, int | None]]] = {
    _XSD + "nonNegativeInteger": (0, None),
    _XSD + "positiveInteger": (1, None),
    _XSD + "nonPositiveInteger": (None, 0),
    _XSD + "negativeInteger": (None, -1),
    _XSD + "long": (-(2**63), 2**63 - 1),
    _XSD + "int": (-(2**31), 2**31 - 1),
    _XSD + "short": (-(2**15), 2**15 - 1),
    _XSD + "byte": (-(2**7), 2**7 - 1),
    _XSD + "unsignedLong": (0, 2**64 - 1),
    _XSD + "unsignedInt": (0, 2**32 - 1),
    _XSD + "unsignedShort": (0, 2**16 - 1),
    _XSD + "unsignedByte": (0, 2**8 - 1),
}


def restore(statements: Iterable[Triple], datatypes: Mapping[str, str]) -> Iterator[Triple]:
    """The same statements, in which integers have the datatype that `datatypes` has for their property: a key of BOUNDS."""
    wanted = {NamedNode(name): (NamedNode(datatype), *BOUNDS[datatype]) for name, datatype in datatypes.items()}
    for statement in statements:
        found = wanted.get(statement.predicate)
        value = statement.object
        if found and isinstance(value, Literal) and value.datatype == _INTEGER and _fits(value.value, *found[1:]):
            yield Triple(statement.subject, statement.predicate, Literal(value.value, datatype=found[0]))
        else:
            yield statement


def _fits(text: str, least: int | None, greatest: int | None) -> bool:
    try:
        number = int(text)
    except ValueError:
        return False
    return (least is None or number >= least) and (greatest is None or number <= greatest)
