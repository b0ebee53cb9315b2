"""Compiled code reads from a record what Python put there, and slots are held by one thread at a time."""

import threading
from typing import NamedTuple

import numba as nb
import numpy as np
import pytest

from hddm_sbi.compiled.structs import (
    BOOLS,
    FLOAT,
    FLOATS,
    FLOATS2,
    INT,
    INTS,
    Record,
    claim,
    reader,
    record_type,
    release,
)


class Inner(NamedTuple):
    flags: np.ndarray
    scale: float


class Outer(NamedTuple):
    x: np.ndarray
    matrix: np.ndarray
    inner: Inner
    index: np.ndarray
    n: int


INNER = record_type(Inner, flags=BOOLS, scale=FLOAT)
OUTER = record_type(Outer, x=FLOATS, matrix=FLOATS2, inner=INNER, index=INTS, n=INT)
read = reader(OUTER)


def make():
    inner = Inner(np.array([True, False, True]), 2.5)
    return Outer(np.arange(4.0), np.arange(6.0).reshape(2, 3), inner, np.array([3, 1], dtype=np.int64), 7)


def test_fields_arrive():
    @nb.njit
    def gather(address):
        record = read(address)
        inner = record.inner
        total = record.x[3] + 10 * record.matrix[1, 2] + 100 * record.n + 1000 * inner.scale + 10_000 * record.index[0]
        return total, len(record.x), record.matrix.shape, inner.flags[0], inner.flags[1]

    record = Record(make(), OUTER)
    assert gather(record.address) == (3.0 + 50.0 + 700.0 + 2500.0 + 30_000.0, 4, (2, 3), True, False)


def test_arrays_are_shared():
    @nb.njit
    def write(address):
        read(address).matrix[0, 1] = -1.0

    values = make()
    record = Record(values, OUTER)
    write(record.address)
    assert values.matrix[0, 1] == -1.0


def test_wrong_arrays_are_refused():
    values = make()
    for wrong in (values.x.astype(np.float32), values.matrix, np.arange(8.0)[::2]):
        with pytest.raises(TypeError, match="cannot hold"):
            Record(values._replace(x=wrong), OUTER)
    with pytest.raises(TypeError, match="fields"):
        record_type(Inner, scale=FLOAT, flags=BOOLS)


def test_a_slot_belongs_to_one_thread_at_a_time():
    flags, counts, errors = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64), []

    def work():
        for _ in range(500):
            slot = claim(flags)
            before = counts[slot]
            counts[slot] = before + 1
            if counts[slot] != before + 1:
                errors.append(slot)
            release(flags, slot)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.sum() == 2000 and not errors
    np.testing.assert_array_equal(flags, 0)
