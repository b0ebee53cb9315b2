"""The hosted tests cover what the package says it supports, and call what the repository has."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import hddm_sbi
from hddm_sbi.cli import app

ROOT = Path(__file__).resolve().parent.parent
SYSTEMS = {"ubuntu": "Linux", "macos": "macOS", "windows": "Windows"}
CELLS = [(system, versions) for system in SYSTEMS.values() for versions in ("constrained", "newest")]


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["jobs"]


@pytest.fixture(scope="module")
def job(jobs: dict[str, Any]) -> dict[str, Any]:
    return jobs["tests"]


@pytest.mark.parametrize("name", ["tests", "wheel"])
def test_every_supported_python_on_every_system(jobs: dict[str, Any], name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))
    strategy = jobs[name]["strategy"]
    assert strategy["matrix"]["python"] == pythons  # as text: 3.10 would be read as 3.1
    assert [system.split("-")[0] for system in strategy["matrix"]["os"]] == list(SYSTEMS)
    assert not strategy["fail-fast"]


def test_the_tests_run_with_both_kinds_of_versions(job: dict[str, Any]) -> None:
    assert job["strategy"]["matrix"]["versions"] == ["constrained", "newest"]


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


def _scripts(jobs: dict[str, Any]) -> list[str]:
    """The commands of each step of the job that uses a wheel."""
    return [step["run"] for step in jobs["wheel"]["steps"] if "run" in step]


def test_a_wheel_is_built_installed_and_used_outside_of_the_repository(jobs: dict[str, Any]) -> None:
    build, *outside = _scripts(jobs)
    assert 'python -m build --outdir "$RUNNER_TEMP/dist" .' in build  # through the sdist, as both are asked for
    assert all(script.startswith('cd "$RUNNER_TEMP"\n') for script in outside)
    used = "\n".join(outside)
    assert "-m pip install dist/*.whl" in used
    assert not re.search(r"pip install .*-e|PYTHONPATH|GITHUB_WORKSPACE", used)
    for part in ("import hddm_sbi", "-m mypy", '/hddm-sbi" simulate', '/hddm-sbi" fit'):
        assert part in used


def test_what_is_run_with_the_wheel_works_here(jobs: dict[str, Any], tmp_path: Path) -> None:
    lines = _scripts(jobs)[-1].splitlines()
    (code,) = re.findall(r'-c "(import hddm_sbi.*)"$', "\n".join(lines), flags=re.MULTILINE)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split()[0] == hddm_sbi.__version__
    commands = typer.main.get_command(app).commands
    for name, rest in re.findall(r'/hddm-sbi" (\w+)(.*)$', "\n".join(lines), flags=re.MULTILINE):
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= known


def test_the_commands_on_the_wheel_are_those_of_a_shell(jobs: dict[str, Any]) -> None:
    if not Path("/bin/bash").exists():
        pytest.skip("there is no bash to read them")
    assert jobs["wheel"]["defaults"]["run"]["shell"] == "bash"
    read = subprocess.run(
        ["/bin/bash", "-n"], input="\n".join(_scripts(jobs)), text=True, capture_output=True, check=False
    )
    assert (read.returncode, read.stderr) == (0, "")
