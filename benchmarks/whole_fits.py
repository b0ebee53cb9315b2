"""Ten fits of the bundled experiment from the command line: are they all good, and in how many seconds?

Run ``python -m benchmarks.whole_fits``, some minutes. Each is ``hddm-sbi fit`` with another seed and everything else by
default, in a process of its own on two cores, after one that compiles: the time is from the command to written files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

import hddm_sbi as hs
from benchmarks.cold_start import CLI, DATA
from benchmarks.process import machine, run

RESULTS = Path(__file__).resolve().parent / "results"
CORES = 2


def fit(likelihood: str, seed: int, folder: Path) -> dict[str, object]:
    """Seconds, memory, and what the results say of themselves."""
    from hddm_sbi.results.summary import summarise
    from hddm_sbi.results.to_arviz import load
    from hddm_sbi.results.verdict import verdict

    out, log = folder / "run", folder / "log.txt"
    arguments = ["--groupby", "participant_id", "--likelihood", likelihood, "--seed", str(seed), "--out", str(out)]
    done = run([sys.executable, "-c", CLI, "fit", str(DATA), *arguments, "--force"], log, CORES)
    if done.code:
        raise SystemExit(log.read_text())
    idata = load(out / "idata.nc")
    summary = summarise(idata)
    row: dict[str, object] = {"likelihood": likelihood, "seed": seed, "seconds": done.seconds}
    row |= {"verdict": verdict(idata, summary=summary).degree, "draws": int(idata.attrs["draws_reached"])}
    row |= {"ess_bulk": summary["ess_bulk"].min(), "ess_tail": summary["ess_tail"].min()}
    steps = int(idata["sample_stats"]["n_steps"].to_numpy().sum())
    return row | {"r_hat": summary["r_hat"].max(), "gradients_per_effective_draw": steps / summary["ess_bulk"].min()}


def report(table: pd.DataFrame) -> str:
    """The worst of each likelihood's fits, as Markdown."""
    heads = ("likelihood", "fits", "good", "seconds, median", "seconds, longest", "least bulk ESS", "least tail ESS",
             "largest R-hat", "gradients an effective draw, median", "largest")  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for likelihood, rows in table.groupby("likelihood", sort=False):
        gradients = rows["gradients_per_effective_draw"]
        cells = (
            str(likelihood), f"{len(rows)}", f"{(rows['verdict'] == 'good').sum()}", f"{rows['seconds'].median():.1f}",
            f"{rows['seconds'].max():.1f}", f"{rows['ess_bulk'].min():.0f}", f"{rows['ess_tail'].min():.0f}",
            f"{rows['r_hat'].max():.4f}", f"{gradients.median():.1f}", f"{gradients.max():.1f}",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write whole_fits.csv and whole_fits.md, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--likelihoods", default="exact,nle")
    parser.add_argument("--results", type=Path, default=RESULTS)
    settings = parser.parse_args()
    rows = []
    for likelihood in settings.likelihoods.split(","):
        with tempfile.TemporaryDirectory() as folder:
            fit(likelihood, 0, Path(folder))  # compiles
            for seed in range(1, settings.seeds + 1):
                rows.append(fit(likelihood, seed, Path(folder)))
                print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    settings.results.mkdir(parents=True, exist_ok=True)
    table.to_csv(settings.results / "whole_fits.csv", index=False, float_format="%.5g")
    made = f"{machine()}, {CORES} used; hddm_sbi {hs.__version__}, {pd.Timestamp.now().date()}."
    text = f"# Whole fits of the bundled experiment\n\n`python -m benchmarks.whole_fits`\n\n{report(table)}\n\n{made}\n"
    (settings.results / "whole_fits.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
