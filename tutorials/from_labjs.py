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
# # From lab.js to the first picture
#
# Two people named the colour of words in the browser; lab.js wrote one file each. (They are simulated, lab.js 20.2
# was not.) Every screen and every loop has a row, and the participant's number stands in the row of a form, once.

# %%
import hddm_sbi as hs

FILES = "tests/exports/labjs_*.csv"  # yours: "raw/*.csv"
df = hs.read(FILES)
print(df.attrs["reading"]["text"])

# %% [markdown]
# `duration` is the response time of screens that ended on a response, and the deadline of those that ended on a
# time-out: lab.js writes both into one column. The table has `deadline` for that, and no response time on these
# trials. The doctor looks it over before a model does.

# %%
how = {"groupby": "participant", "response": "correct", "coding": "accuracy", "deadline": "deadline"}
print(hs.check_data(df, **how))

# %% [markdown]
# Two people are no population, so each is fitted apart; with more of them leave `pooling` out.

# %%
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
