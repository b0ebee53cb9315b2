"""Whether draws are good enough to compare models by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.inference.sampler import NutsSettings
from hddm_sbi.results.convergence import OF_GROUPS, disagreeing
from hddm_sbi.results.sampler_checks import sampler_checks
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import Results, group, has_group
from hddm_sbi.results.verdict import verdict

# The limit that ``sample`` runs under.
_MAX_TREE_DEPTH = NutsSettings.max_tree_depth


def flaws(name: str, idata: Results) -> Iterator[tuple[bool, str]]:
    """What is wrong with draws, in sentences, each after whether it forbids a ranking.

    Chains that disagree about the population, and a sampler that was not sound, do. Too few effective draws do not:
    what they leave open shows in the Monte Carlo errors and in Pareto's k.

    Args:
        name: of the model.
        idata: what ``sample`` returned.
    """
    table = summarise(idata)
    judged = verdict(idata, summary=table)
    if judged.ok:
        return
    chains = int(group(idata, "posterior").sizes["chain"])
    of_population = ~np.isin(table["kind"].to_numpy(), OF_GROUPS)
    sound = chains > 1 and not (disagreeing(table, chains) & of_population).any()
    if has_group(idata, "sample_stats"):
        stats = group(idata, "sample_stats").transpose("chain", "draw", ...)
        arrays = {str(key): values.to_numpy() for key, values in stats.data_vars.items()}
        sound = sound and all(check.passed for check in sampler_checks(arrays, _MAX_TREE_DEPTH))
    if sound:
        yield False, f"Not every quantity of '{name}' is known well; diagnose(idata) says which."
    else:
        yield True, f"The draws of '{name}' cannot be used as they are. {judged.sentences[1]}"
