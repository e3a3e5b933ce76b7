"""The items of reproducibility checklists, in other words, and what of an audit answers them."""

from __future__ import annotations

from dataclasses import dataclass

from plip.claims import Kind

__all__ = ["ITEMS", "SOURCES", "Item"]

#: Where the items come from; their wording here is not theirs.
SOURCES = (
    "NeurIPS paper checklist, https://neurips.cc/public/guides/PaperChecklist",
    "REFORMS: Kapoor et al., Science Advances 10, eadk3452 (2024), "
    "https://doi.org/10.1126/sciadv.adk3452",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist.

    Args:
        title: in a few words.
        source: which items of which checklists ask for it.
        question: what they ask, in other words.
        kinds: the kinds of checks that answer it.
        states: the kinds of statements that answer it, whatever their checks.
        files: whether it is about the data files that the ledger names.
    """

    title: str
    source: str
    question: str
    kinds: tuple[Kind, ...] = ()
    states: tuple[str, ...] = ()
    files: bool = False


ITEMS = (
    Item(
        "Claims and evidence",
        "NeurIPS: Claims",
        "Does what the paper says of its results follow from the results that it prints?",
        states=("order", "range", "test", "equivalence", "for-all", "causal", "design"),
    ),
    Item(
        "Figures that follow from each other",
        "NeurIPS: Claims; REFORMS: Metrics and uncertainty",
        "Do means, spreads, ratios and repeated figures agree with the figures behind them?",
        kinds=(Kind.RECOMPUTE, Kind.AGREEMENT),
    ),
    Item(
        "Number of samples",
        "NeurIPS: Experimental setting; REFORMS: Data quality",
        "Are the printed means and percentages possible for the stated number of samples?",
        kinds=(Kind.GRANULARITY,),
    ),
    Item(
        "Data at hand",
        "NeurIPS: Open access to data and code; REFORMS: Computational reproducibility",
        "Could the data files that the claims rest on be read?",
        files=True,
    ),
    Item(
        "Results that come again",
        "NeurIPS: Experimental result reproducibility; REFORMS: Computational reproducibility",
        "Do the experiments, run again, give the printed figures?",
        kinds=(Kind.RERUN, Kind.DIAGNOSIS),
    ),
    Item(
        "Tests and their statistics",
        "NeurIPS: Experiment statistical significance; REFORMS: Metrics and uncertainty",
        "Do printed statistics, degrees of freedom and p values belong together and to the data?",
        kinds=(Kind.TEST,),
    ),
    Item(
        "Unit of analysis",
        "NeurIPS: Experiment statistical significance; REFORMS: Data quality, Data leakage",
        "Does each test fit how its data were made: pairs as pairs, repeats as repeats?",
        kinds=(Kind.DESIGN,),
    ),
    Item(
        "Corrections for selection",
        "NeurIPS: Experiment statistical significance; REFORMS: Modeling, Data leakage",
        "Is what was searched (layers, heads, doses) told, and does the result survive correction?",
        kinds=(Kind.SELECTION,),
    ),
    Item(
        "Uncertainty",
        "NeurIPS: Experiment statistical significance; REFORMS: Metrics and uncertainty",
        "Do decisions survive the uncertainty of the data: single samples, other tests, rounding?",
        kinds=(Kind.SENSITIVITY, Kind.PRECISION),
    ),
    Item(
        "Statements of no effect",
        "NeurIPS: Experiment statistical significance; REFORMS: Metrics and uncertainty",
        "Is the absence of an effect shown, by an interval or an equivalence test with a margin?",
        kinds=(Kind.ABSENCE,),
    ),
    Item(
        "Metrics that measure what they are called",
        "REFORMS: Metrics and uncertainty",
        "Are the measures within what their definitions allow, and what they must be where nothing "
        "is changed?",
        kinds=(Kind.IDENTITY, Kind.FEASIBILITY, Kind.TARGET),
    ),
    Item(
        "Groups that can be compared",
        "REFORMS: Study goals, Data quality",
        "Do the compared groups differ only in what they are compared for, and could the controls "
        "have failed?",
        kinds=(Kind.COMPARABILITY,),
    ),
    Item(
        "Statements about all cases",
        "NeurIPS: Claims; REFORMS: Generalizability",
        "Are statements about every model, sample or dose so in every case that the paper shows?",
        states=("for-all",),
    ),
    Item(
        "Seeds",
        "NeurIPS: Experimental setting, Experimental result reproducibility",
        "Are seeds and everything else drawn at random told?",
    ),
    Item(
        "Code",
        "NeurIPS: Open access to data and code; REFORMS: Computational reproducibility",
        "Can the code that made the results be had, with instructions?",
    ),
    Item(
        "Settings",
        "NeurIPS: Experimental setting; REFORMS: Modeling, Data preprocessing",
        "Are models, data preparation and settings told in full?",
    ),
    Item(
        "Compute",
        "NeurIPS: Experiments compute resources; REFORMS: Computational reproducibility",
        "Are machines and running times told?",
    ),
    Item(
        "Limitations",
        "NeurIPS: Limitations; REFORMS: Generalizability",
        "Does the paper say where its findings may not hold?",
    ),
)
