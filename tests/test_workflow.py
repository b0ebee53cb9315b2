"""The hosted tests cover what the package says it supports, and call what the repository has."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
SYSTEMS = {"ubuntu": "Linux", "macos": "macOS", "windows": "Windows"}
CELLS = [(system, versions) for system in SYSTEMS.values() for versions in ("constrained", "newest")]


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["jobs"].values()
    return job


def test_every_supported_python_on_every_system_with_both_kinds_of_versions(job: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))
    matrix = job["strategy"]["matrix"]
    assert matrix["python"] == pythons  # as text: 3.10 would be read as 3.1
    assert [name.split("-")[0] for name in matrix["os"]] == list(SYSTEMS)
    assert matrix["versions"] == ["constrained", "newest"]
    assert not job["strategy"]["fail-fast"]


def _steps(job: dict[str, Any], system: str, versions: str) -> list[str]:
    """The commands that run in a cell of the matrix."""
    told = {"runner.os": f"'{system}'", "matrix.versions": f"'{versions}'", "&&": "and", "always()": "True"}
    result = []
    for step in job["steps"]:
        condition = step.get("if", "True")
        for name, value in told.items():
            condition = condition.replace(name, value)
        assert re.fullmatch(r"[\w'!=. ]+", condition)
        if "run" in step and eval(condition, {"__builtins__": {}}):
            result += step["run"].splitlines()
    return result


@pytest.mark.parametrize(("system", "versions"), CELLS)
def test_every_cell_installs_and_runs_all_tests_once(job: dict[str, Any], system: str, versions: str) -> None:
    lines = _steps(job, system, versions)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\S+)", "\n".join(lines), flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
    tests = [line for line in lines if line == "make test PYTHON=python" or re.search(r"python -m pytest\b", line)]
    assert len(tests) == 1
    assert "not slow" not in tests[0]
    folder = ".venv/Scripts/" if system == "Windows" else ".venv/bin/"
    assert all(path == folder for line in lines for path in re.findall(r"^(\.venv/\w+/)python", line))
    assert any(line.startswith("make") for line in lines) is (system != "Windows")


def test_the_newest_versions_are_installed_without_constraints(job: dict[str, Any], tmp_path: Path) -> None:
    assert job["env"]["CONSTRAINTS"] == "${{ matrix.versions == 'constrained' && '-c constraints.txt' || '' }}"
    assert "$CONSTRAINTS" in "\n".join(_steps(job, "Windows", "newest"))
    assert "pip install $(CONSTRAINTS) -e '.[dev]'" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize(("system", "versions"), CELLS)
def test_the_commands_are_those_of_a_shell(job: dict[str, Any], system: str, versions: str) -> None:
    if not Path("/bin/bash").exists():
        pytest.skip("there is no bash to read them")
    assert job["defaults"]["run"]["shell"] == "bash"
    script = "\n".join(_steps(job, system, versions))
    read = subprocess.run(["/bin/bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")
