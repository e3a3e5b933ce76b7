"""Whether a suspected mechanism gives a printed column."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from plip.claims import ClaimResult, Evidence, Ledger, Rerun, RerunKey, Verdict, audit
from plip.claims.checks.diagnosis_column import diagnosis_figure
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

OWN, OTHER = "lab/model", "bundled:transformer"
NEEDS = "needs the weights of lab/model: plip audit --checkpoint lab/model"

ALLOWED = (
    "one pair of distributions gives less than 23.03 nats and the hidden states of 74.2 tokens "
    "against the vocabulary less than 1727"
)

STUDY = """
[[entry]]
id = "layer"
section = "1"
quoted = "20"
unit = "layer"
exact = true
statement = "Here."

[[entry]]
id = "scale"
section = "1"
unit = "×"
exact = true
statement = "Times {key}."
[entry.rows]
"0.5" = "0.5×"
"1.0" = "1.0×"

[[entry]]
id = "one"
section = "1"
quoted = "IDENTITY"
unit = "nats"
statement = "Divergence at 1."

[[entry]]
id = "half"
section = "1"
quoted = "470.42"
unit = "nats"
statement = "Divergence at 0.5."
[[entry.checks]]
check = "published_measure"
model = "lab/model"
layer = "layer"
dose = "scale/0.5"
identity = "one"
hidden = 2048
vocabulary = 151936
MORE
"""

Judge = Callable[..., ClaimResult]


@pytest.fixture
def judged(ledger_of: Callable[[str], Ledger]) -> Judge:
    """Judge the column with what runs gave: by model, layer, dose, measure and statistic."""

    def judge(
        found: Mapping[tuple[str, int, float, str, str], float],
        *,
        identity: str = "469.96",
        more: str = "",
    ) -> ClaimResult:
        reruns = {
            RerunKey(
                model=model,
                experiment="diagnosis",
                figure=diagnosis_figure(layer, dose, measure, statistic),  # type: ignore[arg-type]
            ): Rerun(
                value=value,
                revision=None,
                weights="ab" * 32,
                dtype="float32",
                device="cpu",
                attention="sdpa",
                torch="2.13",
            )
            for (model, layer, dose, measure, statistic), value in found.items()
        }
        ledger = ledger_of(STUDY.replace("IDENTITY", identity).replace("MORE", more))
        (claim,) = audit(ledger, Evidence(reruns=reruns)).claims
        return claim

    return judge


def column(
    model: str, layer: int, published: tuple[float, float], kl: tuple[float, float], sd: float = 9.0
) -> dict[tuple[str, int, float, str, str], float]:
    found = {}
    for dose, value, divergence in zip((0.5, 1.0), published, kl, strict=True):
        found[model, layer, dose, "published", "mean"] = value
        found[model, layer, dose, "published", "sd"] = sd
        found[model, layer, dose, "kl", "mean"] = divergence
        found[model, layer, dose, "kl", "sd"] = divergence
    return found


def test_with_nothing_at_hand_it_says_what_the_size_allows(judged: Judge) -> None:
    claim = judged({})
    assert claim.verdict is Verdict.NOT_CHECKABLE
    assert claim.reason == f"{ALLOWED}; which sum 470.42 is of {NEEDS}"


def test_its_own_model_gives_the_column(judged: Judge) -> None:
    claim = judged(column(OWN, 20, (470.1, 460.0), (0.002, 0.0)))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason == (
        "470.42 is hidden states against the prediction: 470.10 nats on lab/model (float32, cpu, "
        "sdpa, torch 2.13, weights abababababab) at dose 0.5, where the divergence of the "
        "predictions is 0.002"
    )
    (check,) = claim.checks
    assert check.kind == "diagnosis"
    assert check.computed == (470.1, 470.1)
    assert [row["dose"] for row in check.rows] == [0.5, 1.0]
    assert check.rows[1] == {
        "dose": 1.0,
        "printed mean": None,
        "model": OWN,
        "published mean": 460.0,
        "published sd": 9.0,
        "kl mean": 0.0,
        "kl sd": 0.0,
    }
    assert check.chart is not None
    assert [series.y for series in check.chart.series] == [
        (470.42,),
        (470.1, 460.0),
        (0.002, None),  # 0 has no place on an axis of logarithms
    ]


def test_its_own_model_gives_another_column(judged: Judge) -> None:
    claim = judged(column(OWN, 20, (440.0, 440.0), (0.002, 0.0)))
    assert claim.verdict is Verdict.NOT_CHECKABLE
    assert claim.reason == (
        "hidden states against the prediction give 440.00 nats on lab/model (float32, cpu, sdpa, "
        "torch 2.13, weights abababababab) at dose 0.5, not 470.42: what was printed stays "
        "unexplained"
    )
    assert claim.checks[0].rows


def test_how_near_is_near_enough(judged: Judge) -> None:
    found = column(OWN, 20, (447.0, 447.0), (0.002, 0.0))
    assert judged(found).verdict is Verdict.UNSUPPORTED
    assert judged(found, more="tolerance = 0.04").verdict is Verdict.NOT_CHECKABLE
    assert judged(found, more="tolerance = 0.05").verdict is Verdict.UNSUPPORTED


def test_an_sd_is_compared_with_the_sd(judged: Judge) -> None:
    found = column(OWN, 20, (9.0, 9.0), (0.002, 0.0), sd=470.0)
    assert judged(found, more='statistic = "sd"').verdict is Verdict.UNSUPPORTED
    assert judged(found).verdict is Verdict.NOT_CHECKABLE


def test_another_layer_is_another_figure(judged: Judge) -> None:
    claim = judged(column(OWN, 19, (470.42, 469.96), (0.002, 0.0)))
    assert claim.verdict is Verdict.NOT_CHECKABLE
    assert NEEDS in claim.reason


def test_the_mechanism_is_shown_on_another_model(judged: Judge) -> None:
    claim = judged(column(OTHER, 4, (99.04, 99.03), (6e-7, 0.0)))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason == (
        "on bundled:transformer hidden states against the prediction give 99.03 nats at dose 1 and "
        "99.03 to 99.04 over the doses, where the divergence is 0 and up to 6e-07; the printed "
        "469.96 nats at dose 1 is of that kind, as one pair of distributions gives less than "
        f"23.03; whether 470.42 is this very sum {NEEDS}"
    )
    assert claim.checks[0].rows


def test_a_column_of_another_size_is_of_another_kind(judged: Judge) -> None:
    found = column(OTHER, 4, (99.04, 99.03), (6e-7, 0.0))
    for identity in ("23.02", "1727.00"):
        claim = judged(found, identity=identity)
        assert claim.verdict is Verdict.NOT_CHECKABLE
        assert f"the printed column is not of that kind, and more of it {NEEDS}" in claim.reason
    for identity in ("23.04", "1726.00"):
        assert judged(found, identity=identity).verdict is Verdict.UNSUPPORTED


def test_the_rest_of_the_column_is_shown_beside(judged: Judge) -> None:
    more = 'scales = ["scale/1.0"]\nvalues = ["one"]'
    (check,) = judged(column(OWN, 20, (470.1, 460.0), (0.002, 0.0)), more=more).checks
    assert [row["printed mean"] for row in check.rows] == [470.42, 469.96]


@pytest.mark.parametrize(
    ("published", "kl"),
    [
        pytest.param((0.0, 0.0), (6e-7, 0.0), id="0 without steering"),
        pytest.param((101.0, 99.0), (6e-7, 0.0), id="moves with the dose"),
        pytest.param((99.0, 99.0), (6e-7, 1e-9), id="a divergence that is not 0 at dose 1"),
        pytest.param((99.0, 99.0), (0.0, 0.0), id="a divergence that steering does not move"),
    ],
)
def test_a_model_that_does_not_show_it(
    judged: Judge, published: tuple[float, float], kl: tuple[float, float]
) -> None:
    claim = judged(column(OTHER, 4, published, kl))
    assert claim.verdict is Verdict.NOT_CHECKABLE
    assert f"the printed column is not of that kind, and more of it {NEEDS}" in claim.reason


def test_a_column_that_is_0_at_the_identity_has_nothing_to_explain(judged: Judge) -> None:
    for found in (
        column(OWN, 20, (470.1, 460.0), (0.002, 0.0)),
        column(OTHER, 4, (99.04, 99.03), (6e-7, 0.0)),
    ):
        claim = judged(found, identity="0.00")
        assert claim.verdict is Verdict.NOT_CHECKABLE
        assert claim.reason == (
            "the divergence of this table is 0 where nothing is changed: none is explained"
        )


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('scales = ["scale/1.0"]', "1 scales but 0 values"),
        ('scales = ["scale/1.0"]\nvalues = ["layer"]', "wanted 'layer' in 'nats', found it in"),
        (f'digest = "{"0" * 64}"', "wanted 'inputs_file' and 'digest' together"),
        ("tolerance = 0", "tolerance"),
    ],
)
def test_options_without_meaning(judged: Judge, more: str, fault: str) -> None:
    with pytest.raises(LedgerError, match=fault):
        judged({}, more=more)


def test_a_claim_without_a_figure_names_one(ledger_of: Callable[[str], Ledger]) -> None:
    text = STUDY.replace("IDENTITY", "469.96").replace('quoted = "470.42"', 'quoted = "flat"')
    text = text.replace(
        'unit = "nats"\nstatement = "Divergence at 0.5."', 'figures = []\nstatement = "Flat."'
    )
    with pytest.raises(LedgerError, match="wanted a 'value', or a claim with one figure, found 0"):
        ledger_of(text.replace("MORE", ""))
    (claim,) = audit(ledger_of(text.replace("MORE", 'value = "one"'))).claims
    assert claim.reason == f"{ALLOWED}; which sum 469.96 is of {NEEDS}"
