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
# # A model of your own: from a simulator to a hierarchical fit
#
# Two accumulators gather evidence for two options, and each inhibits the other (a simple case of Usher and McClelland's
# competing accumulators, 2001). There is no formula for its likelihood. A function that simulates one trial is enough:
# a network learns the likelihood from simulations, and everything else of the package works with it.
#
# The function takes the parameters and a NumPy random generator, and returns the response time in seconds and the index
# of the option. `numba.njit` compiles it, so that it runs on all cores; a plain Python function works as well, often a
# hundred times slower.

# %%
import math

import numpy as np
import pandas as pd
from numba import njit

import hddm_sbi as hs

STEP = 0.002


@njit
def inhibition(theta, rng):
    v0, v1, w, B, t0 = theta
    x0, x1, t = 0.0, 0.0, 0.0
    while x0 < B and x1 < B and t < 20.0:
        noise = math.sqrt(STEP)
        e0 = x0 + (v0 - w * x1) * STEP + noise * rng.standard_normal()
        e1 = x1 + (v1 - w * x0) * STEP + noise * rng.standard_normal()
        x0, x1, t = max(e0, 0.0), max(e1, 0.0), t + STEP
    # the time within the last step is not known
    return t0 + t - STEP * rng.random(), int(x1 > x0)


# %% [markdown]
# The model says what the parameters are called, which values are possible, on which scale they are regressed, and the
# range on which the network is trained: as wide as your data may need, and no wider. Whatever symmetry you know of can
# be declared, and the network has it built in; here, that `t0` is added to every response time. Declarations are
# checked against the simulator before training.

# %%
POSITIVE = (0.0, math.inf)
model = hs.SSM(
    "inhibition",
    (
        hs.Parameter("v0", POSITIVE, "log", (0.2, 6.0), "evidence for option 0"),
        hs.Parameter("v1", POSITIVE, "log", (0.2, 6.0), "evidence for option 1"),
        hs.Parameter("w", POSITIVE, "log", (0.05, 8.0), "mutual inhibition"),
        hs.Parameter("B", POSITIVE, "log", (0.5, 2.5), "threshold"),
        hs.Parameter("t0", POSITIVE, "log", (0.0, 0.6), "non-decision time, s"),
    ),
    hs.simulator_of(inhibition),
    symmetries=hs.Symmetries(shift="t0"),
    description="two accumulators that inhibit each other",
)

# %% [markdown]
# A million simulations take a minute or less and make a first network; give a good one a hundred million and an hour.
# With `out="inhibition.safetensors"` the weights are kept, with a card that says how they were made; an interrupted
# training goes on where it was. The same on the command line: `hddm-sbi train my_model.py:model --out
# inhibition.safetensors`.

# %%
estimator = hs.train_nle(model, simulations=2_000_000, seed=1)

# %% [markdown]
# At the end the network was compared with simulations it had never seen. How far the described and simulated
# distributions are apart, over parameters, and how far they would be by chance alone:

# %%
validation = estimator.card["validation"]
print(validation["kolmogorov"])
print(validation["choice_probability"])

# %% [markdown]
# Now an experiment of which the truth is known: fifteen participants, easy and hard trials, more evidence for option 1
# on easy ones.

# %%
SUBJECTS, TRIALS, EFFECT = 15, 150, 0.5
rng = np.random.default_rng(3)


def people(typical, sd):
    return typical * np.exp(sd * rng.normal(size=SUBJECTS))


truth = pd.DataFrame(
    {"v0": people(1.5, 0.2), "v1": people(2.0, 0.2), "w": np.full(SUBJECTS, 1.2), "B": people(1.2, 0.15),
     "t0": people(0.25, 0.15)}
)  # fmt: skip
tables = []
for seed, (task, effect) in enumerate({"easy": EFFECT, "hard": 0.0}.items()):
    theta = truth.to_numpy().copy()
    theta[:, 1] *= np.exp(effect)
    rt, choice = hs.simulate(model, theta, TRIALS, seed=seed)
    subject = np.repeat(np.arange(SUBJECTS), TRIALS)
    tables.append(pd.DataFrame({"subject": subject, "task": task, "rt": rt.ravel(), "response": choice.ravel()}))
df = pd.concat(tables, ignore_index=True)

# %% [markdown]
# The fit is that of any other model. Inhibition is hard to tell for a single participant, so it is shared by all.

# %%
ddm = hs.HierarchicalDDM(
    df, groupby="subject", formula="v1 ~ task", model=model, likelihood=estimator, shared=("w",), random_slopes=False
)
print(ddm)
idata = ddm.sample(draws=500, tune=500, chains=4, seed=1, progress=False)

# %% [markdown]
# Are the true values found?

# %%
effect = -idata.posterior["v1_task"].squeeze()
print(f"effect of easy trials on log v1: {float(effect.mean()):.2f} ({float(effect.std()):.2f}), truth {EFFECT}")
for name, typical in {"v0": 1.5, "w": 1.2, "B": 1.2, "t0": 0.25}.items():
    draws = idata.posterior[name]
    print(f"{name}: {float(draws.mean()):.3f} ({float(draws.std()):.3f}), truth {typical}")
found = idata.posterior["B_subject"].mean(("chain", "draw")).to_numpy()
print("correlation of estimated and true thresholds:", np.corrcoef(found, truth["B"])[0, 1].round(2))

# %% [markdown]
# Any other trained estimator of sbi takes the same place. For instance `sbi.inference.MNLE`, trained on pairs of
# parameters and (rt, choice): `HierarchicalDDM(df, model=model, likelihood=its_estimator)`.
