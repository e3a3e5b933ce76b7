"""Measure what the paper's KL column is and write docs/audit/diagnosis.md.

python -m tools.diagnosis --artifacts DIR

DIR is a checkout of the paper's repository: its samples and its ablations are read from there.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import correlation, fmean, stdev
from typing import Any

import torch
from torch import Tensor

import plip
from plip.experiments.diagnosis import by_length, diagnose
from plip.measure import kl_divergence, published_bounds, published_divergence
from plip.models import TransformerSubject
from plip.text import Corpus, Group, Sample, bundled_corpus
from tools.diagnosis_text import TEXT
from tools.interleaved import interleave

DOCUMENT = Path(__file__).parents[1] / "docs" / "audit" / "diagnosis.md"
LAYERS = (2, 4)
LENGTHS = (1, 2, 4, 8, 10, 11, 12, 16, 32, 64)
SHARPER = (0.5, 0.75, 1.0, 1.25)


@dataclass(frozen=True)
class Published:
    """What the paper prints of a model, and the shape of the model."""

    name: str
    hidden: int
    vocabulary: int
    mean: float
    sd: float
    ablation: str

    @property
    def full(self) -> float:
        """How many tokens' hidden states fill the vocabulary."""
        return self.vocabulary / self.hidden


MODELS = (
    Published("Qwen2.5-Coder-3B", 2048, 151936, 469.96, 331.31, "ablation_layer1_full.json"),
    Published("Qwen2.5-Coder-7B", 3584, 152064, 676.73, 109.47, "ablation_qwen7b_layer2.json"),
)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Write mean ± SD."""
    return f"{fmean(values):.{digits}f} ± {stdev(values):.{digits}f}"


def plain_sum(p: Tensor, q: Tensor) -> float:
    """Σ p ln(p / q) over what both have, without terms below 1e-10."""
    length = min(len(p), len(q))
    p, q = p[:length], q[:length]
    kept = (p > 1e-10) & (q > 1e-10)
    return float((p[kept] * (p[kept] / q[kept]).log()).sum())


def hidden_states(subject: TransformerSubject, text: plip.Tokens) -> tuple[Tensor, Tensor]:
    """Return the final hidden states before and behind the final norm, [token, hidden]."""
    seen: list[Tensor] = []
    norm: Any = subject.model.model.norm  # type: ignore[union-attr]  # a Qwen2
    handle = norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0][0]))
    try:
        behind = subject.final_hidden(text)
    finally:
        handle.remove()
    return seen[0], behind


def candidates(subject: TransformerSubject, samples: Sequence[Sample]) -> str:
    """Try every reading of “softmax of the hidden state against softmax of the logits”."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for sample in samples:
        text = subject.tokenize(sample.text)
        logits = subject.run(text).logits
        assert logits is not None
        q = logits[0].double().softmax(-1)
        for where, hidden in zip(("before", "behind"), hidden_states(subject, text), strict=True):
            wide = hidden.double()
            for how, p in (
                ("each token", wide.softmax(-1).flatten()),
                ("all tokens at once", wide.flatten().softmax(-1)),
                ("the last token", wide[-1].softmax(-1)),
            ):
                found.setdefault((how, where, "hidden ‖ prediction"), []).append(plain_sum(p, q))
                found.setdefault((how, where, "prediction ‖ hidden"), []).append(plain_sum(q, p))
    rows = [(*key, spread(values)) for key, values in found.items()]
    return table(("softmax of", "the final norm", "direction", "nats"), rows)


def doses(subject: TransformerSubject, corpora: dict[str, Corpus]) -> str:
    """Both measures at every dose."""
    rows = []
    for name, corpus in corpora.items():
        for layer in LAYERS:
            found = diagnose(subject, corpus, layer=layer)
            for dose in sorted({each.dose for each in found}):
                mine = [each for each in found if each.dose == dose]
                kl = [each.kl_nats for each in mine]
                published = spread([each.published.value for each in mine])
                rows.append((name, layer, f"{dose:g}×", published, f"{fmean(kl):.2e}"))
    return table(("samples", "layer", "dose", "comparison", "KL(baseline ‖ steered)"), rows)


def lengths(subject: TransformerSubject, sample: Sample) -> str:
    """Measure the first tokens of a text."""
    text = subject.tokenize(sample.text)
    rows = []
    for length, found in by_length(subject, text, [n for n in LENGTHS if n <= len(text)]):
        _, most = published_bounds(length, 192, 2048)
        rows.append(
            (length, f"{found.positions:.2f}", f"{found.value:.2f}", f"{found.floor:.2f}",
             f"{most:.1f}")
        )  # fmt: skip
    return table(("tokens", "of them compared", "comparison", "A ln A", "bound"), rows)


@dataclass(frozen=True)
class Counted:
    """A sample's tokens in Qwen's tokenizer."""

    sample: Sample
    marker: int
    before: int
    behind: int

    @property
    def least(self) -> int:
        return self.marker + self.behind

    def filling(self, model: Published) -> float:
        return min(1.0, self.least / model.full)


def counted(subject: TransformerSubject, samples: Sequence[Sample], file: Path) -> list[Counted]:
    """Count tokens from the marker's token and the pieces of the text behind it."""
    pieces = subject.tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str
    rows = json.loads(file.read_text(encoding="utf-8"))["sample_results"]
    markers = {row["id"]: row["marker_token_pos"] for row in rows}
    return [
        Counted(
            sample,
            markers[sample.id],
            len(pieces(sample.text[: sample.marks.marker])),
            len(pieces(sample.text[sample.marks.marker :])),
        )
        for sample in samples
    ]


def cut_to(
    subject: TransformerSubject, counts: Sequence[Counted], tokens: Callable[[Counted], int]
) -> tuple[list[float], list[float]]:
    """Measure each sample with as many of its hidden states as told; values and positions."""
    values, positions = [], []
    for each in counts:
        text = subject.tokenize(each.sample.text)
        logits = subject.run(text).logits
        assert logits is not None
        hidden = subject.final_hidden(text)[: tokens(each)]
        found = published_divergence(hidden, logits[0])
        values.append(found.value)
        positions.append(found.positions)
    return values, positions


def occupancy(subject: TransformerSubject, counts: Sequence[Counted]) -> str:
    """Give the bundled model's vocabulary the share that each sample fills of a paper's model."""
    rows = []
    full = 2048 / 192
    for model in MODELS:

        def share(each: Counted, model: Published = model) -> int:
            return math.ceil(full * each.filling(model))

        values, positions = cut_to(subject, counts, share)
        linked = f"{correlation(values, positions):.2f}" if len(set(positions)) > 1 else "–"
        ratio = f"{100 * stdev(values) / fmean(values):.0f} %"
        paper = f"{100 * model.sd / model.mean:.0f} %"
        rows.append((model.name, spread(values, 1), ratio, linked, paper))
    head = ("filled as in", "comparison", "SD / mean", "correlation with tokens", "the paper's")
    return table(head, rows)


def sharpness(subject: TransformerSubject, samples: Sequence[Sample]) -> str:
    """Multiply logits by a factor."""
    rows = []
    for factor in SHARPER:
        found = []
        for sample in samples:
            text = subject.tokenize(sample.text)
            logits = subject.run(text).logits
            assert logits is not None
            found.append(published_divergence(subject.final_hidden(text), logits[0] * factor))
        values = [each.value for each in found]
        dropped = [100 * each.dropped for each in found]
        ratio = f"{100 * stdev(values) / fmean(values):.0f} %"
        left = f"{min(dropped):.0f} to {max(dropped):.0f} %"
        rows.append((f"{factor:g}", spread(values, 1), ratio, left))
    return table(("factor", "comparison", "SD / mean", "terms left out"), rows)


def baselines(model: Published, folder: Path, wanted: Sequence[Sample]) -> list[tuple[str, float]]:
    """Return the most probable of each sample's listed tokens, with its probability."""
    rows = json.loads((folder / "outputs" / model.ablation).read_text("utf-8"))["sample_results"]
    by_id = {row["id"]: row["top_changed_tokens"] for row in rows}
    found = []
    for sample in wanted:
        best = max(by_id[sample.id], key=lambda token: token["baseline_prob"])
        found.append((best["token"], best["baseline_prob"]))
    return found


def rotation(subject: TransformerSubject, samples: Sequence[Sample]) -> str:
    """Measure the same model with its own rotation and with the other."""

    def measured(called: str) -> tuple[str, ...]:
        loss, tops = [], []
        for sample in samples:
            text = subject.tokenize(sample.text)
            logits = subject.run(text, positions="all").logits
            assert logits is not None
            targets = torch.tensor(text.ids[1:])
            loss.append(float(torch.nn.functional.cross_entropy(logits[0, :-1], targets)))
            tops.append(float((logits[0, :-1].argmax(-1) == targets).double().mean()))
        return called, f"{fmean(loss):.2f}", f"{100 * fmean(tops):.0f} %"

    own = measured("its own, i and i + d/2")
    before = [subject.run(subject.tokenize(sample.text)).logits for sample in samples]
    interleave(subject.model)
    other = measured("the program's, 2i and 2i + 1")
    after = [subject.run(subject.tokenize(sample.text)).logits for sample in samples]
    apart = [
        float(kl_divergence(one[0], two[0]))
        for one, two in zip(before, after, strict=True)
        if one is not None and two is not None
    ]
    rows = [(*own, "0"), (*other, f"{fmean(apart):.2f}")]
    return table(("rotation", "nats a token", "next token right", "KL from its own"), rows)


def document(folder: Path) -> str:
    """Measure everything and write it down."""
    subject = plip.load("bundled:transformer", device="cpu", dtype="float32")
    assert isinstance(subject, TransformerSubject)
    paper = Corpus.read(folder / "corpus" / "attention_samples_universal.json")
    rust = paper.group(Group.RUST_TEST)
    first, _ = MODELS
    counts = counted(subject, rust, folder / "outputs" / first.ablation)
    occupied = [each.filling(first) for each in counts]
    of = {model: baselines(model, folder, rust) for model in MODELS}
    filled = {model: fmean(min(model.full, each.least) for each in counts) for model in MODELS}
    return TEXT.format(
        candidates=candidates(subject, rust),
        doses=doses(subject, {"the paper's": paper, "bundled": bundled_corpus()}),
        lengths=lengths(subject, max(rust, key=lambda sample: len(sample.text))),
        full=" and ".join(f"vocab / hidden = {m.full:.1f} ({m.name})" for m in MODELS),
        ablation=first.ablation,
        per_piece=sum(each.marker for each in counts) / sum(each.before for each in counts),
        tokens=table(
            ("sample", "tokens, at least", *(f"fills of {m.name}" for m in MODELS)),
            [
                (
                    each.sample.id,
                    each.least,
                    *(f"{min(1, each.least / m.full):.2f}" for m in MODELS),
                )
                for each in counts
            ],
        ),
        short=sum(share < 1 for share in occupied),
        occupancy=occupancy(subject, counts),
        proportional=first.mean * stdev(occupied) / fmean(occupied),
        sd=first.sd,
        sharpness=sharpness(subject, rust),
        peaks=table(
            ("model", "by sample", "SD", "printed SD"),
            [
                (
                    model.name,
                    ", ".join(f"{p:.2f}" for _, p in found),
                    f"{stdev(p for _, p in found):.2f}",
                    f"{model.sd:.0f}",
                )
                for model, found in of.items()
            ],
        ),
        per_token=" and ".join(
            f"{model.mean / filled[model]:.1f} nats in {model.name}" for model in MODELS
        ),
        predictions=table(
            ("model", "the most probable of the tokens listed for each Rust sample"),
            [
                (model.name, ", ".join(f"`{token!r}`" for token, _ in found))
                for model, found in of.items()
            ],
        ),
        rotation=rotation(subject, rust),
    )


def main() -> None:
    """Write the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--artifacts", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args()
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(document(arguments.artifacts), encoding="utf-8")


if __name__ == "__main__":
    main()
