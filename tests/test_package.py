"""The wheel and the sdist carry weights, data, types and documents, and work outside the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
import yaml

import hddm_sbi

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sdist and the wheel built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return out


def _travelling_files() -> set[str]:
    folders = (ROOT / "pretrained", ROOT / "data")
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}


def test_wheel_carries_weights_and_data(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    travelling = _travelling_files()
    assert "data/cavanagh_theta.csv" in travelling
    assert "pretrained/ddm.safetensors" in travelling
    assert {f"hddm_sbi/_assets/{name}" for name in travelling} <= names
    assert "hddm_sbi/py.typed" in names  # without it a type checker reads none of the package's types
    assert not any(name.startswith(("tests/", "pretrained/", "data/", "docs/")) for name in names)


def test_sdist_carries_what_a_build_and_the_tests_need(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert _travelling_files() <= names
    assert {"pyproject.toml", "README.md", "LICENSE", "NOTICE", "constraints.txt", "tests/conftest.py"} <= names
    assert {"hddm_sbi/py.typed", "CONTRIBUTING.md", "CITATION.cff", ".github/workflows/tests.yml"} <= names
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= names


def test_the_wheel_says_what_it_is(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert metadata["Version"] == citation["version"] == hddm_sbi.__version__
    assert metadata["License-Expression"] == citation["license"] == "Apache-2.0"
    assert metadata["Author"] == ", ".join(author["name"] for author in citation["authors"])
    assert metadata["Keywords"].split(",") == sorted(citation["keywords"])
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    links = dict(link.split(", ") for link in metadata.get_all("Project-URL"))
    assert links["Repository"] == citation["repository-code"]
    assert all(link.startswith(links["Repository"]) for link in links.values())
    for name, link in links.items():  # files that are linked to exist
        if "/main/" in link:
            assert (ROOT / link.partition("/main/")[2]).exists(), name


def test_the_citation_is_valid() -> None:
    """What the Citation File Format 1.2.0 asks for: its keys, and every reference with authors, a title and a place."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    known = {"cff-version", "message", "type", "title", "version", "license", "repository-code", "authors", "abstract"}
    assert known <= set(citation) <= known | {"keywords", "references", "date-released"}
    assert citation["type"] == "software"
    assert set(citation["authors"][0]) == {"name"}
    for reference in citation["references"]:
        assert reference["type"] in {"article", "generic"}
        assert isinstance(reference["year"], int)
        assert reference["title"] and all(set(who) == {"family-names", "given-names"} for who in reference["authors"])
        assert "journal" in reference or reference["url"].startswith("https://")
        assert re.fullmatch(r"10\.\d{4,9}/\S+", reference.get("doi", "10.0000/none"))


def test_the_readme_cites_the_same_papers() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    text = text.partition("## How to cite")[2]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    for reference in citation["references"]:
        if reference["type"] == "article":
            assert reference["authors"][0]["family-names"] in text, reference["title"]
            assert f"({reference['year']}" in text and reference["start"] in text, reference["title"]


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in which the wheel alone is installed."""
    (wheel,) = dist.glob("*.whl")
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    _take_compiled_code(site / "hddm_sbi")
    return site


def _take_compiled_code(package: Path) -> None:
    """What the other tests have compiled before serves the installed package too; the rest it compiles itself.

    Numba knows the code of a file by the file's size and time, wherever it lies.
    """
    for source in (ROOT / "hddm_sbi").rglob("*.py"):
        installed = package / source.relative_to(ROOT / "hddm_sbi")
        compiled = list(source.parent.glob(f"__pycache__/{source.stem}.*.nb[ic]"))
        if compiled and installed.read_bytes() == source.read_bytes():
            shutil.copystat(source, installed)
            installed.with_name("__pycache__").mkdir(exist_ok=True)
            for file in compiled:
                shutil.copy2(file, installed.parent / "__pycache__" / file.name)


def _run(site: Path, folder: Path, *arguments: str) -> str:
    """Output of Python with the installed wheel before everything else, in a folder outside the repository."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_installed_wheel_finds_its_files_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    code = (
        "from hddm_sbi._resources import resource\n"
        "from hddm_sbi.trials import load_data\n"
        "print(resource('pretrained', 'ddm.safetensors'))\n"
        "print(len(load_data('cavanagh_theta')))\n"
    )
    weights, rows = _run(installed, tmp_path, "-c", code).split("\n")[:2]
    assert Path(weights) == (installed / "hddm_sbi" / "_assets" / "pretrained" / "ddm.safetensors").resolve()
    assert rows == "3988"


def test_installed_wheel_fits_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    command = ("-c", "from hddm_sbi.cli import app; app()")
    _run(installed, tmp_path, *command, "simulate", "--subjects", "3", "--trials", "60", "--out", "sim.csv")
    options = ("--groupby", "subject", "--draws", "100", "--tune", "200", "--chains", "2", "--out", "run")
    output = _run(installed, tmp_path, *command, "fit", "sim.csv", *options)
    assert "likelihood nle" in output
    for name in ("idata.nc", "summary.csv", "predictive.png", "report.html"):
        assert (tmp_path / "run" / name).stat().st_size > 0
