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
# # From OpenSesame to the first picture, and a trap on the way
#
# Two people decided whether a string of letters is a word; OpenSesame wrote one CSV each. (They are simulated,
# OpenSesame 4.1 was not.) Where nobody responded in time, OpenSesame writes "None" as the response, the moment of the
# time-out as the response time, and 0 as `correct`. A program that reads `correct` and `response_time` finds slow
# errors there.

# %%
import pandas as pd

import hddm_sbi as hs

FILES = [f"tests/exports/opensesame_subject-{number}.csv" for number in (1, 2)]  # yours: "raw/*.csv"
trap = pd.concat([pd.read_csv(file) for file in FILES])
print(trap.loc[trap["response"].isna() | (trap["response"] == "None"), ["response", "response_time", "correct"]])

# %% [markdown]
# The doctor notices, because so many of the longest times are the same:

# %%
raw = trap[trap["practice"] == "no"].reset_index(drop=True)
print(hs.check_data(raw, groupby="subject_nr", rt="response_time", rt_unit="ms", response="correct", coding="accuracy"))

# %% [markdown]
# `hs.read` takes these trials as what they are, and the moment of the time-out as the deadline:

# %%
df = hs.read(FILES)
print(df.attrs["reading"]["text"])

# %% [markdown]
# Two people are no population, so each is fitted apart; with more of them leave `pooling` out.

# %%
how = {"groupby": "participant", "response": "correct", "coding": "accuracy", "deadline": "deadline"}
model = hs.HierarchicalDDM(df, **how, pooling="none", likelihood="exact")
print(model)
idata = model.sample(draws=500, tune=500, seed=1, groups=("posterior_predictive",), progress=False)
print(model.diagnose(idata))

# %% [markdown]
# The drift rate of each, and whether the model reproduces the trials:

# %%
effect = idata.posterior["v_participant"]
print(effect.mean(("chain", "draw")).to_pandas().round(2))
axes = hs.plot_predictive(idata, options=model.trials.options)
