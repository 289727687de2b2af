"""A region on the map under one name for its code, name and year: files spell them in many ways."""

from __future__ import annotations

from collections.abc import Iterator

from stelsel.loading.rows import Row

# The smallest comes first: a buurt says in which wijk and gemeente it lies as well.
_LEVELS = (
    ("buurtcode", "buurtnaam"),
    ("wijkcode", "wijknaam"),
    ("gemeentecode", "gemeentenaam"),
    ("statcode", "statnaam"),
)


def rows(table: str, row: Row) -> Iterator[tuple[str, Row]]:
    """The row itself; of table `gebied` with `regiocode`, `regionaam`, `jaar` and `water` filled.

    Raises ValueError for a feature that has no code, no year, or no longer holds.
    """
    if table != "gebied":
        yield table, row
        return
    code, name = next((pair for pair in _LEVELS if pair[0] in row), ("", ""))
    if not code:
        raise ValueError("has none of the codes of a region: buurtcode, wijkcode, gemeentecode, statcode or cbsCode")
    filled: Row = {**row, "regiocode": row[code], "jaar": _year(row), "water": _water(row)}
    if name in row:
        filled["regionaam"] = row[name]
    if str(row.get("eindGeldigheid", "9999"))[:10] <= f"{filled['jaar']}-01-01":
        raise ValueError(f"{row[code]} ended on {row['eindGeldigheid']}, before the year of the map")
    yield table, filled


def _year(row: Row) -> str:
    """The year that the feature states, in `jaar` or in front of its code (`2022BU19160803`), or else its file's name."""
    told = str(row.get("jaarstatcode", ""))[:4]
    year = row.get("jaar") or told
    if not year:
        raise ValueError("has no year: neither in jaar nor in jrstatcode, nor in the name of its file")
    if told and told != year:
        raise ValueError(f"is of {told} by its jrstatcode, and of {year} by its file or its jaar")
    return str(year)


def _water(row: Row) -> str:
    """JA or NEE. CBS has B too: the ground of Belgium around Baarle-Nassau, GM0998, which is land."""
    water = str(row.get("water", "NEE"))
    return "NEE" if water == "B" else water
