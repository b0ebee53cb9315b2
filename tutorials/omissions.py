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
# # Trials without a response: deadlines, misses, go/no-go
#
# Most experiments give participants a limited time, and some trials end without a response. It is usual to drop these
# omissions and to fit the rest. But it is the slow trials that go missing, so that the rest is too fast, and a model of
# response times takes it for a participant who gathers evidence quickly and decides on little of it.
#
# Here an experiment is simulated whose truth is known: twenty participants, a hundred trials each, and 1.1 seconds to
# respond, which is too little on a quarter of the trials.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hddm_sbi as hs

SUBJECTS, TRIALS, DEADLINE = 20, 100, 1.1
TRUTH = {"v": 1.0, "a": 1.8, "z": 0.5, "t0": 0.3}  # of the typical participant
rng = np.random.default_rng(1)
drift = rng.normal(TRUTH["v"], 0.3, SUBJECTS)
boundary = TRUTH["a"] * np.exp(rng.normal(0.0, 0.1, SUBJECTS))
non_decision = TRUTH["t0"] * np.exp(rng.normal(0.0, 0.1, SUBJECTS))
people = np.column_stack([drift, boundary, np.full(SUBJECTS, TRUTH["z"]), non_decision])

rt, choice = hs.simulate("ddm", people, TRIALS, seed=1)
complete = pd.DataFrame(
    {
        "subject": np.repeat(np.arange(SUBJECTS), TRIALS),
        "rt": rt.ravel(),
        "response": np.where(choice.ravel() == 1, "correct", "error"),
    }
)


def blank(table, rows):
    """The table with neither time nor response in some rows, as experiment software leaves a trial that timed out."""
    return table.assign(rt=table["rt"].mask(rows), response=table["response"].mask(rows))


df = blank(complete, complete["rt"] > DEADLINE)
print(df.head(8))
print(f"omitted: {df['rt'].isna().mean():.1%} of {len(df)} trials")

# %% [markdown]
# Nothing is dropped without being asked: a table with omissions and no time limit is refused, in a sentence that says
# what to do.

# %%
try:
    hs.HierarchicalDDM(df, groupby="subject", likelihood="exact")
except hs.HDDMError as error:
    print(error)

# %% [markdown]
# ## Three ways to fit the same data
#
# - *dropped*: the omissions are removed, and the fit does not know of them.
# - *deadline*: the omissions stay in the table. Each enters the likelihood as the probability that there is no response
#   within 1.1 seconds.
# - *truncated*: the omissions have been removed, by whoever published the data say, but the time limit is known. The
#   likelihood of each trial is that of its response time given that it was short enough to be kept.
#
# `z`, the starting point, is estimated, too, with one value for all participants.


# %%
def fit(table, seed, **options):
    model = hs.HierarchicalDDM(table, groupby="subject", likelihood="exact", shared=("z",), **options)
    groups = ("posterior_predictive",) if "deadline" in options else ()
    return model, model.sample(draws=500, tune=500, chains=4, seed=seed, groups=groups, progress=False)


kept = df.dropna()
_, dropped = fit(kept, seed=1)
model, omitted = fit(df, seed=2, deadline=DEADLINE)
_, truncated = fit(kept, seed=3, truncate=(None, DEADLINE))
FITS = {"dropped": dropped, "deadline": omitted, "truncated": truncated}


def interval(draws):
    """Mean and 95% interval."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{float(draws.mean()):.2f} [{low:.2f}, {high:.2f}]"


def estimates(fits, names):
    rows = {label: [interval(idata.posterior[name]) for name in names] for label, idata in fits.items()}
    return pd.DataFrame(rows, index=list(names))


table = estimates(FITS, TRUTH)
table.insert(0, "truth", pd.Series(TRUTH))
print(table)

# %% [markdown]
# With the omissions dropped, the drift is estimated as 1.66 where it is 1.0, the boundaries as 1.36 apart where they
# are 1.8, and the starting point seems to be biased. These intervals are narrow, and none of them holds the truth. Told
# about the deadline, the model finds the true values, although nothing is known of a quarter of the trials but that
# they took too long. Told only that slow trials were removed, it finds them as well, but it does not know how many
# there were. So keep the omissions in the table if you have them.

# %%
effect = dropped.posterior["v"] - omitted.posterior["v"]
print("by how much dropping raises the drift:", interval(effect))
for label, idata in FITS.items():
    print(f"{label}: the draws are {model.diagnose(idata).degree}")

# %% [markdown]
# `print` shows what was read of the trials. Besides the deadline there is a new line, `lapse_omission`, see below.

# %%
print(model)

# %% [markdown]
# ## Attention elsewhere
#
# Some omissions are no slow decisions: the participant looked away. Under a generous limit hardly anything else is
# left. Here responses may take 2.5 seconds, which is too little on 1.6% of the trials, and a further 5% are missed
# whatever the evidence.
#
# `p_outlier` is the share of trials on which something else than the decision goes on, and `lapse_omission` the share
# of those that get no response. With `lapse_omission=0` every omission has to be a slow decision.

# %%
GENEROUS = 2.5
away = np.random.default_rng(2).random(len(complete)) < 0.05
missed = blank(complete, away | (complete["rt"] > GENEROUS))
_, with_misses = fit(missed, seed=4, deadline=GENEROUS)
_, without_misses = fit(missed, seed=5, deadline=GENEROUS, lapse_omission=0)
table = estimates({"with misses": with_misses, "lapse_omission=0": without_misses}, [*TRUTH, "p_outlier"])
table.insert(0, "truth", pd.Series({**TRUTH, "p_outlier": 0.05}))
print(table)


def misses(idata):
    """The share of trials that get no response whatever the evidence."""
    return idata.posterior["p_outlier"] * idata.posterior["lapse_omission"]


print("misses among the trials:", interval(misses(with_misses)))

# %% [markdown]
# Without misses, the omissions can only be explained by slower evidence and boundaries further apart. Misses are
# estimated by default wherever there are omissions. Under a short deadline the two kinds of omission look much alike,
# so that the share of misses is less certain; what is not known of it is part of the intervals of the other parameters:

# %%
print("misses among the trials with the short deadline:", interval(misses(omitted)))

# %% [markdown]
# ## Go/no-go
#
# In a go/no-go task omissions are one of the two responses: the key is pressed, or the response is withheld, and
# nothing tells when that was decided. `go=` names the response that is made. The stimuli say which response is correct,
# which is what `coding="stimulus"` is for: `v` is the drift towards it. Since only one response has times, little is
# learnt of the starting point; its prior is narrow unless you give another.

# %%
LIMIT = 1.0
both = np.repeat(people, 2, axis=0)  # each participant with go and no-go stimuli
both[1::2, 0] *= -1.0  # evidence for withholding
rt, choice = hs.simulate("ddm", both, TRIALS, seed=3)
pressed = (choice.ravel() == 1) & (rt.ravel() < LIMIT)
go = pd.DataFrame(
    {
        "subject": np.repeat(np.arange(SUBJECTS), 2 * TRIALS),
        "stim": np.tile(np.repeat(["go", "no-go"], TRIALS), SUBJECTS),
        "rt": np.where(pressed, rt.ravel(), np.nan),
        "response": np.where(pressed, "press", "withheld"),
    }
)
print((go["response"] == "withheld").groupby(go["stim"]).mean().rename("share withheld"))
_, withheld = fit(
    go, seed=6, go="press", deadline=LIMIT, coding="stimulus", stimulus={"stim": {"go": "press", "no-go": "withheld"}}
)
table = estimates({"go/no-go": withheld}, TRUTH)
table.insert(0, "truth", pd.Series(TRUTH))
print(table)

# %% [markdown]
# ## Looking at it
#
# What a model with a deadline predicts has omissions, too, so that their share is one more thing to compare with the
# data: it stands in the middle above the lower picture.

# %%
GREY, BLUE, ORANGE = "#555555", "#0072B2", "#D55E00"


def intervals(ax, name):
    for y, (label, idata) in enumerate(FITS.items()):
        draws = idata.posterior[name].to_numpy().ravel()
        colour = ORANGE if label == "dropped" else BLUE
        ax.hlines(y, *np.quantile(draws, [0.025, 0.975]), color=colour, lw=2.5)
        ax.plot(draws.mean(), y, "o", color=colour, ms=6)
    ax.axvline(TRUTH[name], color=GREY, ls="--", lw=1.2)
    ax.set_yticks(range(len(FITS)), list(FITS))
    ax.set(ylim=(len(FITS) - 0.5, -0.5), title=name)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


figure = plt.figure(figsize=(8.0, 6.4), layout="constrained")
upper, lower = figure.subfigures(2, 1, height_ratios=(2, 4))
axes = upper.subplots(1, 3, sharey=True)
for ax, name in zip(axes, ("v", "a", "t0"), strict=True):
    intervals(ax, name)
upper.supxlabel("mean and 95% interval; dashed: the truth", fontsize="medium")
hs.plot_predictive(omitted, lower.subplots(), options=model.trials.options)
figure.savefig("omissions.png", dpi=150)
