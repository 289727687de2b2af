"""The columns of the tables Kerncijfers wijken en buurten: what they are called in each year, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stelsel.sampling.cbs_figures import Figures

Value = int | float | None


@dataclass(frozen=True)
class Topic:
    """A column: its stem and position in each year, and how its value follows from the figures and square kilometres."""

    stems: tuple[str, str]
    positions: tuple[int, int]
    title: str
    group: str
    unit: str
    value: Callable[[Figures, float], Value]
    decimals: int = 0
    rounded: bool = False
    """Numbers of people and households are rounded to fives below the gemeente."""

    def key(self, year: int) -> str:
        """The column's name in the table of a year."""
        which = list(TABLES).index(year)
        return f"{self.stems[which]}_{self.positions[which]}"


TABLES = {2023: "85618NED", 2024: "85984NED"}
GROUPS = ("Regioaanduiding", "Bevolking", "Wonen", "Energie", "Inkomen", "Stedelijkheid")


def _part(of: Callable[[Figures], int], whole: Callable[[Figures], int], times: int = 100, digits: int = 0) -> Any:
    """The value of a column that is a quotient; none where there is nothing to divide by."""

    def value(figures: Figures, _: float) -> Value:
        below = whole(figures)
        return None if not below else round(times * of(figures) / below, digits or None)

    return value


def density(figures: Figures, square_km: float) -> int:
    """Addresses per square kilometre, as if the circle of a kilometre around each address were the region itself."""
    return round(figures.addresses / square_km)


def urbanity(figures: Figures, square_km: float) -> int:
    """Mate van stedelijkheid: 1 for 2,500 addresses per square kilometre and more, 5 for fewer than 500."""
    around = density(figures, square_km)
    return 1 + sum(around < limit for limit in (2500, 1500, 1000, 500))


def _same(stem: str) -> tuple[str, str]:
    return stem, stem


# Positions of 2024 are those of table 85984NED; the table of 2023 is numbered as its older stems are.
TOPICS = (
    Topic(_same("AantalInwoners"), (5, 5), "Aantal inwoners", "Bevolking", "aantal", lambda f, _: f.residents, 0, True),
    Topic(_same("HuishoudensTotaal"), (28, 29), "Huishoudens totaal", "Bevolking", "aantal",
          lambda f, _: f.households, 0, True),
    Topic(_same("Eenpersoonshuishoudens"), (29, 30), "Eenpersoonshuishoudens", "Bevolking", "aantal",
          lambda f, _: f.singles, 0, True),
    Topic(_same("Woningvoorraad"), (34, 35), "Woningvoorraad", "Wonen", "aantal", lambda f, _: f.dwellings),
    Topic(_same("GemiddeldeWOZWaardeVanWoningen"), (35, 39), "Gemiddelde WOZ-waarde van woningen", "Wonen",
          "x 1 000 euro", _part(lambda f: f.value, lambda f: f.dwellings, 1)),
    Topic(_same("Koopwoningen"), (40, 47), "Koopwoningen", "Wonen", "%", _part(lambda f: f.owned, lambda f: f.dwellings)),
    Topic(_same("HuurwoningenTotaal"), (41, 48), "Huurwoningen totaal", "Wonen", "%",
          _part(lambda f: f.rented, lambda f: f.dwellings)),
    Topic(_same("InBezitWoningcorporatie"), (42, 49), "In bezit woningcorporatie", "Wonen", "%",
          _part(lambda f: f.social, lambda f: f.dwellings)),
    Topic(_same("BouwjaarVoor2000"), (45, 51), "Bouwjaar voor 2000", "Wonen", "%",
          _part(lambda f: f.before_2000, lambda f: f.dwellings)),
    Topic(("GemiddeldElektriciteitsverbruikTotaal", "GemiddeldeElektriciteitslevering"), (47, 53),
          "Gemiddelde elektriciteitslevering", "Energie", "kWh", _part(lambda f: f.electricity, lambda f: f.dwellings, 1)),
    Topic(("GemiddeldAardgasverbruikTotaal", "GemiddeldAardgasverbruik"), (55, 55), "Gemiddeld aardgasverbruik",
          "Energie", "m³", _part(lambda f: f.gas, lambda f: f.gas_homes, 1)),
    Topic(_same("AardgasvrijeWoningen"), (64, 57), "Aardgasvrije woningen", "Energie", "%",
          _part(lambda f: f.dwellings - f.gas_homes, lambda f: f.dwellings, 100, 1), 1),
    Topic(_same("WoningenMetZonnestroom"), (65, 59), "Woningen met zonnestroom", "Energie", "%",
          _part(lambda f: f.solar, lambda f: f.dwellings, 100, 1), 1),
    Topic(_same("GemiddeldInkomenPerInwoner"), (72, 78), "Gemiddeld inkomen per inwoner", "Inkomen", "x 1 000 euro",
          lambda f, _: round(f.income / f.residents / 10, 1) if f.residents else None, 1),
    Topic(_same("PersonenInArmoede"), (80, 81), "Personen in armoede", "Inkomen", "%",
          _part(lambda f: f.poor, lambda f: f.residents, 100, 1), 1),
    Topic(_same("MateVanStedelijkheid"), (115, 121), "Mate van stedelijkheid", "Stedelijkheid", "code", urbanity),
    Topic(_same("Omgevingsadressendichtheid"), (116, 122), "Omgevingsadressendichtheid", "Stedelijkheid", "per km²",
          density),
)  # fmt: skip
