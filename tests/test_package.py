"""The wheel and the sdist carry the weights and the data, and the package finds them outside the repository."""

from __future__ import annotations

import os
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


def test_unpacked_wheel_finds_its_files_outside_the_repository(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = (
        "from hddm_sbi._resources import resource\n"
        "from hddm_sbi.trials import load_data\n"
        "print(resource('pretrained', 'ddm.safetensors'))\n"
        "print(len(load_data('cavanagh_theta')))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    assert result.returncode == 0, result.stderr
    weights, rows = result.stdout.split("\n")[:2]
    assert Path(weights) == (site / "hddm_sbi" / "_assets" / "pretrained" / "ddm.safetensors").resolve()
    assert rows == "3988"
