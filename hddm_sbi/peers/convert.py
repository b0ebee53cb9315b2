"""From a peer's parameters to ours: which peer, which of its models, by which formulas."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.peers.base import Equivalent, Peer
from hddm_sbi.peers.converted import FromPeer, stacked
from hddm_sbi.peers.formula import names_in, value
from hddm_sbi.peers.packages import PEERS


def from_peer(
    peer: str, parameters: Any, model: str | None = None, *, links: Mapping[str, str] | None = None
) -> FromPeer:
    """Say what a peer's parameters are here.

    Args:
        peer: hssm, ssm-simulators, hddm, pyddm, stan, brms, rtdists, fast-dm, emc2, ez, ez2 or sinistra.
        parameters: the peer's parameters by its names: numbers, arrays, or the columns of a table of draws; of HSSM
            also the posterior, as ``sample`` returned it, and of PyDDM a model.
        model: the peer's name of its model; None finds it by the parameters' names, where they tell.
        links: of a posterior of HSSM, the links of regressions that are not the identity, by HSSM's names:
            ``{"a": "log", "z": "logit"}``.

    Returns:
        The model here, theta, options such as ``p_outlier``, notes, and of a posterior all its draws by our names.

    Raises:
        ModelError: an unknown peer, model or parameter, one that is missing, a value that is no number or lies outside
            what a model here can have, or a model that has no equivalent.

    Example:
        >>> there = from_peer("pyddm", {"drift": 1.2, "noise": 1.5, "B": 1.2, "nondectime": 0.3})
        >>> print(there)
        model 'ddm'
          v = 0.8
          a = 1.6
          z = 0.5
          t0 = 0.3
          fixed={'z': 0.5}
        B is half of the boundary separation.
        Its lower and upper boundary are the choices 0 and 1 here.
        >>> hs.log_likelihood(there.model, [0.6, 0.9], [1, 0], there.array).round(3)
        array([ 0.141, -1.784])
    """
    known = find_peer(peer)
    if hasattr(parameters, "posterior") or hasattr(parameters, "data_vars"):
        from hddm_sbi.peers.posterior import from_posterior

        return from_posterior(known, parameters, model, links or {})
    if links:
        raise ModelError("links= belongs to a posterior of HSSM; parameters are on their natural scales.")
    own = known.read(parameters) if known.read is not None else None
    values = _full_names(known, _values(known, parameters if own is None else own))
    equivalent = choose(known, values.keys(), model)
    return _converted(known, equivalent, values)


def find_peer(name: object) -> Peer:
    """The peer that is asked for.

    Raises:
        ModelError: there is none of this name.
    """
    asked = str(name).lower()
    for peer in PEERS:
        if asked in (peer.key, peer.name.lower(), *peer.aliases):
            return peer
    raise ModelError(f"there is no peer {name!r:.80}; known are {', '.join(peer.key for peer in PEERS)}.")


def choose(peer: Peer, given: Collection[str], model: str | None) -> Equivalent:
    """The peer's model that has the given parameters, of those that have an equivalent.

    Raises:
        ModelError: none has, or more than one.
    """
    candidates = [one for one in peer.models if model in (None, one.there)]
    if not candidates:
        raise _no_model(peer, str(model))
    fitting = [one for one in candidates if not one.missing(given) and not one.unused(given)]
    names = list(dict.fromkeys(one.there for one in fitting))
    same = len({(one.here, tuple(one.theta.items()), one.p_outlier) for one in fitting}) == 1
    if len(names) > 1 and not same:
        raise ModelError(
            f"{peer.its} models {', '.join(names[:-1])} and {names[-1]} have these parameters, which mean something "
            f"else in each; say which, {' or '.join(f'model={name!r}' for name in names)}."
        )
    if fitting:
        return fitting[0]
    raise _misfit(peer, candidates, given)


def _values(peer: Peer, parameters: Any) -> dict[str, Any]:
    """The parameters as numbers or arrays of them, by name."""
    if not hasattr(parameters, "keys"):
        raise ModelError(
            f"the parameters of {peer.name} are {parameters!r:.80}; give them by name, "
            f"{{{', '.join(f'{name!r}: ...' for name in peer.models[0].needed)}}}."
        )
    values = {}
    for name in parameters.keys():  # noqa: SIM118  # a table of pandas has its columns there
        given = parameters[name]
        labelled = hasattr(given, "dims") or (hasattr(given, "index") and hasattr(given, "to_numpy"))
        try:
            numbers = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ModelError(f"{peer.its} parameter {name!r} is {given!r:.80}; it must be a number.") from error
        if np.isnan(numbers).any():
            raise ModelError(f"{peer.its} parameter {name!r} has missing values (NaN); leave out what has none.")
        values[str(name)] = given if labelled else numbers if numbers.ndim else float(numbers)
    return values


def _full_names(peer: Peer, values: Mapping[str, Any]) -> dict[str, Any]:
    """Names with their component where formulas have it, ``ICRange.sz``, and without where not, ``B``."""
    names = {name for one in peer.models for name in one.names}
    found = {}
    for name, given in values.items():
        component, _, last = name.rpartition(".")
        if component in peer.without:
            raise _no_model(peer, component)
        same = [one for one in names if one == last or one.endswith(f".{name}")]
        found[same[0] if name not in names and len(same) == 1 else name] = given
    return found


def _converted(peer: Peer, equivalent: Equivalent, values: Mapping[str, Any]) -> FromPeer:
    known = {**equivalent.defaults, **values}
    check_conditions(peer, equivalent, values)
    theta = {name: value(formula, known) for name, formula in equivalent.chosen(values).items()}
    theta = {name: float(one) if np.ndim(one) == 0 and not hasattr(one, "dims") else one for name, one in theta.items()}
    check_theta_of(peer, equivalent, theta)
    return FromPeer(equivalent.here, theta, options(equivalent, values), notes(peer, equivalent, values))


def options(equivalent: Equivalent, values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of ``HierarchicalDDM``: what the peer's model does not estimate, and its lapses."""
    known = {**equivalent.defaults, **values}
    fixed = {
        name: float(value(formula, {})) for name, formula in equivalent.chosen(values).items() if not names_in(formula)
    }
    found: dict[str, Any] = {"fixed": fixed} if fixed else {}
    lapses = equivalent.lapses(values)
    if lapses:
        p_outlier = value(lapses["p_outlier"], known)
        outside = np.asarray(p_outlier)
        if not np.all((outside >= 0.0) & (outside < 1.0)):
            raise ModelError(f"the share of lapses is {outside.min():g} to {outside.max():g}; it must be in [0, 1).")
        found["p_outlier"] = p_outlier
        found["lapse"] = (0.0, float(np.max(value(lapses["lapse"], known))))
    return found


def notes(peer: Peer, equivalent: Equivalent, values: Collection[str]) -> tuple[str, ...]:
    """What there is to know of a model and of how the peer codes responses."""
    said = [equivalent.note] if equivalent.note else []
    return (*said, peer.responses)


def check_conditions(peer: Peer, equivalent: Equivalent, values: Mapping[str, Any]) -> None:
    """Refuse values with which the peer's model is none of ours.

    Raises:
        ModelError: says why.
    """
    known = {**equivalent.defaults, **values}
    for condition in equivalent.conditions:
        if not np.all(np.asarray(value(condition.formula, known))):
            raise ModelError(
                f"{peer.its} {equivalent.there} has no equivalent with these parameters: {condition.reason}."
            )


def check_theta_of(peer: Peer, equivalent: Equivalent, theta: Mapping[str, Any]) -> None:
    """Refuse values that no model here can have.

    Raises:
        ModelError: names what our parameter would be.
    """
    from hddm_sbi.ssm.registry import check_theta, model_of

    array = stacked(theta)
    try:
        check_theta(model_of(equivalent.here, array), array)
    except ModelError as error:
        raise ModelError(f"with these parameters of {peer.its} {equivalent.there}, {error}") from error


def _no_model(peer: Peer, model: str) -> ModelError:
    for pattern, reason in peer.without.items():
        if fnmatchcase(model, pattern):
            return ModelError(f"{peer.its} {model} has no equivalent here: {reason}.")
    names = list(dict.fromkeys(one.there for one in peer.models))
    close = get_close_matches(model, names, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}."
    return ModelError(f"no model {model!r} of {peer.name} is known; {hint}")


def _misfit(peer: Peer, candidates: list[Equivalent], given: Collection[str]) -> ModelError:
    """Of the model that is nearest to the given parameters, what it lacks, or does not have."""
    nearest = min(candidates, key=lambda one: (len(one.unused(given)) + len(one.missing(given)), len(one.names)))
    unused, missing = nearest.unused(given), nearest.missing(given)
    further = [name for name in nearest.names if name not in nearest.needed]
    takes = ", ".join(nearest.needed) + (f" and, where there are any, {', '.join(further)}" if further else "")
    if missing:
        return ModelError(f"{peer.its} {nearest.there} needs {', '.join(missing)}, too; it takes {takes}.")
    for name in unused:
        qualified = [one for one in nearest.names if one.endswith(f".{name}")]
        if qualified:
            return ModelError(f"{name!r} may be one of several of {peer.its}; say {' or '.join(map(repr, qualified))}.")
    every = list(dict.fromkeys(name for one in candidates for name in one.names))
    known = [name for name in unused if name in every]
    if known:
        return ModelError(
            f"no model of {peer.name} that has an equivalent here takes {', '.join(given)} together; the nearest, "
            f"{nearest.there}, takes {takes}."
        )
    return ModelError(f"{peer.its} {nearest.there} has no parameter {unused[0]!r}; it takes {takes}.")
