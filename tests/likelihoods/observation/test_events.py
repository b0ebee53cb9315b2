"""Equal events once: nothing is lost, and arrays group them by row and shape."""

import numpy as np

from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.driver.event_arrays import Shape, demand, event_arrays
from hddm_sbi.likelihoods.events import Events, density, distinct, mass


def some_events(n=500):
    rng = np.random.default_rng(0)
    row, rt, choice = rng.integers(0, 5, n), rng.integers(1, 9, n) / 10, rng.integers(0, 2, n)
    row[row == 3] = 4  # a design row without trials
    return Events(np.arange(n), row, (density(choice, rt),), False, 1, np.full(n, -1.0))


def test_every_event_is_kept():
    events = some_events()
    found = distinct(events)
    (part,) = events.parts
    (once,) = found.events.parts
    assert found.number.sum() == 500
    columns = np.stack([events.row, part.t1, part.choice], 1)
    assert len(once.t1) == len(np.unique(columns, axis=0))
    np.testing.assert_array_equal(np.stack([found.events.row, once.t1, once.choice], 1)[found.inverse], columns)
    np.testing.assert_array_equal(found.number, np.bincount(found.inverse))
    assert (np.diff(found.events.row) >= 0).all()


def test_other_lapses_make_other_events():
    events = some_events()
    other = Events(events.trial, events.row, events.parts, False, 1, np.where(events.trial % 2, -1.0, -2.0))
    assert len(distinct(other).number) > len(distinct(events).number)


def test_groups_have_one_row_and_one_choice():
    seen = distinct(some_events())
    n = 20
    late = Events(np.arange(n), np.arange(n) % 4, (mass(np.full(n, ANY), 1.0, np.inf),), True, -1, np.zeros(n))
    kinds = [seen, distinct(late)]
    arrays = event_arrays(kinds, Shape(5, 6, 4, 5), 2, True, 2)
    assert (np.diff(arrays.row) >= 0).all()
    assert arrays.weight.sum() == 500 - n
    (part,) = seen.events.parts
    for group in range(len(arrays.row)):
        at = slice(arrays.first[group], arrays.last[group])
        parts = range(arrays.parts[group], arrays.parts[group + 1])
        if arrays.never[group]:  # any choice is taken apart
            assert [arrays.choice[p] for p in parts] == [0, 1] and arrays.weight[at].sum() == -5
        else:
            (p,) = parts
            assert (part.choice[at] == arrays.choice[p]).all() and (seen.events.row[at] == arrays.row[group]).all()
            times = arrays.t1[arrays.place[p] : arrays.place[p] + at.stop - at.start]
            assert (np.diff(times) > 0).all()
    np.testing.assert_array_equal(arrays.chunk_rows, [0, 2, 4, 5])
    np.testing.assert_array_equal(arrays.chunk_groups, np.searchsorted(arrays.row, [0, 2, 4, 5]))
    wanted = demand(kinds, 5, 2)
    assert wanted[:3].all() and wanted[4].any()
