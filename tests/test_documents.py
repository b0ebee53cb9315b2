"""The README's example and the tutorials run as they stand, with fewer draws."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import pyro
import pytest
import torch
from pyro.infer import MCMC, NUTS
from sbi.inference import MNLE, NLE

import hddm_sbi as hs
from hddm_sbi.results.to_arviz import has_group

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # where pictures go
    sample = hs.HierarchicalDDM.sample

    def shortened(self: hs.HierarchicalDDM, **options: object) -> object:
        return sample(self, **{**options, "draws": 60, "tune": 120, "chains": 2, "progress": False})

    monkeypatch.setattr(hs.HierarchicalDDM, "sample", shortened)
    train = hs.train_nle

    def few_simulations(*arguments: object, **options: object) -> object:
        return train(*arguments, **{**options, "simulations": 300_000, "progress": False})

    monkeypatch.setattr(hs, "train_nle", few_simulations)

    def short(part: type, method: str, **limits: int) -> None:
        """Options of a method to be no larger than these."""
        whole = getattr(part, method)

        def shortened(self: object, *arguments: object, **options: object) -> object:
            return whole(self, *arguments, **{**options, **limits})

        monkeypatch.setattr(part, method, shortened)

    short(MCMC, "__init__", num_samples=25, warmup_steps=40)
    short(NUTS, "__init__", max_tree_depth=4)
    for trainer in (NLE, MNLE):
        short(trainer, "train", max_num_epochs=3)


@pytest.fixture
def as_before() -> Iterator[None]:
    """A tutorial may set the number of threads."""
    n_threads = torch.get_num_threads()
    yield
    torch.set_num_threads(n_threads)
    pyro.clear_param_store()


# sbi announces what it infers from the data, and that it was stopped early
@pytest.mark.filterwarnings("ignore:Maximum number of epochs", "ignore:Inferring num_categories")
@pytest.mark.filterwarnings("ignore:The mixed neural density estimator assumes")
@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "tutorials").glob("*.py")), ids=lambda path: path.stem)
def test_tutorials(path: Path, few_draws: None, as_before: None) -> None:
    names = runpy.run_path(str(path))
    # evidence comes faster without conflict, or where the task is easy; what is shared makes more certain; r is above 1
    assert float(names["effect"].mean()) > 0.0
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
