"""Write a checkpoint whose queries and keys are rotated in neighbouring pairs, as the paper's were.

python -m tools.interleaved SOURCE DIRECTORY

Rotary embeddings turn pairs of a head's units. Qwen2 and Llama checkpoints are made for the pairs
(i, i + d/2); the paper's program turns (2i, 2i + 1) (`apply_rotary_emb` in its `forward_qwen2.rs`,
PCfVW/plip-rs at 0a9de01). Scores depend on pairs alone, so that reordering the units of queries and
keys alike, 2i to i and 2i + 1 to i + d/2, makes a right implementation compute what that program
did. Nothing else changes. Angles, which the program rounded to bfloat16, are not.

    python -m tools.interleaved Qwen/Qwen2.5-Coder-3B-Instruct ./as-published
    plip audit --artifacts DIR --checkpoint Qwen/Qwen2.5-Coder-3B-Instruct=./as-published
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn

import plip
from plip.errors import UnsupportedModelError

PROJECTIONS = ("q_proj", "k_proj")


def interleave(model: nn.Module) -> int:
    """Reorder the units of every query and key projection, in place; return how many there were.

    Raises:
        UnsupportedModelError: a model without separate projections, or without rotation.
    """
    config = model.config.get_text_config()
    dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    found = [
        module for name, module in model.named_modules() if name.rpartition(".")[2] in PROJECTIONS
    ]
    if not found or not getattr(config, "rope_parameters", None):
        raise UnsupportedModelError(
            type(model).__name__,
            wanted=f"rotary embeddings, and projections named {' and '.join(PROJECTIONS)}",
            found="none",
            advice="reorder the units of this model's queries and keys by hand",
        )
    order = torch.cat([torch.arange(0, dim, 2), torch.arange(1, dim, 2)])
    with torch.no_grad():
        for module in found:
            for parameter in module.parameters():
                heads = parameter.view(-1, dim, *parameter.shape[1:])
                parameter.copy_(heads[:, order.to(parameter.device)].reshape(parameter.shape))
    return len(found)


def main() -> None:
    """Write the reordered checkpoint and its tokenizer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="a hub id or a checkpoint directory")
    parser.add_argument("directory", type=Path, help="where to write it")
    arguments = parser.parse_args()
    subject = plip.load(arguments.source, device="cpu")
    model = subject.model
    count = interleave(model)
    model.save_pretrained(arguments.directory)
    subject.tokenizer.save_pretrained(arguments.directory)
    print(f"{count} projections reordered: {arguments.directory}")


if __name__ == "__main__":
    main()
