"""What is imported, and when: libraries that take seconds come with what needs them, not before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _imported(code: str) -> set[str]:
    """Names of the top-level modules that a fresh interpreter has imported after running ``code``."""
    code += "\nimport sys\nprint('\\nimported:', *{name.partition('.')[0] for name in sys.modules})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.rpartition("imported:")[2].split())


def test_the_package_imports_nothing_heavy() -> None:
    heavy = {"torch", "sbi", "pyro", "arviz", "matplotlib", "nutpie", "numba", "scipy", "pandas", "xarray", "formulae"}
    assert not heavy & _imported("import hddm_sbi")


def test_matplotlib_comes_with_the_first_plot() -> None:
    assert "matplotlib" not in _imported("import hddm_sbi as hs\nhs.plots.predictive")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["models"], ["simulate", "--help"], ["check", "--help"], ["read", "--help"]], ids=" ".join
)
def test_commands_without_a_fit_import_neither_networks_nor_plots(arguments: list[str]) -> None:
    code = (
        "from hddm_sbi.cli import app\n"
        "try:\n"
        f"    app({arguments})\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
    )
    assert not {"torch", "sbi", "pyro", "arviz", "matplotlib", "nutpie"} & _imported(code)


def test_checking_data_without_a_formula_imports_no_network() -> None:
    code = (
        "import hddm_sbi as hs\n"
        "data = hs.load_data('cavanagh_theta')\n"
        "str(hs.check_data(data, groupby='participant_id', conditions='conf'))\n"
    )
    assert not {"torch", "sbi", "pyro", "arviz", "matplotlib", "nutpie", "formulae"} & _imported(code)


def test_reading_files_imports_neither_networks_nor_what_other_kinds_of_files_take() -> None:
    code = (
        "import hddm_sbi as hs\n"
        "from pathlib import Path\n"
        f"hs.read(Path({str(ROOT)!r}) / 'tests' / 'exports' / 'labjs_1.csv')\n"
    )
    heavy = {"torch", "sbi", "pyro", "arviz", "matplotlib", "nutpie", "numba", "openpyxl", "pyreadstat", "rdata"}
    assert not heavy & _imported(code)


@pytest.mark.parametrize("likelihood", ["exact", "nle"])
def test_a_model_imports_no_library_that_its_likelihood_does_without(likelihood: str) -> None:
    code = (
        "import hddm_sbi as hs\n"
        "data = hs.load_data('cavanagh_theta')\n"
        f"model = hs.HierarchicalDDM(data, groupby='participant_id', formula='v ~ conf', likelihood='{likelihood}')\n"
        "repr(model)\n"
    )
    assert not {"sbi", "pyro", "arviz", "matplotlib", "nutpie"} & _imported(code)


def test_sampling_and_reports_import_neither_sbi_nor_pyro() -> None:
    code = (
        "import hddm_sbi as hs\n"
        "from hddm_sbi.results.report import print_report\n"
        "data = hs.load_data('cavanagh_theta')\n"
        "model = hs.HierarchicalDDM(data, likelihood='nle')\n"
        "print_report(model.sample(draws=5, tune=5, chains=2, progress=False))\n"
    )
    assert not {"sbi", "pyro"} & _imported(code)
