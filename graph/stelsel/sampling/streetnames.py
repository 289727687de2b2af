"""Names of streets: common words put together, unique within a municipality of 300,000 streets."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_STEMS = _words(
    "Aalscholver Abeel Akelei Alk Anemoon Appel Baken Bakker Barkas Berken Beuken Bies Blauwborst Boei Boerhaave Bolder "
    "Boomgaard Botter Brem Brouwer Buizerd Buiten Dijk Distel Duin Dukdalf Eemnesser Eiken Elzen Ereprijs Esdoorn Fazanten "
    "Fluiter Fregat Fuut Gaffel Galjoen Ganzen Gersten Geul Goudplevier Gouwe Grienden Grutto Haag Haver Hazelaar Helm "
    "Heide Hoornblad Houtduif Iepen IJsvogel Jasmijn Jonge Kaap Kade Kamille Kapitein Kastanje Kerk Kievit Klaver Klipper "
    "Kogge Korenbloem Korhoen Kraanvogel Kreek Krekel Kuiper Kwikstaart Leeuwerik Lijster Linden Lisdodde Loods Lupine "
    "Maalstroom Malle Margriet Meerkoet Meidoorn Melkweg Merel Meeuwen Molen Mossel Nachtegaal Noorder Oever Olmen Ooievaar "
    "Oranje Orchidee Papaver Parel Peren Pinksterbloem Plevier Polder Populieren Raven Reiger Riet Rogge Roerdomp Schelp "
    "Schipper Schoener Scholekster Schor Slik Sluis Smids Snip Spreeuwen Stern Strand Tarwe Tjalk Tureluur Valken Veer Vlas "
    "Vlinder Vos Wal Wanten Waterlelie Wielewaal Wilgen Zeekraal Zilverreiger Zwaluw"
)
_ENDS = _words(
    "straat laan weg hof plein dijk kade pad singel steeg gracht dreef plantsoen park erf oord veld akker donk kamp "
    "werf wende schans baan"
)
_BEFORE = (
    "",
    "Oude ",
    "Nieuwe ",
    "Lange ",
    "Korte ",
    "Grote ",
    "Kleine ",
    "Hoge ",
    "Lage ",
    "Brede ",
    "Smalle ",
    "Eerste ",
    "Tweede ",
    "Derde ",
    "Vierde ",
    "Verlengde ",
    "Achter ",
    "Voor ",
    "Buiten ",
    "Binnen ",
)
_AFTER = ("", " Noord", " Oost", " Zuid", " West")
_STRIDE = 1_009  # prime, and no factor of the number of pairs: every pair comes by before one comes again


def street_name(number: int, seed: int) -> str:
    """The name of the street with this number; other numbers below 300,000 give other names."""
    pairs = len(_STEMS) * len(_ENDS)
    level, within = divmod(number, pairs)
    stem, end = divmod((within * _STRIDE + seed) % pairs, len(_ENDS))
    after, before = divmod(level, len(_BEFORE))
    return f"{_BEFORE[before]}{_STEMS[stem]}{_ENDS[end]}{_AFTER[after]}"
