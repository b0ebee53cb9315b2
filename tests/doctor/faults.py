"""Faults that are planted in clean experiments, each with the finding that it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.doctor.experiments import Design, accuracy, deadline, two_conditions

Planted = tuple[Design, str]


def _with(design: Design, table: pd.DataFrame, **options: object) -> Design:
    return Design(table.reset_index(drop=True), {**design.options, **options})


def exact_time_outs(seed: int) -> Planted:
    """Trials that were stopped at 2 s, recorded as responses at 2 s."""
    made = two_conditions(seed)
    late = made.table["rt"] > 2.0
    return _with(made, made.table.assign(rt=made.table["rt"].mask(late, 2.0))), "time-outs"


def late_time_outs(seed: int) -> Planted:
    """The same with a clock that is looked at once a frame, all counted as errors."""
    made, rng = accuracy(seed), np.random.default_rng(seed)
    late = made.table["rt"] > 2000.0
    table = made.table.assign(
        rt=made.table["rt"].mask(late, 2000.0 + np.round(rng.uniform(0.0, 16.0, len(late)))),
        response=made.table["response"].mask(late, 0),
    )
    return _with(made, table), "time-outs"


def marked_time_outs(seed: int) -> Planted:
    """A few, beside the key "None" in another column, as OpenSesame writes them."""
    made, rng = accuracy(seed), np.random.default_rng(seed)
    late = made.table["rt"] > np.sort(made.table["rt"])[-12]
    end = float(made.table["rt"][~late].max())
    table = made.table.assign(
        key=np.where(late, "None", rng.choice(["z", "m"], len(late))),
        rt=made.table["rt"].mask(late, end + np.round(rng.uniform(2.0, 12.0, len(late)))),
        response=made.table["response"].mask(late, 0),
    )
    return _with(made, table), "time-outs"


def a_limit_that_shows(seed: int) -> Planted:
    """Slow trials that were taken out without a word."""
    made = two_conditions(seed)
    kept = made.table["rt"] < made.table["rt"].quantile(0.93)
    return _with(made, made.table[kept]), "a cut at the longest times"


def milliseconds(seed: int) -> Planted:
    """All in milliseconds, read as seconds."""
    made = two_conditions(seed)
    return _with(made, made.table.assign(rt=1000.0 * made.table["rt"])), "units"


def mixed_units(seed: int) -> Planted:
    """One participant in milliseconds."""
    made = two_conditions(seed)
    rt = made.table["rt"].where(made.table["subject"] != 3, 1000.0 * made.table["rt"])
    return _with(made, made.table.assign(rt=rt)), "units"


def codes(seed: int) -> Planted:
    """999 for trials without a response."""
    made, rng = two_conditions(seed), np.random.default_rng(seed)
    return _with(made, made.table.assign(rt=made.table["rt"].mask(rng.random(len(made.table)) < 0.02, 999.0))), "codes"


def screen(seed: int) -> Planted:
    """Times at refreshes of a screen at 60 Hz, to the millisecond."""
    made = two_conditions(seed)
    return _with(made, made.table.assign(rt=np.round(np.ceil(60.0 * made.table["rt"]) / 60.0, 3))), "times in steps"


def rounded(seed: int) -> Planted:
    """Times to 10 ms."""
    made = two_conditions(seed)
    return _with(made, made.table.assign(rt=made.table["rt"].round(2))), "times in steps"


def too_fast(seed: int) -> Planted:
    """Keys that were still pressed."""
    made, rng = two_conditions(seed), np.random.default_rng(seed)
    rows = rng.choice(len(made.table), 15, replace=False)
    rt = made.table["rt"].copy()
    rt.iloc[rows] = np.round(rng.uniform(0.02, 0.09, 15), 3)
    return _with(made, made.table.assign(rt=rt)), "too fast for a response"


def a_fast_trial(seed: int) -> Planted:
    """One trial far before a participant's others, though not too fast for a response."""
    made = two_conditions(seed)
    own = made.table["rt"][made.table["subject"] == 7]
    rt = made.table["rt"].copy()
    rt.loc[own.index[30]] = 0.11
    rt.loc[own.index] = rt.loc[own.index].where(rt.loc[own.index] == 0.11, rt.loc[own.index] + 0.15)
    return _with(made, made.table.assign(rt=rt)), "fastest trials"


def anticipations(seed: int) -> Planted:
    """Responses before the stimulus, with negative times."""
    made, rng = two_conditions(seed), np.random.default_rng(seed)
    rows = rng.choice(len(made.table), 12, replace=False)
    rt = made.table["rt"].copy()
    rt.iloc[rows] = -np.round(rng.uniform(0.01, 0.3, 12), 3)
    return _with(made, made.table.assign(rt=rt)), "zero or negative response times"


def guessing(seed: int) -> Planted:
    """A participant who tosses a coin."""
    made, rng = accuracy(seed), np.random.default_rng(seed)
    own = made.table["subject"] == "s04"
    response = made.table["response"].where(~own, rng.permuted(np.resize([0, 1], len(own))))
    return _with(made, made.table.assign(response=response)), "at chance"


def swapped_keys(seed: int) -> Planted:
    """A participant with the two keys the other way round."""
    made = deadline(seed)
    own = made.table["subject"] == 5
    other = made.table["response"].map({"left": "right", "right": "left"})
    return _with(made, made.table.assign(response=made.table["response"].where(~own, other))), "below chance"


def reversed_accuracy(seed: int) -> Planted:
    """1 for an error."""
    made = accuracy(seed)
    return _with(made, made.table.assign(response=1 - made.table["response"])), "accuracy"


def one_key(seed: int) -> Planted:
    """A participant who pressed the same key all the time."""
    made = two_conditions(seed)
    return _with(made, made.table.assign(response=made.table["response"].mask(made.table["subject"] == 9, "left"))), (
        "one response only"
    )


def practice(seed: int) -> Planted:
    """Everyone becomes faster by a quarter."""
    made = two_conditions(seed)
    return _with(
        made, made.table.assign(rt=made.table["rt"] * np.linspace(1.25, 0.95, 120)[made.table["trial"] - 1])
    ), ("drift of speed")


def a_tired_person(seed: int) -> Planted:
    """One participant slows down to twice the time."""
    made = two_conditions(seed)
    factor = np.where(made.table["subject"] == 4, np.linspace(0.8, 2.0, 120)[made.table["trial"] - 1], 1.0)
    return _with(made, made.table.assign(rt=made.table["rt"] * factor)), "drift of speed"


def a_file_twice(seed: int) -> Planted:
    """A participant's rows are there twice."""
    made = two_conditions(seed)
    own = made.table[made.table["subject"] == 6]
    return _with(made, pd.concat([made.table, own])), "repeated rows"


def copied_rows(seed: int) -> Planted:
    """Single rows that are there twice."""
    made = two_conditions(seed)
    return _with(made, pd.concat([made.table, made.table.sample(30, random_state=seed)])), "repeated rows"


def one_person_twice(seed: int) -> Planted:
    """One participant's data under two labels."""
    made = two_conditions(seed)
    copy = made.table[made.table["subject"] == 6].assign(subject=21)
    return _with(made, pd.concat([made.table, copy])), "one participant twice"


def two_people_in_one(seed: int) -> Planted:
    """Two participants under one label."""
    made = two_conditions(seed)
    return _with(made, made.table.assign(subject=made.table["subject"].replace(20, 8))), "two in one participant"


def two_files_in_one(seed: int) -> Planted:
    """The same where a column has the file, and nothing counts trials."""
    made = deadline(seed)
    source = made.table["subject"].map("sub-{:02d}.csv".format)
    table = made.table.assign(source_file=source, subject=made.table["subject"].replace(15, 3))
    return _with(made, table), "two in one participant"


def an_empty_cell(seed: int) -> Planted:
    """A participant without trials of a condition."""
    made = two_conditions(seed)
    return _with(made, made.table[(made.table["subject"] != 5) | (made.table["cond"] == "easy")]), "missing cells"


def a_lost_half(seed: int) -> Planted:
    """A participant with few trials of a condition."""
    made = two_conditions(seed)
    lost = (made.table["subject"] == 5) & (made.table["cond"] == "easy") & (made.table["trial"] > 20)
    return _with(made, made.table[~lost]), "unbalanced cells"


def rare(seed: int) -> Planted:
    """A condition of which everyone has a few trials."""
    made = two_conditions(seed)
    return _with(made, made.table[(made.table["cond"] == "hard") | (made.table["trial"] % 12 == 0)]), "unbalanced cells"


def broken_off(seed: int) -> Planted:
    """A session that ended early."""
    made = two_conditions(seed)
    return _with(made, made.table[(made.table["subject"] != 5) | (made.table["trial"] <= 15)]), "few trials"


def a_person_a_level(seed: int) -> Planted:
    """A factor of which one level is one person."""
    made = two_conditions(seed)
    table = made.table.assign(lab=np.where(made.table["subject"] == 2, "north", "south"))
    return _with(made, table, formula=["v ~ cond", "a ~ lab"]), "confounded with participants"


def two_names(seed: int) -> Planted:
    """Two factors that always change together."""
    made = two_conditions(seed)
    table = made.table.assign(colour=made.table["cond"].map({"hard": "red", "easy": "green"}))
    return _with(made, table, formula="v ~ cond", conditions="colour"), "two factors in one"


def off_centre(seed: int) -> Planted:
    """Ages as a covariate."""
    made, rng = accuracy(seed), np.random.default_rng(seed)
    age = rng.integers(18, 66, 15)[made.table["subject"].str[1:].astype(int)]
    return _with(made, made.table.assign(age=age), formula="v ~ age"), "a covariate to be centred"


def a_slip(seed: int) -> Planted:
    """A covariate with a decimal point in the wrong place."""
    made = accuracy(seed)
    load = made.table["load"].copy()
    load.iloc[70] = 140.0
    return _with(made, made.table.assign(load=load)), "outliers of a covariate"


def a_code_in_a_covariate(seed: int) -> Planted:
    """999 for an age that is not known, in a formula that scales ages."""
    made, rng = accuracy(seed), np.random.default_rng(seed)
    age = rng.integers(18, 66, 15)[made.table["subject"].str[1:].astype(int)]
    age = np.where(made.table["subject"] == "s03", 999, age)
    return _with(made, made.table.assign(age=age), formula="v ~ scale(age)"), "outliers of a covariate"


def a_missing_covariate(seed: int) -> Planted:
    """A covariate that is missing in some rows."""
    made = accuracy(seed)
    return _with(made, made.table.assign(load=made.table["load"].mask(made.table.index % 50 == 0))), "formula"


def unnamed_omissions(seed: int) -> Planted:
    """Omissions without a deadline."""
    made = deadline(seed)
    return _with(made, made.table, deadline=None), "omissions"


def text_among_times(seed: int) -> Planted:
    """Words in the column of the response times."""
    made = two_conditions(seed)
    rt = made.table["rt"].astype(object).mask(made.table.index % 100 == 7, "late")
    return _with(made, made.table.assign(rt=rt)), "times that are no numbers"


def nobody(seed: int) -> Planted:
    """Trials without a participant."""
    made = two_conditions(seed)
    return _with(made, made.table.assign(subject=made.table["subject"].mask(made.table.index < 9))), "participants"


def a_third_response(seed: int) -> Planted:
    """Another key."""
    made = two_conditions(seed)
    return _with(made, made.table.assign(response=made.table["response"].mask(made.table.index % 97 == 3, "space"))), (
        "responses"
    )


FAULTS: tuple[Callable[[int], Planted], ...] = (
    exact_time_outs, late_time_outs, marked_time_outs, a_limit_that_shows, milliseconds, mixed_units, codes, screen,
    rounded, too_fast, a_fast_trial, anticipations, guessing, swapped_keys, reversed_accuracy, one_key, practice,
    a_tired_person, a_file_twice, copied_rows, one_person_twice, two_people_in_one, two_files_in_one, an_empty_cell,
    a_lost_half, rare, broken_off, a_person_a_level, two_names, off_centre, a_slip, a_code_in_a_covariate,
    a_missing_covariate, unnamed_omissions, text_among_times, nobody, a_third_response,
)  # fmt: skip
