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
# # From PsychoPy to the first picture
#
# Two people pressed the left or right arrow in a Stroop task; PsychoPy's Builder wrote one wide CSV each. (They are
# simulated, PsychoPy 2026.2 was not.) A row is a turn of a loop, or what came before and after the loops.

# %%
import hddm_sbi as hs

FILES = "tests/exports/psychopy_*.csv"  # yours: "data/*.csv"
df = hs.read(FILES)
print(df.attrs["reading"]["text"])

# %% [markdown]
# The turns of the loop `practice` are left out, and so are rows that are none of a loop. PsychoPy writes "None" for a
# key that was never pressed, without a time; `correct` is then missing rather than 0. Participants keep their zeros:
# they are text. Anything that is meant otherwise can be said, the loop, say:

# %%
practice = hs.read(FILES, where="loop == 'practice'")
print(len(df), "trials, and", len(practice), "of practice")

# %% [markdown]
# The stimulus was shown for 1.5 s at most, which the file does not say. Was the word's meaning in conflict with its
# colour? `congruent` is 0 or 1, a number; as a factor it makes two conditions.

# %%
df["word_is"] = df["congruent"].map({0: "incongruent", 1: "congruent"})
how = {"groupby": "participant", "response": "correct", "coding": "accuracy", "deadline": 1.5}
print(hs.check_data(df, **how, conditions="word_is"))

# %% [markdown]
# Two people are no population: `pooling="complete"` takes their trials together, with the same values for both. With
# more people leave it out. Does the drift depend on the word?

# %%
model = hs.HierarchicalDDM(df, **how, formula="v ~ word_is", pooling="complete", likelihood="exact")
print(model)
idata = model.sample(draws=500, tune=500, seed=1, groups=("posterior_predictive",), progress=False)
print(model.diagnose(idata))
print(model.contrast(idata, "v[word_is=congruent] - v[word_is=incongruent]"))

# %% [markdown]
# With 48 trials the answer is: nobody knows. What is known is that both make more correct responses than errors, and
# whether the model reproduces the trials:

# %%
effect = idata.posterior["v"]
axes = hs.plot_predictive(idata, options=model.trials.options)
