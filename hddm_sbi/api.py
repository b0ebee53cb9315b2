"""``HierarchicalDDM``: assembles data, design, spec, likelihood, sampler and results, and does nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import torch.distributions as td
import xarray as xr

from hddm_sbi import __version__
from hddm_sbi.choose import Chosen, choose_likelihood
from hddm_sbi.comparison.fitted import Fitted
from hddm_sbi.design.conditions import Conditions, find_conditions
from hddm_sbi.design.design import Design
from hddm_sbi.design.formulas import Formula
from hddm_sbi.errors import DataError, FormulaError, HDDMError, HDDMWarning, ModelError, warn
from hddm_sbi.inference.checkpoint import Checkpoint, check_keeping
from hddm_sbi.inference.coordinates import Rounded
from hddm_sbi.inference.duration import slow_sentences
from hddm_sbi.inference.foreign import check_foreign
from hddm_sbi.inference.initial import estimate, starting_points
from hddm_sbi.inference.layout import coefficients
from hddm_sbi.inference.new_groups import check_new_groups, with_new_groups
from hddm_sbi.inference.nuts import SAMPLERS, sample_nuts
from hddm_sbi.inference.origin import origin
from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.predictive import predict, thinned
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.inference.roundness import suited
from hddm_sbi.inference.sampler import NutsSettings, RawDraws
from hddm_sbi.inference.stopping import MAX_DRAWS, Length, Look
from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.results.attributes import (
    attributes,
    constant_data,
    observed_data,
    run_attributes,
    shown_choice,
    warn_unless_enough,
)
from hddm_sbi.results.certificate import Certificate
from hddm_sbi.results.certify import Certifier, Fit
from hddm_sbi.results.check_draws import check_origin, given_coefficients, trials_of
from hddm_sbi.results.contrasts.answer import Contrast
from hddm_sbi.results.contrasts.ask import ask
from hddm_sbi.results.contrasts.asked import Asked
from hddm_sbi.results.convergence import look_at
from hddm_sbi.results.correlation import Correlation, correlation
from hddm_sbi.results.further_groups import check_groups, log_likelihood_group, simulated_group
from hddm_sbi.results.in_blocks import variables_in_blocks
from hddm_sbi.results.lapses import check_lapses
from hddm_sbi.results.outside_box import outside_box
from hddm_sbi.results.quantities import quantities
from hddm_sbi.results.same_trials import say_types
from hddm_sbi.results.saving.arguments import written_arguments
from hddm_sbi.results.saving.certificates import ATTRIBUTE, read_certificate, written_certificate
from hddm_sbi.results.saving.fingerprints import likelihood_sha256, simulator_sha256
from hddm_sbi.results.saving.fit_file import OWN_LIKELIHOOD, SIMULATOR, read_fit, save_fit
from hddm_sbi.results.to_arviz import Group, Results, group, has_group, to_datasets, to_inference_data
from hddm_sbi.results.variables import Coordinates, Variables, posterior_variables
from hddm_sbi.results.verdict import BoxReport, Verdict, verdict
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.condition_specs import ConditionSpecs, condition_specs
from hddm_sbi.spec.correlating import independence_in_words
from hddm_sbi.spec.correlation_priors import CorrelationPrior, correlation_priors
from hddm_sbi.spec.fastest import check_fast_trials
from hddm_sbi.spec.implied import cell_priors, cells_in_words
from hddm_sbi.spec.in_words import describe
from hddm_sbi.spec.lapsing import lapses_of
from hddm_sbi.spec.linear import natural_parameters
from hddm_sbi.spec.meeting import check_meeting
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.spec.newdata import NO_NEW_GROUPS, spec_on
from hddm_sbi.spec.recoding import to_sampled
from hddm_sbi.spec.supplied import check_supplied
from hddm_sbi.spec.table import prior_table, stated_priors
from hddm_sbi.ssm.base import SSM, whole
from hddm_sbi.ssm.checks.user_model import check_model
from hddm_sbi.ssm.registry import get_model, is_registered, one_of_each, option_counts
from hddm_sbi.trials.limits import read_deadline, read_truncation
from hddm_sbi.trials.reading import read_trials

if TYPE_CHECKING:
    from sbi.neural_nets.estimators.base import ConditionalDensityEstimator

    from hddm_sbi.doctor import Checkup
    from hddm_sbi.proof.calibration import Calibration
    from hddm_sbi.proof.experiment import Experiment
    from hddm_sbi.proof.recovery import Recovery
    from hddm_sbi.proof.truths import Truths
    from hddm_sbi.trials.trials import Trials

# Draws of the prior that a report shows.
_PRIOR_DRAWS = 1000


class HierarchicalDDM:
    """A hierarchical sequential sampling model of an experiment.

    Args:
        df: one row per trial; never changed.
        groupby: column of the participant, or columns that name the participant together, ``["site", "subject"]``,
            whose dimension is ``site:subject``; None fits one population. Where labels occur in several levels of a
            column such as group or site, a list says what names a participant, ``["subject"]`` that it is this alone.
        formula: regressions, ``"v ~ conf"``, a list of such, ``"v ~ conf, a ~ stim"``, or
            ``{"v": "conf", "a": "0 + stim + (1|subject)"}``.
        model: a name from ``list_models()``, or an ``SSM``, whose simulator is tried on six trials; a race has as many
            accumulators as there are options.
        likelihood: ``"nle"`` (pretrained network; races, which need none, take their formula), ``"exact"`` (where a
            formula exists), the path of a checkpoint, a trained sbi estimator of (rt, choice), its choices coded
            0, 1, ... as the model's, or any object that satisfies ``Likelihood``. What this package trains and sbi's
            MNLE as it is built by default are compiled; other estimators run in torch, other objects in Python.
        pooling: ``"partial"`` (hierarchical), ``"none"`` (participants apart) or ``"complete"`` (one population).
            Across-trial variability (sv, sz, st0) has one value for all, even with participants apart, unless its
            formula has group terms.
        random_slopes: terms that vary within participants also vary by participant.
        shared: parameters that do not vary by participant.
        coding: what the two boundaries are. ``"response"``: the two options, the drift towards the upper one.
            ``"accuracy"``: error and correct, the drift towards the correct response; z is fixed at 0.5, since a start
            nearer one response is nearer the correct one on some trials and the error on others; in a race an error is
            choice 0, a correct response choice 1. ``"stimulus"``: the two options, the drift s v + v_bias, with s = 1
            where the stimulus calls for the upper response and -1 where for the lower: v is how well stimuli are told
            apart, z the bias of the start towards a response, and v_bias the bias of the evidence, the drift criterion.
            A bias in z shows in fast responses most, one in v_bias in slow ones as well. v_bias is 0 unless it has a
            formula (``"v_bias ~ 1"``) or a prior (``v_bias_Intercept``). For models whose drift mirrors; no races.
        stimulus: for stimulus coding, the column whose levels are the two options, or the response that each level
            calls for: ``{"stim": {"word": "left", "nonword": "right"}}``.
        rt: column of the response times.
        response: column of the responses.
        rt_unit: ``"s"`` or ``"ms"``.
        choices: labels of the options, lower first, in a race in the order of the accumulators; needed for strings
            other than the known pairs.
        priors: distributions by variable, on the link scale; see ``model.priors`` for the names.
        links: links by parameter: ``"identity"``, ``"log"``, or ``"logit"`` (of the place between the ends of a finite
            support).
        fixed: constants by parameter, on the natural scale.
        p_outlier: lapse probability: ``"estimate"``, a number, a distribution, or 0.
        lapse: window of the uniform lapse density in seconds; an end of None is the trial's deadline, else the high
            end of ``truncate``, else the longest rt.
        deadline: the time limit of responses, in seconds, or a column with that of each trial, in ``rt_unit`` and
            missing where there was none. A trial without rt and response is then an omission, whose likelihood is the
            probability of no response by the deadline. A response up to 50 ms later is kept, and said.
        truncate: (low, high): trials with an rt below low or above high were taken out of the data, so that the others
            are divided by the probability of being kept. Each end is seconds, a column in ``rt_unit``, or None. Where
            omissions were removed as well, it is (None, the deadline) and no ``deadline``.
        go: in go/no-go, the label of the only response that is ever made, which is choice 1. On any other trial the
            response was withheld, and has no rt: the likelihood is the probability of no go response by the deadline,
            or ever. z then has a narrow prior and one value for all, unless a formula or a prior says otherwise.
        observed: ``("rt", "response")``, or ``"response"`` where choices were recorded without their times. Without a
            deadline t0 and the variability across trials then leave the model, p_outlier is 0 by default, and v or a
            must be fixed or have a prior of yours, since choices alone leave the unit of evidence open.
        lapse_omission: share of the lapses that never respond, such as attentional misses: ``"estimate"``, a number, a
            distribution, or 0; without it one omission where the process would never be late drags v and a. Where the
            data have neither omissions nor withheld responses it is 0.
        correlated: True, or names of parameters: their group effects, intercepts and slopes of all of them, are jointly
            normal, for each grouping factor apart; the correlation matrix is ``<groupby>_corr``. Its prior is LKJ with
            eta = 1, uniform over matrices; ``priors={"subject_corr": 2.0}`` draws correlations to zero.
        contrasts: the coding in which effects of factors are reported: ``"treatment"`` (differences from the first
            level), ``"sum"`` (deviations from the mean of the levels), ``"helmert"`` (each level from the mean of those
            before) or ``"orthonormal"``, for all factors or for some, ``{"cond": "sum"}``; ``("treatment", "b")`` has
            the reference b. Priors treat the cells of a factor alike, whatever the coding.

    Raises:
        HDDMError: one sentence that names the column or parameter, the value and what to do.

    Warns:
        HDDMWarning: an sbi estimator gives more than a trace of its probability to times before the non-decision time,
            asked at draws of the prior; or trials are recorded in a way that rarely is what is meant, such as time-outs
            among the responses.

    Example:
        >>> import hddm_sbi as hs
        >>> df = hs.load_data("cavanagh_theta")
        >>> df = df.assign(rt=df["rt"].mask(df["rt"] > 2.0), response=df["response"].mask(df["rt"] > 2.0))
        >>> model = HierarchicalDDM(df, groupby="participant_id", formula="v ~ conf", likelihood="exact", deadline=2.0)
        >>> print(repr(model).splitlines()[1])
        rt in seconds; response: -1 = lower, 1 = upper; deadline 2 s; omitted on 698 trials.
        >>> idata = model.sample(seed=0)  # doctest: +SKIP
    """

    def __init__(
        self,
        df: pd.DataFrame,
        groupby: str | Sequence[str] | None = None,
        formula: Formula = None,
        model: str | SSM = "ddm",
        likelihood: str | Path | ConditionalDensityEstimator = "nle",
        pooling: Literal["partial", "none", "complete"] = "partial",
        random_slopes: bool = True,
        shared: str | Collection[str] = (),
        coding: str = "response",
        stimulus: str | Mapping[str, Mapping[Any, Any]] | None = None,
        rt: str = "rt",
        response: str = "response",
        rt_unit: str = "s",
        choices: Sequence[object] | None = None,
        priors: Mapping[str, td.Distribution] | None = None,
        links: Mapping[str, str] | None = None,
        fixed: Mapping[str, float] | None = None,
        p_outlier: Any = "estimate",
        lapse: tuple[float, float | None] = (0.0, None),
        deadline: float | str | None = None,
        truncate: tuple[float | str | None, float | str | None] | None = None,
        go: object = None,
        observed: str | Sequence[str] = ("rt", "response"),
        lapse_omission: Any = "estimate",
        correlated: bool | str | Collection[str] = False,
        contrasts: str | Mapping[str, Any] = "treatment",
    ) -> None:
        given = dict(locals())  # all of them, of which a saved fit builds the model again
        check_model(model)
        self.coding, counts = coding, option_counts(model)
        self.trials = read_trials(
            df, groupby=groupby, rt=rt, response=response, rt_unit=rt_unit, coding=coding, choices=choices,
            counts=counts, deadline=deadline, truncate=truncate, go=go, observed=observed,
        )  # fmt: skip
        self.ssm = get_model(model, len(self.trials.options))
        self.spec: ModelSpec
        self.spec, self._design = build_spec(
            self.ssm, self.trials, formula=formula, random_slopes=random_slopes, pooling=pooling, shared=shared,
            coding=coding, stimulus=stimulus, priors=priors, links=links, fixed=fixed, p_outlier=p_outlier,
            lapse_omission=lapse_omission, correlated=correlated, contrasts=contrasts,
        )  # fmt: skip
        check_fast_trials(self.spec, self.trials)
        for name in (rt, response):
            if name in self._design.columns.levels:
                raise FormulaError(f"the formula predicts from '{name}', the column it is to explain; leave it out.")
        if len(counts) > 1 and isinstance(likelihood, str) and likelihood == "nle":
            likelihood = "exact"  # races have a formula, and no network
        self._chosen: Chosen = choose_likelihood(self.ssm, likelihood)
        self.likelihood = ObservationModel(
            self._chosen.density, lapses_of(lapse, self.trials, self.spec), one_of_each(self.ssm)
        )
        check_meeting(self.ssm, self.spec, self.trials, self.likelihood.lapses)
        check_supplied(self.ssm, self.spec, self._design, self.trials)
        check_foreign(self._chosen, self.ssm, self.spec, self.trials.choice[self.trials.choice_seen])
        self.priors: pd.DataFrame = prior_table(
            self.spec, priors=priors, cells=self._cells, correlations=self._correlation_priors
        )
        self._options: dict[str, Any] = {
            "groupby": groupby, "formula": formula, "model": self.ssm.name, "likelihood": self._chosen.label,
            "pooling": pooling, "random_slopes": random_slopes, "coding": coding, "stimulus": _stated(self._design),
            "shared": sorted(_names(shared)), "rt": rt, "response": response,
            "rt_unit": rt_unit, "choices": self.trials.options,
            "links": dict(links or {}), "fixed": dict(fixed or {}), "p_outlier": str(p_outlier), "lapse": self.lapse,
            "deadline": deadline, "truncate": truncate, "go": go, "observed": observed,
            "lapse_omission": str(lapse_omission),
            "contrasts": contrasts if isinstance(contrasts, str) else dict(contrasts),
            "correlated": correlated if isinstance(correlated, bool) else sorted(_names(correlated)),
            "arguments": written_arguments(given),
            "equations": {parameter.name: parameter.formula for parameter in self.spec.reported.parameters},
            "priors": stated_priors(self.priors), "values_at": dict(self._conditions.held_in_words),
            "correlation_priors": {
                variable: {"mean": prior.mean.round(4).tolist(), "sd": prior.sd.round(4).tolist()}
                for variable, prior in self._correlation_priors.items()
            },
        }  # fmt: skip
        self._expected = self._one_draw()

    def __repr__(self) -> str:
        return describe(
            self.spec, self.trials, self.priors, conditions=self.conditions,
            held=self._conditions.held_in_words, likelihood=self._chosen.label,
            coding=self.coding, stimulus=self._design.stimulus, lapses=self.likelihood.lapses,
            covariates=self._design.covariates_in_words(), cells=cells_in_words(self._cells),
            independence=independence_in_words(self.spec, self._design),
        )  # fmt: skip

    @property
    def conditions(self) -> pd.DataFrame:
        """The cells of the factors in the formulas: one row for each label of ``condition``."""
        return self._conditions.table

    @cached_property
    def potential(self) -> Potential:
        """The joint log density that is sampled."""
        return Potential(self.spec, self._bound)

    @cached_property
    def pyro_model(self) -> Callable[..., Any]:
        """The Pyro plate model: works with ``pyro.poutine.trace``, ``pyro.render_model`` and ``pyro.infer.MCMC``."""
        from hddm_sbi.pyro_model.plate import plate_model  # Pyro takes a while to import, and only this needs it

        return plate_model(self.spec, self._bound)

    def log_density(self, u: Any) -> float:
        """Joint log density at a point of the unconstrained space, the Jacobian included.

        Args:
            u: a point of the unconstrained space that is sampled, shape (ndim,).

        Returns:
            A number; -inf where the density is zero.
        """
        return self.potential.log_density(np.asarray(u, dtype=np.float64))

    def sample(
        self,
        draws: int | Literal["auto"] = "auto",
        tune: int | Literal["auto"] = "auto",
        chains: int = 4,
        sampler: str = "nutpie",
        seed: int = 0,
        groups: Collection[str] = (),
        cores: int | None = None,
        progress: bool = True,
        target_accept: float | Literal["auto"] = "auto",
        max_draws: int = MAX_DRAWS,
        minutes: float | None = None,
        checkpoint: str | Path | None = None,
        resume: bool = False,
    ) -> Results:
        """Sample the posterior by NUTS.

        With ``draws="auto"`` the draws are looked at after 1,000, 1,500, 2,250, ... of each chain, and are enough where
        every quantity has 400 effective draws in bulk and tails and R-hat is below its bound (see ``diagnose``). Where
        draws diverged, the energy moves too slowly or trees were cut, which more draws do not cure, the sampler starts
        anew once, with smaller steps and twice the warm-up. The attributes of the result say how it ended.

        Args:
            draws: number of draws kept of each chain; ``"auto"``: as many as it takes (Pyro's sampler takes 1,000).
            tune: number of warm-up draws of each chain, which are not kept; ``"auto"``: 300 where the posterior is
                nearly round in the sampler's coordinates and no trials were removed by their rt, else 1,000.
            chains: number of chains, at most one per core at a time unless ``draws`` is ``"auto"``.
            sampler: ``"nutpie"``, or ``"pyro"`` for Pyro's own NUTS.
            seed: a non-negative integer; the same seed gives the same draws.
            groups: more groups to add: ``log_likelihood``, ``posterior_predictive``, ``prior``, ``prior_predictive``.
                ``log_likelihood`` has for each trial the joint log density of its rt and choice, the lapses included,
                as ``rt``, and the same numbers as a coordinate ``choice``: ``loo`` and ``compare`` count a trial once,
                ``loo_pit`` and the plots find either observed variable; of what was not seen ``loo_pit`` has 0. Where
                ``p_outlier`` is a number, a trial that only a lapse explains, faster than every t0 drawn, has the same
                log density in all draws: nothing is smoothed there, ArviZ below 1 says k = inf, and ArviZ 1 raises "All
                tail values are the same"; leave such trials out of the group before ``loo``. Of very many trials only
                each k-th draw is in the group, with a warning, but 1,000 of them, which ``loo`` needs, in a temporary
                file where they do not fit.
            cores: number of chains that run at the same time; by default one per core.
            progress: whether to show how far the chains are.
            target_accept: acceptance rate at which the sampler aims; nearer to 1 means shorter steps, which helps where
                draws diverge. ``"auto"``: 0.7 where ``tune`` would be 300, else 0.9.
            max_draws: the most that ``"auto"`` takes of each chain.
            minutes: time after which to end with the draws that there are; such a result cannot be repeated exactly.
            checkpoint: a folder that keeps the draws, every 30 seconds and when the run is interrupted, with nutpie.
            resume: whether to go on with the draws that ``checkpoint`` keeps, if there are any: every chain from its
                last draw, after a short warm-up. The draws are then not those of a run without interruption, and the
                attribute ``resumed_after`` says where it was.

        Returns:
            ArviZ ``InferenceData`` (``xarray.DataTree`` on ArviZ 1 and later).
        """
        wanted = check_groups(groups)
        if sampler not in SAMPLERS:
            raise ModelError(f"there is no sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}.")
        length = Length(draws, tune, max_draws, minutes)
        settings = length.settings(sampler, chains, seed, cores, target_accept)
        spec = self.spec
        potential = Potential(spec, self._bound, settings.parallel)
        kept = self._kept(checkpoint, resume, settings, sampler)
        target = Rounded(potential, self._start if kept is None else kept.centred(self._start), settings.parallel)
        if kept is not None and kept.before is not None:
            kept.check(target)
            settings = kept.settings(settings)
        # truncation leaves a t0 a cliff above and hardly an end below, too far from its centre for a look around that
        elif not self._bound.trials.truncated:
            settings = suited(settings, target, tune == "auto", target_accept == "auto")
        for sentence in slow_sentences(potential.not_compiled, target, length.fewest(settings), settings.parallel):
            warn(sentence)

        def variables_of(x: FloatArray) -> tuple[Variables, Coordinates]:
            return self._variables(coefficients(spec, target.to_u(x)))

        def look(raw: RawDraws) -> Look:
            variables, coords = variables_in_blocks(raw, variables_of)
            posterior = to_datasets({"posterior": _with_draws(variables)}, coords)["posterior"]
            return look_at(posterior, raw.stats, settings.max_tree_depth)

        looks = look if length.is_looked_at(sampler) else None
        with nullcontext() if kept is None else kept:
            run = sample_nuts(target, starting_points(target), settings, sampler, progress, looks, minutes, kept)
        warn_unless_enough(run)
        variables, coords = variables_in_blocks(run.raw, variables_of)
        check_lapses(variables)
        result: dict[str, Group] = {
            "posterior": _with_draws(variables),
            "sample_stats": {name: (("chain", "draw"), values) for name, values in run.raw.stats.items()},
            **self._data_groups,
        }
        # to the last digit what ``predict`` has of these results
        found = to_sampled(spec, {name: values for name, (_, values) in variables.items()})
        result |= self._further_groups(wanted, found, chains * run.raw.length, seed)
        outside = self._outside_box(found)
        attrs = attributes(__version__, self._options, self._chosen.label, self._chosen.weights, self.trials, outside)
        attrs |= {"seed": str(seed), "sampler": sampler} | run_attributes(length, run, kept)
        return to_inference_data(result, coords, attrs)

    def _kept(self, folder: str | Path | None, resume: bool, settings: NutsSettings, sampler: str) -> Checkpoint | None:
        """The folder that keeps the draws of a run."""
        check_keeping(folder, resume, sampler)
        if folder is None:
            return None
        trials = trials_of(self._expected)
        chosen = self._chosen
        of = origin(__version__, self._options, chosen.label, chosen.weights, trials, settings)
        return Checkpoint(Path(folder), of, resume)

    def parameters(
        self,
        idata: Results,
        newdata: pd.DataFrame | None = None,
        new_groups: Literal["refuse", "sample"] = "refuse",
        seed: int = 0,
    ) -> xr.Dataset:
        """Each parameter on its natural scale, for every draw and row of data, as the process takes it.

        Under stimulus coding v is the drift to the upper boundary, s v + v_bias, that the trial has.

        Args:
            idata: what ``sample`` returned.
            newdata: rows with the columns of the formulas, of ``groupby`` and of the stimulus; None: the trials
                themselves.
            new_groups: what to do with participants, or groups of another factor, that were not in the data:
                ``"refuse"`` them, or ``"sample"`` them from the population, one draw of each for each posterior draw.
            seed: of these, a non-negative integer; a group is the same in ``predict`` with the same seed.

        Returns:
            Variables named as the parameters, dims (chain, draw, trial).
        """
        spec, found = self._on(newdata, idata, new_groups, whole("seed", seed))
        theta = natural_parameters(spec, found)[..., spec.row, :]
        shape = (*_posterior_shape(idata), *theta.shape[-2:])
        theta = np.broadcast_to(theta, shape)
        names = [parameter.name for parameter in spec.parameters]
        return xr.Dataset({name: (("chain", "draw", "trial"), theta[..., k]) for k, name in enumerate(names)})

    def predict(
        self,
        idata: Results,
        newdata: pd.DataFrame | None = None,
        seed: int = 0,
        new_groups: Literal["refuse", "sample"] = "refuse",
    ) -> xr.Dataset:
        """Posterior predictive trials: one simulated experiment for each draw, or each k-th where memory is short.

        Args:
            idata: what ``sample`` returned.
            newdata: rows with the columns of the formulas, of ``groupby`` and of the stimulus; None: the trials
                themselves.
            seed: a non-negative integer; the same seed gives the same trials.
            new_groups: what to do with participants, or groups of another factor, that were not in the data:
                ``"refuse"`` them, or ``"sample"`` them from the population, one draw of each for each posterior draw.

        Returns:
            ``rt`` in seconds and ``choice``, dims (chain, draw, trial); both NaN in omissions and withheld trials.
        """
        spec, found = self._on(newdata, idata, new_groups, whole("seed", seed))
        rt, choice = predict(spec, self._bound_on(spec, newdata), thinned(found, len(spec.row)), seed)
        dims = ("chain", "draw", "trial")
        return xr.Dataset({"rt": (dims, rt), "choice": (dims, shown_choice(choice))})

    def prior_predictive(self, draws: int = 500, seed: int = 0) -> Results:
        """What the priors expect: draws of all parameters, and one simulated experiment for each; nothing is fitted.

        Args:
            draws: number of draws from the prior; of trials each k-th where memory is short.
            seed: a non-negative integer; the same seed gives the same draws.

        Returns:
            ArviZ data with the groups ``prior``, with the variables of a posterior; ``prior_predictive``, ``rt`` in
            seconds and ``choice`` for the data's rows, NaN in omissions and where a draw allows no trial, such as a
            boundary below zero under an identity link; ``observed_data`` and ``constant_data``.
        """
        counted, seeded = whole("draws", draws, 1), whole("seed", seed)
        result, coords = self._prior_groups(("prior", "prior_predictive"), counted, seeded)
        attrs = attributes(__version__, self._options, self._chosen.label, self._chosen.weights, self.trials, None)
        return to_inference_data(result | self._data_groups, coords, attrs | {"seed": str(seeded)})

    def recover(
        self,
        n: int = 100,
        truth: Results | pd.DataFrame | Literal["prior"] | None = None,
        scheduler: Any = None,
        out: str | Path | None = None,
        seed: int = 0,
        draws: int = 400,
        tune: int | Literal["auto"] = "auto",
        chains: int = 2,
        workers: int | None = None,
        progress: bool = True,
    ) -> Recovery:
        """Whether this design can recover its parameters: simulates it and fits it, ``n`` times.

        Each data set has the participants, cells, covariates, deadlines, lapses, missing responses and truncation of
        the data, and is fitted by this very model. Fits are short, and repeated with twice the draws where the
        population's quantities have fewer than 200 effective draws.

        Args:
            n: number of data sets, at least 10; coverage is then known to 2% with 100.
            truth: where true values come from. Results of ``sample``: each data set has those of one draw, participants
                included; None samples them first. A table: a row for each data set in turn, with the population's
                coefficients, sds (and correlations) as columns, named as in results, on the link scale; participants
                are drawn from it. ``"prior"``: all from the prior, whose spread flatters correlations.
            scheduler: None for a process on each core of this machine; the address of a Dask scheduler,
                ``"tcp://host:8786"``, or a ``distributed.Client``.
            out: folder of the results, a Parquet data set; the same call goes on where an interrupted one stopped, also
                with a larger ``n``. None keeps nothing.
            seed: a non-negative integer; data sets depend on it and their number alone.
            draws: number of draws kept of each chain, at first.
            tune: number of warm-up draws of each chain, or ``"auto"``.
            chains: number of chains, one after the other.
            workers: number of processes on this machine; None: one per core.
            progress: whether to show how far it is.

        Returns:
            ``table`` (bias, coverage and more of the population), ``participants``, ``sentences``, ``estimates`` and
            ``failed``; ``print`` shows it, ``hs.plots.recovery`` draws it.

        Raises:
            ModelError: ``n`` is too small for what is claimed.
            DataError: ``truth`` does not fit the model, or no data set could be fitted.
            WorkerError: there is nothing that fits can run on.
            OutputError: ``out`` holds the results of something else, or cannot be written to.
        """
        from hddm_sbi.proof.experiment import Settings
        from hddm_sbi.proof.recover import check_sets, recover

        check_sets(n)
        given = self.sample(seed=seed, progress=progress) if truth is None else truth
        settings = Settings(draws, tune, chains)
        return recover(
            self._experiment(), self._truths(given), n, seed=seed, settings=settings, scheduler=scheduler, out=out,
            workers=workers, progress=progress,
        )  # fmt: skip

    def sbc(
        self,
        n: int = 500,
        truth: Results | pd.DataFrame | Literal["prior"] = "prior",
        scheduler: Any = None,
        out: str | Path | None = None,
        seed: int = 0,
        draws: int = 400,
        tune: int | Literal["auto"] = "auto",
        chains: int = 2,
        workers: int | None = None,
        progress: bool = True,
    ) -> Calibration:
        """Whether prior, simulator, likelihood and sampler fit together: simulation-based calibration.

        Each data set is simulated from true values that are a draw of the prior, and fitted: their ranks among draws
        of its posterior, thinned to be independent, are uniform if all is right (Talts et al. 2018), and so are those
        of the log likelihood (Modrák et al. 2023) and of statistics of new trials. With results of ``sample`` as
        ``truth`` they are draws of that posterior, and simulated trials stand beside the observed ones (posterior SBC,
        Säilynoja, Schmitt, Bürkner & Vehtari 2025), which asks about the region that these data speak for.

        Args:
            n: number of data sets, at least 20.
            truth: ``"prior"``, or results of ``sample``.
            scheduler, out, seed, workers, progress: as of ``recover``.
            draws, tune, chains: as of ``recover``; a fit is repeated with twice the draws where something that is
                ranked has fewer than 99 effective draws.

        Returns:
            ``ok``, ``table``, ``sentences``, ``ranks`` and ``failed``; ``print`` shows it, ``hs.plots.ranks`` draws it.

        Raises:
            ModelError: ``n`` is too small for what is claimed.
            DataError: ``truth`` is neither, or no data set could be fitted.
            WorkerError: there is nothing that fits can run on.
            OutputError: ``out`` holds the results of something else, or cannot be written to.
        """
        from hddm_sbi.proof.experiment import Settings
        from hddm_sbi.proof.sbc import sbc

        if isinstance(truth, pd.DataFrame):
            raise DataError("truth of sbc is a table, but ranks are uniform over a law alone: give 'prior' or results.")
        return sbc(
            self._experiment(), self._truths(truth), n, seed=seed, settings=Settings(draws, tune, chains),
            scheduler=scheduler, out=out, workers=workers, progress=progress,
        )  # fmt: skip

    def correlation(self, idata: Results, parameter: str, measure: str) -> Correlation:
        """The correlation of a parameter with an outside measure (age, a questionnaire) across participants.

        The measure is a column with one number for each participant, and stands in the parameter's formula,
        ``v ~ age``, standardised or not. See ``hddm_sbi.results.correlation`` for the formula and its source.

        Args:
            idata: what ``sample`` returned.
            parameter: as results name it; the correlation is that on its link's scale.
            measure: the column.

        Returns:
            ``draws`` (by condition, where it differs between them), ``table`` (mean, interval, probability that it is
            positive) and ``sentences``, which ``print`` shows.

        Raises:
            FormulaError: the measure is not in the parameter's formula: correlating it with estimates or draws of a
                model without it gives too small a correlation.
            DataError: the column holds no numbers, or participants have several or all the same.
            ModelError: no such parameter, or it does not vary between participants.
        """
        found = self._coefficients(idata)
        return correlation(self.spec, self._design, self._conditions, self.trials, found, parameter, measure)

    def outside_box(self, idata: Results) -> BoxReport | None:
        """How many draws lie outside the range that the network was trained on.

        Args:
            idata: what ``sample`` returned.

        Returns:
            Shares ``overall``, ``by_subject`` and ``by_parameter``, and a ``sentence``; None without a network.
        """
        return self._outside_box(self._coefficients(idata))

    def coefficients(self, idata: Results) -> dict[str, FloatArray]:
        """Draws of the coefficients as they are sampled, on the link scale.

        Args:
            idata: what ``sample`` returned.

        Returns:
            By site, each of shape ``(chains, draws, *site shape)``, in this model's order of groups and levels.

        Raises:
            DataError: the draws are of another model.
        """
        return self._coefficients(idata)

    def diagnose(self, idata: Results) -> Verdict:
        """Whether the draws can be used, which of them, and what to do.

        Args:
            idata: what ``sample`` returned.

        Returns:
            ``ok``, ``degree``, ``unusable`` and ``sentences``; ``print`` shows the sentences.
        """
        return verdict(idata)

    def certify(
        self, idata: Results, method: str = "auto", tolerance: float = 0.1, seconds: float = 30.0, seed: int = 0
    ) -> Certificate:
        """By how many posterior sds the network may have moved each posterior mean.

        Args:
            idata: what ``sample`` returned.
            method: ``"reweighting"`` of the draws to the exact likelihood; ``"score"``, the network's mean score on
                simulated experiments, which would be zero if it were exact, for any simulator and estimator; or
                ``"auto"``: the first where it can be trusted, else the second.
            tolerance: a shift that matters, in posterior sds.
            seconds: roughly the time that each of its parts may take.
            seed: a non-negative integer; the same seed gives the same simulated experiments.

        Returns:
            ``passed``, ``sentence`` and ``table``: the shift of each mean in posterior sds, with its Monte Carlo error.
            It is also left among the attributes of ``idata``, saved with it, and found again by ``certificate``.

        Raises:
            DataError: the draws are of another model, other data or another network, or fewer than 20.
            ModelError: the likelihood is exact, so that there is no network, and method is not ``"score"``.
        """
        found = self._own(idata)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HDDMWarning)  # the certificate says it again
            outside = self._outside_box(found)
        lapses = self.likelihood.lapses
        fit = Fit(self.spec, self._bound.trials, self.ssm, self._chosen, lapses, found, quantities(idata), outside)
        certificate = Certifier(fit, tolerance, seconds, seed).certify(method)
        idata.attrs[ATTRIBUTE] = written_certificate(certificate)
        return certificate

    def certificate(self, idata: Results) -> Certificate | None:
        """The certificate that ``certify`` left with the results, in this session or before they were saved.

        Args:
            idata: what ``sample`` or ``load_fit`` returned.

        Returns:
            The last one; None where there is none.
        """
        return read_certificate(idata)

    def save(self, idata: Results, path: str | Path, overwrite: bool = False) -> None:
        """Save draws, certificate and what the model was built from in one netCDF file, for ``load_fit``.

        The file is written in one step, and ``arviz.from_netcdf`` reads it, too. It holds no code: of a simulator or a
        likelihood of your own it has a checksum of what it does. It does not hold the data, but the columns that the
        model used.

        Args:
            idata: what ``sample`` returned.
            path: the file, such as ``"fit.nc"``.
            overwrite: whether a file of this name may be replaced.

        Raises:
            OutputError: there is such a file, or it cannot be written.
            DataError: the draws are of another model or other data, or a prior is of a family that cannot be written.

        Example:
            >>> model.save(idata, "fit.nc")  # doctest: +SKIP
            >>> model, idata = hs.load_fit("fit.nc", df)  # doctest: +SKIP
        """
        self._own(idata)
        save_fit(idata, Path(path), self._fingerprints(), overwrite)

    def _own(self, idata: Results) -> dict[str, FloatArray]:
        """Coefficients by site of draws of this model and these data; draws of others are refused."""
        found = self._coefficients(idata)
        self._check_origin(idata)
        return found

    def _check_origin(self, idata: Results) -> None:
        """Refuse draws of another model, other data or another network."""
        check_origin(idata, self._expected, self._options, self._chosen.label, self._chosen.weights)

    def _fingerprints(self) -> dict[str, str | None]:
        """Checksums of what a file cannot hold: a simulator, and a likelihood without weights, of the user's own."""
        found: dict[str, str | None] = {}
        if not is_registered(self.ssm):
            found[SIMULATOR] = simulator_sha256(self.ssm)
        if self._chosen.weights is None and self._chosen.label != "exact":
            found[OWN_LIKELIHOOD] = likelihood_sha256(self.spec, self._bound, self.potential.ndim)
        return found

    def contrast(
        self,
        idata: Results,
        contrast: str,
        of: Literal["typical", "mean", "participants", "sample"] = "typical",
        scale: Literal["natural", "link"] = "natural",
        interval: float = 0.95,
        rope: tuple[float, float] | None = None,
        null: float | None = None,
        bayes_factor: bool = False,
    ) -> Contrast:
        """An effect, or whatever can be computed from parameters in conditions.

        Args:
            idata: what ``sample`` returned.
            contrast: arithmetic with parameters in conditions: ``"v[conf=LC] - v[conf=HC]"``,
                ``"a[cond=speed] / a[cond=accuracy]"``, ``"v[theta=1] - v[theta=0]"``, ``"slope(v, theta)"``. A factor
                that is left out is averaged over, its cells that occur with equal weight, as is a code, a number with
                two or three values; another number that is left out is at its mean.
            of: ``"typical"``, the typical participant; ``"mean"``, the mean of the population; ``"participants"``, each
                participant in the data who saw the conditions; ``"sample"``, the mean of these.
            scale: ``"natural"``, or ``"link"``, on which effects are estimated.
            interval: probability of the equal-tailed interval.
            rope: the ends of a region of values that count as no effect, whose probability is then reported.
            null: what the direction and the Bayes factor refer to; by default 0, and 1 for a ratio of a parameter in
                two conditions.
            bayes_factor: whether to weigh the evidence against the null (Savage-Dickey), for a linear contrast of the
                population on the scale of the link, and priors of yours.

        Returns:
            ``print`` shows it; ``draws``, ``summary``, ``notes``, ``bayes_factor``.

        Raises:
            FormulaError: the contrast cannot be read, or names what the model does not have.
            ModelError: an option does not fit the contrast, or the model.
            DataError: the draws are of another model or other data.
        """
        return ask(self._asked(self._own(idata)), contrast, of, scale, interval, rope, null, bayes_factor)

    def fitted(self, idata: Results) -> Fitted:
        """The model with draws of its posterior, as ``compare`` takes them.

        Args:
            idata: what ``sample`` returned.

        Raises:
            DataError: the draws are of another model or other data.
        """
        found = self._own(idata)
        chosen = self._chosen
        return Fitted(self.spec, self._bound, self.trials, self.ssm, found, chosen.label, chosen.weights, idata)

    def report(
        self,
        idata: Results,
        path: str | Path,
        *,
        certificate: Certificate | None = None,
        checkup: Checkup | None = None,
        command: str = "",
        files: Sequence[tuple[str, str]] = (),
        force: bool = False,
    ) -> Path:
        """Write one page about the fit, to look at, to defend and to share.

        It holds all that it shows, opens from disk without a network, and works without scripts but for what moves.

        Args:
            idata: what ``sample`` returned.
            path: of the HTML file; an earlier report is replaced.
            certificate: what ``certify`` returned, for a fit by a network.
            checkup: what ``hs.check_data`` returned; by default the trials of the model are looked at.
            command: that made the fit, to be shown.
            files: of the data, the name and the sha256 of each, to be shown.
            force: replace what is at ``path`` even where it is no report.

        Returns:
            The path.

        Raises:
            DataError: the draws are of another model or other data, or fewer than 20.
            OutputError: the file cannot be written, or is not a report.

        Example:
            >>> model = HierarchicalDDM(hs.load_data("cavanagh_theta"), formula="v ~ conf", likelihood="exact")
            >>> idata = model.sample(seed=0)  # doctest: +SKIP
            >>> model.report(idata, "report.html")  # doctest: +SKIP
        """
        from hddm_sbi.report.fit import Fit as Reported
        from hddm_sbi.report.fit import Origin
        from hddm_sbi.report.write import write_report

        self._own(idata)
        fit = Reported(self, idata, self._prior(idata), Origin(command, tuple(files), certificate, checkup))
        return write_report(fit, Path(path), __version__, force)

    @property
    def lapse(self) -> tuple[float, float] | None:
        """The window of the lapses in seconds, the longest where it differs between trials; None without lapses."""
        lapses = self.likelihood.lapses
        return None if lapses is None else (lapses.low, float(lapses.ends(self._bound.trials).max()))

    def _experiment(self) -> Experiment:
        """This model as something that can be simulated and fitted again and again, elsewhere too."""
        from hddm_sbi.proof.experiment import Experiment

        bare = self._showing(self._bound, self.trials)
        return Experiment(
            bare.spec, bare._bound, bare.trials, bare._variables, bare._refit, self._options, self._chosen.weights
        )

    def _asked(self, found: Mapping[str, FloatArray]) -> Asked:
        """This model with draws of its coefficients, as contrasts are asked of it."""
        given = frozenset(self.priors.loc[self.priors["source"] == "given", "variable"])
        return Asked(self.spec, self._design, self._conditions, self.trials.groupby, self.trials.subjects, found, given)

    def _truths(self, truth: Any) -> Truths:
        from hddm_sbi.proof.truths import truths_of

        given = isinstance(truth, str | pd.DataFrame)
        return truths_of(self._experiment(), truth, None if given else self._coefficients(truth))

    def _showing(self, bound: BoundTrials, trials: Trials, row: IntArray | None = None) -> HierarchicalDDM:
        """The same model of other outcomes: priors, lapses and all else stay what they are."""
        other = copy(self)
        for name in ("potential", "pyro_model", "_start", "_data_groups"):
            other.__dict__.pop(name, None)  # what was computed from the outcomes
        other.trials, other.__dict__["_bound"] = trials, bound
        if row is not None:
            other.spec = replace(self.spec, row=row)
        return other

    def _refit(self, rt: FloatArray, choice: IntArray, beside: bool, **sampling: Any) -> Results:
        """Results of other outcomes of the same trials, or of them beside the observed ones."""
        seen = self._bound.trials.showing(rt, choice)
        if not beside:
            model = self._showing(self._bound.on(seen), self.trials.showing(rt, choice))
        else:
            both = self._bound.on(self._bound.trials.joined(seen))
            model = self._showing(both, self.trials.beside(rt, choice), np.tile(self.spec.row, 2))
        return model.sample(**sampling)

    @cached_property
    def _bound(self) -> BoundTrials:
        """The likelihood of the observed trials."""
        return self.likelihood.bind(self.trials.seen(self.spec.row, self.spec.n_rows))

    def _bound_on(self, spec: ModelSpec, newdata: pd.DataFrame | None) -> BoundTrials:
        """The likelihood of new rows, of which nothing was seen yet."""
        if newdata is None:
            return self._bound
        deadline, truncate, unit = (self._options[name] for name in ("deadline", "truncate", "rt_unit"))
        limits = read_deadline(newdata, deadline, unit, new=True), *read_truncation(newdata, truncate, unit, new=True)
        return self.likelihood.bind(self.trials.unseen(len(newdata), *limits))

    @cached_property
    def _data_groups(self) -> dict[str, Group]:
        return {
            "observed_data": observed_data(self.trials),
            "constant_data": constant_data(self.trials, self._design.covariates, self.spec.row),
        }

    @cached_property
    def _conditions(self) -> Conditions:
        return find_conditions(self._design, self.trials)

    @cached_property
    def _condition_specs(self) -> ConditionSpecs:
        """The model on the cells of its factors, which every look at draws needs."""
        return condition_specs(self.spec, self._design, self._conditions)

    @cached_property
    def _cells(self) -> pd.DataFrame:
        """The priors of cells and their differences."""
        return cell_priors(self._condition_specs.population, self._conditions)

    @cached_property
    def _correlation_priors(self) -> dict[str, CorrelationPrior]:
        """The prior of each correlation matrix, by variable."""
        return correlation_priors(self.spec)

    @cached_property
    def _start(self) -> FloatArray:
        """A point that the data speak for, from which the sampler's coordinates are made."""
        return estimate(self.potential, self.ssm)

    def _one_draw(self) -> dict[str, xr.Dataset]:
        """What results look like; refuses columns whose names clash with theirs, before time is spent on sampling."""
        variables, coords = self._variables(prior_coefficients(self.spec, draws=1, seed=0))
        return to_datasets({"posterior": _with_draws(variables), **self._data_groups}, coords)

    def _variables(self, draws: Mapping[str, FloatArray]) -> tuple[Variables, Coordinates]:
        return posterior_variables(self.spec, self._condition_specs, self._conditions, self.trials.groupby, draws)

    def _coefficients(self, idata: Results) -> dict[str, FloatArray]:
        """Coefficients by site, (chains, draws, *site shape), from a posterior, sampled now or read from a file."""
        return given_coefficients(idata, self.spec, self._expected["posterior"], self._options)

    def _on(
        self, newdata: pd.DataFrame | None, idata: Results, new_groups: str, seed: int
    ) -> tuple[ModelSpec, Mapping[str, FloatArray]]:
        """The model on other rows, and its coefficients, those of new groups among them."""
        found, spec, new = self._coefficients(idata), self.spec, NO_NEW_GROUPS
        if newdata is not None:
            if not isinstance(newdata, pd.DataFrame):
                raise DataError(f"newdata must be a pandas DataFrame, one row a trial, not {type(newdata).__name__}.")
            if not len(newdata):
                return replace(spec, row=spec.row[:0]), found
            spec, new = spec_on(spec, self._design, newdata)
        check_new_groups(spec, new, new_groups)
        return spec, with_new_groups(spec, new, found, seed)

    def _further_groups(
        self, wanted: Collection[str], found: Mapping[str, FloatArray], draws: int, seed: int
    ) -> dict[str, Group]:
        result: dict[str, Group] = {}
        if "log_likelihood" in wanted:
            result["log_likelihood"] = log_likelihood_group(self.spec, self._bound, found)
        if "posterior_predictive" in wanted:
            result["posterior_predictive"] = simulated_group(self.spec, self._bound, self.trials, found, seed)
        return result | self._prior_groups(wanted, draws, seed)[0]

    def _prior_groups(self, wanted: Collection[str], draws: int, seed: int) -> tuple[dict[str, Group], Coordinates]:
        """Draws from the prior, and trials simulated from them, each where it is wanted; and the draws' labels."""
        if not {"prior", "prior_predictive"}.intersection(wanted):
            return {}, {}
        result: dict[str, Group] = {}
        prior = prior_coefficients(self.spec, draws, seed)
        variables, coords = self._variables(prior)
        if "prior" in wanted:
            result["prior"] = _with_draws(variables)
        if "prior_predictive" in wanted:
            result["prior_predictive"] = simulated_group(self.spec, self._bound, self.trials, prior, seed)
        return result, coords

    def _prior(self, idata: Results) -> xr.Dataset:
        """Draws of the prior, those of the results where they have any."""
        if has_group(idata, "prior"):
            return group(idata, "prior")
        groups, coords = self._prior_groups(("prior",), _PRIOR_DRAWS, seed=0)
        return to_datasets(groups, coords)["prior"]

    def _outside_box(self, draws: Mapping[str, FloatArray]) -> BoxReport | None:
        return outside_box(self._chosen.box, draws, self.ssm, self.spec, self.trials)


def load_fit(
    path: str | Path,
    df: pd.DataFrame,
    model: str | SSM | None = None,
    likelihood: str | Path | ConditionalDensityEstimator | None = None,
) -> tuple[HierarchicalDDM, Results]:
    """Load a fit that ``HierarchicalDDM.save`` or ``hddm-sbi fit`` saved: the same model, and its draws.

    Args:
        path: the file.
        df: the data that were fitted, with the same trials in the same order; columns that the model does not use may
            differ.
        model: the process, where it was one of your own.
        likelihood: the likelihood, where it was an estimator or another object, or where the file of its weights is
            somewhere else now.

    Returns:
        The model, built with the same options, and the results as they were saved, to go on with.

    Raises:
        DataError: there is no such file, it is cut off, or of a later format; the data, the simulator or the likelihood
            are others, with what differs; the model was one of your own and is not given.

    Warns:
        HDDMWarning: participants were numbers and are text, or the other way round; or whether a simulator of your own
            is the same cannot be told.

    Example:
        >>> model, idata = load_fit("fit.nc", df)  # doctest: +SKIP
        >>> model.contrast(idata, "v[conf=LC] - v[conf=HC]")  # doctest: +SKIP
    """
    kept = read_fit(Path(path))
    arguments = kept.given(model, likelihood)
    kept.check_count(df)
    try:
        built = HierarchicalDDM(df, **arguments)
    except HDDMError as error:
        raise DataError(f"the model of the fit in '{path}' cannot be built from what is given: {error}") from error
    built._check_origin(kept.idata)  # first: it names the trial in which the data differ
    built._own(kept.idata)
    kept.check_own(built._fingerprints())
    say_types(trials_of(kept.idata), trials_of(built._expected), built.trials.groupby)
    return built, kept.idata


def _stated(design: Design) -> dict[str, dict[str, object]] | None:
    """The stimulus and the response that each of its levels calls for, with levels as text."""
    stimulus = design.stimulus
    if stimulus is None:
        return None
    return {stimulus.column: {str(level): response for level, response in stimulus.responses.items()}}


def _names(given: str | Collection[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _with_draws(variables: Variables) -> Group:
    return {name: (("chain", "draw", *dims), values) for name, (dims, values) in variables.items()}


def _posterior_shape(idata: Results) -> tuple[int, int]:
    sizes = group(idata, "posterior").sizes
    return sizes["chain"], sizes["draw"]
