"""What must hold for every file of a kind: sizes, words, and that documents say what is there."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import stelsel.errors
from stelsel.home import open_home
from stelsel.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
MODULES = sorted([*ROOT.glob("graph/**/*.py"), *ROOT.glob("loaders/**/*.py")])
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/README.md")])
LONGEST = 250


def read(file: Path) -> str:
    return file.read_text("utf-8")


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    return done.stdout.splitlines()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_one_idea(module):
    lines = read(module).splitlines()
    assert len(lines) <= LONGEST, "split it where it has two ideas"
    assert not re.search(r"\bTODO\b|\bFIXME\b|raise NotImplementedError", read(module))


@pytest.mark.parametrize("package", sorted(ROOT.glob("graph/stelsel/**/__init__.py")), ids=lambda p: p.parent.name)
def test_a_package_says_what_is_in_it(package):
    names = {path.stem for path in package.parent.glob("*.py")} - {"__init__"}
    assert [name for name in sorted(names) if not re.search(rf"^{name}\b", read(package), re.MULTILINE)] == []


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_a_setting_is_in_the_manual(setting):
    assert f"`{PREFIX}{setting.upper()}`" in read(ROOT / "graph/README.md")


def test_an_error_is_in_the_tree_that_is_drawn():
    root = stelsel.errors.StelselError
    names = [
        name for name, value in vars(stelsel.errors).items() if isinstance(value, type) and issubclass(value, root)
    ]
    assert [name for name in names if name not in (stelsel.errors.__doc__ or "")] == []


def commands() -> list[str]:
    shown = subprocess.run(
        [Path(sys.executable).parent / "stelsel", "--help"], capture_output=True, text=True, check=True
    )
    return re.findall(r"^│ ([a-z]+)  ", shown.stdout, re.MULTILINE)


def test_a_command_is_in_the_manual():
    assert commands()
    assert [name for name in commands() if f"stelsel {name}" not in read(ROOT / "graph/README.md")] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_is_there(document):
    """Every `make` target, command of `stelsel` and file that stands in code style exists."""
    text = read(document)
    targets = re.findall(r"^([a-z]+):", read(ROOT / "Makefile"), re.MULTILINE)
    assert [name for name in re.findall(r"\bmake ([a-z]+)\b(?=[` \n]|$)", code(text)) if name not in targets] == []
    known = commands()
    assert [name for name in re.findall(r"\bstelsel ([a-z]+)\b", code(text)) if name not in known] == []
    for name in re.findall(r"`((?:graph|loaders|queries|ontologies|tests)/[\w./-]+)`", text):
        if "NAME" not in name:  # which stands for a name of the reader's own
            assert (ROOT / name).exists(), f"{name} is not there"


def code(text: str) -> str:
    """The parts of a document that are code: between backticks, and indented."""
    return "\n".join(
        [
            *re.findall(r"`([^`\n]+)`", text),
            *re.findall(r"^(?: {4}|\$ )(.+)$", text, re.MULTILINE),
            *re.findall(r"```\w*\n(.*?)```", text, re.DOTALL),
        ]
    )


@pytest.mark.parametrize("folder", ["graph", "loaders", "queries", "ontologies", "tests"])
def test_a_top_level_folder_has_its_manual(folder):
    assert (ROOT / folder / "README.md").is_file()


@pytest.mark.parametrize("register", open_home().registers())
def test_a_register_has_an_example_and_its_shapes(register):
    assert (ROOT / "loaders" / register / "README.md").is_file()
    assert (ROOT / "ontologies" / f"{register}.shapes.ttl").is_file()


def test_a_prefix_has_one_namespace():
    found: dict[str, set[str]] = {}
    for file in [
        *ROOT.glob("loaders/**/*.rq"),
        *ROOT.glob("queries/**/*.rq"),
        *ROOT.glob("ontologies/**/*.ttl"),
        *ROOT.glob("graph/**/*.rq"),
    ]:
        for prefix, namespace in re.findall(
            r"^\s*@?prefix\s+([\w-]*):\s*<([^>]*)>", read(file), re.MULTILINE | re.IGNORECASE
        ):
            found.setdefault(prefix, set()).add(namespace)
    assert {prefix: spaces for prefix, spaces in found.items() if len(spaces) > 1} == {}


def test_no_file_names_a_package_index_or_a_machine():
    """Lock files hold versions and hashes; where packages come from is the machine's business."""
    # Letters in brackets keep this pattern from being what it looks for.
    hosts = re.compile(
        r"https?://[\w.-]*(?:p[y]pi|python[h]osted|npm[j]s|regist[r]y\.)[\w.-]*|--(?:extra-)?index-[u]rl|/roo[t]/|/hom[e]/\w"
    )
    for name in tracked():
        if (ROOT / name).is_file() and Path(name).suffix in {
            ".py",
            ".md",
            ".toml",
            ".lock",
            ".yml",
            ".json",
            ".txt",
            ".cfg",
            "",
        }:
            assert not hosts.search(read(ROOT / name)), name


def test_nothing_of_the_shared_deliveries_is_in_the_repository():
    # What we ship as an example is invented, and lies in the example of its register.
    found = [name for name in tracked() if Path(name).suffix in {".zip", ".gpkg", ".gml", ".parquet", ".geojson"}]
    assert [name for name in found if not re.fullmatch(r"loaders/[^/]+/example/levering/.+", name)] == []


def test_no_file_of_the_shared_deliveries_is_among_ours(shared):
    theirs = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (shared / "data").rglob("*") if file.is_file()}
    ours = {
        name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in tracked() if (ROOT / name).is_file()
    }
    empty = hashlib.sha256(b"").hexdigest()
    assert [name for name, digest in ours.items() if digest in theirs - {empty}] == []


@pytest.mark.slow
def test_the_wheel_holds_stelsel_and_its_content_only(tmp_path):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            tmp_path,
            ROOT,
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"stelsel", f"stelsel-{wheel.name.split('-')[1]}.dist-info"}
    for content in ("content/loaders/bag/loader.yml", "content/ontologies/bag.ttl", "content/queries/README.md"):
        assert f"stelsel/{content}" in names
