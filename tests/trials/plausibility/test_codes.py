from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials.plausibility import check, find
from tests.trials.plausibility.experiments import SIZES, recording, some, with_rt


@pytest.mark.parametrize(("people", "trials"), SIZES)
@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("s", 999.0), ("s", 9999.0), ("s", 99.0), ("s", 99.99), ("s", 9.999), ("s", 1000.0), ("s", 100.0),
        ("ms", 9999.0), ("ms", 99999.0), ("ms", 100000.0), ("ms", 0.001),
    ],
)  # fmt: skip
@pytest.mark.parametrize("share", [0.0, 0.15])
def test_codes_are_named(people: int, trials: int, unit: str, code: float, share: float) -> None:
    made = recording(1, people, trials, unit=unit)
    rows = some(1, made, max(share, 0.02 if made.rt.max() > 0.5 * code > 1.0 else 0.0))  # more among as long ones
    (finding,) = find(with_rt(made, rows, code))
    assert (finding.kind, finding.severity) == ("codes", "error")
    np.testing.assert_array_equal(finding.rows, rows)
    assert finding.sentence.startswith(f"{code:g} stands in {rows.sum():,} of {made.n:,} rows of column 'rt' of ")
    assert "biases the estimates" in finding.sentence


@pytest.mark.parametrize("share", [0.05, 0.15])
@pytest.mark.parametrize("seed", range(5))
def test_999_among_milliseconds(share: float, seed: int) -> None:
    made = recording(seed, 20, 100, unit="ms")
    rows = some(seed, made, share) | (made.rt == 999.0)
    (finding,) = find(with_rt(made, rows, 999.0))
    assert finding.kind == "codes"
    np.testing.assert_array_equal(finding.rows, rows)


@pytest.mark.parametrize("step", [0.01, 1.0 / 60.0])
def test_a_code_between_the_steps_of_the_clock(step: float) -> None:
    made = recording(4, 10, 200, unit="ms", step=step)
    rows = np.isin(np.arange(made.n), [5, 500])
    (finding,) = find(with_rt(made, rows, 999.0))
    np.testing.assert_array_equal(finding.rows, rows)


def test_two_codes() -> None:
    made = recording(2, 10, 60)
    timed_out, wrong_key = np.arange(made.n) % 20 == 0, np.arange(made.n) % 20 == 1
    rt = np.where(timed_out, 998.0, np.where(wrong_key, 999.0, made.rt))
    (finding,) = find(replace(made, rt=rt))
    np.testing.assert_array_equal(finding.rows, timed_out | wrong_key)
    assert finding.sentence.startswith("998 and 999 stand in 60 of 600 rows")


@pytest.mark.parametrize("code", [0.0, -1.0, -9.0, -99.0, -999.0])
@pytest.mark.parametrize("unit", ["s", "ms"])
def test_zero_and_negative_codes_are_named(code: float, unit: str) -> None:
    made = recording(3, 6, 50, unit=unit)
    rows = np.isin(np.arange(made.n), [4, 60])
    (finding,) = find(with_rt(made, rows, code))
    np.testing.assert_array_equal(finding.rows, rows)
    assert f"2 of 300 values in column 'rt' of participants 101 and 102 are zero or negative, the first, {code:g}," in (
        finding.sentence
    )
    assert f"reads as a code ({code:g})" in finding.sentence


def test_a_sign_that_codes_the_response_is_no_code() -> None:
    made = recording(3, 6, 50)
    (finding,) = find(with_rt(made, made.choice == 0, -made.rt))
    assert "if the sign codes the response" in finding.sentence
    assert "reads as a code" not in finding.sentence


@pytest.mark.parametrize("slow", [30.0, 120.0, 300.0])
def test_a_single_slow_trial_is_no_code(slow: float) -> None:
    made = recording(5, 8, 60)
    assert not list(find(with_rt(made, np.arange(made.n) == 77, slow)))


def test_the_sentence_is_the_error() -> None:
    made = recording(0, 3, 60)
    with pytest.raises(DataError, match=r"999 stands in 3 of 180 rows .* of participant 101 \(in rows 2 to 4,"):
        check(with_rt(made, np.arange(made.n) < 3, 999.0))
