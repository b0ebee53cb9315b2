"""The wheel and the sdist carry the weights and the data, and the package finds them outside the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

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
    assert not any(name.startswith(("tests/", "pretrained/", "data/")) for name in names)


def test_sdist_carries_what_a_build_and_the_tests_need(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert _travelling_files() <= names
    assert {"pyproject.toml", "README.md", "LICENSE", "NOTICE", "constraints.txt", "tests/conftest.py"} <= names


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
    for name in ("idata.nc", "summary.csv", "predictive.png"):
        assert (tmp_path / "run" / name).stat().st_size > 0
