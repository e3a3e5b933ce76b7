"""What verdicts, kinds of checks and kinds of statements mean, in words for a paper's authors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plip.claims import Kind, Verdict

__all__ = ["KINDS", "STATES", "VERDICTS", "KindMeaning", "kind_name"]


@dataclass(frozen=True, slots=True)
class KindMeaning:
    """A kind of check, for readers."""

    question: str
    """What it asks."""
    how: str
    """What it does to answer that."""


#: From best to worst, as `Verdict` lists them.
VERDICTS: Mapping[Verdict, str] = {
    Verdict.HOLDS: (
        "Every check that applies was made, and the printed figure is what its inputs give, or "
        "lies within what they allow. It does not say that the figure was measured well."
    ),
    Verdict.ROUNDING: (
        "The inputs as printed give another figure; only digits of theirs that the paper does not "
        "print can make the printed one true."
    ),
    Verdict.NOT_CHECKABLE: (
        "Something that a check needs is not at hand, such as a data file or a checkpoint; the "
        "reason names it. This is never counted as a pass."
    ),
    Verdict.UNSUPPORTED: (
        "The evidence offered cannot carry the statement, whether it is true or not: another test, "
        "another design or more data would be needed."
    ),
    Verdict.CONTRADICTED: (
        "No values behind the printed figures make the statement true, or the data themselves say "
        "otherwise."
    ),
}

KINDS: Mapping[Kind, KindMeaning] = {
    Kind.RECOMPUTE: KindMeaning(
        "Does the figure follow from finer ones?",
        "Means, spreads, ratios, differences and ranges are computed again from the finest figures "
        "that the paper or its data files have, as intervals: a printed figure stands for every "
        "value that rounds to it.",
    ),
    Kind.AGREEMENT: KindMeaning(
        "Is the same quantity the same everywhere?",
        "Figures that stand for one quantity in text, tables and data files are compared digit "
        "for digit where they have the same precision, else as intervals.",
    ),
    Kind.GRANULARITY: KindMeaning(
        "Can a mean, SD or percentage of n whole outcomes have this value at all?",
        "A mean of n whole numbers is a multiple of 1/n, and the same n bounds an SD; printed "
        "values that no data of that size can give are found (GRIM, GRIMMER, DEBIT).",
    ),
    Kind.TEST: KindMeaning(
        "Do statistic, degrees of freedom and p belong together, and to the data?",
        "The p of a printed statistic is computed again, one- and two-tailed; where the data are "
        "at hand, other tests of the same question are made beside it.",
    ),
    Kind.DESIGN: KindMeaning(
        "Does the test fit how the data were made?",
        "Paired outcomes are tested as paired, repeated samples of one source as clusters; a "
        "factor that only ever occurs with one level of another is named.",
    ),
    Kind.SELECTION: KindMeaning(
        "Was the best of many chosen on the data that then test it?",
        "p is corrected for how many layers, heads or doses were searched (Bonferroni, Holm, "
        "max-T); where that number is not told, this is the finding.",
    ),
    Kind.ABSENCE: KindMeaning(
        "Can the evidence show that there is no effect?",
        "“No effect” needs an equivalence test with a margin; the interval and the smallest effect "
        "that could have been seen stand beside it.",
    ),
    Kind.IDENTITY: KindMeaning(
        "Is a divergence 0 where nothing is changed, and within what its definition allows?",
        "A divergence of a distribution from itself is 0; any other is bounded by how the program "
        "computes it.",
    ),
    Kind.FEASIBILITY: KindMeaning(
        "Can the intervention, as described, reach this value from any data?",
        "The published values are compared with what the closed form of the intervention can "
        "reach, as bounds, and over all distributions of data by a linear program.",
    ),
    Kind.TARGET: KindMeaning(
        "Is a stated level reached where it is said to be?",
        "The dose at which the published curve first reaches the level is bracketed by the printed "
        "doses.",
    ),
    Kind.PRECISION: KindMeaning(
        "Is the effect above the rounding of the numbers it was measured in?",
        "The effect is compared with the spacing of numbers in the format that held them.",
    ),
    Kind.SENSITIVITY: KindMeaning(
        "Does the decision survive other reasonable choices?",
        "One sample at a time is left out, samples that served the choice are dropped, and other "
        "reasonable tests are made.",
    ),
    Kind.COMPARABILITY: KindMeaning(
        "Do the groups differ in something else, and could the control have come out otherwise?",
        "What else differs between the compared groups is taken into account by regression, "
        "stratified permutation or matching; a control whose value is fixed by construction is "
        "named.",
    ),
    Kind.RERUN: KindMeaning(
        "Does the experiment, run again, give the figure?",
        "The experiment is run on the checkpoint that the paper names, and its figure compared "
        "within a stated tolerance; without the checkpoint it is not checkable.",
    ),
    Kind.DIAGNOSIS: KindMeaning(
        "Does a suspected mechanism give the figure that the named quantity cannot?",
        "Where a figure cannot be what it is called, another computation that would give it is "
        "carried out beside the true one.",
    ),
}

STATES: Mapping[str, str] = {
    "value": "a value",
    "ratio": "a ratio",
    "order": "an order",
    "range": "a range",
    "test": "the result of a test",
    "equivalence": "that things are equal",
    "for-all": "that something is so in every case",
    "causal": "that one thing causes another",
    "design": "how the study was made",
}


def kind_name(kind: Kind | None) -> str:
    """Write a check's kind; a check of a run made here has none."""
    return "live" if kind is None else str(kind)
