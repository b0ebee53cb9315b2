"""The stock route: sbi's MNLE on 10^5 simulations, through sbi's wrapper, in a Pyro plate model with Pyro's NUTS.

Chains are processes of one thread, one a core, which is quicker than Pyro's own chains on few cores. The network is
trained once, on ``simulations``, and kept in the file ``estimator``. Single precision throughout, as sbi and Pyro have.
"""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

BEGIN = time.perf_counter()

import numpy as np  # noqa: E402
import pyro  # noqa: E402
import pyro.distributions as dist  # noqa: E402
import torch  # noqa: E402
from pyro.infer import MCMC, NUTS  # noqa: E402
from pyro.infer.autoguide import init_to_value  # noqa: E402
from sbi.inference import MNLE  # noqa: E402
from sbi.neural_nets import likelihood_nn  # noqa: E402
from sbi.utils import BoxUniform  # noqa: E402
from sbi.utils.pyroutils import to_pyro_distribution  # noqa: E402

import hddm_sbi as hs  # noqa: E402
from benchmarks.engines.common import (  # noqa: E402
    BY_PARTICIPANT,
    P_OUTLIER,
    PRIORS,
    SLOPE_PRIORS,
    START,
    START_SD,
    Report,
    Task,
    parameter_of,
)

# sbi's own, 200 and no end, train for an hour, to a better network; a gradient costs the same.
BATCH, EPOCHS = 1000, 40
# v, a, z, t0: wide enough for the participants of both experiments; other parameters have their model's training box.
RANGES = {"v": (-5.0, 6.0), "a": (0.5, 3.5), "z": (0.1, 0.9), "t0": (0.05, 1.0)}


def train(simulations: int, seed: int, name: str = "ddm", **how: int):
    """sbi's mixed estimator as its tutorial for choices and response times has it; only the simulator is ours.

    ``how`` goes to sbi's ``train``.
    """
    torch.manual_seed(seed)
    ssm = hs.get_model(name)
    prior = BoxUniform(*torch.tensor([RANGES.get(p.name, p.box) for p in ssm.parameters], dtype=torch.float32).T)
    # widths are drawn as proportions of their room
    theta = torch.as_tensor(ssm.in_room(prior.sample((simulations,)).numpy().astype(np.float64)), dtype=torch.float32)
    rt, choice = hs.simulate(name, theta.numpy().astype(np.float64), 1, seed)
    x = torch.as_tensor(np.column_stack([rt, choice]), dtype=torch.float32)
    trainer = MNLE(prior, density_estimator=likelihood_nn("mnle", log_transform_x=True), show_progress_bars=False)
    return trainer.append_simulations(theta, x).train(**how)


def model(
    estimator, window: float, subject: torch.Tensor, x: torch.Tensor, covariates: dict[str, torch.Tensor]
) -> None:
    """The centred plate model; covariates by the name of their slope."""
    count = int(subject.max()) + 1
    theta = {}
    for name, (mean, sd, scale) in (PRIORS | {name: SLOPE_PRIORS[name] for name in covariates}).items():
        beta = pyro.sample(name if name in covariates else f"{name}_Intercept", dist.Normal(mean, sd))
        if scale is None:
            theta[name] = beta.expand(count)
            continue
        between = pyro.sample(f"{name}_sd", dist.HalfNormal(scale))
        with pyro.plate(f"{name}_plate", count):
            theta[name] = pyro.sample(f"{name}_theta", dist.Normal(beta, between))
    eta = {name: theta[name][subject] for name in PRIORS}
    for name, column in covariates.items():
        eta[parameter_of(name)] = eta[parameter_of(name)] + column * theta[name][subject]
    columns = [eta["v"], eta["a"].exp(), eta["z"].sigmoid(), eta["t0"].exp()]
    wiener = to_pyro_distribution(estimator, torch.stack(columns, -1))
    log_lapse = torch.tensor(P_OUTLIER / (2.0 * window)).log()
    log_model = wiener.log_prob(x) + torch.tensor(1.0 - P_OUTLIER).log()
    pyro.factor("trials", torch.logaddexp(log_model, log_lapse).sum())


def start(count: int, seed: int, slopes: list[str]) -> dict[str, torch.Tensor]:
    """Before nearly every response, where the density has a slope."""
    torch.manual_seed(seed)
    values = {f"{name}_Intercept": torch.tensor(value) for name, value in START.items()}
    for name in BY_PARTICIPANT:
        values[f"{name}_sd"] = torch.tensor(START_SD)
        values[f"{name}_theta"] = START[name] + START_SD * torch.randn(count)
    for name in slopes:
        values |= {name: torch.tensor(0.0), f"{name}_sd": torch.tensor(START_SD)}
        values[f"{name}_theta"] = START_SD * torch.randn(count)
    return values


def run_chain(estimator, task: Task, chain: int) -> dict:
    """Draws, leapfrog steps, divergences and seconds of one chain."""
    torch.set_num_threads(1)
    subject, rt, choice = task.trials()
    x = torch.as_tensor(np.column_stack([rt, choice]), dtype=torch.float32)
    seed = task.seed * 1000 + chain
    pyro.set_rng_seed(seed)
    covariates = {name: torch.as_tensor(column, dtype=torch.float32) for name, column in task.covariates().items()}
    values = start(int(subject.max()) + 1, seed, task.slopes)
    kernel = NUTS(model, init_strategy=init_to_value(values=values), max_tree_depth=task.options["max_tree_depth"])
    calls, at_end, began = [0], [0], [time.perf_counter()]
    setup = kernel.setup

    def counted_setup(*args, **kwargs) -> None:
        setup(*args, **kwargs)
        potential = kernel.potential_fn

        def counted(z):
            calls[0] += 1
            return potential(z)

        kernel.potential_fn = counted

    def hook(_kernel, _params, stage: str, i: int) -> None:
        if stage.lower().startswith("warm"):
            at_end[0], began[1:] = calls[0], [time.perf_counter()]

    kernel.setup = counted_setup
    mcmc = MCMC(kernel, task.draws, warmup_steps=task.tune, hook_fn=hook, disable_progbar=True)
    mcmc.run(estimator, task.window, torch.as_tensor(subject), x, covariates)
    seconds = (began[1] - began[0], time.perf_counter() - began[1])
    divergences = sum(len(found) for found in mcmc.diagnostics()["divergences"].values())
    draws = {name: values.detach().numpy() for name, values in mcmc.get_samples().items()}
    return {
        "draws": draws, "seconds": seconds, "gradients": (at_end[0], calls[0] - at_end[0]), "divergences": divergences,
    }  # fmt: skip


def kept(path: Path, simulations: int, name: str = "ddm", **how: int) -> tuple[object, float]:
    """The estimator of a file and the seconds its training took; trained now, and kept there, unless it was."""
    if not path.exists():
        begin = time.perf_counter()
        estimator = train(simulations, 1, name, **how)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps({"estimator": estimator, "seconds": time.perf_counter() - begin}))
    found = pickle.loads(path.read_bytes())
    return found["estimator"], found["seconds"]


def trained(task: Task, report: Report):
    """The estimator, trained unless it was; the time it took then."""
    path, simulations = Path(task.options["estimator"]), int(task.options["simulations"])
    new = not path.exists()
    estimator, seconds = kept(path, simulations, training_batch_size=BATCH, max_num_epochs=EPOCHS)
    if new:
        report.seconds["training"] = seconds
    report.note = f"network trained on {simulations:,} simulations in {seconds:.0f} s, not counted"
    return estimator


def main() -> None:
    task, report = Task.read(), Report(BEGIN)
    estimator = trained(task, report)
    begin = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(task.cores, task.chains), mp_context=context) as pool:
        jobs = [pool.submit(run_chain, estimator, task, chain) for chain in range(task.chains)]
        chains = [job.result() for job in jobs]
    took = time.perf_counter() - begin
    parts = np.sum([chain["seconds"] for chain in chains], axis=0) / min(task.cores, task.chains)
    report.seconds["warmup"], report.seconds["sampling"] = (float(part) for part in parts)
    report.seconds["build"] = max(0.0, took - float(parts.sum()))  # the processes start, and import all this
    draws = {name: np.stack([chain["draws"][name] for chain in chains]) for name in chains[0]["draws"]}
    for name in BY_PARTICIPANT:
        draws[f"{name}_subject"] = draws.pop(f"{name}_theta") - draws[f"{name}_Intercept"][..., None]
    for name in task.slopes:
        draws[f"{name}_subject"] = draws.pop(f"{name}_theta") - draws[name][..., None]
    steps = np.sum([chain["gradients"] for chain in chains], axis=0)
    report.numbers["warmup_gradients"], report.numbers["gradients"] = (int(count) for count in steps)
    report.numbers["divergences"] = sum(chain["divergences"] for chain in chains)
    report.save(task, draws, ("sbi", "pyro-ppl", "torch"))


if __name__ == "__main__":
    sys.exit(main())
