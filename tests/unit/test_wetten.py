"""References to laws: every form that the deliveries have is one IRI, and what is none is refused."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.wetten import PLACES, Verwijzing, resolve

JCI = "https://wetten.overheid.nl/jci1.3:c:"
FORMS = re.compile(
    r"(?:jci[0-9.]+:[cv]:|https?://(?:www\.)?wetten\.(?:overheid\.)?nl/|https?://(?:eur-lex|data)\.europa\.eu/eli/(?!ontology))"
    r"[^\s\"<>)\],;]+"
)


@pytest.mark.parametrize(
    ("text", "iri", "on"),
    [
        ("BWBR0023466", "https://wetten.overheid.nl/BWBR0023466", None),
        (" bwbr0023466 ", "https://wetten.overheid.nl/BWBR0023466", None),
        ("jci1.3:c:BWBR0007119&hoofdstuk=VI&artikel=37a", f"{JCI}BWBR0007119&artikel=37a", None),
        ("jci1.3:c:BWBR0023466&amp;hoofdstuk=3&amp;artikel=19", f"{JCI}BWBR0023466&artikel=19", None),
        (
            "jci1.31:c:BWBR0005537&artikel=1:1&lid=2&z=2024-01-01&g=2023-12-31",
            f"{JCI}BWBR0005537&artikel=1:1&lid=2",
            date(2024, 1, 1),
        ),
        ("1.0:v:BWBR0005537&artikel=3", f"{JCI}BWBR0005537&artikel=3", None),
        ("jci1.3:c:BWBR0006933&bijlage=1d", f"{JCI}BWBR0006933&bijlage=1d", None),
        ("http://wetten.overheid.nl/jci1.3:c:BWBR0031386/", "https://wetten.overheid.nl/BWBR0031386", None),
        (
            "http://wetten.overheid.nl/1.0:c:BWBR0020368/2018-02-09#",
            "https://wetten.overheid.nl/BWBR0020368",
            date(2018, 2, 9),
        ),
        (
            "http://wetten.overheid.nl/jci1.3:c:BWBR0020368/2018-02-09#Titeldeel2_Hoofdstuk2.2_Afdeling2.2.4_Artikel2:48",
            f"{JCI}BWBR0020368&artikel=2:48",
            date(2018, 2, 9),
        ),
        ("http://wetten.overheid.nl/BWBR0006622/HoofdstukIV/3/Artikel43'", f"{JCI}BWBR0006622&artikel=43", None),
        (
            "http://wetten.overheid.nl/BWBR0023466/geldigheidsdatum_14-08-2013#Hoofdstuk6\\",
            f"{JCI}BWBR0023466&hoofdstuk=6",
            date(2013, 8, 14),
        ),
        (
            "http://wetten.overheid.nl/BWBR0001830/Hoofdstuk4/Afdeling2/Artikel134/geldigheidsdatum_12-05-2015",
            f"{JCI}BWBR0001830&artikel=134",
            date(2015, 5, 12),
        ),
        (
            "http://wetten.overheid.nl/BWBR0020078/2016-01-01/0/Hoofdstuk2/Artikel3/",
            f"{JCI}BWBR0020078&artikel=3",
            date(2016, 1, 1),
        ),
        (
            "https://wetten.overheid.nl/BWBR0043948/2023-09-13#Artikel2",
            f"{JCI}BWBR0043948&artikel=2",
            date(2023, 9, 13),
        ),
        (
            "http://wetten.overheid.nl/cgi-bin/deeplink/law1/bwbid=BWBR0007119/article=37b\\",
            f"{JCI}BWBR0007119&artikel=37b",
            None,
        ),
        ("https://eur-lex.europa.eu/eli/reg/2009/976", "http://data.europa.eu/eli/reg/2009/976/oj", None),
        ("http://data.europa.eu/eli/reg_impl/2023/138/oj", "http://data.europa.eu/eli/reg_impl/2023/138/oj", None),
    ],
)
def test_every_form_is_one_iri(text, iri, on):
    found = resolve(text)
    assert (found.iri, found.on) == (iri, on)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Wet basisregistratie adressen en gebouwen",
        "http://wetten.overheid.nl/jci1.3:c:",
        "http://wetten.overheid.nl/",
        "http://evil.example/BWBR0023466",
        "https://wetten.overheid.nl.evil.example/BWBR0023466",
        "BWBR002346",
        "BWBR00234661",
        "http://data.europa.eu/eli/ontology#LegalResource",
        "https://wetten.overheid.nl/BWBR0023466/2023-13-40",
    ],
)
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(ValueError, match=r"no reference to a law|a date that is none"):
        resolve(text)


@given(
    st.from_regex(r"BWBR[0-9]{7}", fullmatch=True),
    st.lists(st.sampled_from(PLACES), unique=True, max_size=4),
    st.from_regex(r"[1-9][0-9]?[a-z]?", fullmatch=True),
)
def test_the_iri_of_a_reference_is_a_reference_to_the_same_place(law, kinds, number):
    found = resolve(f"jci1.3:c:{law}" + "".join(f"&{kind}={number}" for kind in kinds))
    assert resolve(found.iri) == found
    assert resolve(found.whole) == Verwijzing(law)


@given(st.text(max_size=60))
def test_no_text_does_anything_but_resolve_or_be_refused(text):
    try:
        found = resolve(text)
    except ValueError:
        return
    assert found.iri.startswith(("https://wetten.overheid.nl/", "http://data.europa.eu/eli/"))


def test_the_references_in_real_deliveries_resolve(shared):
    texts = set()
    for folder in ("stelselcatalogus", "catalogus"):
        for file in (shared / "data" / folder).rglob("*"):
            if file.is_file() and file.suffix in {".ttl", ".trig", ".nq", ".nt", ".json", ".md", ".rdf"}:
                texts |= set(FORMS.findall(file.read_text("utf-8", errors="replace")))
    assert len(texts) > 60
    unresolved = set()
    for text in texts:
        try:
            resolve(text)
        except ValueError:
            unresolved.add(text)
    # A law that was left empty, and the name of a shape in DCAT-AP-NL that only looks like an ELI.
    nothing = {"http://wetten.overheid.nl/jci1.3:c:", "http://wetten.overheid.nl/1.0:c:"}
    assert {text.rstrip("\\") for text in unresolved} <= nothing | {
        "http://data.europa.eu/eli/reg_impl/2023/138/oj_alt"
    }
