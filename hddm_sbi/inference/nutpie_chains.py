"""Which of nutpie's chains asks for a starting point: it passes a seed, and not the number of the chain.

That seed follows from the seed of the run and the number of the chain alone. A run of one draw on a density of deep
wells, in which a chain stays in the well where it starts, tells them: each seed that is asked with starts a well of its
own, and the draw of a chain says in which well it is.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable

import numpy as np
import pyarrow  # type: ignore[import-untyped]

from hddm_sbi.inference.sampler import FloatArray, NutsSettings, StartingPoints

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # ArviZ 0.23 announces its successor on import
    import nutpie
    from nutpie.compiled_pyfunc import from_pyfunc

# The distance of wells, and the sd of the density within one: the wall between two is 125,000 high.
_APART, _WITHIN = 10.0, 0.01


def going_on(settings: NutsSettings, last: FloatArray) -> StartingPoints:
    """Starting points at the last draw of each chain.

    Args:
        settings: of the run that goes on.
        last: the draws, shape (chains, ndim).
    """
    chain_of = _chains_by_seed(settings)

    def start(seed: int) -> FloatArray:
        # nutpie tries out one more point than it has chains, whose seed is no chain's
        return last[chain_of.get(seed, 0)].copy()

    return start


def _chains_by_seed(settings: NutsSettings) -> dict[int, int]:
    count, wells = itertools.count(), dict[int, int]()

    def start(seed: int) -> FloatArray:
        wells[seed] = next(count)
        return np.array([_APART * wells[seed] + _WITHIN])

    def expand(*of_chain: int) -> Callable[[FloatArray], dict[str, FloatArray]]:
        return lambda u: {"u": u}

    model = from_pyfunc(1, lambda: _wells, expand, [np.dtype("float64")], [(1,)], ["u"], make_initial_point_fn=start)
    trace = nutpie.sample(
        model, draws=1, tune=1, chains=settings.chains, cores=settings.chains, seed=settings.seed, progress_bar=False,
        return_raw_trace=True,
    )  # fmt: skip
    draws = [float(pyarrow.array(batch.column("u")).flatten()[-1].as_py()) for batch in trace.get_arrow_trace()[0]]
    seeds = {well: seed for seed, well in wells.items()}
    return {seeds[round(draw / _APART)]: chain for chain, draw in enumerate(draws)}


def _wells(u: FloatArray) -> tuple[float, FloatArray]:
    """A normal density around the nearest multiple of the distance, and its gradient."""
    z = (u - _APART * np.round(u / _APART)) / _WITHIN
    return -0.5 * float(z @ z), -z / _WITHIN
