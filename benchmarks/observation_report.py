"""What ``observation.py`` writes: a report in Markdown, its numbers as a table, and the ranks as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import hddm_sbi as hs
from benchmarks.kept import Row, Settings
from benchmarks.process import machine
from benchmarks.sbc import LEVEL, THINNED, corrected, figures, plot_ranks, preface, summarise, table_lines
from benchmarks.scenarios import SCENARIOS
from hddm_sbi.proof.ranks import UniformRanks

Rows = Mapping[str, list[Row]]
# Titles of fits to the same data without the omitted trials, by what follows the scenario's name.
DROPPED = {
    "dropped": "the same data, omitted trials dropped and nothing told",
    "truncated": "the same data, omitted trials dropped and `truncate` told",
}
# What else there is to know of a recovery.
NOTES = {
    "deadline": " Responses that would have come late and lapses that never come are hardly told apart: what is known "
    "of `lapse_omission` is little more than its prior, uniform on 0 to 1.",
    "deadline-dropped": " The truth of `p_outlier` is the share among trials with a response.",
    "deadline-truncated": " The truth of `p_outlier` is the share among trials with a response.",
    "truncated": " The lower end hides how early non-decision times may be: the likelihood of a participant's log t0 "
    "has a cliff above and hardly falls below. Under default priors the posterior of t0 and of its standard deviation "
    "between participants has a long tail towards small t0, which is slow to sample and draws means that way; a prior "
    'on `t0_Intercept_subject_sd`, or `shared=("t0",)`, keeps it short.',
}


def write(
    calibrated: Rows,
    recovered: Rows,
    settings: Settings,
    calibrated_size: tuple[int, int],
    recovered_size: tuple[int, int],
    folder: Path,
) -> str:
    """Write observation.csv, .md and .png.

    Args:
        calibrated: rows of each scenario's calibration.
        recovered: rows of each recovery.
        settings: of the fits.
        calibrated_size, recovered_size: participants, and trials of each.
        folder: of the three files.

    Returns:
        The report.
    """
    nulls = {n: UniformRanks(n, THINNED + 1) for n in {len(rows) for rows in calibrated.values()}}
    tables = {name: summarise(rows, nulls[len(rows)]) for name, rows in calibrated.items()}
    recoveries = {name: recovery(rows) for name, rows in recovered.items()}
    text = _report(calibrated, tables, recovered, recoveries, settings, calibrated_size, recovered_size)
    parts = [pd.concat({("calibration", name): table}) for name, table in tables.items()]
    parts += [pd.concat({("recovery", name): table}) for name, table in recoveries.items()]
    table = pd.concat(parts).rename_axis(["part", "scenario", "quantity"])
    table.to_csv(folder / "observation.csv", float_format="%.6g")
    (folder / "observation.md").write_text(text, encoding="utf-8")
    _plot(calibrated, tables, nulls, folder / "observation.png")
    return text


def recovery(rows: list[Row]) -> pd.DataFrame:
    """Bias and coverage of each variable: a row for each.

    ``bias`` is that of posterior means, ``error`` its standard error over data sets, ``rmse`` their root mean square
    error, ``sd`` the posterior sd on average, ``in_50`` and ``in_90`` how often the central intervals hold the truth.
    """
    table = []
    for name in rows[0]["found"]:
        mean, sd, q05, q25, q75, q95, truth = np.array([row["found"][name] for row in rows]).T
        table.append(
            {
                "quantity": name, "truth": truth[0], "bias": (mean - truth).mean(),
                "error": mean.std(ddof=1) / np.sqrt(len(rows)), "rmse": np.sqrt(((mean - truth) ** 2).mean()),
                "sd": sd.mean(), "in_50": ((q25 < truth) & (truth < q75)).mean(),
                "in_90": ((q05 < truth) & (truth < q95)).mean(), "least_ess": min(row["ess"][name] for row in rows),
            }
        )  # fmt: skip
    return pd.DataFrame(table).set_index("quantity")


def _report(
    calibrated: Rows,
    tables: Mapping[str, pd.DataFrame],
    recovered: Rows,
    recoveries: Mapping[str, pd.DataFrame],
    settings: Settings,
    calibrated_size: tuple[int, int],
    recovered_size: tuple[int, int],
) -> str:
    counts = sorted({len(rows) for rows in calibrated.values()})
    sets, ps = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}", pd.concat(list(tables.values()))
    participants, trials = calibrated_size
    lines = [
        "# What was seen of a trial: calibration and recovery\n",
        "Experiments that do not show all of a trial, simulated by `hs.simulate` and censored by NumPy, without the "
        "package's own observation model (`benchmarks/scenarios.py`); fits by the exact likelihood. Made by "
        f"`python benchmarks/observation.py`; {date.today().isoformat()}, hddm_sbi {hs.__version__}, {machine()}, "
        "whose cores were shared with other work.\n",
        "## Calibration\n",
        f"{sets} data sets a scenario, {participants} participants of {trials} trials. Parameters are drawn from "
        "priors narrower than the defaults: all that may be seen of a trial then occurs in every data set, and the "
        "model is the same for all. The window of lapses is fixed. Trials of truncated data are drawn until they lie "
        "between the ends, so that the number of those kept is given, as the likelihood has it. "
        f"{preface(settings, counts[0])}\n",
        f"Over all {len(ps)} quantities of all scenarios the least p-value times their number is "
        f"{corrected(ps['p_ecdf']):.2f} (ECDF) and {corrected(ps['p_chi_square']):.2f} (chi-square); "
        f"{(ps['p_ecdf'] < 0.05).mean():.1%} of the ECDFs' p-values are below 0.05, in clusters, since those of "
        "one scenario come from the same fits. The central 50% and 90% intervals "
        f"hold the truth in {ps['in_50'].mean():.1%} and {ps['in_90'].mean():.1%} of all cases.\n",
        "![ECDFs of the ranks](observation.png)\n",
        "| scenario | data sets | least p times number, ECDF | chi-square | in 50% | in 90% | s a fit | steps a draw "
        "| ESS/s, slowest | worst R-hat | repeated | divergences |",
        "|---" * 12 + "|",
        *(_scenario_line(name, rows, tables[name]) for name, rows in calibrated.items()),
        "\n*ESS/s, slowest*: of the quantity with the fewest effective draws, per second of computation, the median "
        f"over fits. *Repeated*: fits with fewer than {THINNED} effective draws of some quantity, run again with "
        "more.\n",
        "## Recovery\n",
        f"Data sets of one typical population, {recovered_size[0]} new participants of {recovered_size[1]} trials each "
        "time; the package's default priors. Bias of the posterior mean with its standard error, and how often central "
        "intervals hold the truth, on the link scales.\n",
    ]
    for name, table in recoveries.items():
        lines += _recovery_lines(name, table, recovered[name])
    lines.append("## Ranks, quantity by quantity\n")
    for name, table in tables.items():
        lines += [f"### {SCENARIOS[name].title}\n", *figures(calibrated[name], table), "", *table_lines(table), ""]
    return "\n".join(lines)


def _scenario_line(name: str, rows: list[Row], table: pd.DataFrame) -> str:
    drawn = sum(row["draws"] for row in rows)
    cells = [
        SCENARIOS[name].title, str(len(rows)), f"{corrected(table['p_ecdf']):.2f}",
        f"{corrected(table['p_chi_square']):.2f}", f"{table['in_50'].mean():.3f}", f"{table['in_90'].mean():.3f}",
        f"{np.median([row['seconds'] for row in rows]):.1f}", f"{np.median([row['steps'] for row in rows]):.0f}",
        f"{np.median([min(row['ess'].values()) / row['cpu'] for row in rows]):.0f}",
        f"{max(max(row['r_hat'].values()) for row in rows):.3f}", str(sum(row["repeats"] > 0 for row in rows)),
        f"{sum(row['divergences'] for row in rows) / drawn:.3%}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _recovery_lines(name: str, table: pd.DataFrame, rows: list[Row]) -> list[str]:
    scenario, _, variant = name.partition("-")
    title = SCENARIOS[scenario].title + (f": {DROPPED[variant]}" if variant else "")
    seconds = np.median([row["seconds"] for row in rows])
    divergences = sum(row["divergences"] for row in rows) / sum(row["draws"] for row in rows)
    lines = [
        f"### {title}\n",
        f"{len(rows)} data sets, {seconds:.1f} s a fit (median), worst R-hat "
        f"{max(max(row['r_hat'].values()) for row in rows):.3f}, {divergences:.3%} of draws diverged; fits repeated "
        f"with more draws: {sum(row['repeats'] > 0 for row in rows)}. Standard errors of the shares: "
        f"{np.sqrt(0.25 / len(rows)):.2f} and {np.sqrt(0.09 / len(rows)):.2f}.{NOTES.get(name, '')}\n",
        "| variable | truth | bias | in posterior sds | RMSE | posterior sd | in 50% | in 90% | least ESS |",
        "|---" * 9 + "|",
    ]
    for quantity, row in table.iterrows():
        lines.append(
            f"| `{quantity}` | {row['truth']:.3f} | {row['bias']:+.3f} ({row['error']:.3f}) | "
            f"{row['bias'] / row['sd']:+.2f} | {row['rmse']:.3f} | {row['sd']:.3f} | {row['in_50']:.2f} | "
            f"{row['in_90']:.2f} | {row['least_ess']:.0f} |"
        )
    return [*lines, ""]


def _plot(calibrated: Rows, tables: Mapping[str, pd.DataFrame], nulls: Mapping[int, UniformRanks], path: Path) -> None:
    """A panel for each scenario."""
    columns = min(3, len(calibrated))
    shape = -(-len(calibrated) // columns), columns
    figure, axes = plt.subplots(*shape, figsize=(4.6 * shape[1], 4.6 * shape[0]), sharey=True, layout="constrained")
    for ax, (name, rows) in zip(np.ravel(axes), calibrated.items(), strict=False):
        names = [str(quantity) for quantity in tables[name].index]
        plot_ranks(ax, rows, names, nulls[len(rows)], len(names))
        ax.set_title(f"{SCENARIOS[name].title}: {len(rows)} data sets", fontsize=10)
        ax.legend(fontsize=5, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.14), frameon=False)
    for ax in np.ravel(axes)[len(calibrated) :]:
        ax.set_axis_off()
    for ax in np.reshape(axes, shape)[:, 0]:
        ax.set_ylabel("ECDF of the ranks - uniform")
    figure.suptitle(f"Ranks of the truth; dashed: {LEVEL:.0%} of all curves of a panel at once", fontsize=10)
    figure.savefig(path, dpi=130)
    plt.close(figure)
