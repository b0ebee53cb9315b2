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
# # From jsPsych to the first picture
#
# Two people named the colour of words in the browser, with f and j; `jsPsych.data.get().csv()` wrote one file each.
# (They are simulated, jsPsych 8.3 was not.) Beside trials the files hold instructions, questionnaires, fixations and
# practice, which have no response time because they are no trials.

# %%
import hddm_sbi as hs

FILES = "tests/exports/jspsych_P0*.csv"  # yours: "raw/*.csv", a folder, or the .json files
df = hs.read(FILES)
print(df.attrs["reading"]["text"])

# %% [markdown]
# Read it line by line: who the participants are, which rows count as trials and why others do not, and that five
# trials have no response. These are trials, too: time ran out. If rows were chosen wrongly, say which ones are meant,
# by any column of the files:

# %%
responses = hs.read(FILES, where="task == 'response'")
print(len(df), "trials, and", len(responses), "whose task is 'response'")

# %% [markdown]
# jsPsych writes down that there was no response, but not how long it waited: `trial_duration` of the experiment, 1.5
# s here. The doctor looks the table over before a model does.

# %%
how = {"groupby": "participant", "response": "correct", "coding": "accuracy", "deadline": 1.5}
print(hs.check_data(df, **how))

# %% [markdown]
# Two people are no population, so each is fitted apart; with more of them leave `pooling` out. The boundaries are
# error and correct, and an omission counts as what it is: no response by the deadline.

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
