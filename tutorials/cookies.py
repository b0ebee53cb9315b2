# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # The cookie factory: pooled, unpooled, hierarchical
#
# A factory bakes chocolate chip cookies at five locations. At four of them the chips in thirty cookies were counted, at
# the fifth, which has just opened, in five. How many chips does a cookie of each location have on average?
#
# The number of chips is Poisson here, so everything could be done by formula. That makes it a good first example of
# what to do where there is none: a network learns the likelihood from simulations alone, and takes its place in an
# ordinary Pyro model. (The example is that of the talk "Pyro meets SBI" at EuroSciPy 2025, after Juan Orduz.)

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyro
import pyro.distributions as dist
import torch
from pyro.infer import MCMC, NUTS, Predictive
from sbi.inference import NLE
from sbi.neural_nets.net_builders import build_categoricalmassestimator

from hddm_sbi import SBItoPyro

try:
    HERE = Path(__file__).resolve().parent
except NameError:  # in a notebook
    HERE = Path.cwd()
torch.set_num_threads(1)  # these networks are small: more threads only wait for each other
pyro.set_rng_seed(1)
cookies = pd.read_csv(HERE.parent / "data" / "cookies.csv")
locations = torch.tensor(cookies["location"].to_numpy()) - 1
chips = torch.tensor(cookies["chips"].to_numpy())
N_LOCATIONS = int(locations.max()) + 1
print(cookies.groupby("location")["chips"].agg(["count", "mean"]).round(2))

# %% [markdown]
# ## A likelihood from simulations
#
# The simulator takes a rate and returns a count. Rates are drawn from the prior, so that the network knows all that the
# models below may ask for. sbi's network for counts has one output for each count it is told of, from 0 to the largest.
# (Left alone, sbi takes them from those simulations that it trains on, and stops at a rare count that only the others
# have. A count beyond the last has probability zero.)

# %%
SIMULATIONS = 20_000
prior = dist.Gamma(2.0, 0.2)  # chips per cookie before any was counted: mean 10, standard deviation 7
rates = prior.sample((SIMULATIONS, 1))
counts = torch.poisson(rates)
n_counts = int(counts.max()) + 1


def network(theta, x):
    every_count = torch.arange(n_counts).float().unsqueeze(-1).to(x)
    some_rate = theta[torch.arange(n_counts) % len(theta)]
    return build_categoricalmassestimator(
        torch.cat([x, every_count]), torch.cat([theta, some_rate]), num_categories_per_variable=torch.tensor([n_counts])
    )


inference = NLE(density_estimator=network, show_progress_bars=False)
inference.append_simulations(rates, counts)
estimator = inference.train(training_batch_size=500, learning_rate=2e-3, max_num_epochs=60, stop_after_epochs=10)

# %% [markdown]
# What it learned, against the formula that it never saw:

# %%
with torch.no_grad():
    rate = torch.tensor([6.0, 9.0, 12.0])
    values = torch.arange(40).unsqueeze(-1)
    learned, exact = SBItoPyro(estimator, rate).log_prob(values), dist.Poisson(rate).log_prob(values)
    divergence = (exact.exp() * (exact - learned)).sum(0)
print("Kullback-Leibler divergence per cookie at rates 6, 9, 12:", divergence.numpy().round(4))

# %% [markdown]
# ## Three models
#
# They differ in one idea only: how much one location says about another. `SBItoPyro(estimator, lam)` stands where
# `dist.Poisson(lam)` would.
#
# **Pooled**: there is one rate, wherever a cookie comes from.


# %%
def pooled(locations, chips=None):
    lam = pyro.sample("lam", prior)
    with pyro.plate("data", len(locations)):
        pyro.sample("obs", SBItoPyro(estimator, lam), obs=chips)


# %% [markdown]
# **Unpooled**: each location has its own rate, and the others say nothing about it.


# %%
def unpooled(locations, chips=None):
    with pyro.plate("location", N_LOCATIONS):
        lam = pyro.sample("lam", prior)
    with pyro.plate("data", len(locations)):
        pyro.sample("obs", SBItoPyro(estimator, lam[locations]), obs=chips)


# %% [markdown]
# **Hierarchical**: locations differ, but they follow one recipe. Their rates vary around `mu` with standard deviation
# `sigma`, and both are learned with them.


# %%
def hierarchical(locations, chips=None):
    mu = pyro.sample("mu", prior)
    sigma = pyro.sample("sigma", dist.Exponential(1.0))
    with pyro.plate("location", N_LOCATIONS):
        lam = pyro.sample("lam", dist.Gamma(mu**2 / sigma**2, mu / sigma**2))
    with pyro.plate("data", len(locations)):
        pyro.sample("obs", SBItoPyro(estimator, lam[locations]), obs=chips)


# %% [markdown]
# Pyro's sampler needs the gradient of the likelihood, which the network has. It runs once for each of the five rates,
# not for each of the 125 cookies.

# %%
DRAWS, WARMUP = 500, 250


def fit(model):
    pyro.set_rng_seed(2)
    mcmc = MCMC(NUTS(model), num_samples=DRAWS, warmup_steps=WARMUP, disable_progbar=True)
    mcmc.run(locations, chips)
    return mcmc.get_samples()


posterior = {model.__name__: fit(model) for model in (pooled, unpooled, hierarchical)}

# %% [markdown]
# ## Shrinkage

# %%
each = pd.DataFrame(
    {
        "cookies": torch.bincount(locations).numpy(),
        "mean": [float(chips[locations == i].double().mean()) for i in range(N_LOCATIONS)],
    }
)
for name in ("unpooled", "hierarchical"):
    each[name] = posterior[name]["lam"].mean(0).numpy()
    each[f"{name} sd"] = posterior[name]["lam"].std(0).numpy()
each.index = pd.RangeIndex(1, N_LOCATIONS + 1, name="location")
print(each.round(2))
print("pooled:", posterior["pooled"]["lam"].mean().round(decimals=2).item())
for name in ("mu", "sigma"):
    print(f"{name}: {posterior['hierarchical'][name].mean():.2f} ({posterior['hierarchical'][name].std():.2f})")

# %% [markdown]
# On their own, the rates follow what was counted: 9.9, 6.5, 8.9, 8.7 and 7.8 chips a cookie. The fifth is known to 1.2
# chips only, twice as badly as the others, since five cookies say little. The pooled model says 8.5 for all five, and
# is sure of it (0.3), although it is right for none of the first two.
#
# The hierarchical model finds a recipe of 8.4 chips on average, from which locations differ with a standard deviation
# of 1.3, and moves each location towards it as far as its own cookies leave open: the fifth goes from 7.8 to 8.1, half
# of the way to the mean of all, and its standard deviation falls from 1.15 to 1.0. The first and the second, which have
# thirty cookies each, keep four fifths of their distance. The third and the fourth lie near the mean already.

# %%
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"


def shrinkage(ax):
    mu = posterior["hierarchical"]["mu"]
    low, high = np.quantile(mu, [0.05, 0.95])
    ax.axvspan(low, high, color=GREY, alpha=0.12, lw=0)
    ax.axvline(float(mu.mean()), color=GREY, lw=1.2, ls="--", label="mean of all locations, mu (band: 90%)")
    styles = {"unpooled": (BLUE, "o", 0.14, "apart"), "hierarchical": (ORANGE, "D", -0.14, "hierarchical")}
    for name, (colour, marker, shift, label) in styles.items():
        lam = posterior[name]["lam"].numpy()
        y = np.arange(N_LOCATIONS, 0, -1) + shift
        mean, (left, right) = lam.mean(0), np.quantile(lam, [0.05, 0.95], axis=0)
        ax.hlines(y, left, right, color=colour, lw=2)
        ax.plot(mean, y, marker, color=colour, ms=7, label=f"{label}: mean and 90% interval")
    observed = each["mean"].to_numpy()
    ax.plot(
        observed,
        np.arange(N_LOCATIONS, 0, -1) + 0.34,
        "|",
        color="black",
        ms=9,
        mew=1.6,
        label="mean of the cookies counted",
    )
    ax.set_yticks(np.arange(N_LOCATIONS, 0, -1), [f"location {i}\n{n} cookies" for i, n in each["cookies"].items()])
    ax.set(xlabel="chocolate chips per cookie (rate)", ylim=(0.4, N_LOCATIONS + 0.65))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


figure, ax = plt.subplots(figsize=(7.2, 4.8), layout="constrained")
shrinkage(ax).figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
figure.savefig("cookies.png", dpi=150)

# %% [markdown]
# ## What will the next cookie have?
#
# A fitted model predicts. Does the spread of predicted cookies look like that of the ones counted?

# %%
predicted = Predictive(hierarchical, posterior["hierarchical"])(locations)["obs"]


def variance(x):
    return np.mean([float(x[..., locations == i].double().var()) for i in range(N_LOCATIONS - 1)])


print(f"variance within locations, counted: {variance(chips):.1f}, predicted: {variance(predicted):.1f}")
# what is shared makes the location with five cookies more certain
effect = (each["unpooled sd"] - each["hierarchical sd"]).tail(1)
