"""A study whose design, data and sentences are sound is never contradicted; nor is rounding seen as
an effect."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plip.claims import (
    CHECKS,
    Artifacts,
    CheckResult,
    Entry,
    Evidence,
    Given,
    Quantity,
    Verdict,
    parse_figure,
)
from plip.stats import mcnemar, unpaired_tests

pytestmark = pytest.mark.fast

SCALES = ("0.5", "1", "2", "3", "4", "6")

masses = st.lists(st.integers(0, 1000), min_size=1, max_size=12)
seeds = st.integers(0, 2**32 - 1)


def quantity(printed: str, *, unit: str = "nats", exact: bool = False) -> Quantity:
    figure = parse_figure(printed, unit=unit, exact=exact)
    return Quantity(figure, figure.interval, figure.at_face)


def run(
    name: str,
    *,
    claim: str | None = None,
    entries: Mapping[str, Quantity] | None = None,
    data: object = None,
    **options: object,
) -> CheckResult:
    """Run one check on entries and on a data file "d.json"."""
    figures = () if claim is None else (quantity(claim).figure,)
    entry = Entry("c", "1", claim or "so", "Something.", figures, (), decides="it is so")
    check = CHECKS[name].model_validate(options)
    known = dict(entries or {})
    assert not list(check.faults(entry, known))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "d.json").write_text(json.dumps(data), encoding="utf-8")
        return check.run(entry, Given(known, Evidence(artifacts=Artifacts(Path(folder)))))


def attention(rows: list[int], scale: str, targets: int) -> float:
    """Mean over rows and targets, in percent; masses in thousandths."""
    s = Fraction(scale)
    reached = [s * m / (1000 + (s - 1) * m) / targets for m in rows]
    return float(100 * sum(reached) / len(reached))


def table(rows: list[int], targets: int) -> tuple[dict[str, Quantity], dict[str, object]]:
    entries = {f"s{s}": quantity(f"{s}×", unit="×", exact=True) for s in SCALES}
    for s in SCALES:
        entries[f"a{s}"] = quantity(f"{attention(rows, s, targets):.2f}%", unit="%")
    return entries, {"scales": [f"s{s}" for s in SCALES], "values": [f"a{s}" for s in SCALES]}


@settings(max_examples=12)
@given(masses, st.integers(1, 5), st.integers(0, 2))
def test_what_rows_give_is_feasible(rows: list[int], targets: int, unknown: int) -> None:
    entries, options = table(rows, targets)
    # Told the number of targets, told that some samples have fewer, or told nothing.
    known = ([targets], [targets, max(1, targets - 1)], [])[unknown]
    result = run("feasible_curve", entries=entries, targets=known, **options)
    assert result.outcome is Verdict.HOLDS, result.reason
    assert all(row["fits"] for row in result.rows)


@given(
    st.lists(st.integers(1, 700), min_size=1, max_size=8),
    st.integers(1, 24),
    st.integers(0, 24),
    st.sampled_from([None, 0.2]),
)
def test_a_level_that_was_reached_is_never_denied(
    rows: list[int], quarters: int, less: int, tolerance: float | None
) -> None:
    entries, options = table(rows, 2)
    at, reached = Fraction(quarters, 4), Fraction(max(quarters - less, 1), 4)
    level = attention(rows, str(at if tolerance else reached), 2)
    if round(level, 2) == 0:
        return
    entries["x"] = quantity(f"{level:.2f}%", unit="%")
    result = run(
        "reaches_target",
        entries=entries,
        target="x",
        at=float(at),
        tolerance=tolerance,
        **options,
    )
    assert result.outcome is not Verdict.CONTRADICTED, result.reason


@given(seeds, st.integers(2, 12), st.sampled_from([1e-10, 1e-4]), st.floats(0.1, 300))
def test_true_divergences_are_within_their_bounds(
    seed: int, n: int, floor: float, sharpness: float
) -> None:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        scores = rng.normal(size=(2, 8)) * sharpness
        p, q = (np.exp(s - s.max()) / np.exp(s - s.max()).sum() for s in scores)
        kept = (p > floor) & (q > floor)
        found.append(max(0.0, float((p[kept] * np.log(p[kept] / q[kept])).sum())))
    mean, sd = f"{np.mean(found):.2f}", f"±{np.std(found, ddof=1):.2f}"
    result = run("divergence_bound", claim=mean, floor=floor)
    assert result.outcome is Verdict.HOLDS, result.reason
    result = run(
        "divergence_bound", claim=sd, entries={"m": quantity(mean)}, floor=floor, mean="m", n=n
    )
    assert result.outcome.stands, result.reason


@given(seeds, st.integers(2, 12), st.sampled_from([None, 0.5]))
def test_differences_that_balance_are_no_difference(
    seed: int, n: int, margin: float | None
) -> None:
    rng = np.random.default_rng(seed)
    half = rng.normal(size=n)
    base = rng.normal(size=2 * n)
    other = base + np.concatenate([half, -half])
    rows = [
        {"id": str(i), "a": a, "b": b} for i, (a, b) in enumerate(zip(base, other, strict=True))
    ]
    result = run(
        "equivalence",
        data={"rows": rows},
        groups=["@d.json#rows.a", "@d.json#rows.b"],
        margin=margin,
    )
    assert result.outcome is not Verdict.CONTRADICTED, result.reason
    assert margin is not None or result.outcome is Verdict.UNSUPPORTED


@given(st.integers(1, 200), st.data(), st.sampled_from([None, 0.05, 0.3]))
def test_equal_rates_are_no_difference(n: int, data: st.DataObject, margin: float | None) -> None:
    rate = data.draw(st.integers(0, n)) / n
    sources = {"rates": ["@d.json#r"], "reference": "@d.json#r"}
    result = run("equivalence_rates", data={"r": rate}, n=n, margin=margin, **sources)
    assert result.outcome is not Verdict.CONTRADICTED, result.reason
    result = run("changed_share", n=n, margin=margin)
    assert result.outcome is not Verdict.CONTRADICTED, result.reason


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_a_paired_test_of_pairs_holds(pairs: list[tuple[bool, bool]]) -> None:
    gained = sum(after and not before for before, after in pairs)
    lost = sum(before and not after for before, after in pairs)
    rows = [{"id": str(i), "b": b, "a": a} for i, (b, a) in enumerate(pairs)]
    result = run(
        "paired_outcomes",
        claim=f"p = {mcnemar(gained, lost):.3f}",
        data={"rows": rows},
        before=["@d.json#rows.b"],
        after=["@d.json#rows.a"],
    )
    assert result.outcome is Verdict.HOLDS, result.reason


@given(seeds, st.integers(3, 9))
def test_a_test_of_the_contrast_that_is_stated_holds(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=n), rng.normal(size=n) + 2
    rows = [{"id": f"a{i}", "x": x, "arm": 1, "group": i % 2} for i, x in enumerate(one)]
    rows += [{"id": f"b{i}", "x": x, "arm": 0, "group": i % 2} for i, x in enumerate(other)]
    result = run(
        "other_contrast",
        claim=f"p = {unpaired_tests(one.tolist(), other.tolist())['Welch']:.6f}",
        data={"rows": rows},
        values=["@d.json#rows.x"],
        groups=["@d.json#rows.group"],
        arms=["@d.json#rows.arm"],
        contrast=["1", "0"],
    )
    assert result.outcome is Verdict.HOLDS, result.reason


@given(st.integers(2, 4), st.integers(1, 4), st.integers(2, 3))
def test_crossed_and_nested_factors_are_not_confounded(
    levels: int, others: int, units: int
) -> None:
    crossed = list(product(range(levels), range(others)))
    nested = [(level, f"{level}/{unit}") for level in range(levels) for unit in range(units)]
    for conditions in (crossed, nested):
        result = run(
            "confounded",
            factor={"name": "dose", "levels": [str(level) for level, _ in conditions]},
            other={"name": "prompt", "levels": [str(other) for _, other in conditions]},
        )
        assert result.outcome is Verdict.HOLDS, result.reason


@given(seeds, st.integers(2, 5), st.integers(2, 5))
def test_a_difference_in_every_unit_holds(seed: int, units: int, levels: int) -> None:
    """Units differ among themselves as they like; within each, every level adds the same."""
    own = np.random.default_rng(seed).integers(0, 40, size=units)
    cells = list(product(range(units), range(levels)))
    entries = {f"r{u}/{v}": quantity(f"{own[u] + 10 * v}%", unit="%") for u, v in cells}
    result = run(
        "clustered",
        entries=entries,
        values=list(entries),
        unit=[str(u) for u, _ in cells],
        level=[str(v) for _, v in cells],
    )
    assert result.outcome is Verdict.HOLDS, result.reason


@given(seeds, st.sampled_from(["float16", "float32"]), st.floats(1, 500))
def test_rounding_is_no_effect(seed: int, number_format: str, size: float) -> None:
    rng = np.random.default_rng(seed)
    true = rng.uniform(0.5, 1) * size
    kind = np.float16 if number_format == "float16" else np.float32
    spacing = float(np.spacing(kind(true)))
    stored = [float(kind(true + spacing * jitter)) for jitter in rng.uniform(-0.4, 0.4, size=5)]
    result = run(
        "above_rounding",
        data={"x": stored},
        values=["@d.json#x"],
        quantity="value",
        format=number_format,
    )
    assert result.outcome is Verdict.UNSUPPORTED, result.reason


@settings(max_examples=15)
@given(seeds, st.integers(6, 12), st.booleans())
def test_groups_far_apart_survive_every_choice(seed: int, n: int, paired: bool) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.uniform(10, 12, size=n), rng.uniform(2, 4, size=n)
    balanced = rng.integers(5, 30, size=n)
    rows = [
        {"id": str(i) if paired else f"{g}{i}", "g": g, "x": x, "c": int(c)}
        for g, side in (("a", one), ("b", other))
        for i, (x, c) in enumerate(zip(side, balanced, strict=True))
    ]
    sides = {"one": ["@d.json#rows[g=a].x"], "other": ["@d.json#rows[g=b].x"]}
    result = run("sensitive", data={"rows": rows}, significant=True, paired=paired, **sides)
    assert result.outcome is Verdict.HOLDS, result.reason
    if paired or len(set(balanced.tolist())) < 3:
        return
    covariate = {"name": "c", "of": ["@d.json#rows.c"]}
    result = run("adjusted", data={"rows": rows}, covariates=[covariate], **sides)
    assert result.outcome is Verdict.HOLDS, result.reason
    assert not math.isnan(float(str(result.rows[0]["effect"])))
