"""The model card of a bundled model, in the form the hub uses."""

from __future__ import annotations

from typing import Any

from tools.train_bundled.overlap import LONG
from tools.train_bundled.steering import DOSE_NATS, NEW_TOKENS, TEMPERATURE
from tools.train_bundled.targets import wanted_of


def _percent(result: dict[str, Any]) -> str:
    return f"{result['copied']} of {result['prompts']} ({100 * result['share']:.1f} %)"


def _sources(manifest: dict[str, Any]) -> str:
    rows = ["| source | version | from | licence | files |", "|---|---|---|---|---|"]
    for source in manifest["sources"]:
        cells = (source[key] for key in ("name", "version", "registry", "licence"))
        rows.append(f"| {' | '.join(cells)} | {source['files']} |")
    return "\n".join(rows)


def _mix(manifest: dict[str, Any]) -> str:
    total = sum(manifest["mix_bytes"].values())
    rows = ["| kind | bytes | share |", "|---|---|---|"]
    for kind, size in manifest["mix_bytes"].items():
        rows.append(f"| {kind} | {size:,} | {100 * size / total:.1f} % |")
    return "\n".join(rows)


def _bits(manifest: dict[str, Any]) -> str:
    figures = manifest["evaluation"]
    rows = ["| held-out documents | bits per byte | lines also in training |", "|---|---|---|"]
    for kind, bits in figures["held_out"]["bits_per_byte"].items():
        seen = 100 * figures["held_out_lines_seen"][kind]
        rows.append(f"| {kind} | {bits:.3f} | {seen:.1f} % |")
    return "\n".join(rows)


def _misses(manifest: dict[str, Any]) -> str:
    lines: list[str] = []
    for kind, result in manifest["evaluation"]["names"].items():
        lines += [
            f"- {kind.replace('_', ' ')}: `{miss['name']}`, predicted `{miss['token']!r}`"
            for miss in result["missed"]
        ]
    return "\n".join(lines) if lines else "- none"


def _seen(manifest: dict[str, Any]) -> str:
    seen = manifest["evaluation"]["names_defined_in_training_data"]
    lists = [
        f"{language}: {', '.join(f'`{name}`' for name in names) if names else 'none'}"
        for language, names in seen.items()
    ]
    return "; ".join(lists)


def _phases(plan: dict[str, Any]) -> str:
    return ", ".join(
        f"{length} tokens for {100 * share:.0f} % of the steps" for share, length in plan["phases"]
    )


def _targets(manifest: dict[str, Any]) -> str:
    model, figures = manifest["model"], manifest["evaluation"]
    rows = ["| figure | wanted | reached | |", "|---|---|---|---|"]
    for target in wanted_of(model):
        sign = "≤" if target.at_most else "≥"
        verdict = "yes" if target.met(model, figures) else "**no**"
        bound, reached = target.bound[model], target.reached(figures)
        rows.append(f"| {target.text} | {sign} {bound:g} | {reached:.3g} | {verdict} |")
    return "\n".join(rows)


def _machine(machine: dict[str, str]) -> str:
    if machine["device"] != "cpu":
        return f"one {machine['device']}"
    return f"{machine['threads']} thread of a shared\n{machine['processor']} processor"


def _columns(corner: str, rows: dict[str, list[float]]) -> str:
    """A table whose columns are counted from 0."""
    (length,) = {len(values) for values in rows.values()}
    lines = [
        f"| {corner} | {' | '.join(str(column) for column in range(length))} |",
        "|---|" + "---|" * length,
    ]
    for text, values in rows.items():
        lines.append(f"| {text} | {' | '.join(f'{value:.3g}' for value in values)} |")
    return "\n".join(lines)


def _by_layer(manifest: dict[str, Any]) -> str:
    steering = manifest["evaluation"]["steering"]
    rows = {
        "attention from `>>>` to the name over background": steering["attention_over_background"],
        "knockout (nats)": steering["knockout_nats"],
        "factor 6 (nats)": steering[DOSE_NATS],
    }
    return _columns("layer", rows)


def _by_head(manifest: dict[str, Any]) -> str:
    found = manifest["evaluation"]["steering"]["attention_by_head"]
    rows = {
        "to the name over background": found["over_background"],
        "to the name's first token": found["to_first_token"],
    }
    return _columns(f"head of layer {found['layer']}", rows)


def _continuations(manifest: dict[str, Any]) -> str:
    rows = ["| prompts | samples | by substring | by parser |", "|---|---|---|---|"]
    for kind, found in manifest["evaluation"]["steering"]["test_syntax"].items():
        shares = f"{found['substring']:.2f} | {found['parser']:.2f}"
        rows.append(f"| {kind} | {found['samples']} | {shares} |")
    return "\n".join(rows)


_LENGTH = f"Rust continuations of {NEW_TOKENS} tokens, sampled at temperature {TEMPERATURE}"

_MEANING = {
    "transformer": """Attention from the marker's token to a token of the name where the
function is defined, over that to any other token but the first, means over heads and prompts.
Knockout and factor act on those edges at the last token of a prompt that ends in the marker: KL of
the next token's distribution, in nats.""",
    "rwkv6": """Effective attention from the marker's token to a token of the name where the
function is defined, over that to any other token but the first, means over heads and prompts.
Knockout and factor act on the marker's write, in a prompt that ends in the space behind it: KL of
the next token's distribution at the last token, in nats.""",
}


def card(manifest: dict[str, Any], title: str, architecture: str, command: str) -> str:
    """Text of the card."""
    names = manifest["evaluation"]["names"]
    held_out = manifest["evaluation"]["held_out"]
    training = manifest["training"]
    plan = training["plan"]
    minutes = round(training["seconds"] / 60)
    return f"""---
language:
- code
library_name: transformers
pipeline_tag: text-generation
tags:
- code
- python
- rust
---

# {title}

{architecture}

The model exists so that every command and test has a trained network to run on without a
download. It shows that the machinery works. It is **no evidence for or against any hypothesis
about large models**: it is far too small, most of what it has learned is to copy names and to
follow the form of tests, and it was trained on data made for that purpose. That Python's marker
attends more to the function's name than Rust's does is partly built in: what follows `>>>` mostly
begins with the name, what follows `#[test]` never does.

## Data

Real code with permissive licences, as registries deliver it, and functions made by a seeded
generator. The values in generated doctests were found by running the function; those in generated
Rust tests by evaluating an equivalent Python expression. None of the real code is stored in the
repository; the recipe fetches it by name, version and digest. Functions whose names hash into one
bucket in 25, and real files likewise, are kept out of training.

About seven in ten generated doctests begin with a call of the function; others assign, import, call
a helper or wrap the call, so that the name behind `>>>` is likely but not certain. What follows
`#[test]` in generated Rust depends on the function's signature; its tests follow their function at
once, or after other items, or stand in a module at the end, and some are of structs and enums.
Most documents end without a newline, and no real document is read whose first example is an
import. Training reads the documents in one shuffled order until its steps are done, so that
it may read fewer than all.

{_mix(manifest)}

{_sources(manifest)}

## Training

`{command}`

{training["steps"]:,} steps, {training["tokens"]:,} tokens, in rows of
{_phases(plan)};
Muon for the hidden matrices and AdamW for the rest, peak learning rate {plan["learning_rate"]},
linear warm-up over {plan["warmup_steps"]} steps and linear decay over the last
{100 * plan["decay_share"]:.0f} %; {training["precision"]}. Final training loss
{training["loss"]:.3f} nats per token (moving average). It took {minutes}
minutes on {_machine(manifest["machine"])}.

The corpus, the tokenizer and the order of the documents depend on seeds, pinned archives and the
version of the running interpreter, whose standard library is one of the sources. Training in
bfloat16 is not bit-identical between processors or versions of torch, so training again gives a
similar model, not the same weights. The digest of the shipped weights is in `manifest.json`.

{manifest["tokenizer"]["documents_encoded_in_two_pieces"] * 100:.0f} % of the documents were
encoded in two pieces, cut at a random place or where prompts tend to end, so that a prompt such as
`>>> ` that ends inside a token is not foreign to the model.

## Evaluation

Does the most probable next token begin the function's name? The prompts are
`tests/data/bundled_functions.json`: functions written by hand, apart from the generator, read by
the shipped float16 weights in float32.

| prompt ends in | name copied |
|---|---|
| Python, `>>>` | {_percent(names["python"])} |
| Python, `>>> ` with its space | {_percent(names["python_after_space"])} |
| Rust, `assert_eq!(` | {_percent(names["rust"])} |
| generated Python with held-out names, `>>>` | {_percent(held_out["generated_names_python"])} |
| generated Rust with held-out names, `assert_eq!(` | {_percent(held_out["generated_names_rust"])} |

Missed:

{_misses(manifest)}

Hand-written names that some training document also defines: {_seen(manifest)}.

{_bits(manifest)}

Lines are those of at least {LONG} characters, indentation aside.

{_MEANING[manifest["model"]]}

{_by_layer(manifest)}

Tokens of this vocabulary are short, so that a name is several, and the first is enough to begin it.
Attention from `>>>` by head of the layer where it is most:

{_by_head(manifest)}

{_LENGTH}, that have test syntax:

{_continuations(manifest)}

What was wanted of the model before it was trained, and what it reaches:

{_targets(manifest)}

## What it does not show

- Whether the values it predicts for calls are right was not measured; nothing here says that the
  model computes.
- Text longer than 1,024 tokens was never seen; most rows were 256 tokens long.
- Natural language was seen in comments and docstrings alone.
- Copying was trained on purpose, so finding it, or steering it, says nothing about how it arises
  in models trained on code at large.
"""
