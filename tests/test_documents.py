"""The README's example and the tutorials run as they stand, with fewer draws."""

import re
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import hddm_sbi as hs
from hddm_sbi.results.to_arviz import has_group

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = hs.HierarchicalDDM.sample

    def shortened(self: hs.HierarchicalDDM, **options: object) -> object:
        return sample(self, **{**options, "draws": 60, "tune": 120, "chains": 2, "progress": False})

    monkeypatch.setattr(hs.HierarchicalDDM, "sample", shortened)
    train = hs.train_nle

    def few_simulations(*arguments: object, **options: object) -> object:
        return train(*arguments, **{**options, "simulations": 300_000, "progress": False})

    monkeypatch.setattr(hs, "train_nle", few_simulations)


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "tutorials").glob("*.py")), ids=lambda path: path.stem)
def test_tutorials(path: Path, few_draws: None) -> None:
    names = runpy.run_path(str(path))
    assert float(names["effect"].mean()) > 0.0  # evidence comes faster without conflict, or where the task is easy
    plt.close("all")


@pytest.mark.slow
def test_readme_example(few_draws: None) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert has_group(names["idata"], "posterior_predictive")
    plt.close("all")


def test_commands_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\S+)$", text, flags=re.MULTILINE):
        assert f"\n{target}:" in makefile
    for path in re.findall(r"python (benchmarks/\S+\.py)", text):
        assert (ROOT / path).is_file()
