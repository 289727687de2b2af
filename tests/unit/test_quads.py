from __future__ import annotations

import shutil

import pytest

from stelsel.errors import Damaged
from stelsel.home import open_home
from stelsel.storing.checksums import seal
from stelsel.storing.editions import edition_path, editions
from stelsel.storing.releases import build, releases
from tinyeditions import NAMES, ONTOLOGIES, PANDEN, flip, iri, make, make_home, triple


@pytest.fixture
def home(tmp_path):
    return open_home(make_home(tmp_path / "home", **ONTOLOGIES))


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def rewrite_description(path):
    text = (path / "edition.json").read_text()
    (path / "edition.json").write_text(text.replace('"quads": 2', '"quads": 3'))
    reseal(path)


def reseal(path):
    (path / "SHA256SUMS").unlink()
    seal(path)


def not_compressed(path):
    (path / "quads/bag.nq.zst").write_bytes(b"plain text")
    reseal(path)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: flip(path / "quads/bag.nq.zst"), r"quads/bag\.nq\.zst has changed since"),
        (lambda path: (path / "quads/bag.nq.zst").unlink(), r"quads/bag\.nq\.zst is missing"),
        (lambda path: flip(path / "edition.json"), r"edition\.json has changed since"),
        (not_compressed, r"quads/bag\.nq\.zst cannot be decompressed"),
        (shutil.rmtree, r"SHA256SUMS is missing"),
    ],
)
def test_a_damaged_edition_is_named_and_leaves_nothing(data, home, damage, sentence):
    edition = make(data, "bag", PANDEN)
    damage(edition_path(data, edition))

    with pytest.raises(Damaged, match=sentence):
        build(data, home, NAMES, "open", [edition])

    assert list((data / "staging").iterdir()) == []
    assert releases(data, "open") == []


def test_a_description_that_counts_other_lines_than_the_file_has_is_refused(data, home):
    edition = make(data, "bag", PANDEN)
    rewrite_description(edition_path(data, edition))

    with pytest.raises(Damaged, match=r"bag\.nq\.zst has 2 lines, and its edition\.json says 3"):
        build(data, home, NAMES, "open", editions(data, "bag"))


def test_a_line_that_is_not_n_quads_is_named_in_its_own_file(data, home):
    broken = [triple("id/voorkomen/1"), triple("id/voorkomen/2", value='"open')]
    edition = make(data, "bag", {"bag": PANDEN["bag"], "bag/historie": broken})

    with pytest.raises(Damaged, match=r"bag-historie\.nq\.zst: line 2 is not N-Quads"):
        build(data, home, NAMES, "open", [edition])


@pytest.mark.parametrize("place", [0, 1])
def test_a_blank_node_as_subject_is_refused(data, home, place):
    triples = [triple("id/pand/1")]
    triples.insert(place, f'_:b {iri("p")} "x"')
    edition = make(data, "bag", {"bag": triples})

    with pytest.raises(Damaged, match=r"bag\.nq\.zst has a blank node as a subject"):
        build(data, home, NAMES, "open", [edition])
