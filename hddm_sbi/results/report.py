"""The results as text for a terminal, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS, P_OUTLIER
from hddm_sbi.results.certificate import Certificate
from hddm_sbi.results.quantities import SAMPLE_DIMS
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import Results, group, recorded_model
from hddm_sbi.results.verdict import Verdict, verdict

_TITLES = {
    "typical": "Population, natural scale: the typical participant",
    "mean": "Population, natural scale: the population's mean",
    "coefficient": "Population coefficients, link scale",
    "sd": "Standard deviations between groups, link scale",
    "correlation": "Correlations between group effects, link scale",
    "participant": "Participants, natural scale",
}
_POPULATION = ("typical", "mean", "coefficient", "sd", "correlation")

# Widths that leave 30 of 80 characters to the names.
_COLUMNS = {"mean": 7, "sd": 7, "2.5%": 7, "97.5%": 7, "ESS": 5, "R-hat": 5}
_WIDEST_NAME, _WIDEST_PAIR = 30, 25

_COLOURS = {"good": "green", "partial": "yellow", "bad": "red"}

# A table of participants longer than a screen is left to summary.csv, but for the participants at either end.
_MOST_PARTICIPANT_ROWS = 40


def print_report(
    idata: Results,
    *,
    summary: pd.DataFrame | None = None,
    judged: Verdict | None = None,
    certificate: Certificate | None = None,
    console: Console | None = None,
) -> None:
    """Print the population tables, the lapses and the verdicts on convergence and on the network.

    Args:
        idata: what ``model.sample`` returned.
        summary: ``summarise(idata)``, where there is one already.
        judged: ``verdict(idata)``, where there is one already.
        certificate: ``model.certify(idata)``, of a fit by a network.
        console: where the report is printed; by default standard output.
    """
    table = summarise(idata) if summary is None else summary
    judged = verdict(idata, summary=table) if judged is None else judged
    sizes = group(idata, "posterior").sizes
    chains, draws = (int(sizes[dim]) for dim in SAMPLE_DIMS)
    console = console or Console()
    console.print(report(table, judged, f"{chains} chains of {draws:,} draws{_ended(idata.attrs)}", _places(idata)))
    if certificate is not None:
        print_certificate(certificate, console=console)


def print_certificate(certificate: Certificate, *, console: Console | None = None) -> None:
    """Print the verdict on the network; default to standard output."""
    headline, *reasons = certificate.sentences
    style = "bold green" if certificate.passed else "bold red"
    (console or Console()).print(Group(Text(), Text(headline, style=style), *(Text(f"- {line}") for line in reasons)))


def report(summary: pd.DataFrame, judged: Verdict, sample: str = "", places: str = "") -> RenderableType:
    """The report as something that rich can print.

    Args:
        summary: the table of ``summarise``.
        judged: the verdict on convergence.
        sample: how many draws and chains were sampled, in words.
        places: where numbers in the formulas are in values on the natural scale, in words.
    """
    lapse = summary.index.isin(LAPSE_PARAMETERS)
    rest = summary[~lapse]
    found = [kind for kind in _POPULATION if (rest["kind"] == kind).any()] or ["participant"]
    shown = rest.index[rest["kind"].isin(found)]
    width = min(_WIDEST_NAME, max((len(str(label)) for label in shown), default=0))
    parts: list[RenderableType] = [*(Text(line) for line in (_intervals(sample), places) if line), Text()]
    for kind in found:
        parts += [_section(kind, rest[rest["kind"] == kind], width), Text()]
    parts += [Text(line) for line in _lapses(summary[lapse])]
    return Group(*parts, *_judgement(judged))


def _ended(attrs: Mapping[str, str]) -> str:
    """Why the run ended where it did, unless it was told to."""
    if attrs.get("draws_asked") != "auto":
        return ""
    anew = ", begun anew with smaller steps" if attrs["restarts"] != "0" else ""
    return f" ({attrs['ended_because']}{anew})"


def _places(idata: Results) -> str:
    """Where numbers in the formulas are in values on the natural scale, if there are any that are at one value."""
    found = recorded_model(idata).get("values_at", {})
    places = "; ".join(f"{name} is at {place}" for name, place in found.items())
    return f"On the natural scale {places}." if found else ""


def _intervals(sample: str) -> str:
    text = "posterior mean, sd and equal-tailed 95% interval"
    return f"{sample}; {text}" if sample else text[0].upper() + text[1:]


def _section(kind: str, rows: pd.DataFrame, width: int) -> RenderableType:
    if kind == "participant" and len(rows) > _MOST_PARTICIPANT_ROWS:
        return Group(*_spread(rows))
    if kind == "correlation":
        return Group(*(_correlations(str(name), own) for name, own in rows.groupby("variable", sort=False)))
    table = _table(width, _COLUMNS)
    for label, row in rows.iterrows():
        # labels are the data's: brackets are no markup
        table.add_row(Text(str(label)), *_numbers(row))
    return Group(Text(_TITLES[kind], style="bold"), table)


def _spread(rows: pd.DataFrame) -> Iterator[RenderableType]:
    """Of many participants' values the lowest, the middle and the highest mean of each variable, and whose they are."""
    yield Text(f"{_TITLES['participant']}: {len(rows):,} values, all in the summary table", style="bold")
    yield Text("posterior means: lowest, middle and highest")
    for name, own in rows.groupby("variable", sort=False):
        means = own["mean"].sort_values()
        low, high = (str(label).removeprefix(f"{name}[").removesuffix("]") for label in means.index[[0, -1]])
        middle = _number(float(means.median()))
        yield Text(f"  {name}: {_number(means.iloc[0])} ({low}), {middle}, {_number(means.iloc[-1])} ({high})")


def _correlations(variable: str, rows: pd.DataFrame) -> RenderableType:
    """One correlation matrix, a row for each pair, with the prior's mean and sd in the place of the posterior's sd."""
    table = _table(_WIDEST_PAIR, {name: width for name, width in _COLUMNS.items() if name != "sd"})
    table.add_column("prior (sd)", justify="right", no_wrap=True)
    for label, row in rows.iterrows():
        mean, _, *others = _numbers(row)
        prior = str(row.get("prior", "")).replace("mean ", "").replace(", sd ", " (")
        pair = str(label).removeprefix(f"{variable}[").removesuffix("]")
        table.add_row(Text(pair), mean, *others, f"{prior})" if prior else "")
    return Group(Text(f"{_TITLES['correlation']}: {variable}", style="bold"), table)


def _table(width: int, columns: Mapping[str, int]) -> Table:
    table = Table(box=None, pad_edge=False)  # no lines: every terminal shows it as it is meant
    table.add_column("", width=width, overflow="fold")
    for name, least in columns.items():
        table.add_column(name, justify="right", no_wrap=True, min_width=least)
    return table


def _numbers(row: pd.Series) -> Sequence[str]:
    size = "-" if pd.isna(row["ess_bulk"]) else f"{min(row['ess_bulk'], row['ess_tail']):.0f}"
    r_hat = "-" if pd.isna(row["r_hat"]) else f"{row['r_hat']:.3f}"
    return (*(_number(row[name]) for name in ("mean", "sd", "2.5%", "97.5%")), size, r_hat)


def _number(value: float) -> str:
    """Three decimals, as the field reports them; large numbers with fewer."""
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def _lapses(rows: pd.DataFrame) -> Iterator[str]:
    for name, row in rows.iterrows():
        mean, low, high = (100.0 * row[column] for column in ("mean", "2.5%", "97.5%"))
        what = (
            "Lapses: {:.1f}% of the trials" if name == P_OUTLIER else "Lapses without a response: {:.1f}% of the lapses"
        )
        yield f"{what.format(mean)} (95% interval {low:.1f}% to {high:.1f}%)."
        yield ""


def _judgement(judged: Verdict) -> Iterator[Text]:
    headline, *reasons = judged.sentences
    yield Text(headline, style=f"bold {_COLOURS[judged.degree]}")
    for reason in reasons:
        yield Text(f"- {reason}")
