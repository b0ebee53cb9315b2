"""The rule of widths is one for arrays, tensors and compiled code; widths and proportions are each other's inverse."""

import numpy as np
import pandas as pd
import pytest
import torch

import hddm_sbi as hs
from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.exact.full_ddm_starts import starts_inside
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.ssm.widths import Width, by_proportions, fits, fits_at, in_words, room, room_at, to_proportions, to_theta

STARTS = np.concatenate(
    [[0.0, 1e-300, 0.25, np.nextafter(0.5, 0), 0.5, np.nextafter(0.5, 1), 0.75, 1.0], np.linspace(0.01, 0.99, 50)]
)
WIDTHS = (Width(2, 0), Width(3, 1))


@callable_from_python
def _rules(z, width):
    largest, slope = room_at(z)
    return largest, slope, fits_at(width, largest), starts_inside(z, width)


def test_one_rule():
    tensor = torch.tensor(STARTS, requires_grad=True)
    rooms = room(tensor, torch.minimum)
    (slopes,) = torch.autograd.grad(rooms.sum(), tensor)
    compiled = np.array([_rules(z, 0.0)[:2] for z in STARTS])
    np.testing.assert_array_equal(compiled[:, 0], room(STARTS))
    np.testing.assert_array_equal(compiled[:, 0], rooms.detach().numpy())
    np.testing.assert_array_equal(compiled[:, 1], slopes.numpy())
    np.testing.assert_array_equal(
        [eval(in_words("z").replace("2 ", "2 * "), {"z": z, "min": min}) for z in STARTS], room(STARTS)
    )


def test_what_fits():
    """To the last place, and in the formula of the density, which knows of no proportions, too."""
    for z in STARTS[(STARTS > 0.0) & (STARTS < 1.0)]:
        largest = room(z)
        widths = np.array([-1e-9, 0.0, 0.5 * largest, np.nextafter(largest, 0), largest, 1.0, np.nan])
        expected = [False, True, True, True, False, False, False]
        np.testing.assert_array_equal(fits(widths, largest), expected)
        np.testing.assert_array_equal(fits(torch.tensor(widths), largest).numpy(), expected)
        np.testing.assert_array_equal([_rules(z, width)[2:] for width in widths], np.transpose([expected, expected]))


def test_there_and_back():
    rng = np.random.default_rng(1)
    proportions = rng.uniform(0.01, 0.99, (5, 6, 4))
    theta = to_theta(proportions, WIDTHS)
    np.testing.assert_array_equal(theta[..., :2], proportions[..., :2])
    np.testing.assert_allclose(theta[..., 2], proportions[..., 2] * 2 * np.minimum(theta[..., 0], 1 - theta[..., 0]))
    np.testing.assert_allclose(to_proportions(theta, WIDTHS), proportions, rtol=1e-15)
    np.testing.assert_array_equal(to_theta(proportions, WIDTHS, proportions), theta)


@pytest.mark.parametrize("z", [0.3, 0.5, 0.8])
def test_derivatives(z):
    """Also beside the middle, where the boundary that counts as the nearer one stays the same."""
    proportions, weights, step = np.array([[z, 0.4, 0.6, 0.2]]), np.array([[0.3, -1.0, 2.0, 0.7]]), 1e-6
    nearer = np.array([[z, 0.4, 0.0, 0.0]])
    found = by_proportions(proportions, weights, WIDTHS, nearer)
    for k, e in enumerate(step * np.eye(4)):
        sides = [(to_theta(proportions + side * e, WIDTHS, nearer) * weights).sum() for side in (-1, 1)]
        assert found[0, k] == pytest.approx((sides[1] - sides[0]) / (2 * step), rel=1e-8)


def test_a_network_is_given_proportions():
    ssm = hs.get_model("full_ddm")
    proportions = np.random.default_rng(2).uniform(*ssm.box.T, (20, len(ssm.parameters)))
    theta = ssm.in_room(proportions)
    canonical = Canonical.of(ssm)
    inputs = canonical.reduce(torch.tensor(theta)).inputs.numpy()
    for width in ssm.widths:
        np.testing.assert_allclose(inputs[:, canonical.inputs.index(width.at)], proportions[:, width.at], rtol=1e-14)


@pytest.mark.parametrize("likelihood", ["exact", "nle"])
def test_in_the_middle_the_gradient_is_the_mean_of_both_sides(likelihood):
    """A network's own slopes there and those of the width that it is given cancel."""
    theta = np.array([[1.0, 1.5, 0.5, 0.2, 0.3, 0.4, 0.1]])
    rt, choice = hs.simulate("full_ddm", theta, 40, 3)
    data = pd.DataFrame({"rt": rt.ravel(), "response": choice.ravel()})
    model = hs.HierarchicalDDM(data, model="full_ddm", likelihood=likelihood, p_outlier=0.05, lapse=(0.0, 10.0))
    potential, step = model.potential, 1e-6
    u = np.zeros(potential.ndim)
    u[potential.layout.site("t0_Intercept").start] = np.log(0.2)
    moved = step * (np.arange(potential.ndim) == potential.layout.site("z_Intercept").start)
    assert potential.theta(u)[0, 2] == 0.5
    below, above = potential.log_density(u - moved), potential.log_density(u + moved)
    # differences of second derivatives on both sides and rounding are of the order of the step
    assert potential.log_density_grad(u)[1] @ moved == pytest.approx(0.5 * (above - below), rel=1e-6)
