from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bagxml import added, changed, mutations, pand, removed, stand, voorkomen
from stelsel.home import open_home
from stelsel.loading.changes import Changes
from stelsel.loading.mutations import Tally, merged
from stelsel.loading.readers.xml import XmlReader
from stelsel.loading.register import read_register
from stelsel.loading.rows import Packer, from_lines, to_lines

REGISTER = read_register(open_home(), "bag")
READER = XmlReader(REGISTER)


def edition(folder: Path, *records: str) -> Path:
    content = stand(*records)
    found = [record.row for record in READER.records(content, READER.document(content, "a"), "a")]
    packer = Packer()
    packer.add(to_lines(found))
    (folder / "rows").mkdir(parents=True)
    (folder / "rows/pand.jsonl.zst").write_bytes(packer.frame())
    return folder


def apply(
    folder: Path, previous: Path, *delivered: str, areas: tuple[str, ...] = ("0457",)
) -> tuple[list[dict], Tally]:
    tally = Tally()
    changes = Changes(REGISTER, folder / "changes.sqlite")
    changes.add(READER.changes(mutations(*delivered), "m.xml"), "m.xml")
    rows = [
        row for part in merged(REGISTER, previous, changes, set(), areas, tally) for row in from_lines(part.content)
    ]
    changes.close()
    return rows, tally


def again(folder: Path, rows: list[dict]) -> Path:
    packer = Packer()
    packer.add(to_lines(rows))
    (folder / "rows").mkdir(parents=True)
    (folder / "rows/pand.jsonl.zst").write_bytes(packer.frame())
    return folder


ENDED = pand(when=voorkomen(1, end="2021-10-16", ended="2021-10-16T09:00:00.000"))
SECOND = pand(status="Pand gesloopt", when=voorkomen(2, begin="2021-10-16", registered="2021-10-16T09:00:00.000"))


def test_a_change_ends_one_record_and_adds_the_next(tmp_path):
    previous = edition(tmp_path / "one", pand(), pand("0457100000000002"))
    rows, tally = apply(tmp_path, previous, changed(pand(), ENDED) + added(SECOND))
    assert [(row["voorkomenidentificatie"], row.get("eindGeldigheid"), row["status"]) for row in rows] == [
        ("1", "2021-10-16", "Pand in gebruik"),
        ("1", None, "Pand in gebruik"),
        ("2", None, "Pand gesloopt"),
    ]
    assert (tally.applied, tally.already, tally.problems) == (2, 0, [])


def test_applying_twice_changes_nothing(tmp_path):
    delivered = (changed(pand(), ENDED), added(SECOND), added(pand("0457100000000009")))
    rows, _ = apply(tmp_path, edition(tmp_path / "one", pand()), *delivered)
    (tmp_path / "changes.sqlite").unlink()
    twice, tally = apply(tmp_path, again(tmp_path / "two", rows), *delivered)
    assert twice == rows
    assert (tally.applied, tally.already, tally.problems) == (0, 3, [])


def test_two_steps_in_one_delivery_are_both_taken(tmp_path):
    steps = changed(pand(year="1975"), pand(year="1976")) + changed(pand(year="1976"), pand(year="1977"))
    rows, tally = apply(tmp_path, edition(tmp_path / "one", pand(year="1975")), steps)
    assert [row["oorspronkelijkBouwjaar"] for row in rows] == ["1977"]
    assert tally.applied == 2


@pytest.mark.parametrize(("delivered", "says"), [
    (changed(pand(year="1900"), pand(year="1901")), "is not what the delivery says it was"),
    (added(pand(year="1900")), "is there already, and differs"),
    (changed(pand("0457100000000003"), pand("0457100000000003", year="1")), "is not in the edition"),
])  # fmt: skip
def test_a_change_that_does_not_fit_is_reported_and_left_out(tmp_path, delivered, says):
    previous = edition(tmp_path / "one", pand())
    rows, tally = apply(tmp_path, previous, delivered)
    assert [row["oorspronkelijkBouwjaar"] for row in rows] == ["1975"]
    (problem,) = tally.problems
    assert says in problem.message
    assert "m.xml, line" in problem.where


def test_a_group_is_applied_whole_or_left_out_whole(tmp_path):
    previous = edition(tmp_path / "one", pand(), pand("0457100000000002"))
    group = added(pand("0457100000000009")) + changed(pand(year="1900"), pand(year="1901"))
    rows, tally = apply(
        tmp_path, previous, group, changed(pand("0457100000000002"), pand("0457100000000002", year="1980"))
    )
    assert [(row["identificatie"][-1], row["oorspronkelijkBouwjaar"]) for row in rows] == [("1", "1975"), ("2", "1980")]
    assert tally.applied == 1
    assert "the 2 changes of its group were left out" in tally.problems[0].message


def test_a_removed_record_is_gone_and_stays_gone(tmp_path):
    previous = edition(tmp_path / "one", pand(), pand("0457100000000002"))
    rows, _ = apply(tmp_path, previous, removed(pand()))
    assert [row["identificatie"] for row in rows] == ["0457100000000002"]
    (tmp_path / "changes.sqlite").unlink()
    twice, tally = apply(tmp_path, again(tmp_path / "two", rows), removed(pand()))
    assert twice == rows
    assert (tally.applied, tally.already) == (0, 1)


def test_records_of_another_area_are_passed_over_and_counted(tmp_path):
    rows, tally = apply(tmp_path, edition(tmp_path / "one", pand()), added(pand("0363100000000003")))
    assert len(rows) == 1
    assert tally.elsewhere == 1


def test_an_edition_of_the_country_takes_them(tmp_path):
    rows, tally = apply(tmp_path, edition(tmp_path / "one", pand()), added(pand("0363100000000003")), areas=())
    assert len(rows) == 2
    assert (tally.applied, tally.elsewhere) == (1, 0)


def test_an_object_of_the_edition_is_known_whatever_its_number_begins_with(tmp_path):
    """Weesp has panden that were numbered by the gemeente they once lay in."""
    old = pand("0424100000000001")
    ended = pand("0424100000000001", when=voorkomen(1, end="2021-10-16", ended="2021-10-16T09:00:00.000"))
    second = pand("0424100000000001", when=voorkomen(2, begin="2021-10-16"))
    rows, tally = apply(tmp_path, edition(tmp_path / "one", old), changed(old, ended), added(second))
    assert len(rows) == 2
    assert tally.applied == 2


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1950, 1960)), max_size=8))
def test_a_chain_of_changes_gives_what_they_give_one_by_one(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("chain")
    names = [f"045710000000000{number}" for number in range(4)]
    years = dict.fromkeys(names, "1950")
    delivered = []
    for number, year in steps:
        name = names[number]
        if years[name] == str(year) or any(f">{year}<" in text and name in text for text in delivered):
            continue  # a record does not go back to what it was within one delivery
        delivered.append(changed(pand(name, year=years[name]), pand(name, year=str(year))))
        years[name] = str(year)
    rows, tally = apply(folder, edition(folder / "one", *(pand(name, year="1950") for name in names)), *delivered)
    assert {row["identificatie"]: row["oorspronkelijkBouwjaar"] for row in rows} == years
    assert not tally.problems
