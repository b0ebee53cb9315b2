"""A posterior of HSSM in our terms: every coefficient, deviation and standard deviation, by our names.

HSSM's regressions are linear on the scale of their link, and what its parameters are here is linear in them. So each
of our coefficients is the same combination of HSSM's coefficients as our parameter is of HSSM's parameters; under a
logarithmic link a factor moves the intercept alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.peers.base import Equivalent, Peer
from hddm_sbi.peers.convert import check_conditions, check_theta_of, choose, notes, options
from hddm_sbi.peers.converted import FromPeer
from hddm_sbi.peers.formula import names_in, value

if TYPE_CHECKING:
    import xarray as xr

_TRIALS = "__obs__"
_INVERSE: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "log": np.exp,
    "logit": lambda x: 1.0 / (1.0 + np.exp(-x)),
}


class _Term(NamedTuple):
    """A variable of HSSM's: of a parameter, one term, of the population or of groups.

    Args:
        name: the term, ``Intercept`` or a column; "" where the parameter has no regression.
        group: the column of the groups whose deviations these are; "" for the population.
        sd: whether it is their standard deviation.
    """

    name: str
    group: str = ""
    sd: bool = False


_VALUE, _INTERCEPT = _Term(""), _Term("Intercept")
_Terms = dict[_Term, Any]


def from_posterior(peer: Peer, idata: Any, model: str | None, links: Mapping[str, str]) -> FromPeer:
    """Convert a posterior of HSSM.

    Args:
        peer: HSSM.
        idata: what its ``sample`` returned, or its group ``posterior``.
        model: HSSM's name of its model; None finds it by the parameters.
        links: links of regressions by HSSM's names of parameters; the identity unless said.

    Returns:
        All variables by our names in ``draws``, as a model here with these links has them; in ``theta`` the typical
        participant's values, of parameters whose regression has no more than an intercept and group terms.

    Raises:
        ModelError: the peer is another, or what is in the posterior has no equivalent.
    """
    if peer.key != "hssm":
        raise ModelError(f"of {peer.name} parameters are converted, not a whole posterior; give them by name.")
    found = _read(peer, getattr(idata, "posterior", idata))
    equivalent = choose(peer, found.keys(), model)
    _check_links(equivalent, links)
    lapses = {name: terms.get(_VALUE) for name, terms in found.items() if name == "p_outlier"}
    draws: dict[str, Any] = {}
    said: list[str] = []
    for name, formula in equivalent.chosen(found.keys()).items():
        terms = _combined(peer, name, formula, found, links)
        link = _link(formula, found, links)
        draws |= _named(name, terms, link)
        if name not in draws:
            said.append(f"{name} depends on columns: it has coefficients, but no value of a typical participant.")
    theta = {name: draws[name] for name in equivalent.theta if name in draws}
    if len(theta) == len(equivalent.theta):
        check_theta_of(peer, equivalent, theta)
    if all(_VALUE in terms for terms in found.values()):
        check_conditions(peer, equivalent, {name: terms[_VALUE] for name, terms in found.items()})
    asked = options(equivalent, lapses)
    if "p_outlier" in asked:
        draws["p_outlier"] = asked["p_outlier"]
        said.append("Its lapses are taken to be uniform up to 20 s, as they are unless told otherwise.")
    else:
        said.append("It keeps 5% lapses, .0952 here, unless told otherwise; this posterior does not say.")
    return FromPeer(equivalent.here, theta, asked, (*said, *notes(peer, equivalent, found)), _dataset(draws))


def _read(peer: Peer, posterior: Any) -> dict[str, _Terms]:
    """HSSM's parameters, and the terms of each."""
    names = sorted({name for model in peer.models for name in model.names}, key=len, reverse=True)
    found: dict[str, _Terms] = {}
    for variable in map(str, posterior.data_vars):
        parameter = next((name for name in names if variable == name or variable.startswith(f"{name}_")), None)
        if parameter is None:
            raise ModelError(f"the posterior's variable {variable!r} is of no parameter that is known of {peer.name}.")
        term = _term(variable.removeprefix(parameter).removeprefix("_"))
        if term is not None and _TRIALS not in posterior[variable].dims:
            found.setdefault(parameter, {})[term] = _renamed(posterior[variable], term)
    return found


def _term(rest: str) -> _Term | None:
    """The term that a variable's name ends on; None for what it was sampled by."""
    if rest.endswith("_offset"):
        return None
    sd = rest.endswith("_sigma") and "|" in rest
    name, _, group = rest.removesuffix("_sigma" if sd else "").partition("|")
    return _Term("Intercept" if group and name == "1" else name, group, sd)


def _renamed(array: xr.DataArray, term: _Term) -> xr.DataArray:
    """Dimensions of groups and of levels by our names; in front of levels the parameter's is still to come.

    HSSM's are ``subject__factor_dim`` or ``v_x|subject__factor_dim`` for groups, and end on ``_dim`` for levels, too.
    """
    new = {}
    for dim in map(str, array.dims):
        if term.group and dim.endswith(f"{term.group}__factor_dim"):
            new[dim] = term.group
        elif dim.endswith("_dim"):
            new[dim] = f"{term.name}_level"
    return array.rename(new)


def _linear(formula: str) -> dict[str, float]:
    """The factor of each of HSSM's parameters in a formula that is linear in them."""
    names = sorted(names_in(formula))
    return {name: float(value(formula, {other: float(other == name) for other in names})) for name in names}


def _combined(peer: Peer, name: str, formula: str, found: Mapping[str, _Terms], links: Mapping[str, str]) -> _Terms:
    """The terms of our parameter."""
    factors = _linear(formula)
    if not factors:
        return {_VALUE: float(value(formula, {}))}
    known = {one: found[one] for one in factors}
    regressed = [one for one, terms in known.items() if _VALUE not in terms]
    plain = sum(factors[one] * terms[_VALUE] for one, terms in known.items() if one not in regressed)
    if not regressed:
        return {_VALUE: plain}
    link = _link(formula, found, links)
    if link != "identity":
        _check_factor(peer, name, link, factors, found[regressed[0]])
        terms = dict(found[regressed[0]])
        if link == "log" and _INTERCEPT in terms:
            terms[_INTERCEPT] = terms[_INTERCEPT] + np.log(factors[regressed[0]])
        return terms
    return _summed(peer, name, {one: (factors[one], known[one]) for one in regressed}, plain)


def _summed(peer: Peer, name: str, parts: Mapping[str, tuple[float, _Terms]], plain: Any) -> _Terms:
    """The terms of a sum of regressions, and of what does not vary."""
    terms: _Terms = {}
    for term in dict.fromkeys(term for _, own in parts.values() for term in own):
        present = [(factor, own[term]) for factor, own in parts.values() if term in own]
        if not term.sd:
            terms[term] = sum(factor * draws for factor, draws in present)
        elif len(present) == 1:  # that of a sum of two is not in the posterior
            terms[term] = abs(present[0][0]) * present[0][1]
    if np.any(np.asarray(plain) != 0.0):
        if _INTERCEPT not in terms:
            raise ModelError(
                f"{name} here is shifted against {' and '.join(parts)} of {peer.name}, whose regression has no "
                "intercept to shift; convert the values of its cells by name."
            )
        terms[_INTERCEPT] = terms[_INTERCEPT] + plain
    return terms


def _link(formula: str, found: Mapping[str, _Terms], links: Mapping[str, str]) -> str:
    """The link of the regression in a formula."""
    regressed = [name for name in sorted(names_in(formula)) if name in found and _VALUE not in found[name]]
    return links.get(regressed[0], "identity") if regressed else "identity"


def _check_links(equivalent: Equivalent, links: Mapping[str, str]) -> None:
    for name, link in links.items():
        if name not in equivalent.names:
            raise ModelError(f"links has {name!r}; HSSM's {equivalent.there} takes {', '.join(equivalent.names)}.")
        if link not in _INVERSE:
            raise ModelError(f"the link of {name} is {link!r:.80}; known are {', '.join(_INVERSE)}.")


def _check_factor(peer: Peer, name: str, link: str, factors: Mapping[str, float], terms: _Terms) -> None:
    """Under a link other than the identity no more than a positive factor may stand before one parameter."""
    (factor, *others) = factors.values()
    if others or (link == "logit" and factor != 1.0) or factor <= 0.0:
        raise ModelError(f"{name} here is no multiple of one parameter of {peer.name}, which a {link} link asks for.")
    if factor != 1.0 and _INTERCEPT not in terms:
        raise ModelError(
            f"{name} here is {factor:g} times that of {peer.name}, whose regression with a {link} link has no "
            "intercept to shift; convert the values of its cells by name."
        )


def _named(name: str, terms: _Terms, link: str) -> dict[str, Any]:
    """The terms of our parameter by the names of variables, and its value where that is known."""
    if _VALUE in terms:
        return {name: terms[_VALUE]}
    draws = {}
    for term, array in terms.items():
        level = f"{term.name}_level"
        renamed = array.rename({level: f"{name}_{level}"}) if level in array.dims else array
        parts = [name, term.name, term.group, "sd" if term.sd else ""]
        draws["_".join(part for part in parts if part)] = renamed
    inverse = _INVERSE[link]
    if all(term.name == "Intercept" for term in terms) and _INTERCEPT in terms:
        draws[name] = inverse(terms[_INTERCEPT])
        deviations = {term.group: array for term, array in terms.items() if term.group and not term.sd}
        for group, array in deviations.items() if len(deviations) == 1 else ():
            draws[f"{name}_{group}"] = inverse(terms[_INTERCEPT] + array)
    return draws


def _dataset(draws: Mapping[str, Any]) -> xr.Dataset:
    import xarray as xr

    data = {name.replace("/", "÷"): one if hasattr(one, "dims") else xr.DataArray(one) for name, one in draws.items()}
    return xr.Dataset(data)
