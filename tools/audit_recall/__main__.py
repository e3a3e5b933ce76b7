"""Measure how well the audit finds planted errors, and write it down."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from plip.claims import Kind
from plip.records import write_file
from plip.stats import wilson
from tools.audit_recall.faults import FAULTS
from tools.audit_recall.measure import Counts, measure, merged, recall

PAGE = Path(__file__).parents[2] / "docs" / "audit" / "recall.md"
CHUNK = 5

_HEAD = """# How many errors the audit finds

Written by `{command}`; nothing here was typed by hand.

Every seed makes a sound study: samples of two groups with their means, SDs, ratio, range and
test; answers in whole numbers; a scan of layers; a dose-response; a column of divergences;
outcomes of the same units under two conditions; prompts at several distances; two conditions
without a difference; values in bfloat16; a covariate; a control. The audit of a sound study
should object to nothing. Then one error is planted in it, and the audit of the claim it falls
under should object: `contradicted` or `unsupported`. The studies are made by
`tools/audit_recall`, with numpy and scipy and none of the audit's statistics.

"""


def page(counts: Counts, command: str) -> str:
    """The document."""
    alarms = len(counts.alarms)
    low, high = wilson(alarms, counts.claims)
    lines = [
        _HEAD.format(command=command).rstrip(),
        "",
        f"**False alarms**: {alarms} of {counts.claims:,} claims of {counts.studies} sound "
        f"studies, {_percent(alarms / counts.claims)} % (95 % interval {_percent(low)} to "
        f"{_percent(high)} %).",
        "",
        "| kind of check | errors planted | found | recall | 95 % interval |",
        "|---|---|---|---|---|",
    ]
    for kind in Kind:
        found, planted = recall(counts, kind)
        if planted:
            low, high = wilson(found, planted)
            lines.append(
                f"| {kind} | {planted:,} | {found:,} | {_percent(found / planted)} % "
                f"| {_percent(low)} to {_percent(high)} % |"
            )
    lines += ["", "| error | kind | found |", "|---|---|---|"]
    lines += [
        f"| {fault.name} | {fault.kind} "
        f"| {counts.found[fault.name]} of {counts.planted[fault.name]} |"
        for fault in FAULTS
    ]
    lines += ["", _TAIL]
    return "\n".join(lines)


_TAIL = """Where a seed's study has no room for an error (no two groups that stay equal, say), it
is not planted. Reruns and diagnosis need a model and are tested with one. The sizes of the errors
are drawn: figures are off by some units of their last digit, curves by a twentieth to a third;
`tools/audit_recall/faults.py` has them. Real errors may be subtler, and real papers state things
that no ledger of this form holds: the recall is that of the checks on what they are told, not of
a reader who must find out what to check.

Sound here means clear-cut: groups are drawn again until all tests agree with room to spare, the
claim that no single sample decides is left out where one nearly does, and effects and absences
are large against their noise. A sound study near a threshold may well be objected to, and how
often was not measured. The other way round errors are large enough to be seen: figures off by
less than rounding allows cannot be found by anybody, and impossible means, deviations and
percentages are impossible by construction. So 100 % says that the checks do what they say, not
that an audit finds everything.
"""


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def main(given: list[str] | None = None) -> int:
    """Measure and write; 1 if a kind that the audit stands for falls short."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit_recall", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args(given)
    chunks = [
        range(start, min(start + CHUNK, options.seeds)) for start in range(0, options.seeds, CHUNK)
    ]
    counts = Counts()
    with ProcessPoolExecutor(options.jobs) as pool:
        for chunk, found in zip(chunks, pool.map(measure, chunks), strict=True):
            counts = merged(counts, found)
            print(f"{chunk.stop} of {options.seeds} seeds", file=sys.stderr)
    for alarm in counts.alarms:
        print(f"false alarm: {alarm}", file=sys.stderr)
    for name, seeds in counts.missed.items():
        if seeds:
            print(f"missed: {name}: seeds {seeds}", file=sys.stderr)
    write_file(options.out, page(counts, f"python -m tools.audit_recall --seeds {options.seeds}"))
    return 0 if counts.good() else 1


if __name__ == "__main__":
    raise SystemExit(main())
