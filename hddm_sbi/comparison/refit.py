"""A model sampled again without some trials: what importance weights that cannot be relied on are replaced by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hddm_sbi.comparison.fitted import Coefficients, Fitted
from hddm_sbi.inference.coordinates import Rounded
from hddm_sbi.inference.initial import estimate, starting_points
from hddm_sbi.inference.layout import coefficients
from hddm_sbi.inference.nuts import sample_nuts
from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.roundness import suited
from hddm_sbi.inference.stopping import Length

# Draws of each chain: four chains have 2,000.
DRAWS = 500


def draws_without(
    fitted: Fitted, left_out: npt.NDArray[np.bool_], seed: int = 0, draws: int = DRAWS, chains: int = 4
) -> Coefficients:
    """Draws of the posterior of all other trials.

    Everything else stays as it was: the columns of the design, the window of the lapses, the priors. Effects of a
    participant without trials have the distribution of the population.

    Args:
        fitted: the model.
        left_out: whether each trial is left out, shape (trials,).
        seed: of the sampler.
        draws: of each chain.
        chains: their number.

    Returns:
        Draws by site, each of shape (chains, draws, *site shape).
    """
    bound = fitted.bound.on(fitted.bound.trials.at(~left_out))
    settings = Length(draws).settings("nutpie", chains, seed, None, "auto")
    potential = Potential(fitted.spec, bound, settings.parallel)
    target = Rounded(potential, estimate(potential, fitted.ssm), settings.parallel)
    if not bound.trials.truncated:
        settings = suited(settings, target, tune=True, steps=True)
    run = sample_nuts(target, starting_points(target), settings, progress=False)
    parts = [coefficients(fitted.spec, target.to_u(block)) for block in run.raw.blocks()]
    return {site: np.concatenate([part[site] for part in parts], axis=1) for site in parts[0]}
