"""Errors to plant in a sound study, of every kind that needs no model to be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from plip.claims import Kind
from tools.audit_recall.study import Study

__all__ = ["FAULTS", "Fault"]

Rng = np.random.Generator


@dataclass(frozen=True)
class Fault:
    """One error.

    Args:
        kind: the kind of check that should find it.
        name: what is wrong.
        claim: the entry that must not stand with it.
        plant: changes a study; False where this study has no room for it.
    """

    kind: Kind
    name: str
    claim: str
    plant: Callable[[Study, Rng], bool]


def shift(study: Study, entry_id: str, rng: Rng, least: int, most: int) -> None:
    """Move a printed figure by some units of its last digit, up or down, not below 0."""
    entry = study.entries[entry_id]
    number = entry.quoted.rstrip("%×")
    sign = entry.quoted[len(number) :]
    decimals = len(number.partition(".")[2])
    step = int(rng.integers(least, most + 1))
    value = float(number) + step / 10**decimals * (1 if rng.random() < 0.5 else -1)
    if value < 0:
        value = float(number) + step / 10**decimals
    entry.quoted = f"{value:.{decimals}f}{sign}"


def moved(entry_id: str, least: int = 3, most: int = 30) -> Callable[[Study, Rng], bool]:
    """A figure printed wrong by some units of its last digit."""

    def plant(study: Study, rng: Rng) -> bool:
        shift(study, entry_id, rng, least, most)
        return True

    return plant


def _range(study: Study, rng: Rng) -> bool:
    low, _, high = study.entries["range"].quoted.rstrip("%").partition("-")
    study.entries["range"].quoted = f"{low}-{float(high) + rng.integers(2, 40) / 100:.2f}%"
    return True


def _impossible_mean(study: Study, rng: Rng) -> bool:
    """A mean that no sum of whole numbers has."""
    entry = study.entries["grim/mean"]
    n = entry.checks[0]["n"]
    possible = {f"{total / n:.2f}" for total in range(6 * n)}
    wrong = [
        value for value in (f"{x / 100:.2f}" for x in range(100, 501)) if value not in possible
    ]
    if not wrong:
        return False
    entry.quoted = str(rng.choice(wrong))
    return True


def _impossible_sd(study: Study, rng: Rng) -> bool:
    """An SD that no six answers of this mean have, gone through one by one."""
    n, mean = 6, f"{rng.integers(8, 26) / 6:.2f}"
    possible = {
        f"{np.std(values, ddof=1):.2f}"
        for values in combinations_with_replacement(range(-6, 13), n)
        if f"{sum(values) / n:.2f}" == mean
    }
    wrong = [value for value in (f"{x / 100:.2f}" for x in range(50, 300)) if value not in possible]
    for entry_id, printed in (("grim/mean", mean), ("grim/sd", str(rng.choice(wrong)))):
        entry = study.entries[entry_id]
        entry.quoted = printed
        for check in entry.checks:
            check["n"] = n
    return True


def _impossible_rate(study: Study, rng: Rng) -> bool:
    possible = {f"{100 * k / 30:.1f}" for k in range(31)}
    wrong = [value for value in (f"{x / 10:.1f}" for x in range(1000)) if value not in possible]
    study.entries["rate"].quoted = f"{rng.choice(wrong)}%"
    return True


def _other_p(factor: float) -> Callable[[Study, Rng], bool]:
    def plant(study: Study, rng: Rng) -> bool:
        entry = study.entries["p"]
        entry.quoted = f"{float(entry.quoted) * factor:.4f}"
        return True

    return plant


def _no_difference(study: Study, rng: Rng) -> bool:
    """Groups that do not differ, said to."""
    center = rng.uniform(3, 8)
    for entry_id, entry in study.entries.items():
        if entry_id.startswith("sample/"):
            entry.quoted = f"{center + rng.uniform(0, 2):.2f}%"
    one, other = (
        [
            float(entry.quoted.rstrip("%"))
            for entry_id, entry in study.entries.items()
            if entry_id.startswith(f"sample/{name}/")
        ]
        for name in ("one", "other")
    )
    return abs(np.mean(one) - np.mean(other)) < 0.3


def _selected(study: Study, rng: Rng) -> bool:
    """The best of many layers, significant alone and not for having been searched."""
    rows = study.files["scan.json"]["layers"]
    best = min(rows, key=lambda row: row["p"])
    best["p"] = float(rng.uniform(0.06 / len(rows), 0.045))
    return True


def _identity(study: Study, rng: Rng) -> bool:
    study.entries["kl/1"].quoted = f"{10 ** rng.uniform(-2, 2.8):.3f}"
    return True


def _beyond(study: Study, rng: Rng) -> bool:
    study.entries["kl/3"].quoted = f"{rng.uniform(23.1, 700):.3f}"
    return True


def _bent(study: Study, rng: Rng) -> bool:
    """A dose-response of which one value is off by a twentieth to a third."""
    entry = study.entries[f"attention/{rng.choice(['0.5', '2', '3', '4', '6'])}"]
    factor = 1 + rng.uniform(0.05, 0.33) * (1 if rng.random() < 0.5 else -1)
    entry.quoted = f"{float(entry.quoted.rstrip('%')) * factor:.2f}%"
    return True


def _out_of_reach(study: Study, rng: Rng) -> bool:
    """More than scaling by 6 can give."""
    base = float(study.entries["attention/1"].quoted.rstrip("%"))
    study.entries["attention/6"].quoted = f"{base * rng.uniform(6.2, 9):.2f}%"
    return True


def _not_reached(study: Study, rng: Rng) -> bool:
    study.entries["reached"].checks[0]["at"] = f"scale/{rng.choice(['0.5', '1', '2', '3'])}"
    return True


def _wrong_range(study: Study, rng: Rng) -> bool:
    study.entries["needed"].quoted = str(rng.choice(["1-2×", "2-3×", "4-6×"]))
    return True


def _unpaired(study: Study, rng: Rng) -> bool:
    """p of Fisher's test, for units that went through both conditions."""
    from scipy import stats

    units = study.files["pairs.json"]["units"]
    before, after = (sum(unit[key] for unit in units) for key in ("before", "after"))
    table = [[before, len(units) - before], [after, len(units) - after]]
    p = f"{stats.fisher_exact(table).pvalue:.3g}"
    if p == study.entries["pairs"].quoted:
        return False
    study.entries["pairs"].quoted = p
    return True


def _one_prompt_each(study: Study, rng: Rng) -> bool:
    """A prompt of its own for every distance."""
    check = study.entries["crossed"].checks[0]
    check["other"]["levels"] = [f"of {level}" for level in check["factor"]["levels"]]
    return True


def _repeats_as_units(study: Study, rng: Rng) -> bool:
    check = study.entries["distance"].checks[0]
    check["unit"] = [f"of {level}" for level in check["level"]]
    return True


def _too_few(study: Study, rng: Rng) -> bool:
    """No effect claimed from five samples that vary more than the margin."""
    rows = study.files["conditions.json"]["samples"][:5]
    for row in rows:
        row["changed"] = row["plain"] + float(rng.normal(0, 2))
    study.files["conditions.json"]["samples"] = rows
    return True


def _an_effect(study: Study, rng: Rng) -> bool:
    """No effect claimed where every sample changed."""
    for row in study.files["conditions.json"]["samples"]:
        row["changed"] += 1.5
    return True


def _below_rounding(study: Study, rng: Rng) -> bool:
    start = rng.uniform(300, 700)
    for entry_id, entry in study.entries.items():
        if entry_id.startswith("measured/"):
            entry.quoted = f"{start + rng.uniform(0, 0.4):.2f}"
    return True


def _one_sample(study: Study, rng: Rng) -> bool:
    """A difference that is one group's single sample."""
    if "robust" not in study.entries:
        return False
    center = rng.uniform(3, 8)
    for entry_id, entry in study.entries.items():
        if entry_id.startswith("sample/"):
            entry.quoted = f"{center + rng.uniform(0, 1):.2f}%"
    study.entries["sample/one/s0"].quoted = f"{center + 30:.2f}%"
    return True


def _told_apart(study: Study, rng: Rng) -> bool:
    """A covariate in which the groups do not overlap."""
    for row in study.files["covariate.json"]["samples"]:
        row["distance"] += 100 if row["group"] == "a" else 0
    return True


def _explained(study: Study, rng: Rng) -> bool:
    """A difference that is the covariate's."""
    for row in study.files["covariate.json"]["samples"]:
        far = row["group"] == "b"
        row["distance"] = float(rng.uniform(18, 40) if far else rng.uniform(8, 26))
        row["value"] = float(60 / row["distance"] * np.exp(rng.normal(0, 0.05)))
    return True


def _vacuous(study: Study, rng: Rng) -> bool:
    for row in study.files["control.json"]["samples"]:
        row["edges"] = 0
    return True


FAULTS = (
    Fault(Kind.RECOMPUTE, "a mean of samples", "mean/one", moved("mean/one")),
    Fault(Kind.RECOMPUTE, "an SD of samples", "sd/other", moved("sd/other")),
    Fault(Kind.RECOMPUTE, "a ratio of means", "ratio", moved("ratio", 5)),
    Fault(Kind.RECOMPUTE, "the end of a range", "range", _range),
    Fault(Kind.RECOMPUTE, "a sample behind a mean", "mean/one", moved("sample/one/s0", 30, 300)),
    Fault(Kind.AGREEMENT, "the same figure elsewhere", "again/same", moved("again/same", 1)),
    Fault(Kind.AGREEMENT, "the same, more shortly", "again/short", moved("again/short", 2)),
    Fault(Kind.GRANULARITY, "a mean of whole numbers", "grim/mean", _impossible_mean),
    Fault(Kind.GRANULARITY, "an SD of whole numbers", "grim/sd", _impossible_sd),
    Fault(Kind.GRANULARITY, "an SD of zeros and ones", "debit/sd", moved("debit/sd", 4)),
    Fault(Kind.GRANULARITY, "a percentage of 30", "rate", _impossible_rate),
    Fault(Kind.TEST, "t of means and SDs", "t", moved("t", 10, 100)),
    Fault(Kind.TEST, "degrees of freedom", "df", moved("df", 10, 60)),
    Fault(Kind.TEST, "p of one tail, as of two", "p", _other_p(0.5)),
    Fault(Kind.TEST, "p that is another's", "p", _other_p(3)),
    Fault(Kind.TEST, "a difference that is none", "differ", _no_difference),
    Fault(Kind.DESIGN, "the same units as if others", "pairs", _unpaired),
    Fault(Kind.DESIGN, "a prompt for each distance", "crossed", _one_prompt_each),
    Fault(Kind.DESIGN, "repeats counted as units", "distance", _repeats_as_units),
    Fault(Kind.SELECTION, "the best of many layers", "best", _selected),
    Fault(Kind.ABSENCE, "no effect, from five samples", "no_effect", _too_few),
    Fault(Kind.ABSENCE, "no effect, where there is one", "no_effect", _an_effect),
    Fault(Kind.IDENTITY, "a divergence of nothing", "kl/1", _identity),
    Fault(Kind.IDENTITY, "more than a divergence can be", "kl/3", _beyond),
    Fault(Kind.FEASIBILITY, "a value off the curve", "feasible", _bent),
    Fault(Kind.FEASIBILITY, "a value beyond any curve", "attention/6", _out_of_reach),
    Fault(Kind.TARGET, "a dose that falls short", "reached", _not_reached),
    Fault(Kind.TARGET, "a range without the dose", "needed", _wrong_range),
    Fault(Kind.PRECISION, "less than rounding", "seen", _below_rounding),
    Fault(Kind.SENSITIVITY, "one sample's difference", "robust", _one_sample),
    Fault(Kind.COMPARABILITY, "groups apart in a covariate", "adjusted", _told_apart),
    Fault(Kind.COMPARABILITY, "a covariate's difference", "adjusted", _explained),
    Fault(Kind.COMPARABILITY, "a control that cannot fail", "control", _vacuous),
)
