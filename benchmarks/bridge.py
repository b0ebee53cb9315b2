"""What does a gradient through the bridge cost, against sbi's own wrapper? Run ``python -m benchmarks.bridge``.

The hierarchical cookies: 125 cookies from five locations, one thread, both in one process in alternation. A ``site`` is
the observed one's log density and its gradient by the rates; ``whole`` is a gradient of the posterior through Pyro.
With ``locations`` the cookies of a location share a rate, with ``cookies`` each has its own. ``numbers`` are the talk's
``lam[locations]`` and ``chips``; ``vectors`` have a last dimension of size 1, as sbi's wrapper always needs it. Times
are processor time of the thread in microseconds, the medians; a ratio is sbi's time over ours, also of the minima.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyro
import pyro.distributions as dist
import torch
from pyro.infer.mcmc.util import initialize_model
from sbi.neural_nets import likelihood_nn
from sbi.neural_nets.net_builders import build_categoricalmassestimator
from sbi.utils.pyroutils import to_pyro_distribution
from torch import Tensor

import hddm_sbi as hs
from benchmarks.process import machine

REPETITIONS, SEED = 100, 0
FLOWS = ("mdn", "made", "maf", "maf_rqs", "nsf", "zuko_maf", "zuko_nsf", "zuko_gf")
RESULTS = Path(__file__).resolve().parent / "results"
Wrap = Callable[[object, Tensor], pyro.distributions.TorchDistribution]


def estimator_and_data(kind: str, rate: Tensor) -> tuple[torch.nn.Module, Tensor]:
    """An untrained estimator, which costs what a trained one does, and 125 data."""
    chips = torch.poisson(rate)
    data = {"categorical": chips, "mnle": torch.cat([0.1 + torch.rand_like(rate), chips.clamp(max=3)], 1)}
    x = data.get(kind, chips + torch.rand_like(chips))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sbi's builders announce what they infer from the data
        if kind == "categorical":
            estimator = build_categoricalmassestimator(x, rate)
        else:
            estimator = likelihood_nn(kind)(rate, x)
    return estimator.eval(), x[:125]


def site(wrap: Wrap, estimator: torch.nn.Module, data: Tensor, index: Tensor) -> Callable[[], object]:
    """Log density and gradient of the observed site."""
    lam = torch.linspace(6.0, 10.0, int(index.max()) + 1).requires_grad_()

    def gradient() -> object:
        log_prob = wrap(estimator, lam[index]).log_prob(data)
        return torch.autograd.grad(log_prob.sum(), lam)

    return gradient


def whole(wrap: Wrap, estimator: torch.nn.Module, data: Tensor, index: Tensor) -> Callable[[], object]:
    """Gradient of the negative log posterior through Pyro."""

    def model() -> None:
        mu = pyro.sample("mu", dist.Gamma(2.0, 0.2))
        sigma = pyro.sample("sigma", dist.Exponential(1.0))
        with pyro.plate("location", int(index.max()) + 1):
            lam = pyro.sample("lam", dist.Gamma(mu**2 / sigma**2, mu / sigma**2))
        with pyro.plate("data", len(index)):
            pyro.sample("obs", wrap(estimator, lam[index]), obs=data)

    pyro.set_rng_seed(SEED)
    initial, potential, _, _ = initialize_model(model)
    z = {name: value.detach().clone().requires_grad_() for name, value in initial.items()}
    return lambda: torch.autograd.grad(potential(z), list(z.values()))


def times(calls: list[Callable[[], object]]) -> np.ndarray:
    """Microseconds, (calls, repetitions), all calls in alternation."""
    taken = np.empty((len(calls), REPETITIONS))
    for repetition in range(-10, REPETITIONS):
        for at, call in enumerate(calls):
            begin = time.thread_time_ns()
            call()
            taken[at, max(repetition, 0)] = (time.thread_time_ns() - begin) / 1e3
    return taken


def row(kind: str, index: Tensor, rates: str, shape: str) -> dict[str, object]:
    """A row of the table."""
    torch.manual_seed(SEED)
    estimator, data = estimator_and_data(kind, dist.Gamma(2.0, 0.2).sample((5000, 1)))

    def sbis(estimator: object, lam: Tensor) -> pyro.distributions.TorchDistribution:
        return to_pyro_distribution(estimator, lam.unsqueeze(-1))

    def ours(estimator: object, lam: Tensor) -> pyro.distributions.TorchDistribution:
        return hs.SBItoPyro(estimator, lam.unsqueeze(-1) if shape == "vectors" else lam)

    our_data = data.squeeze(-1) if shape == "numbers" and data.shape[-1] == 1 else data
    found: dict[str, object] = {"estimator": kind, "rates of": rates, "shape": shape}
    for name, part in {"site": site, "whole": whole}.items():
        taken = times([part(ours, estimator, our_data, index), part(sbis, estimator, data, index)])
        mine, its = np.median(taken, axis=1)
        least, its_least = taken.min(axis=1)
        found |= {f"{name}_us": mine, f"{name}_sbi_us": its, f"{name}_ratio": its / mine}
        found |= {f"{name}_ratio_of_minima": its_least / least}
    return found


def as_markdown(table: pd.DataFrame) -> str:
    """The ratios, for people."""
    head = "| estimator | rates of | shape | site, us | times faster than sbi | whole, us | times faster than sbi |"
    lines = ["# The bridge beside sbi's wrapper", "", __doc__ or "", head, "|---" * 7 + "|"]
    for each in table.to_dict("records"):
        cells = [each["estimator"], each["rates of"], each["shape"]]
        for part in ("site", "whole"):
            ratios = f"{each[f'{part}_ratio']:.2f} ({each[f'{part}_ratio_of_minima']:.2f})"
            cells += [f"{each[f'{part}_us']:.0f}", ratios]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "In brackets the ratio of the minima."]) + "\n"


def main() -> None:
    """Write and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--estimators", default=",".join(("categorical", "mnle", *FLOWS)))
    parser.add_argument("--results", type=Path, default=RESULTS)
    settings = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "torch.triangular_solve is deprecated")  # nflows
    warnings.filterwarnings("ignore", ".*does not define `arg_constraints`")  # sbi's wrapper
    indices = {"locations": torch.arange(125) % 5, "cookies": torch.arange(125)}
    rows = []
    for kind in settings.estimators.split(","):
        for rates, index in indices.items():
            for shape in ("numbers", "vectors"):
                rows.append(row(kind, index, rates, shape))
                print({name: round(x, 2) if isinstance(x, float) else x for name, x in rows[-1].items()}, flush=True)
    table = pd.DataFrame(rows).assign(
        date=pd.Timestamp.now().date().isoformat(), machine=machine(), version=hs.__version__
    )
    settings.results.mkdir(parents=True, exist_ok=True)
    table.to_csv(settings.results / "bridge.csv", index=False, float_format="%.4g")
    (settings.results / "bridge.md").write_text(as_markdown(table), encoding="utf-8")


if __name__ == "__main__":
    main()
