"""Every file of the sample against the official schemas of the LV BAG (2.1.0 of 2020-06-01)."""

from __future__ import annotations

import io
import zipfile

import pytest
from lxml import etree

from stelsel.sampling import write_sample

LVBAG = "data/bag/xsd/lvbag"
SCHEMAS = {
    "bagStand": "extract-deelbestand-lvc/v20200601/BagvsExtractDeelbestandExtractLvc-2.1.0.xsd",
    "bagMutaties": "extract-deelbestand-mutaties-lvc/v20200601/BagvsExtractDeelbestandMutatieLvc-2.1.0.xsd",
    "BAG-Extract-Levering": "extract-levering/v20200601/BagvsExtractLeveringsdocument-2.1.0.xsd",
    "BAG-GWR-Deelbestand-LVC": "gem-wpl-rel/gwr-deelbestand-lvc/v20200601/BagvsGwrDeelbestandLvc-2.1.0.xsd",
}


@pytest.fixture(scope="module")
def schemas(shared):
    return {root: etree.XMLSchema(etree.parse(shared / LVBAG / path)) for root, path in SCHEMAS.items()}


def documents(archive):
    """Name and tree of every XML file, however deep."""
    for name in archive.namelist():
        if name.endswith(".zip"):
            yield from documents(zipfile.ZipFile(io.BytesIO(archive.read(name))))
        elif name.endswith(".xml") and "__MACOSX" not in name:
            yield name, etree.fromstring(archive.read(name))


def written(folder, addresses=10, seed=1):
    return write_sample(folder, addresses=addresses, seed=seed, progress=lambda *_: None, registers=("bag",))


@pytest.mark.parametrize(("addresses", "seed"), [(10, 1), (100, 1), (100, 2), (3_000, 3)])
def test_every_file_of_the_sample_is_valid_by_the_official_schema_of_its_root(schemas, tmp_path, addresses, seed):
    deliveries = [path for paths in written(tmp_path, addresses, seed).values() for path in paths]

    roots = set()
    for delivery in deliveries:
        for name, tree in documents(zipfile.ZipFile(delivery)):
            root = etree.QName(tree).localname
            roots.add(root)
            schemas[root].validate(tree)
            assert not schemas[root].error_log, f"{name}: {schemas[root].error_log.last_error}"
    assert roots == SCHEMAS.keys()


def test_the_schemas_that_judge_the_sample_do_refuse_what_is_wrong(schemas, tmp_path):
    (extract,) = written(tmp_path)["bag"]
    tree = next(tree for name, tree in documents(zipfile.ZipFile(extract)) if name.startswith("9990PND"))
    status = next(element for element in tree.iter() if etree.QName(element).localname == "status")
    status.text = "Pand in gebuik"

    assert not schemas["bagStand"].validate(tree)


def test_the_sample_is_built_as_the_real_extract_is(shared, tmp_path):
    (extract,) = written(tmp_path)["bag"]
    weesp = shared / "data/bag/gem-0457-weesp/BAGGEM0457L-15102021.zip"

    ours = {
        name.replace("9990", "0457").replace("08062024", "15102021") for name, _ in documents(zipfile.ZipFile(extract))
    }
    real = {name for name, _ in documents(zipfile.ZipFile(weesp)) if not name.endswith(("-000002.xml", "-000003.xml"))}
    assert ours == real


def test_the_mutations_are_built_as_the_real_ones_are(shared, tmp_path):
    (mutations,) = written(tmp_path)["bag-mutaties"]
    national = shared / "data/bag/mutaties-nld/BAGNLDM-13112021-14112021.zip"

    ours = {
        name.replace("08062024", "13112021").replace("09062024", "14112021")
        for name, _ in documents(zipfile.ZipFile(mutations))
    }
    assert ours == {name for name, _ in documents(zipfile.ZipFile(national))}
