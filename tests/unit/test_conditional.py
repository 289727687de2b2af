from __future__ import annotations

import pytest

from stelsel.serving.conditional import Validators, caching, content_hash

MADE = "Fri, 02 Jan 2026 03:04:05 GMT"
OURS = Validators("r1", MADE, "json", b"k" * 16)
STRONG = dict(OURS.headers(content_hash(b"rows")))[b"etag"]
WEAK = dict(OURS.headers())[b"etag"]


def owed(*, answered=True, **headers):
    return OURS.owed([(name.replace("_", "-").encode(), value) for name, value in headers.items()], answered=answered)


def test_a_tag_is_strong_where_the_content_is_known():
    assert STRONG.startswith(b'"r1.json.')
    assert WEAK.startswith(b'W/"r1.json.')
    assert dict(OURS.headers(content_hash(b"rows in another order")))[b"etag"] != STRONG


@pytest.mark.parametrize("tags", [STRONG, WEAK, b"W/" + STRONG, b'"x", ' + STRONG, b'W/"x",' + WEAK + b' , "y"'])
def test_whoever_shows_a_tag_of_this_answer_has_it(tags):
    assert dict(owed(if_none_match=tags, answered=False))[b"last-modified"] == MADE.encode()


@pytest.mark.parametrize("order", [b"rows", b"rows in another order"])
def test_a_304_names_the_tag_that_the_client_has(order):
    tag = dict(OURS.headers(content_hash(order)))[b"etag"]
    assert dict(owed(if_none_match=b'"x", ' + tag))[b"etag"] == tag


@pytest.mark.parametrize(
    "tags",
    [
        dict(Validators("r2", MADE, "json", b"k" * 16).headers())[b"etag"],
        dict(Validators("r1", MADE, "csv", b"k" * 16).headers())[b"etag"],
        dict(Validators("r1", MADE, "json", b"l" * 16).headers())[b"etag"],
        WEAK[:-1] + b'x"',
        WEAK.removeprefix(b"W/").replace(b'"', b""),
        b'"',
        b"",
        b'W/"r1.json"',
    ],
)
def test_another_tag_is_no_proof(tags):
    assert owed(if_none_match=tags) is None


def test_a_date_counts_when_it_is_the_release_s_own_and_there_is_no_tag():
    assert owed(if_modified_since=MADE.encode()) is not None
    assert owed(if_modified_since=b"Sat, 03 Jan 2026 03:04:05 GMT") is None  # of a release that was gone back from
    assert owed(if_modified_since=b"soon") is None
    assert owed(if_modified_since=MADE.encode(), if_none_match=b'"x"') is None


def test_a_date_and_a_star_prove_nothing_about_a_question_that_was_never_answered():
    assert owed(if_modified_since=MADE.encode(), answered=False) is None
    assert owed(if_none_match=b"*", answered=False) is None
    assert owed(if_none_match=b"*") is not None
    assert owed() is None


def test_closed_data_is_kept_by_the_client_alone():
    assert caching("open", 10) == b"public, max-age=10, must-revalidate"
    assert caching("gesloten", 10) == b"private, max-age=10, must-revalidate"
    assert caching("open", 0) == b"public, no-cache"
