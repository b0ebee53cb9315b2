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
    packer,
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


class Flat(NamedTuple):
    x: np.ndarray
    scale: float
    index: np.ndarray
    n: int


FLAT = record_type(Flat, x=FLOATS, scale=FLOAT, index=INTS, n=INT)
read_flat, pack = reader(FLAT), packer(FLAT)


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


def test_compiled_code_packs_a_record():
    @nb.njit
    def inner(address):
        record = read_flat(address)
        record.x[1] = -1.0
        return record.x[2] + 10 * record.scale + 100 * record.index[0] + 1000 * record.n, len(record.x)

    @nb.njit
    def outer(x, scale, index, n):
        return inner(pack(Flat(x, scale, index, n)))

    x = np.arange(3.0)
    assert outer(x, 2.5, np.array([4]), 7) == (2.0 + 25.0 + 400.0 + 7000.0, 3)
    assert x[1] == -1.0
    x.flags.writeable = False
    assert outer(x, 2.5, np.array([4]), 7)[0] == 7427.0


def test_packing_what_does_not_fit_is_refused():
    @nb.njit
    def packed(x):
        return pack(Flat(x, 1.0, x, 1))

    with pytest.raises(TypeError, match="cannot hold"):
        packed(np.arange(3.0))


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
