"""Statistics Netherlands' part of the sample: figures and map of wijken en buurten, of two years.

2023/85618NED/*.json     the table, saved page by page from OData v3 (see cbs_table)
2023/*_2023.geojson      the map (see cbs_polygons)
2024/85984NED/*.json     likewise
2024/*_2024.geojson
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stelsel.sampling.cbs_figures import YEARS, figures
from stelsel.sampling.cbs_polygons import polygon_files
from stelsel.sampling.cbs_regions import regions
from stelsel.sampling.cbs_table import table_files
from stelsel.sampling.cbs_topics import TABLES
from stelsel.sampling.files import write_pieces
from stelsel.sampling.municipality import Municipality
from stelsel.sampling.traps import Trap

Progress = Callable[[str, int, int], None]

CBS_TRAPS: dict[str, Trap] = {
    "other position": Trap(14, "stems whose column has another number in 2024 than in 2023"),
    "other stem": Trap(2, "figures whose stem is another in 2024 than in 2023"),
    "secret": Trap(1, "buurt of 2024 with residents and no address, too few for any figure; more may be too few"),
    "no such figure": Trap(1, "row, of the country, where every figure is null"),
    "split": Trap(2, "buurten of 2024 that were one in 2023: indelingswijziging 3"),
    "renumbered": Trap(1, "buurt of 2024 that had another code in 2023: indelingswijziging 2"),
    "water": Trap(1, "buurt of 2024 that is water: on the map, and not in the table"),
    "land and water": Trap(2, "features of 2023 with the code of the gemeente, one of them its water"),
    "two pieces": Trap(1, "gemeente of 2024 that is not one piece"),
}
"""What is in a sample of `municipality.TRAPS_FROM` addresses or more."""


def write_cbs(m: Municipality, out: Path, progress: Progress) -> list[Path]:
    """Writes the folders `out/2023` and `out/2024`, and gives them. `out` as a whole loads as one delivery.

    The same municipality gives the same bytes. A buurt is held at a time; of the others only their sums. `progress` is
    told the buurten that are done, and of how many. Raises DiskFull where there is no room.
    """
    counted = []
    for buurt in range(m.buurten):
        counted.append(figures(m, buurt))
        progress("CBS", buurt + 1, m.buurten)
    folders = []
    for position, year in enumerate(YEARS):
        known = regions(m, year, [of_years[position] for of_years in counted])
        folder = out / f"{year}"
        for name, pieces in table_files(year, known, m.seed):
            write_pieces(folder / TABLES[year] / name, pieces)
        for name, pieces in polygon_files(year, known):
            write_pieces(folder / name, pieces)
        folders.append(folder)
    return folders
