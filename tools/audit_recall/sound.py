"""Sound studies: every figure follows from made data, every statement from a test that fits."""

from __future__ import annotations

import numpy as np
from scipy import stats

from tools.audit_recall.study import Study

__all__ = ["DOSES", "sound_study"]

DOSES = ("0.5", "1", "2", "3", "4", "6")


def sound_study(seed: int) -> Study:
    """Make a study with one part for every kind of check that needs no model."""
    rng = np.random.default_rng(seed)
    study = Study()
    for part in (_groups, _counts, _scan, _curve, _divergences, _pairs, _prompts, _absence):
        part(study, rng)
    for part in (_precision, _covariate, _control):
        part(study, rng)
    return study


def reached(mass: np.ndarray, targets: int, scale: float) -> float:
    """Mean attention to a target after scaling, in percent: s·m / ((1 + (s − 1)·m)·k)."""
    return float(100 * np.mean(scale * mass / ((1 + (scale - 1) * mass) * targets)))


def _groups(study: Study, rng: np.random.Generator) -> None:
    """Samples of two groups, their means, SDs, ratio and range, and Welch's test of them."""
    while True:
        one = rng.lognormal(np.log(rng.uniform(5, 12)), 0.4, rng.integers(8, 15))
        other = rng.lognormal(np.log(rng.uniform(2, 4)), 0.4, rng.integers(8, 15))
        test = stats.ttest_ind(one, other, equal_var=False)
        tests = (
            test.pvalue,
            stats.ttest_ind(one, other).pvalue,
            stats.mannwhitneyu(one, other).pvalue,
        )
        if 0.001 < test.pvalue < 0.02 and max(tests) < 0.03:
            break
    for name, values in (("one", one), ("other", other)):
        for i, value in enumerate(values):
            study.add(f"sample/{name}/s{i}", f"{value:.2f}%", "%")
        source = [f"sample/{name}/*"]
        study.add(
            f"mean/{name}",
            f"{values.mean():.2f}%",
            "%",
            checks=[{"check": "mean_of", "of": source}],
        )
        study.add(
            f"sd/{name}",
            f"{values.std(ddof=1):.2f}%",
            "%",
            checks=[{"check": "sd_of", "of": source}],
        )
        study.add(f"n/{name}", str(len(values)), "samples", exact=True)
    low, high = one.min(), one.max()
    study.add(
        "range",
        f"{low:.2f}-{high:.2f}%",
        "%",
        checks=[{"check": "range_of", "of": ["sample/one/*"]}],
    )
    study.add(
        "ratio",
        f"{one.mean() / other.mean():.2f}×",
        "×",
        checks=[{"check": "ratio_of", "numerator": "mean/one", "denominator": "mean/other"}],
    )
    again = {"check": "same_as", "other": "mean/one"}
    study.add("again/same", f"{one.mean():.2f}%", "%", section="2", checks=[again])
    study.add("again/short", f"{one.mean():.1f}%", "%", section="2", checks=[again])
    summary = {
        "check": "welch_from_summary",
        "means": ["mean/one", "mean/other"],
        "sds": ["sd/one", "sd/other"],
        "n": ["n/one", "n/other"],
    }
    study.add("t", f"{abs(test.statistic):.2f}", "t", checks=[{**summary, "gives": "t"}])
    study.add("df", f"{test.df:.1f}", "df", checks=[{**summary, "gives": "df"}])
    reported = {"check": "reported_p", "test": "t", "statistic": "t", "df": ["df"]}
    groups = {"first": ["sample/one/*"], "second": ["sample/other/*"]}
    study.add(
        "p",
        f"{test.pvalue:.4f}",
        "p",
        checks=[reported, {"check": "two_groups", **groups, "reports_p": True}],
    )
    study.add(
        "differ",
        "one exceeds the other",
        checks=[{"check": "two_groups", **groups}],
    )
    study.add(
        "robust",
        "whatever the test",
        checks=[
            {
                "check": "sensitive",
                "one": groups["first"],
                "other": groups["second"],
                "significant": True,
            }
        ],
    )
    if not _survives(one, other):
        del study.entries["robust"]


def _survives(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether the difference is significant without each sample, by a plain margin."""
    ps = []
    for side, rest, first in ((one, other, True), (other, one, False)):
        for i in range(len(side)):
            left = np.delete(side, i)
            pair = (left, rest) if first else (rest, left)
            ps.append(stats.ttest_ind(*pair, equal_var=False).pvalue)
            ps.append(stats.mannwhitneyu(*pair).pvalue)
    return max(ps) < 0.03


def _counts(study: Study, rng: np.random.Generator) -> None:
    """Answers in whole numbers, zeros and ones, and a rate of n."""
    answers = rng.integers(1, 6, rng.integers(12, 31))
    if answers.std() == 0:
        answers[0] = 6 - answers[0] if answers[0] != 3 else 1
    n = len(answers)
    study.add("grim/mean", f"{answers.mean():.2f}", "points", checks=[{"check": "grim", "n": n}])
    study.add(
        "grim/sd",
        f"{answers.std(ddof=1):.2f}",
        "points",
        checks=[{"check": "grimmer", "n": n, "mean": "grim/mean"}],
    )
    ones = rng.random(n) < rng.uniform(0.2, 0.8)
    ones[:2] = (True, False)
    study.add("debit/mean", f"{ones.mean():.2f}", "points")
    study.add(
        "debit/sd",
        f"{ones.std(ddof=1):.2f}",
        "points",
        checks=[{"check": "debit", "n": n, "mean": "debit/mean"}],
    )
    passed = int(rng.integers(1, 30))
    study.add("rate", f"{100 * passed / 30:.1f}%", "%", checks=[{"check": "whole_count", "n": 30}])


def _scan(study: Study, rng: np.random.Generator) -> None:
    """p of every layer, the best of which stands after adjustment."""
    layers = int(rng.integers(12, 33))
    ps = rng.uniform(0.05, 1, layers)
    ps[rng.integers(layers)] = rng.uniform(1e-6, 0.01 / layers)
    study.files["scan.json"] = {
        "layers": [{"id": f"l{i}", "p": p} for i, p in enumerate(ps.tolist())]
    }
    study.add(
        "best",
        "the best layer differs",
        checks=[{"check": "best_of", "p": ["@scan.json#layers.p"]}],
    )


def _curve(study: Study, rng: np.random.Generator) -> None:
    """Attention after scaling, of samples with some mass on a few targets."""
    targets = int(rng.integers(1, 5))
    mass = rng.beta(1.5, rng.uniform(4, 12), rng.integers(6, 13))
    values = {dose: reached(mass, targets, float(dose)) for dose in DOSES}
    scales = [f"scale/{dose}" for dose in DOSES]
    attention = [f"attention/{dose}" for dose in DOSES]
    table = {"scales": scales, "values": attention}
    for dose, value in values.items():
        study.add(f"scale/{dose}", f"{dose}×", "×", exact=True)
        bound = {"check": "dose_bound", "baseline": "attention/1", "scale": f"scale/{dose}"}
        study.add(f"attention/{dose}", f"{value:.2f}%", "%", checks=[] if dose == "1" else [bound])
    study.add(
        "feasible",
        "edges are scaled",
        checks=[{"check": "feasible_curve", **table, "targets": [targets]}],
    )
    study.add("rises", "attention rises", checks=[{"check": "monotone_in_dose", **table}])
    between = rng.uniform(0.2, 0.8)
    level = values["3"] + between * (values["4"] - values["3"])
    study.add("level", f"{level:.2f}%", "%")
    study.add(
        "reached",
        "reached at 4×",
        checks=[{"check": "reaches_target", **table, "target": "level", "at": "scale/4"}],
    )
    study.add(
        "needed",
        "3-4×",
        "×",
        exact=True,
        checks=[{"check": "scale_needed", **table, "target": "level"}],
    )


def _divergences(study: Study, rng: np.random.Generator) -> None:
    """A column of divergences, 0 where nothing is changed."""
    size = rng.uniform(0.01, 0.8)
    for dose in DOSES:
        check = (
            {"check": "identity_is_zero"}
            if dose == "1"
            else {"check": "divergence_bound", "floor": 1e-10}
        )
        value = size * (float(dose) - 1) ** 2
        study.add(f"kl/{dose}", f"{value:.3f}", "nats", checks=[check])


def _pairs(study: Study, rng: np.random.Generator) -> None:
    """Outcomes of the same units under two conditions, tested as such."""
    n = int(rng.integers(40, 80))
    before = rng.random(n) < 0.3
    after = before | (rng.random(n) < 0.35)
    after &= rng.random(n) < 0.97
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    p = stats.binomtest(min(gained, lost), gained + lost, 0.5).pvalue
    study.files["pairs.json"] = {
        "units": [
            {"id": f"u{i}", "before": bool(b), "after": bool(a)}
            for i, (b, a) in enumerate(zip(before, after, strict=True))
        ]
    }
    study.add(
        "pairs",
        f"{p:.3g}",
        "p",
        checks=[
            {
                "check": "paired_outcomes",
                "before": ["@pairs.json#units.before"],
                "after": ["@pairs.json#units.after"],
            }
        ],
    )


def _prompts(study: Study, rng: np.random.Generator) -> None:
    """Rates of prompts that each go through every distance."""
    prompts, levels = 6, ("near", "middle", "far")
    own = rng.normal(0, 8, prompts)
    rates = {
        (prompt, level): 75 - 20 * i + own[prompt] + rng.normal(0, 4)
        for prompt in range(prompts)
        for i, level in enumerate(levels)
    }
    keys = list(rates)
    for prompt, level in keys:
        count = int(np.clip(round(rates[prompt, level] * 0.3), 0, 30))
        study.add(f"rates/{level}/q{prompt}", f"{100 * count / 30:.1f}%", "%")
    order = [f"rates/{level}/q{prompt}" for prompt, level in keys]
    study.add(
        "distance",
        "rates fall with distance",
        checks=[
            {
                "check": "clustered",
                "values": order,
                "unit": [f"q{prompt}" for prompt, _ in keys],
                "level": [level for _, level in keys],
                "n": 30,
            }
        ],
    )
    study.add(
        "crossed",
        "at the same prompt",
        checks=[
            {
                "check": "confounded",
                "factor": {"name": "distance", "levels": [level for _, level in keys]},
                "other": {"name": "prompt", "levels": [f"q{prompt}" for prompt, _ in keys]},
            }
        ],
    )


def _absence(study: Study, rng: np.random.Generator) -> None:
    """Two conditions that differ by far less than the margin, with samples enough to show it."""
    base = rng.normal(10, 2, 30)
    rows = [
        {"id": f"s{i}", "plain": value, "changed": value + noise}
        for i, (value, noise) in enumerate(
            zip(base.tolist(), rng.normal(0, 0.2, 30).tolist(), strict=True)
        )
    ]
    study.files["conditions.json"] = {"samples": rows}
    groups = [["@conditions.json#samples.plain"], ["@conditions.json#samples.changed"]]
    study.add(
        "no_effect",
        "has no effect",
        checks=[{"check": "equivalence", "groups": groups, "margin": 0.5, "unit": "%"}],
    )


def _precision(study: Study, rng: np.random.Generator) -> None:
    """Values that differ by more than their format rounds away."""
    start = rng.uniform(2, 8)
    for i, step in enumerate(np.cumsum(rng.uniform(0.3, 1, 4)).tolist()):
        study.add(f"measured/v{i}", f"{start + step:.2f}", "nats")
    study.add(
        "seen",
        "the figures differ",
        checks=[
            {
                "check": "above_rounding",
                "values": ["measured/*"],
                "quantity": "value",
                "format": "bfloat16",
            }
        ],
    )


def _covariate(study: Study, rng: np.random.Generator) -> None:
    """Two groups that differ strongly, and alike in a covariate."""
    rows = []
    for group, level in (("a", 8.0), ("b", 2.5)):
        for i, distance in enumerate(rng.permutation(np.arange(10, 34, 2)).tolist()):
            value = level * float(np.exp(rng.normal(0, 0.25)))
            rows.append({"id": f"{group}{i}", "group": group, "value": value, "distance": distance})
    study.files["covariate.json"] = {"samples": rows}
    of = {group: [f"@covariate.json#samples[group={group}].value"] for group in ("a", "b")}
    study.add(
        "adjusted",
        "the groups differ",
        checks=[
            {
                "check": "adjusted",
                "one": of["a"],
                "other": of["b"],
                "covariates": [{"name": "distance", "of": ["@covariate.json#samples.distance"]}],
            }
        ],
    )


def _control(study: Study, rng: np.random.Generator) -> None:
    """A control that changes as many edges as the treatment."""
    edges = rng.integers(2, 6, 8).tolist()
    study.files["control.json"] = {
        "samples": [{"id": f"s{i}", "edges": n} for i, n in enumerate(edges)]
    }
    study.add(
        "control",
        "the control changes less",
        checks=[{"check": "vacuous_control", "edges": ["@control.json#samples.edges"]}],
    )
