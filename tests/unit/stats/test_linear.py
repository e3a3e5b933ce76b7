"""Linear models, against statsmodels' own, closed forms, and effects that were planted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from plip.errors import MeasureError
from plip.stats import LinearFit, least_squares, random_intercept

pytestmark = pytest.mark.fast

BOTH = {"both": 1.0}

Data = tuple[list[float], dict[str, list[float]], list[str]]


def planted(
    seed: int, *, effect: float = 0.6, groups: int = 40, slopes: float = 0.0, noise: float = 0.3
) -> Data:
    """Draw a design of languages and markers, with an effect of a group's own if `slopes`."""
    rng = np.random.default_rng(seed)
    python = np.tile([0, 0, 0, 0, 1, 1, 1, 1], groups).astype(float)
    marker = np.tile([0, 1, 0, 1, 0, 1, 0, 1], groups).astype(float)
    distance = rng.normal(size=8 * groups)
    which = np.repeat(np.arange(groups), 8)
    y = 1 + 0.2 * python + 0.4 * marker + effect * python * marker - 0.5 * distance
    y += rng.normal(0, 0.5, groups)[which] + rng.normal(0, noise, 8 * groups)
    y += rng.normal(0, slopes, groups)[which] * python * marker if slopes else 0
    predictors = {"python": python, "marker": marker, "both": python * marker, "d": distance}
    return (
        y.tolist(),
        {name: column.tolist() for name, column in predictors.items()},
        [f"f{at}" for at in which],
    )


def matrix(predictors: Mapping[str, Sequence[float]]) -> Any:
    columns = [np.asarray(column) for column in predictors.values()]
    return np.column_stack([np.ones(len(columns[0])), *columns])


def errors(fit: LinearFit) -> list[float]:
    return [fit.combination({name: 1}).se for name in fit.names]


class TestLeastSquares:
    def test_against_statsmodels(self) -> None:
        y, predictors, _ = planted(1)
        fit = least_squares(y, predictors, confidence=0.9)
        other = sm.OLS(y, matrix(predictors)).fit()
        assert fit.names == ("intercept", "python", "marker", "both", "d")
        assert fit.estimates == pytest.approx(other.params)
        assert errors(fit) == pytest.approx(other.bse)
        found = [fit.combination({name: 1}) for name in fit.names]
        assert [each.p for each in found] == pytest.approx(other.pvalues)
        assert np.array([(each.low, each.high) for each in found]) == pytest.approx(
            other.conf_int(0.1)
        )
        assert (fit.n, fit.df, fit.groups, fit.group_sd) == (320, 315, None, None)
        assert fit.residual_sd == pytest.approx(math.sqrt(other.scale))

    def test_of_two_groups_it_is_the_t_test(self) -> None:
        one, other = [4.1, 5.0, 3.2, 6.6], [2.0, 3.9, 1.1]
        fit = least_squares([*one, *other], {"side": [1.0] * 4 + [0.0] * 3})
        found = fit.combination({"side": 1})
        assert found.estimate == pytest.approx(np.mean(one) - np.mean(other))
        assert found.p == pytest.approx(stats.ttest_ind(one, other).pvalue)
        level = fit.combination({"intercept": 1, "side": 1})
        assert level.estimate == pytest.approx(np.mean(one))

    def test_a_line_by_hand(self) -> None:
        # Residuals 1/6, −1/3, 1/6: s² = 1/6 with one degree of freedom, Σ(x − 1)² = 2.
        fit = least_squares([1.0, 1.5, 3.0], {"x": [0.0, 1.0, 2.0]})
        slope = fit.combination({"x": 1})
        assert slope.estimate == pytest.approx(1)
        assert slope.se == pytest.approx(math.sqrt(1 / 6 / 2))
        assert slope.p == pytest.approx(2 * stats.t.sf(1 / slope.se, 1))


class TestRandomIntercept:
    def test_estimates_are_those_of_statsmodels(self) -> None:
        y, predictors, groups = planted(2)
        fit = random_intercept(y, predictors, groups)
        other = sm.MixedLM(y, matrix(predictors), groups).fit(reml=True)
        assert fit.estimates == pytest.approx(other.fe_params, abs=1e-6)
        assert fit.group_sd == pytest.approx(math.sqrt(other.cov_re[0, 0]), rel=1e-3)
        assert fit.residual_sd == pytest.approx(math.sqrt(other.scale), rel=1e-3)
        assert (fit.n, fit.groups, fit.df) == (320, 40, 39)

    def test_errors_are_those_of_the_sandwich_with_whole_matrices(self) -> None:
        y, predictors, groups = planted(4, slopes=0.4)
        fit = random_intercept(y, predictors, groups)
        assert fit.group_sd is not None
        design, numbers = matrix(predictors), np.array([int(group[1:]) for group in groups])
        same = numbers[:, None] == numbers[None, :]
        inverse = np.linalg.inv(fit.group_sd**2 * same + fit.residual_sd**2 * np.eye(len(y)))
        bread = np.linalg.inv(design.T @ inverse @ design)
        estimates = bread @ design.T @ inverse @ np.array(y)
        residual = np.array(y) - design @ estimates
        meat = design.T @ inverse @ (np.outer(residual, residual) * same) @ inverse @ design
        covariance = 40 / 39 * bread @ meat @ bread
        assert fit.estimates == pytest.approx(estimates)
        assert np.array(fit.covariance) == pytest.approx(covariance)
        # What a model without effects of the groups' own would say is too little.
        assert errors(fit)[3] > 1.2 * math.sqrt(bread[3, 3])

    def test_a_planted_effect_is_found(self) -> None:
        fit = random_intercept(*planted(5, effect=0.6, groups=120))
        found = fit.combination({"both": 1})
        assert found.estimate == pytest.approx(0.6, abs=4 * found.se)
        assert found.se < 0.05
        assert found.p < 1e-6
        in_python = fit.combination({"marker": 1, "both": 1})
        assert in_python.estimate == pytest.approx(1.0, abs=4 * in_python.se)
        assert fit.combination({"d": 1}).estimate == pytest.approx(-0.5, abs=0.03)

    def test_intervals_hold_what_was_planted_as_often_as_they_say(self) -> None:
        held = [
            found.low < 0.6 < found.high
            for seed in range(100, 160)
            for found in [random_intercept(*planted(seed, groups=20, slopes=0.4)).combination(BOTH)]
        ]
        assert 51 <= sum(held) <= 60

    def test_without_an_effect_p_is_uniform(self) -> None:
        """Even where every group has an effect of its own, which a plain model takes for many."""
        p = [
            random_intercept(*planted(seed, effect=0.0, groups=20, slopes=0.5))
            .combination({"both": 1})
            .p
            for seed in range(60)
        ]
        assert stats.kstest(p, "uniform").pvalue > 0.01
        assert sum(value < 0.05 for value in p) <= 8

    def test_languages_exchanged_turn_the_sign(self) -> None:
        y, predictors, groups = planted(6)
        rust = [1 - value for value in predictors["python"]]
        turned = {
            "python": rust,
            "marker": predictors["marker"],
            "both": [r * m for r, m in zip(rust, predictors["marker"], strict=True)],
            "d": predictors["d"],
        }
        one = random_intercept(y, predictors, groups).combination({"both": 1})
        other = random_intercept(y, turned, groups).combination({"both": 1})
        assert other.estimate == pytest.approx(-one.estimate)
        assert (other.se, other.p) == (pytest.approx(one.se), pytest.approx(one.p))

    @pytest.mark.parametrize("unit", [1e-6, 1e6])
    def test_units_do_not_matter(self, unit: float) -> None:
        y, predictors, groups = planted(7)
        one = random_intercept(y, predictors, groups)
        other = random_intercept([unit * value for value in y], predictors, groups)
        assert np.array(other.estimates) == pytest.approx(unit * np.array(one.estimates))
        assert errors(other) == pytest.approx([unit * se for se in errors(one)])

    @pytest.mark.parametrize("seed", range(4))
    def test_groups_that_differ_less_than_chance_have_no_spread(self, seed: int) -> None:
        y, predictors, groups = planted(seed)
        plain = least_squares(y, predictors)
        residual = np.asarray(y) - matrix(predictors) @ np.array(plain.estimates)
        # Without the means of the groups, a positive variance between them is never likeliest.
        within = residual - residual.reshape(-1, 8).mean(1).repeat(8)
        level = matrix(predictors) @ np.array(plain.estimates) + within
        found = random_intercept(level.tolist(), predictors, groups)
        assert found.group_sd == pytest.approx(0, abs=1e-3)
        again = least_squares(level.tolist(), predictors)
        assert np.array(found.estimates) == pytest.approx(np.array(again.estimates), abs=1e-5)
        assert found.residual_sd == pytest.approx(again.residual_sd, rel=1e-4)

    def test_what_does_not_converge_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from statsmodels.regression import mixed_linear_model as module

        fit = module.MixedLM.fit

        def stopped(self: Any, **options: Any) -> Any:
            found = fit(self, **options)
            found.converged = False
            return found

        monkeypatch.setattr(module.MixedLM, "fit", stopped)
        with pytest.raises(MeasureError, match="found an optimisation that did not converge"):
            random_intercept(*planted(8))

    def test_a_singular_matrix_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from statsmodels.regression import mixed_linear_model as module

        def singular(self: Any, **options: Any) -> Any:
            raise np.linalg.LinAlgError("Singular matrix")

        monkeypatch.setattr(module.MixedLM, "fit", singular)
        with pytest.raises(MeasureError, match=r"mixed model: .* found singular matrix"):
            random_intercept(*planted(8))


class TestWhatIsRefused:
    def test_figures(self) -> None:
        with pytest.raises(MeasureError, match=r"3 or more finite observations .* found 2 obs"):
            least_squares([1, 2], {"x": [0, 1]})
        with pytest.raises(MeasureError, match="found 2 and 3 observations"):
            least_squares([1, 2, 3], {"x": [0, 1]})
        with pytest.raises(MeasureError, match="some that are not finite"):
            least_squares([1, 2, math.nan], {"x": [0, 1, 2]})
        with pytest.raises(MeasureError, match="some that are not finite"):
            least_squares([1, 2, 3], {"x": [0, 1, math.inf]})

    def test_predictors_that_determine_each_other(self) -> None:
        with pytest.raises(MeasureError, match="predictors that vary apart from each other"):
            least_squares([1, 2, 3, 4], {"x": [1, 1, 1, 1]})
        with pytest.raises(MeasureError, match="predictors that vary apart from each other"):
            random_intercept([1, 2, 3, 4], {"x": [0, 1, 0, 1], "y": [1, 0, 1, 0]}, list("abab"))

    def test_groups(self) -> None:
        y, predictors, groups = planted(9, groups=5)
        with pytest.raises(MeasureError, match="more than 5 groups, found 5 groups of 40"):
            random_intercept(y, predictors, groups)
        with pytest.raises(MeasureError, match="a group for each observation"):
            random_intercept(*planted(9)[:2], groups)

    def test_a_response_without_spread(self) -> None:
        y, predictors, groups = planted(9)
        with pytest.raises(MeasureError, match="a response that is the same throughout"):
            random_intercept([2.0] * len(y), predictors, groups)

    def test_a_combination(self) -> None:
        fit = least_squares(*planted(1)[:2])
        with pytest.raises(MeasureError, match=r"wanted names among intercept, python, .* found z"):
            fit.combination({"z": 1, "d": 1})
        with pytest.raises(MeasureError, match="found a variance of 0"):
            fit.combination({"d": 0})
