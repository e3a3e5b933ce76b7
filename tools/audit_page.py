"""Write docs/audit/steering_results.md: what the audit finds of the paper, in short.

python -m tools.audit_page --text STEERING_RESULTS.md --artifacts PLIP_RS
"""

from __future__ import annotations

import argparse
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plip.claims import (
    Artifacts,
    AuditReport,
    Evidence,
    Kind,
    TextReport,
    Verdict,
    audit,
    bundled_ledger,
)

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "audit" / "steering_results.md"
FINDINGS = ROOT / "tools" / "audit_findings.toml"

INTRODUCTION = """\
# The audit of STEERING_RESULTS.md

Written by

    python -m tools.audit_page --text STEERING_RESULTS.md --artifacts PLIP_RS

with the paper's text and a checkout of its repository, and without any weights. The words of the
findings are in `tools/audit_findings.toml`; verdicts, counts and reasons are computed. The same,
claim by claim: `plip audit --text STEERING_RESULTS.md --artifacts PLIP_RS`. The checks are in
[checks.md](checks.md), the ledger in `plip/claims/papers/steering_results/`.
"""

READINGS = """\
## What the ledger reads into the text

Where the paper does not say, the ledger does, and the reasons state it:

- "≈" and "approaches" are within a quarter.
- "flat" is within 1 % of the level for the printed columns. That describes a column; that nothing
  changes would take the divergence of every sample, which only RWKV-6's data have.
- For "no effect", "identical", "indistinguishable" no margin is named anywhere, so that no evidence
  can be enough; the reasons say from which margin on it would be.
- The continuations of one prompt are taken as independent of each other where rates are compared,
  which favours the paper.
- The ratios "across all four" are read at the layer with the smallest p in each scan, which is how
  the repository's own document has them.
- A trend with model size needs three sizes.
- The number format is bfloat16, which the repository's program uses on a GPU, with logits up to 20.

## What its data files do not allow to check

- Attention is in the files as a mean over targets, and beside the printed samples as a mean over
  samples. In all twenty texts the first token is among the targets; whether the difference survives
  without it cannot be told.
- The token positions that `outputs/verify_codegemma.json` (25 of 30) and
  `outputs/verify_starcoder2.json` (24 of 30) find wrong are those of
  `corpus/attention_samples.json`, which were made for another tokenizer. No figure of this paper
  rests on them: the scans and ablations use the corpus with characters as positions.
- The continuations behind sections 8.3 and 8.4 are not in the repository.
"""


def document(text: str, artifacts: Path) -> str:
    """The whole page."""
    ledger = bundled_ledger()
    bare = audit(ledger)
    report = audit(ledger, Evidence(Artifacts(artifacts)), text=text)
    assert report.text is not None  # it was given
    parts = [INTRODUCTION, _figures(report, report.text), _verdicts(bare, report)]
    parts += [_sections(report), _kinds(report), _findings(report), READINGS]
    return "\n".join(parts)


def _figures(report: AuditReport, text: TextReport) -> str:
    excluded = ", ".join(f"{count} {rule}" for rule, count in text.excluded.items())
    return (
        "## Figures\n\n"
        f"The text has {text.figures} figures. {text.quoted} are in the ledger, "
        f"{len(text.orphans)} are orphans; {len(text.unfound)} quotes of the ledger are not in the "
        f"text. {report.summary.inputs} figures are settings that nothing is checked against, the "
        f"other {report.summary.figures - report.summary.inputs} are claims.\n\n"
        f"Numbers that are no figures, by the ledger's rules: {excluded}.\n"
    )


def _verdicts(bare: AuditReport, report: AuditReport) -> str:
    rows = [
        (
            str(verdict),
            *(
                str(counts[verdict])
                for summary in (bare.summary, report.summary)
                for counts in (summary.verdicts, summary.figure_verdicts)
            ),
        )
        for verdict in Verdict
    ]
    sums = [
        str(sum(counts.values()))
        for summary in (bare.summary, report.summary)
        for counts in (summary.verdicts, summary.figure_verdicts)
    ]
    head = ("", "claims", "figures", "claims, with data files", "figures, with data files")
    return f"## Verdicts\n\n{_table(head, [*rows, ('together', *sums)])}"


def _sections(report: AuditReport) -> str:
    sections = list(dict.fromkeys(claim.section for claim in report.claims))
    counts = Counter((claim.section, claim.verdict) for claim in report.claims)
    rows = [(name, *(str(counts[name, v] or "") for v in Verdict)) for name in sections]
    return f"### Claims by section, with data files\n\n{_table(('section', *Verdict), rows)}"


def _kinds(report: AuditReport) -> str:
    checks = [check for claim in report.claims for check in claim.checks]
    counts = Counter((check.kind, check.outcome) for check in checks)
    rows = [(kind, *(str(counts[kind, v] or "") for v in Verdict)) for kind in Kind]
    return f"### Checks by kind, with data files\n\n{_table(('kind', *Verdict), rows)}"


def _findings(report: AuditReport) -> str:
    claims = {claim.id: claim for claim in report.claims}
    lines = ["## Main findings", ""]
    for number, finding in enumerate(findings(), start=1):
        lines += [f"### {number}", "", finding.words.strip(), ""]
        for claim_id in finding.claims:
            claim = claims[claim_id]
            quoted = claim.quoted.replace("`", "")
            lines.append(f"- `{claim_id}` ({quoted}): **{claim.verdict}**: {claim.reason}.")
        lines.append("")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in plain words, and the claims that it is about."""

    words: str
    claims: tuple[str, ...]


def findings() -> tuple[Finding, ...]:
    """What `audit_findings.toml` says."""
    listed = tomllib.loads(FINDINGS.read_text(encoding="utf-8"))["finding"]
    return tuple(Finding(each["words"], tuple(each["claims"])) for each in listed)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "".join(f"{line}\n" for line in _lines(head, rows))


def _lines(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, required=True, help="the paper's Markdown")
    parser.add_argument("--artifacts", type=Path, required=True, help="its repository")
    given = parser.parse_args()
    page = document(given.text.read_text(encoding="utf-8"), given.artifacts)
    DOCUMENT.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
