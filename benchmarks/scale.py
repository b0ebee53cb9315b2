"""What does a whole fit cost as experiments grow? Run ``python -m benchmarks.scale``; the largest takes half an hour.

Simulated experiments of 10 to 1,000 participants with as many trials each, v, a, z and t0 by participant, the exact
likelihood, everything else by default: as many draws of four chains as it takes, on two cores. Each is fitted,
summarised, judged, saved and plotted, as ``hddm-sbi fit`` does, in a process of its own, whose peak of memory is told.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

import hddm_sbi as hs
from benchmarks.process import machine, run

RESULTS = Path(__file__).resolve().parent / "results"
SEED = 3
_HEADING = "# Whole fits of large experiments\n\n`python -m benchmarks.scale`\n\n"
# Seconds of repetitions from which the time of a gradient is taken.
REPEATED = 1.0
PHASES = ("reading", "start", "sampling", "summary", "saving", "plot")
TOLD = {
    "reading": "reading, building",
    "start": "starting point, coordinates",
    "sampling": "sampling",
    "summary": "summary, verdict",
    "saving": "saving",
    "plot": "predictive plot",
}


def experiment(participants: int, trials: int) -> pd.DataFrame:
    """A simulated experiment, one row a trial."""
    rng = np.random.default_rng(SEED)
    v, log_a, logit_z, log_t0 = (
        rng.normal(mean, sd, participants) for mean, sd in ((1.0, 0.5), (0.5, 0.2), (0.0, 0.2), (-1.2, 0.15))
    )
    theta = np.column_stack([v, np.exp(log_a), 1.0 / (1.0 + np.exp(-logit_z)), np.exp(log_t0)])
    rt, choice = hs.simulate("ddm", theta, trials, SEED)
    subject = np.repeat(np.arange(participants), trials)
    return pd.DataFrame({"subject": subject, "rt": rt.ravel(), "response": choice.ravel()})


class Clock:
    """Seconds by phase, of the wall's clock and of processors."""

    def __init__(self) -> None:
        self.wall, self.processor = dict.fromkeys(PHASES, 0.0), dict.fromkeys(PHASES, 0.0)

    @contextmanager
    def of(self, phase: str) -> Iterator[None]:
        """Count the time until the end towards a phase."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.wall[phase] += time.perf_counter() - wall
        self.processor[phase] += time.process_time() - processor


def fit(participants: int, trials: int, folder: Path) -> dict[str, object]:
    """Fit one experiment and do with the result what the command line does."""
    from hddm_sbi.cli.fit import _plot
    from hddm_sbi.inference.coordinates import Rounded
    from hddm_sbi.results.summary import summarise
    from hddm_sbi.results.to_arviz import save
    from hddm_sbi.results.verdict import verdict

    clock, table = Clock(), experiment(participants, trials)
    with clock.of("reading"):
        model = hs.HierarchicalDDM(table, groupby="subject", likelihood="exact")
    with clock.of("start"):
        target = Rounded(model.potential, model._start)
    with clock.of("sampling"):  # it makes the coordinates once more
        idata = model.sample(progress=False)
    with clock.of("summary"):
        summary = summarise(idata)
        judged = verdict(idata, summary=summary)
    with clock.of("saving"):
        save(idata, folder / "idata.nc")
        summary.to_csv(folder / "summary.csv")
    with clock.of("plot"):
        _plot(model, idata, 0, folder / "predictive.png")
    steps = idata["sample_stats"]["n_steps"].to_numpy()
    row: dict[str, object] = {"participants": participants, "trials": trials}
    row |= clock.wall | {"total": sum(clock.wall.values()), "processor": sum(clock.processor.values())}
    row |= {f"{phase}_processor": seconds for phase, seconds in clock.processor.items()}
    row |= {"draws": int(idata.attrs["draws_reached"]), "warm_up": int(idata.attrs["tune"])}
    row |= {"gradients": int(steps.sum()), "gradients_per_draw": float(steps.mean())}
    row["gradient_ms"] = 1e3 * seconds_of_gradient(target)
    row |= {"ess_bulk": float(summary["ess_bulk"].min()), "ess_tail": float(summary["ess_tail"].min())}
    return row | {"quantities": len(summary), "verdict": judged.sentences[0]}


def seconds_of_gradient(target) -> float:
    """Processor time of a gradient near the mode, the median of repetitions."""
    x, taken = np.random.default_rng(SEED).normal(size=target.ndim), []
    while len(taken) < 5 or sum(taken) < REPEATED:
        begin = time.thread_time()
        target.log_density_grad(x)
        taken.append(time.thread_time() - begin)
    return float(np.median(taken))


def apart(participants: int, trials: int, cores: int) -> dict[str, object]:
    """The same in a process of its own, with its peak of memory."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        here = [sys.executable, "-m", "benchmarks.scale", "--one", f"{participants},{trials}", "--results", made]
        done = run(here, folder / "log.txt", cores)
        if done.code:
            raise SystemExit((folder / "log.txt").read_text())
        return json.loads((folder / "one.json").read_text()) | {"memory_mb": done.memory_mb}


def report(table: pd.DataFrame) -> str:
    """The table as Markdown."""
    columns = {"participants": ("participants", ",.0f"), "trials": ("trials each", ",.0f")}
    columns |= {phase: (f"{TOLD[phase]}, s", ".1f") for phase in PHASES}
    columns |= {"total": ("total, s", ".0f"), "processor": ("processor, s", ".0f"), "draws": ("draws a chain", ",.0f")}
    columns |= {"gradients_per_draw": ("gradients a draw", ".1f"), "gradient_ms": ("gradient, ms", ".2f")}
    columns |= {"ess_bulk": ("least bulk ESS", ",.0f"), "ess_tail": ("least tail ESS", ",.0f")}
    columns |= {"memory_mb": ("peak memory, MB", ",.0f")}
    lines = ["| " + " | ".join(head for head, _ in columns.values()) + " |", "|---" * len(columns) + "|"]
    for _, row in table.iterrows():
        shown = ("-" if pd.isna(row[name]) else format(row[name], form) for name, (_, form) in columns.items())
        lines.append("| " + " | ".join(shown) + " |")
    return "\n".join(lines)


def plot(table: pd.DataFrame, path: Path) -> None:
    """Seconds, and memory, against participants."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 4.0), layout="constrained")
    time_axes, memory_axes = figure.subplots(1, 2, width_ratios=(3, 2))
    rows = table.sort_values("participants")
    x = rows["participants"].to_numpy(dtype=float)
    time_axes.plot(x, rows["total"], "-o", color="black", linewidth=2, label="all")
    for colour, phase in zip(("#56b4e9", "#009e73", "#0072b2", "#e69f00", "#cc79a7", "#d55e00"), PHASES, strict=True):
        time_axes.plot(x, rows[phase], "-o", color=colour, markersize=3, linewidth=1, label=TOLD[phase])
    time_axes.plot(x, rows["total"].iloc[-1] * x / x[-1], ":", color="grey", label="in proportion")
    time_axes.set(xscale="log", yscale="log", xlabel=f"participants of {rows['trials'].iloc[0]:,} trials")
    time_axes.set_ylabel("seconds, two cores")
    figure.legend(fontsize=7, frameon=False, loc="outside lower center", ncols=4)
    time_axes.set_xticks(x, [f"{participants:,.0f}" for participants in x])
    time_axes.minorticks_off()
    memory_axes.plot(x, rows["memory_mb"].to_numpy(dtype=float) / 1e3, "-o", color="black")
    memory_axes.set(xlabel="participants", ylabel="peak memory (GB)", ylim=(0.0, None), xlim=(0.0, None))
    for ax in (time_axes, memory_axes):
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Fit all sizes, each apart; write scale.json, scale.md and scale.png, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", default="10,30,100,300,1000")
    parser.add_argument("--trials", type=int, default=1_000, help="of each participant")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    settings = parser.parse_args()
    settings.results.mkdir(parents=True, exist_ok=True)
    if settings.one:
        row = fit(*map(int, settings.one.split(",")), settings.results)
        (settings.results / "one.json").write_text(json.dumps(row))
        return
    apart(10, 20, settings.cores)  # compiles
    rows: list[dict[str, object]] = []
    for participants in map(int, settings.participants.split(",")):
        rows.append(apart(participants, settings.trials, settings.cores))
        table = pd.DataFrame(rows)
        print(report(table.tail(1)).splitlines()[-1], rows[-1]["verdict"], flush=True)
        facts = {"machine": machine(), "version": hs.__version__, "date": pd.Timestamp.now().date().isoformat()}
        (settings.results / "scale.json").write_text(json.dumps(facts | {"fits": rows}, indent=2) + "\n")
        made = f"{facts['machine']}, {settings.cores} used."
        (settings.results / "scale.md").write_text(f"{_HEADING}{report(table)}\n\n{made}\n")
        plot(table, settings.results / "scale.png")
    print(report(table))


if __name__ == "__main__":
    main()
