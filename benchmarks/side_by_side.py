"""Engines side by side: the same data, model, priors, lapses and cores, one after another.

Run ``python -m benchmarks.side_by_side`` (``make bench``; ``make bench-ours`` runs this package only, and takes what is
kept of the others). Results are kept in ``.bench/runs``, so that an interrupted comparison goes on where it stopped;
``--fresh`` runs the chosen engines again. The table and the plot hold everything that is kept.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measures, tables
from benchmarks.data import COMPARED, DATA, SLOPES, WINDOW, write
from benchmarks.engines.common import Task
from benchmarks.process import ROOT, machine, run

BENCH = ROOT / ".bench"
RESULTS = Path(__file__).resolve().parent / "results"
REFERENCE = "ours-exact"


@dataclass(frozen=True)
class Engine:
    """How an engine is run.

    Args:
        module: its script in ``benchmarks.engines``.
        environment: folder of its environment under ``.bench``; None: this one.
        options: for the script.
        draws, tune, chains: how long, unless the command line says otherwise.
        cache: variable that names the folder in which compiled code is kept from run to run.
    """

    module: str
    environment: str | None
    options: dict[str, Any] = field(default_factory=dict)
    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    cache: str | None = None

    @property
    def python(self) -> Path:
        if self.environment is None:
            return Path(sys.executable)
        windows = BENCH / self.environment / "Scripts" / "python.exe"
        return windows if windows.exists() else BENCH / self.environment / "bin" / "python"


def _ours(likelihood: str) -> Engine:
    options = {"likelihood": likelihood, "sampler": "nutpie", "split": True}
    return Engine("ours", None, options, cache="NUMBA_CACHE_DIR")


def _hssm(sampler: str, centred: bool) -> Engine:
    return Engine("hssm", "hssm", {"sampler": sampler, "centred": centred})


# At 0.1 s a gradient the stock route does not converge within hours: few draws, which tell the rate.
_STOCK = {"estimator": str(BENCH / "mnle.pkl"), "simulations": 100_000, "max_tree_depth": 10}
ENGINES = {
    "ours-exact": _ours("exact"),
    "ours-nle": _ours("nle"),
    "stan": Engine("stan", "stan"),
    "hssm-numpyro": _hssm("numpyro", False),
    "hssm-numpyro-centred": _hssm("numpyro", True),
    "hssm-pymc": _hssm("pymc", False),
    "hssm-pymc-centred": _hssm("pymc", True),
    "stock-sbi": Engine("stock_sbi", None, _STOCK, draws=100, tune=100, chains=2),
}
DEFAULT = ("ours-exact", "ours-nle", "hssm-numpyro", "hssm-numpyro-centred", "stan", "stock-sbi")


def measure(name: str, data: str, settings: argparse.Namespace) -> None:
    """Run an engine unless the same run is kept, and keep what it says, or that it failed."""
    engine, folder = ENGINES[name], BENCH / "runs" / data / name
    task = Task(
        data=str(write(data, BENCH / "data")), window=WINDOW[data], out=str(folder),
        draws=settings.draws or engine.draws, tune=settings.tune or engine.tune,
        chains=settings.chains or engine.chains, cores=settings.cores, seed=settings.seed,
        slopes=list(SLOPES.get(data, ())), options=engine.options,
    )  # fmt: skip
    content = json.dumps(asdict(task), indent=1)
    if not engine.python.exists():
        print(f"{data}, {name}: not installed (make bench-env)", flush=True)
        return
    if not settings.fresh and _is_kept(folder, content):
        print(f"{data}, {name}: kept from an earlier run", flush=True)
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "task.json").write_text(content)
    command = [str(engine.python), "-m", f"benchmarks.engines.{engine.module}", str(folder / "task.json")]
    environment = {} if engine.cache is None else {engine.cache: str(folder / "cache")}
    found: dict[str, Any] = {"date": date.today().isoformat(), "machine": machine()}
    if engine.cache is not None:  # once with the cache empty, and then again
        first = run(command, folder / "first.log", settings.cores, environment)
        if first.code == 0:
            found["first_process_s"] = first.seconds - _uncounted(folder / "report.json")
    last = run(command, folder / "log.txt", settings.cores, environment)
    found |= {"code": last.code, "process_s": last.seconds, "memory_mb": last.memory_mb}
    (folder / "run.json").write_text(json.dumps(found, indent=1))
    verdict = f"{last.seconds:.0f} s" if last.code == 0 else f"failed, see {folder / 'log.txt'}"
    print(f"{data}, {name}: {verdict}", flush=True)


def _is_kept(folder: Path, content: str) -> bool:
    """Whether the same task was run before, and did not fail."""
    task, ended = folder / "task.json", folder / "run.json"
    return ended.exists() and task.read_text() == content and json.loads(ended.read_text())["code"] == 0


def _uncounted(report: Path) -> float:
    """Seconds of a run that were spent only to time its warm-up, or to train a network that is kept."""
    seconds = json.loads(report.read_text())["seconds"]
    return float(seconds.get("split", 0.0) + seconds.get("training", 0.0))


def read(name: str, data: str) -> dict[str, Any]:
    """The row of an engine, from what is kept."""
    folder = BENCH / "runs" / data / name
    row: dict[str, Any] = {"data": data, "engine": name}
    if not (folder / "run.json").exists():
        return row | {"status": "not run" if ENGINES[name].python.exists() else "not installed"}
    found, task = (json.loads((folder / f"{part}.json").read_text()) for part in ("run", "task"))
    row |= {key: task[key] for key in ("chains", "tune", "draws", "cores", "seed")}
    row |= {"date": found["date"], "machine": found["machine"]}
    if found["code"] != 0:
        return row | {"status": "failed"}
    report, draws = json.loads((folder / "report.json").read_text()), dict(np.load(folder / "draws.npz"))
    measured = measures.convergence(draws)
    row |= {"status": "converged" if measured["rhat"] <= measures.LARGEST_RHAT else "did not converge", **measured}
    row |= measures.costs(measured, report, found["process_s"] - _uncounted(folder / "report.json"))
    row |= {"first_process_s": found.get("first_process_s"), "memory_mb": found["memory_mb"]}
    reference = BENCH / "runs" / data / REFERENCE / "draws.npz"
    if reference.exists():
        row["largest_shift_sd"] = measures.shift(draws, dict(np.load(reference)))
    versions = ", ".join(f"{package} {version}" for package, version in report["versions"].items())
    return row | {"versions": versions, "note": report["note"]}


def main() -> None:
    """Run what is to be run, and write the table and the plot of all that is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default=",".join(DEFAULT), help=f"of {', '.join(ENGINES)}")
    parser.add_argument("--data", default=",".join(COMPARED), help=f"of {', '.join(DATA)}")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    for name in ("draws", "tune", "chains"):
        parser.add_argument(f"--{name}", type=int, help="instead of each engine's own")
    parser.add_argument("--fresh", action="store_true", help="run the chosen engines again")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the table and the plot")
    settings = parser.parse_args()
    engines, data = settings.engines.split(","), settings.data.split(",")
    for unknown in [name for name in engines if name not in ENGINES] + [name for name in data if name not in DATA]:
        parser.error(f"there is no {unknown!r}")
    for d in data:
        for name in engines:
            measure(name, d, settings)
    kept = {(d, name) for d in DATA for name in ENGINES if (BENCH / "runs" / d / name / "run.json").exists()}
    kept -= {(d, name) for d, name in kept if d not in COMPARED and d not in data}
    shown = [(d, n) for d in DATA for n in ENGINES if (d, n) in kept or (n in DEFAULT and d in {k for k, _ in kept})]
    tables.write([read(name, d) for d, name in shown], settings.results, REFERENCE)


if __name__ == "__main__":
    main()
