from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.trials.plausibility import find
from hddm_sbi.trials.recording import Recording
from tests.trials.plausibility.experiments import recording


def _shuffled(made: Recording, seed: int) -> tuple[Recording, np.ndarray]:
    """The recording with its rows in another order, and where each came from."""
    order = np.random.default_rng(seed).permutation(made.n)
    return replace(made, rt=made.rt[order], choice=made.choice[order], subject=made.subject[order]), order


def test_the_participants_share_the_rows_out() -> None:
    made, _ = _shuffled(recording(1, 7, 30), 2)
    rows = made.rt > np.median(made.rt)
    rows &= made.subject != 4  # one has none of them
    own = made.of_each(rows)
    assert len(own) == len(made.people)
    np.testing.assert_array_equal(made.counts(rows), [len(positions) for positions in own])
    np.testing.assert_array_equal(np.sort(np.concatenate(own)), np.flatnonzero(rows))
    for person, positions in enumerate(own):
        np.testing.assert_array_equal(positions, np.flatnonzero(rows & (made.subject == person)))


def test_without_participants_all_rows_are_ones() -> None:
    made = replace(recording(1, 2, 30), subject=np.zeros(60, dtype=np.int64), subjects=(), groupby=None)
    (own,) = made.of_each(made.rt_seen)
    np.testing.assert_array_equal(own, np.arange(60))


class _Scanned(np.ndarray):
    """Participants' indices that count how often all of them are looked through."""

    scans = 0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: object, **given: object) -> object:
        _Scanned.scans += 1
        plain = [np.asarray(one) if isinstance(one, _Scanned) else one for one in inputs]
        return getattr(ufunc, method)(*plain, **given)


@pytest.mark.parametrize("coding", ["response", "accuracy"])
def test_no_check_looks_through_all_rows_for_each_participant(coding: str) -> None:
    made = recording(3, 60, 20)
    # a code, another unit, time-outs, and missing trials, so that each check gets to its participants
    rt = np.where(made.subject % 9 == 4, 1000.0 * made.rt, made.rt)
    rt[::17], rt[3::23], rt[5::40] = 0.99, np.nan, made.rt.max()
    made = replace(made, rt=rt, subject=made.subject.view(_Scanned), coding=coding)
    _Scanned.scans = 0
    assert list(find(made))
    assert _Scanned.scans < len(made.people)


def test_findings_do_not_depend_on_the_order_of_rows() -> None:
    made = recording(4, 40, 30)
    rt = np.where(made.subject % 9 == 4, 1000.0 * made.rt, made.rt)
    made = replace(made, rt=rt, index=np.arange(made.n))
    shuffled, order = _shuffled(made, 5)
    found, again = list(find(made)), list(find(shuffled))
    assert [(one.kind, one.severity) for one in found] == [(one.kind, one.severity) for one in again]
    assert found
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one.rows[order], other.rows)
