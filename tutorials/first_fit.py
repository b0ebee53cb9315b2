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
# # A first fit: conflict and drift
#
# Fourteen patients with Parkinson's disease chose between pairs of symbols whose values they had learned (Cavanagh et
# al. 2011). On high-conflict trials (`conf = HC`) the two symbols are of similar value, on low-conflict trials (`LC`)
# one is clearly better. Is evidence gathered more slowly under conflict?

# %%
import hddm_sbi as hs

df = hs.load_data("cavanagh_theta")
df.head()

# %% [markdown]
# One line states the model: the drift rate depends on conflict. Because conflict varies within participants, each
# participant gets an effect of conflict of their own, drawn from a population. `print` shows everything that was
# assumed: how the responses were read, the equations on their link scales, and the priors.

# %%
model = hs.HierarchicalDDM(df, groupby="participant_id", formula="v ~ conf")
print(model)

# %% [markdown]
# Sampling returns ArviZ data. The report ends with a verdict on convergence: read it before anything else.

# %%
from hddm_sbi.results.report import print_report

idata = model.sample(draws=500, tune=500, chains=4, seed=1, groups=("posterior_predictive",), progress=False)
print_report(idata)

# %% [markdown]
# `v_conf` is the difference in drift between low and high conflict, in the population. How sure is it that it is above
# zero?

# %%
effect = idata.posterior["v_conf"].squeeze()
print(f"P(v_conf > 0) = {float((effect > 0).mean()):.3f}")

# %% [markdown]
# Participants have estimates of their own, shrunk towards the population as far as their data are few:

# %%
by_person = idata.posterior["v_participant_id"].mean(("chain", "draw")).to_pandas()
print(by_person.round(2))

# %% [markdown]
# Does the model reproduce the data? The bands are trials that the fitted model predicts, the outlines are the trials
# that were observed.

# %%
axes = hs.plot_predictive(idata, options=model.trials.options)

# %% [markdown]
# The default likelihood is a network. For this model a formula exists, so that its answer can be checked against the
# truth on one's own data:

# %%
exact = hs.HierarchicalDDM(df, groupby="participant_id", formula="v ~ conf", likelihood="exact")
truth = exact.sample(draws=500, tune=500, chains=4, seed=2, progress=False)
for name in ("v", "a", "z", "t0"):
    ours, theirs = idata.posterior[name], truth.posterior[name]
    shift = (ours.mean(("chain", "draw")) - theirs.mean(("chain", "draw"))) / theirs.std(("chain", "draw"))
    print(name, "differs by", shift.to_numpy().round(2), "posterior standard deviations")

# %% [markdown]
# The whole of it is one page to look at, to send, and to keep with the paper: estimates, contrasts, checks, what would
# change the conclusions, a paragraph for the methods section.

# %%
exact.report(truth, "report.html")
