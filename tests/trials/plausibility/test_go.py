from __future__ import annotations

from dataclasses import replace

import numpy as np

from hddm_sbi.trials.plausibility import find
from hddm_sbi.trials.plausibility.go import go
from hddm_sbi.trials.recording import Recording
from tests.trials.plausibility.experiments import recording


def _go_nogo() -> Recording:
    made = recording(1, 6, 60)
    withheld = made.choice == 0
    return replace(made, rt=np.where(withheld, np.nan, made.rt), choice=np.where(withheld, -1, 1), go="press")


def test_withheld_responses_are_silent() -> None:
    made = _go_nogo()
    assert 20 < (~made.choice_seen).sum() < 200
    assert not list(find(made))
    assert not list(go(recording(1, 6, 60)))  # other experiments


def test_a_withheld_response_has_no_time() -> None:
    made = _go_nogo()
    rows = ~made.choice_seen & (np.arange(made.n) < 60)
    (finding,) = go(replace(made, rt=np.where(rows, 1.5, made.rt)))
    assert finding.severity == "error"
    np.testing.assert_array_equal(finding.rows, rows)
    start = (
        f"{rows.sum()} of {(~made.choice_seen).sum()} trials without the go response 'press' in column 'response' of "
    )
    assert finding.sentence.startswith(f"{start}participant 101 have a time in column 'rt' (")


def test_nothing_withheld() -> None:
    made = recording(1, 6, 60)
    (finding,) = go(replace(made, choice=np.ones_like(made.choice), go=1))
    assert finding.severity == "error"
    assert finding.sentence.startswith("all 360 trials have the go response 1 in column 'response': go/no-go needs")
