"""The documents' code and the tutorials run as they stand, with fewer draws; what they name exists."""

import re
import runpy
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import pyro
import pytest
import torch
import typer
from pyro.infer import MCMC, NUTS
from sbi.inference import MNLE, NLE

import hddm_sbi as hs
from hddm_sbi.cli import app
from hddm_sbi.results.to_arviz import has_group
from tests.planning.fakes import known_one
from tests.tasks.in_this_process import InThisProcess

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
DOCUMENTS = [ROOT / "README.md", CONTRIBUTING, *DOCS]

# of Pyro's sampler; the cookies' five standard deviations need more
FEW = {"num_samples": 25, "warmup_steps": 40}


@pytest.fixture
def few_draws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # where pictures go
    sample = hs.HierarchicalDDM.sample

    def shortened(self: hs.HierarchicalDDM, **options: object) -> object:
        return sample(self, **{**options, "draws": 60, "tune": 120, "chains": 2, "progress": False})

    monkeypatch.setattr(hs.HierarchicalDDM, "sample", shortened)
    monkeypatch.setattr("hddm_sbi.tasks.run.pool_of", InThisProcess)
    monkeypatch.setattr("hddm_sbi.proof.experiment.REPEATS", 0)
    monkeypatch.setattr("hddm_sbi.planning.plan.plan_one", known_one)  # a plan has too many fits
    train = hs.train_nle

    def few_simulations(*arguments: object, **options: object) -> object:
        return train(*arguments, **{**options, "simulations": 150_000, "progress": False})

    monkeypatch.setattr(hs, "train_nle", few_simulations)

    def short(part: type, method: str, **limits: int) -> None:
        """Options of a method to be no larger than these."""
        whole = getattr(part, method)

        def shortened(self: object, *arguments: object, **options: object) -> object:
            return whole(self, *arguments, **{**options, **limits})

        monkeypatch.setattr(part, method, shortened)

    draws = {"num_samples": 200, "warmup_steps": 100} if "cookies" in request.node.name else FEW
    short(MCMC, "__init__", **draws)
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
# a run that is cut short has draws where its full length has next to none
@pytest.mark.filterwarnings("ignore:.*outside the range that the network was trained on")
@pytest.mark.filterwarnings("ignore:The mixed neural density estimator assumes")
@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "tutorials").glob("*.py")), ids=lambda path: path.stem)
def test_tutorials(path: Path, few_draws: None, as_before: None) -> None:
    shutil.copytree(ROOT / "tests" / "exports", Path("tests") / "exports")  # where tutorials find them
    names = runpy.run_path(str(path))
    # evidence comes faster without conflict, where the task is easy, or for what is right; what is shared makes more
    # certain; r is above 1
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


def blocks(path: Path, language: str = "") -> list[str]:
    """Code between fences, of one language."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [code for named, code in fenced if named == language]


@pytest.mark.parametrize("path", [path for path in DOCS if blocks(path, "python")], ids=lambda path: path.stem)
def test_code_in_the_documents_runs(path: Path, few_draws: None) -> None:
    names: dict[str, object] = {}
    for code in blocks(path, "python"):
        exec(compile(code, path.name, "exec"), names)
        plt.close("all")


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_links_in_the_documents_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert local or not targets
    for target in local:
        name, _, anchor = target.partition("#")
        there = path.parent / name if name else path
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in map(slug, headings), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_commands_in_the_documents_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make ([\w-]+)", text, flags=re.MULTILINE):
        assert f"\n{target}:" in makefile, target
    files = re.findall(r"(?:`|python )((?:benchmarks|tutorials|tests|pretrained|data)/[\w./]+)", text)
    files = [name for name in files if "NAME" not in name]  # what a recipe adds
    modules = [name.replace(".", "/") for name in re.findall(r"python -m ((?:benchmarks|hddm_sbi)[\w.]*)", text)]
    for name in files:
        assert (ROOT / name).exists(), name
    for name in modules:
        assert (ROOT / f"{name}.py").is_file() or (ROOT / name / "__main__.py").is_file(), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_options_of_the_command_line_exist(path: Path) -> None:
    commands = typer.main.get_command(app).commands
    known = {name: {option for p in command.params for option in p.opts} for name, command in commands.items()}
    text = path.read_text(encoding="utf-8").replace("\n", " ")
    for name, rest in re.findall(r"hddm-sbi ([a-z]+)([^`]*)", text):
        assert name in known, name
        assert set(re.findall(r" (--[a-z][\w-]*)", rest.split("hddm-sbi ")[0])) <= known[name]
    fits = re.findall(r"`(--[a-z][\w-]*)", text)  # options alone are those of the fit
    assert set(fits) <= known["fit"]


def test_the_map_shows_every_folder_and_imports_in_their_order() -> None:
    """Folders and modules of the package once each, in the order in which the layers of pyproject.toml import."""
    shown = re.findall(r"^\| `(\w+)(?:/|\.py)` \|", CONTRIBUTING.read_text(encoding="utf-8"), flags=re.MULTILINE)
    package = ROOT / "hddm_sbi"
    there = {path.stem for path in package.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert sorted(shown) == sorted(name for name in there if not name.startswith("_"))
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert shown == [name for name in layers["contracts"][0]["layers"] if not name.startswith("_")]


def test_files_of_the_recipes_exist() -> None:
    text = CONTRIBUTING.read_text(encoding="utf-8")
    names = re.findall(r"`((?:hddm_sbi|tests)/[\w./]*)`", text)
    assert len(names) > 20
    for name in names:
        # NAME is whatever is added: its folder exists
        assert ((ROOT / name).parent if "NAME" in name else ROOT / name).exists(), name


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("hddm_sbi/ssm/registry.py", ["_MODELS"]),
        ("hddm_sbi/likelihoods/observation/outcomes.py", ["OUTCOMES"]),
        ("hddm_sbi/inference/potential/priors.py", ["FAMILIES"]),
        ("hddm_sbi/trials/plausibility/__init__.py", ["CHECKS"]),
        ("hddm_sbi/doctor/findings/__init__.py", ["CHECKS"]),
        ("tests/doctor/faults.py", ["FAULTS"]),
        ("hddm_sbi/peers/packages/__init__.py", ["PEERS"]),
        ("benchmarks/peers.py", ["DENSITIES", "SIMULATIONS", "MOMENTS"]),
        ("hddm_sbi/reading/sources/__init__.py", ["SOURCES"]),
        ("tests/reading/test_exports.py", ["ALL"]),
        ("tests/reading/test_time_outs.py", ["WAYS"]),
        ("tests/likelihoods/observation/test_laws.py", ["THETA", "KINDS"]),
        ("tests/ssm/test_evidence.py", ["THETA"]),
        ("tests/plots/test_distributions.py", ["ALL"]),
        ("tests/plots/test_estimates.py", ["PLOTS"]),
        ("tests/inference/test_potential.py", ["PRIORS"]),
    ],
)
def test_tables_of_the_recipes_are_where_they_are_said_to_be(file: str, names: list[str]) -> None:
    recipes = CONTRIBUTING.read_text(encoding="utf-8")
    assert f"`{file}`" in recipes
    for name in names:
        assert f"`{name}`" in recipes
        assert re.search(rf"^{name}\b.*=", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
