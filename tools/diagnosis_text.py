"""What docs/audit/diagnosis.md says around its tables."""

from __future__ import annotations

TEXT = """\
# What the paper's KL column is

Written by `python -m tools.diagnosis --artifacts DIR`, DIR being a checkout of the paper's
repository; every table is computed by it, on `bundled:transformer` (2.8 million parameters, 2048
entries of vocabulary, hidden states of 192 units) in float32. The weights of the paper's models
could not be had: what is said of them follows from their shapes and from the data files.

The tables 2.1 and 2.2 print 470 and 677 nats at every dose, the dose that changes nothing among
them. A divergence is 0 there, and one whose terms below 1e-10 are left out stays below −ln 1e-10
= 23.03 nats. So the column is something else.

## The comparison

`plip.measure.published_divergence(baseline_hidden, steered_logits)`:

    M = Σ_i p_i ln(p_i / q_i) over i < min(n·hidden, vocab) with p_i > 1e-10 and q_i > 1e-10

p is the softmax of each token's final hidden state, all n tokens one behind another; q is the
softmax of the steered logits at the last token. Natural logarithm, baseline first, no term below
1e-10 on either side. The program can be read: `examples/steering_experiment.rs` of PCfVW/plip-rs
(at 0a9de01) passes `model.forward(…)`, which returns the final hidden state *behind the final
norm* of every token, and the logits of `forward_steered_only(…)` to `kl_divergence` of
`src/intervention.rs`, which takes a softmax over the last dimension of both, flattens both and
zips them, and so cuts off the longer.

What it allows, whatever the model: −1/e ≤ M < 23.03 · min(n, ⌈vocab / hidden⌉), and M ≥ A ln A
where A is the sum of the p_i that count, nearly the number of tokens: 157 nats for 42 tokens with
nothing left out. It grows with the text because every token brings a distribution of its own.

## Which definition gives such a column

At dose 1, over the paper's ten Rust samples: mean ± SD, nats. Whatever the weights, a sum that
begins with one distribution stays below 23.03, so that 470 and 677 leave only a softmax of each
token by itself, hidden states first. Before or behind the final norm the bounds do not tell; the
program's source does: behind.

{candidates}

## Dose by dose

Mean ± SD over ten Rust samples. The comparison is not 0 at dose 1, and hardly moves; the
divergence is 0 there, and rises on both sides. (It is small because these texts end in a brace and
a newline, behind which the model is nearly certain of what comes.)

{doses}

The level is the weights' and the texts'; that it is not 0, exceeds 23.03 and hardly moves is the
comparison's. Some of what moves it are terms that cross 1e-10 on their way and come or go whole.

## Text by text

The first tokens of one text, nothing steered. Full at 2048 / 192 = 10.67 tokens.

{lengths}

## What predicts its SD

The paper prints ±331 for 3B and ±109 for 7B, 70 % and 16 % of the mean, and takes the spread for
“sample-level heterogeneity”. Two things are known to move M from text to text.

**Tokens.** M grows until {full} tokens. A Rust sample's tokens in Qwen's tokenizer can be counted
from the artefacts: where its marker stands in tokens (`outputs/{ablation}`), and the pieces
behind it that the tokenizer's pattern cuts the text into, each at least one token. Before the
markers there are {per_piece:.3f} tokens to a piece, so that the count is good to a few in a
hundred.

{tokens}

All ten samples fill the vocabulary of 7B; {short} of them do not fill that of 3B. Cut to the same
share of *its* vocabulary, the bundled model's figures show what that alone does:

{occupancy}

So token counts predict that 3B's spread is the larger, as the bundled model's is. They do not
suffice: M in proportion to the tokens would give 3B a spread of {proportional:.0f} nats of its
{sd:.0f}.

**How sharp the prediction is.** Where q is concentrated on few tokens, most of the vocabulary
lies below 1e-10, and its terms are left out: M falls, and differs from text to text with how much
is left. On the bundled model, with logits multiplied by a factor:

{sharpness}

The ablations' files name, for each sample, probabilities of the same models' predictions without
intervention, at the same last tokens. The largest among them bounds the most probable token's
from below:

{peaks}

Sharp here and flat there in 3B, flat throughout in 7B: that is the order of the two spreads, and
of the two means per token ({per_token}). Whether it makes up the rest needs the weights:

    plip audit --artifacts DIR --checkpoint Qwen/Qwen2.5-Coder-3B-Instruct

## A second mechanism, not asked for

The same files show what these predictions are:

{predictions}

A working code model is not expected to go on like that after a Rust function and its test, least
of all the larger of the two. The program rotates the wrong pairs of units: `apply_rotary_emb` in
`src/forward_qwen2.rs` (at 0a9de01 and at c5e4b27) turns units 2i and 2i + 1 of queries and keys,
as some families store them, where Qwen2's checkpoints are made for i and i + d/2. On the bundled
model, which is a Qwen2 too, with queries and keys reordered so that this happens (`python -m
tools.interleaved`):

{rotation}

If so, the paper's attention figures (1.1 to 1.3, 2.1, 2.2) are those of a network that was not
trained as it was run, and running the experiments again on the checkpoints as they are will
contradict them. Reordered checkpoints tell the two apart:

    python -m tools.interleaved Qwen/Qwen2.5-Coder-3B-Instruct ./as-published
    plip audit --artifacts DIR --checkpoint Qwen/Qwen2.5-Coder-3B-Instruct=./as-published
"""
