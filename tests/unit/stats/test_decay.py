"""Curves through rates: against fits with statsmodels, and laws."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.tools.sm_exceptions import DomainWarning

from plip.errors import MeasureError
from plip.stats.decay import Form, fit_forms

pytestmark = pytest.mark.fast

X, N = (10.0, 20.0, 40.0, 80.0), (100, 100, 100, 100)


@pytest.mark.parametrize(
    ("form", "link", "column"),
    [
        ("exponential", sm.families.links.Log(), np.array(X)),
        ("power", sm.families.links.Log(), np.log(X)),
        ("straight line", sm.families.links.Identity(), np.array(X)),
    ],
)
@pytest.mark.parametrize("k", [(70, 62, 45, 30), (55, 40, 41, 20)])
def test_deviance_is_that_of_statsmodels(
    form: Form, link: sm.families.links.Link, column: np.ndarray, k: tuple[int, ...]
) -> None:
    found = fit_forms(X, k, N)[form]
    outcomes = np.column_stack([k, np.array(N) - np.array(k)])
    start = [0.6, 0.0] if form == "straight line" else [-0.5, -0.001]
    family = sm.families.Binomial(link=link)
    with pytest.warns(DomainWarning):
        model = sm.GLM(outcomes, sm.add_constant(column), family=family)
    fit = model.fit(start_params=start)
    assert found.deviance == pytest.approx(fit.deviance, rel=1e-5)
    assert found.rates == pytest.approx(fit.fittedvalues, rel=1e-4)
    assert found.df == 2
    assert found.p == pytest.approx(stats.chi2.sf(fit.deviance, 2), rel=1e-5)


@pytest.mark.parametrize("form", ["exponential", "straight line", "power"])
def test_a_curve_fits_what_lies_on_it(form: Form) -> None:
    x = np.array(X)
    rates = {
        "exponential": 0.9 * np.exp(-x / 100),
        "straight line": 0.9 - x / 200,
        "power": 2 * x**-0.5,
    }[form]
    n = 10**6
    found = fit_forms(X, [round(r * n) for r in rates], [n] * 4)
    assert found[form].p > 0.9
    assert found[form].rates == pytest.approx(tuple(rates), rel=1e-4)
    assert all(fit.p < 1e-6 for other, fit in found.items() if other != form)


def test_no_success_or_all() -> None:
    for k in ((0, 0, 0), (9, 9, 9)):
        found = fit_forms((1, 2, 3), k, (9, 9, 9))
        assert found["exponential"].p == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("x", "k", "n"),
    [
        ((1, 2), (1, 1), (2, 2)),
        ((1, 2, 2), (1, 1, 1), (2, 2, 2)),
        ((0, 1, 2), (1, 1, 1), (2, 2, 2)),
        ((1, 2, 3), (1, 1, 3), (2, 2, 2)),
        ((1, 2, 3), (1, 1, -1), (2, 2, 2)),
        ((1, 2, 3), (0, 0, 0), (2, 2, 0)),
        ((1, 2, 3), (0, 0), (2, 2, 2)),
    ],
)
def test_what_cannot_be_fitted(
    x: tuple[float, ...], k: tuple[int, ...], n: tuple[int, ...]
) -> None:
    with pytest.raises(MeasureError, match="decay: wanted counts of trials at three or more"):
        fit_forms(x, k, n)
