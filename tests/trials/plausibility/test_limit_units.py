from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.trials.plausibility import find
from hddm_sbi.trials.plausibility.limit_units import limit_units
from hddm_sbi.trials.recording import Limit, Recording
from tests.trials.plausibility.experiments import SIZES, recording


def _with(made: Recording, seconds: float, where: str = "deadline", column: str | None = None) -> Recording:
    limit = Limit(np.full(made.n, seconds), "the deadline" if where == "deadline" else "the high end", column)
    return replace(made, **{where: limit})  # type: ignore[arg-type]


@pytest.mark.parametrize(("people", "trials"), SIZES)
@pytest.mark.parametrize("where", ["deadline", "high"])
def test_milliseconds_are_named(people: int, trials: int, where: str) -> None:
    made = recording(1, people, trials)
    limit = 1000.0 * np.quantile(made.rt, 0.98)
    (finding,) = limit_units(_with(made, limit, where))
    assert finding.severity == "error"
    assert f" is {limit:g} s, and the longest response time in column 'rt' {made.rt.max():.6g} s: it reads as m" in (
        finding.sentence
    )
    assert "divide it by 1000, because a number is in seconds." in finding.sentence
    (finding,) = limit_units(_with(made, limit, where, "limit"))
    assert "bring the column to the unit of the response times" in finding.sentence


@pytest.mark.parametrize("limit", [1.0, 3.0, 10.0, 60.0])
def test_long_limits_are_no_milliseconds(limit: float) -> None:
    made = recording(1, 8, 80)
    made = replace(made, rt=np.minimum(made.rt, limit))
    assert not list(limit_units(_with(made, limit)))
    assert not list(limit_units(_with(made, limit, "high")))


@pytest.mark.parametrize(("unit", "seconds", "column"), [("ms", 0.0015, "limit"), ("s", 0.01, None)])
def test_before_all_responses(unit: str, seconds: float, column: str | None) -> None:
    made = recording(2, 8, 80, unit=unit)
    found = list(find(_with(made, seconds, column=column)))
    assert [finding.kind for finding in found if finding.severity == "error"] == ["limit before all responses"]
    fastest = f"is before every response in column 'rt', the fastest of which took {made.seconds.min():.6g} s: give"
    assert fastest in found[0].sentence
    assert {"s": "(a number is in seconds)", "ms": "(a column is in the unit that rt_unit says)"}[unit] in (
        found[0].sentence
    )


def test_without_times() -> None:
    made = recording(3, 4, 40)
    blind = replace(made, rt=np.full(made.n, np.nan), times=False)
    (finding,) = limit_units(_with(blind, 1500.0))
    assert (finding.severity, finding.sentence) == (
        "warning", "the deadline is 1500 s: divide it by 1000 if these are milliseconds.",
    )  # fmt: skip
    assert not list(limit_units(_with(blind, 1.5)))


def test_limits_of_some_in_milliseconds() -> None:
    made = recording(1, 6, 60)
    seconds = np.where(made.subject == 2, 3000.0, 3.0)
    limit = Limit(seconds, "the deadline", "limit")
    (finding,) = limit_units(replace(made, rt=np.minimum(made.rt, 2.9), deadline=limit))
    np.testing.assert_array_equal(finding.rows, made.subject == 2)
    assert "(column 'limit'), and the longest response time" in finding.sentence
    assert "it reads as milliseconds (in rows 122 to 181, counting the header as row 1); bring" in finding.sentence
    assert "or leave it empty in trials without a limit" in finding.sentence
