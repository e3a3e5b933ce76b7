"""Figures against the experiment, run again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Evidence, Ledger, Rerun, RerunKey, Verdict, audit
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

MODEL = "lab/model"
OPTIONS = 'check = "rerun", model = "lab/model", experiment = "calibrate", figure = "layer 3/ratio"'


def rerun(value: float) -> Rerun:
    return Rerun(
        value=value,
        revision="0123456789abcdef",
        weights="feedface" * 8,
        dtype="bfloat16",
        device="cuda",
        attention="sdpa",
        torch="2.13",
    )


@pytest.fixture
def judged(ledger_of: Callable[[str], Ledger]) -> Callable[..., ClaimResult]:
    """Judge one printed figure with one rule against its rerun, or without one."""

    def judge(quoted: str, rule: str, value: float | None, more: str = "") -> ClaimResult:
        unit = quoted[-1] if quoted[-1] in "%×" else "p"
        ledger = ledger_of(
            f'[[entry]]\nid = "c"\nsection = "1"\nstatement = "It is."\nquoted = "{quoted}"\n'
            f'unit = "{unit}"\nchecks = [{{ {OPTIONS}, {rule} }}{more}]\n'
        )
        key = RerunKey(model=MODEL, experiment="calibrate", figure="layer 3/ratio")
        found = {} if value is None else {key: rerun(value)}
        (result,) = audit(ledger, Evidence(reruns=found)).claims
        return result

    return judge


RAN = "lab/model@0123456789ab (bfloat16, cuda, sdpa, torch 2.13, weights feedfacefeed)"


@pytest.mark.parametrize(
    ("quoted", "rule", "value", "verdict", "reason"),
    [
        pytest.param(
            "5.70%",
            "tolerance = 0.5",
            6.204,
            Verdict.HOLDS,
            f"run again on {RAN} it is 6.204%; 5.70% agrees: [5.195, 6.205]% is allowed",
            id="within the tolerance of what was printed",
        ),
        pytest.param(
            "5.70%",
            "tolerance = 0.5",
            6.206,
            Verdict.CONTRADICTED,
            f"run again on {RAN} it is 6.206%; 5.70% does not agree: [5.195, 6.205]% is allowed",
            id="beyond it",
        ),
        pytest.param(
            "77%",
            "trials = 30",
            100 * 14 / 30,
            Verdict.CONTRADICTED,
            "77% does not agree: 14 of 30, where a second sample of the same rate has 15 to 29 in "
            "95% of cases",
            id="a rate too low for chance",
        ),
        pytest.param(
            "77%",
            "trials = 30",
            100.0,
            Verdict.CONTRADICTED,
            "77% does not agree: 30 of 30, where a second sample of the same rate has 15 to 29 in "
            "95% of cases",
            id="a rate too high for chance",
        ),
        pytest.param(
            "77%",
            "trials = 30",
            50.0,
            Verdict.HOLDS,
            "77% agrees: 15 of 30, where a second sample of the same rate has 15 to 29 in 95%",
            id="a rate that chance allows",
        ),
        pytest.param(
            "77%",
            "trials = 30, confidence = 0.99",
            100 * 14 / 30,
            Verdict.HOLDS,
            "77% agrees: 14 of 30, where a second sample of the same rate has 13 to 30 in 99%",
            id="a wider interval",
        ),
        pytest.param(
            "75%",
            "trials = 30",
            100 * 22 / 30,
            Verdict.CONTRADICTED,
            "75% does not agree: no number of successes in 30 is 75%",
            id="no such rate",
        ),
        pytest.param(
            "0.018",
            "below = 0.05",
            0.0499,
            Verdict.HOLDS,
            "it must stay below 0.05",
            id="still significant",
        ),
        pytest.param(
            "0.018", "below = 0.5", 0.5, Verdict.CONTRADICTED, "it must stay below 0.5", id="not"
        ),
    ],
)
def test_a_figure_agrees_with_its_rerun_or_not(
    judged: Callable[..., ClaimResult],
    quoted: str,
    rule: str,
    value: float,
    verdict: Verdict,
    reason: str,
) -> None:
    result = judged(quoted, rule, value)
    assert result.verdict is verdict
    assert reason in result.reason
    (check,) = result.checks
    assert check.kind == "rerun"
    assert check.computed == (value, value)
    assert check.rows == (
        {
            "model": MODEL,
            "experiment": "calibrate",
            "figure": "layer 3/ratio",
            "printed": quoted,
            "unit": quoted[-1] if quoted[-1] in "%×" else "p",
            "rerun": value,
            "revision": "0123456789abcdef",
            "weights": "feedface" * 8,
            "dtype": "bfloat16",
            "device": "cuda",
            "attention": "sdpa",
            "torch": "2.13",
        },
    )


def test_without_the_weights_it_names_the_command(judged: Callable[..., ClaimResult]) -> None:
    result = judged("5.70%", "tolerance = 0.5", None)
    assert result.verdict is Verdict.NOT_CHECKABLE
    assert result.reason == ("needs the weights of lab/model: plip audit --checkpoint lab/model")
    file = f'tolerance = 0.5, inputs_file = "corpus/a.json", digest = "{"0" * 64}"'
    assert judged("5.70%", file, None).reason == (
        "needs the weights of lab/model and corpus/a.json of the paper's repository: "
        "plip audit --checkpoint lab/model --artifacts DIR"
    )


def test_without_the_weights_other_checks_decide(judged: Callable[..., ClaimResult]) -> None:
    other = ', { check = "identity_is_zero" }'
    assert judged("5.70%", "tolerance = 0.5", None, other).verdict is Verdict.CONTRADICTED
    assert judged("0.00%", "tolerance = 0.5", None, other).verdict is Verdict.HOLDS
    assert judged("0.00%", "tolerance = 0.5", 0.6, other).verdict is Verdict.CONTRADICTED


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("tolerance = 0.5, trials = 30", "exactly one of 'tolerance', 'trials' and 'below'"),
        ("confidence = 0.9", "exactly one of 'tolerance', 'trials' and 'below'"),
        ('tolerance = 0.5, digest = "00"', "digest"),
        (f'tolerance = 0.5, digest = "{"0" * 64}"', "wanted 'inputs_file' and 'digest' together"),
        ("tolerance = -1", "tolerance"),
        ("trials = 0", "trials"),
    ],
)
def test_rules_without_meaning(judged: Callable[..., ClaimResult], rule: str, fault: str) -> None:
    with pytest.raises(LedgerError, match=fault):
        judged("5.70%", rule, None)
