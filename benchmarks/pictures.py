"""The pictures of docs/: ``python -m benchmarks.pictures`` draws them anew.

What docs/start.md draws; a short fit of the bundled experiment, with participants together and apart; cartoons of all
models.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure

import hddm_sbi as hs

FOLDER = Path(__file__).resolve().parent.parent / "docs"
DRAWS = {"draws": 500, "tune": 300, "chains": 2, "seed": 0, "progress": False}

# parameters that show what a model is about
THETA = {
    "ddm": [1.0, 1.5, 0.4, 0.3],
    "full_ddm": [1.0, 1.5, 0.5, 0.3, 0.8, 0.4, 0.1],
    "angle": [1.0, 1.8, 0.5, 0.3, 0.5],
    "weibull": [1.0, 1.8, 0.5, 0.3, 2.0, 0.8],
    "ornstein": [1.5, 1.5, 0.5, 0.3, 2.0],
    "levy": [1.0, 1.5, 0.5, 0.3, 1.4],
    "rdm": [2.5, 1.5, 1.0, 1.2, 0.4, 0.2],
    "lba": [2.5, 1.5, 0.8, 0.5, 0.2],
}


def save(figure: Figure, name: str, dpi: int = 80) -> None:
    """Write a picture of at most 256 colours, so that it stays small."""
    from PIL import Image

    path = FOLDER / name
    figure.savefig(path, dpi=dpi)
    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def of_trials(df, idata) -> None:  # type: ignore[no-untyped-def]
    """Observed and predicted responses in five ways."""
    figure = Figure(figsize=(11.0, 7.2), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1.0, 1.15))
    left, right = above.subfigures(1, 2)
    hs.plots.predictive(idata, left.subplots())
    hs.plots.quantile_probability(idata, right.subplots(), by="stim", df=df)
    parts = below.subfigures(1, 3)
    hs.plots.cdf(idata, parts[0].subplots())
    hs.plots.conditional_accuracy(idata, parts[1].subplots())
    hs.plots.delta(idata, "conf", parts[2].subplots(), levels=("LC", "HC"))
    save(figure, "plots-trials.png")


def of_estimates(model, idata, alone) -> None:  # type: ignore[no-untyped-def]
    """Draws in five ways."""
    figure = Figure(figsize=(11.0, 8.2), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1.0, 1.3))
    left, middle, right = above.subfigures(1, 3, width_ratios=(1.6, 1.2, 1.0))
    hs.plots.shrinkage(idata, alone, "v", left)
    hs.plots.contrast(model.contrast(idata, "v[conf=LC] - v[conf=HC]", rope=(-0.1, 0.1)), middle)
    hs.plots.pairs(idata, None, right, subject=3, max_panels=1)
    left, right = below.subfigures(1, 2)
    hs.plots.population(idata, ["v", "a", "z", "t0"], left)
    hs.plots.prior_posterior(idata, ["v", "a", "z", "t0"], right)
    save(figure, "plots-estimates.png")


def of_models() -> None:
    """Cartoons of all models."""
    figure = Figure(figsize=(12.0, 6.0), layout="constrained")
    axes = figure.subplots(2, 4).ravel()
    for ax, name in zip(axes, hs.list_models(), strict=True):
        hs.plots.cartoon(name, THETA[name], ax, paths=4, trials=20_000)
    save(figure, "plots-models.png")


def of_comparison(df) -> None:  # type: ignore[no-untyped-def]
    """Which of three models predicts best, as in docs/comparison.md."""
    fits = {}
    for name, formula in {"neither": "v ~ 1", "drift": "v ~ conf", "both": ["v ~ conf", "a ~ conf"]}.items():
        model = hs.HierarchicalDDM(df, groupby="participant_id", formula=formula, likelihood="exact")
        fits[name] = model, model.sample(seed=0, progress=False)
    figure = Figure(figsize=(8.6, 3.2), layout="constrained")
    hs.plots.comparison(hs.compare(fits, progress=False), figure)
    save(figure, "comparison.png")


def of_start() -> None:
    """The figure of docs/start.md, by its own code."""
    code = re.findall(r"^```python\n(.*?)^```$", (FOLDER / "start.md").read_text(encoding="utf-8"), flags=re.S | re.M)
    names: dict[str, object] = {}
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(None):
        os.chdir(folder)  # the page writes a table
        while "axes" not in names:
            exec(code.pop(0), names)
        os.chdir(here)
    axes = names["axes"]
    save(axes.flat[0].figure, "start.png", dpi=140)  # type: ignore[attr-defined]


def main() -> None:
    """Fit, and draw."""
    of_start()
    of_models()
    df = hs.load_data("cavanagh_theta")
    options = {"groupby": "participant_id", "formula": "v ~ conf", "likelihood": "exact"}
    model, apart = hs.HierarchicalDDM(df, **options), hs.HierarchicalDDM(df, pooling="none", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hs.HDDMWarning)
        idata = model.sample(groups=("posterior_predictive", "prior"), **DRAWS)
        alone = apart.sample(**DRAWS)
    of_trials(df, idata)
    of_estimates(model, idata, alone)
    of_comparison(df)


if __name__ == "__main__":
    main()
