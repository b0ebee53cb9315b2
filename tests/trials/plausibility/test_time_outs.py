from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.errors import HDDMWarning
from hddm_sbi.trials.plausibility import check, find
from hddm_sbi.trials.recording import Recording
from tests.trials.plausibility.experiments import SIZES, recording


def _deadline(made: Recording, person: int | None, share: float) -> float:
    rows = np.ones(made.n, dtype=bool) if person is None else made.subject == person
    return float(np.quantile(made.rt[rows], 1.0 - share, method="nearest"))


@pytest.mark.parametrize(("people", "trials"), SIZES)
@pytest.mark.parametrize("step", [0.0, 0.001, 0.01])
@pytest.mark.parametrize("unit", ["s", "ms"])
def test_time_outs_at_one_deadline_are_named(people: int, trials: int, step: float, unit: str) -> None:
    made = recording(1, people, trials, unit=unit, step=step)
    limit = _deadline(made, None, 0.15)
    rows = made.rt >= limit
    (finding,) = find(replace(made, rt=np.minimum(made.rt, limit)))
    assert (finding.kind, finding.severity) == ("time-outs", "warning")
    np.testing.assert_array_equal(finding.rows, rows)
    assert f"have exactly the longest response time in column 'rt', {limit:.6g}, far more than" in finding.sentence
    assert f"{rows.sum():,} of " in finding.sentence


@pytest.mark.parametrize(("people", "trials"), [size for size in SIZES if size[0] * size[1] > 500])
@pytest.mark.parametrize("step", [0.001, 0.01])
def test_time_outs_at_participants_own_deadlines_are_named(people: int, trials: int, step: float) -> None:
    made = recording(2, people, trials, step=step)
    limit = np.array([_deadline(made, person, 0.15) for person in made.people])[made.subject]
    found = list(find(replace(made, rt=np.minimum(made.rt, limit))))
    assert {finding.kind for finding in found} == {"time-outs"}
    assert "their participant's longest response time" in found[-1].sentence
    rows = np.any([finding.rows for finding in found], axis=0)
    assert not (rows & (made.rt < limit)).any()
    assert rows.sum() > 0.9 * (made.rt >= limit).sum()


@pytest.mark.parametrize("people", [3, 20])
def test_one_participants_time_outs_are_named(people: int) -> None:
    made = recording(3, people, 100)
    limit = _deadline(made, 1, 0.15)
    rows = (made.subject == 1) & (made.rt >= limit)
    (finding,) = find(replace(made, rt=np.where(rows, limit, made.rt)))
    np.testing.assert_array_equal(finding.rows, rows)
    assert f"{rows.sum()} of 100 trials of participant 102 have exactly" in finding.sentence


def test_time_outs_without_participants() -> None:
    made = replace(recording(4, 1, 300), subjects=(), groupby=None)
    limit = _deadline(made, None, 0.1)
    with pytest.warns(HDDMWarning, match=r"of 300 trials have exactly the longest response time in column 'rt'"):
        check(replace(made, rt=np.minimum(made.rt, limit)))


@pytest.mark.parametrize("step", [0.01, 1.0 / 60.0, 0.05, 0.1])
@pytest.mark.parametrize("seed", range(10))
def test_responses_up_to_a_deadline_are_no_time_outs(step: float, seed: int) -> None:
    made = recording(seed, 8, 200, step=step)
    kept = made.rt <= _deadline(made, None, 0.3)
    rows = {name: getattr(made, name)[kept] for name in ("rt", "choice", "subject", "index")}
    assert not list(find(replace(made, **rows)))
