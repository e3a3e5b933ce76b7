"""Build a bundled model: data, tokenizer, training, evaluation, export."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from plip import load
from tools.train_bundled.card import card
from tools.train_bundled.corpus import Corpus, build_corpus
from tools.train_bundled.evaluate import (
    CRITERION,
    evaluate_held_out,
    evaluate_names,
    load_prompts,
    names_seen,
)
from tools.train_bundled.export import (
    CARD,
    MANIFEST,
    SIZE_LIMIT,
    directory_size,
    export_model,
    load_exported,
    manifest,
    write_json,
)
from tools.train_bundled.overlap import lines_seen
from tools.train_bundled.rwkv6 import build_rwkv6
from tools.train_bundled.steering import evaluate_steering
from tools.train_bundled.targets import missed
from tools.train_bundled.tokenizer import (
    END_OF_TEXT_ID,
    VOCABULARY,
    encode,
    save_tokenizer,
    train_tokenizer,
)
from tools.train_bundled.train import Plan, load_checkpoint, optimizers, train
from tools.train_bundled.transformer import CONTEXT, build_transformer

BUNDLED = Path(__file__).parents[2] / "plip" / "models" / "bundled"


@dataclass(frozen=True)
class Recipe:
    """What distinguishes one bundled model from another."""

    build: Callable[[int], PreTrainedModel]
    context: int
    plan: Plan
    title: str
    architecture: str


RECIPES = {
    "rwkv6": Recipe(
        build_rwkv6,
        CONTEXT,
        Plan(steps=3600),
        "Bundled RWKV-6",
        "An RWKV-6 of 3.5 million parameters: 6 layers, width 192, 6 heads of 32, ranks 16 and\n"
        "32, tied embeddings, a byte-level vocabulary of 2,048, trained on Python and Rust. plip\n"
        'carries the architecture: `plip.load("bundled:rwkv6")`, or `import plip.models.rwkv6`\n'
        "and transformers' Auto classes.",
    ),
    "transformer": Recipe(
        build_transformer,
        CONTEXT,
        Plan(steps=2600),
        "Bundled transformer",
        "A Qwen2 of 2.8 million parameters: 6 layers, width 192, 3 heads of 64 that share\n"
        "keys and values, tied embeddings, a byte-level vocabulary of 2,048, trained on Python\n"
        "and Rust.",
    ),
}


def default_work() -> Path:
    """Where downloads and checkpoints go when nothing else is said."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "plip" / "train_bundled"


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_bundled", description=__doc__)
    parser.add_argument("model", choices=sorted(RECIPES))
    parser.add_argument("--out", type=Path, help="where the model goes (default: in the package)")
    parser.add_argument("--work", type=Path, default=default_work(), help="downloads, checkpoints")
    parser.add_argument("--steps", type=int, help="training steps (default: the recipe's)")
    parser.add_argument("--resume", type=Path, help="go on from this checkpoint")
    parser.add_argument("--device", default="cpu", help="where to train")
    parser.add_argument("--checkpoint", type=Path, help="export this checkpoint, do not train")
    return parser.parse_args(given)


def evaluate_exported(directory: Path, data: Corpus, context: int) -> dict[str, Any]:
    """All figures of an exported model."""
    model, tokenizer = load_exported(directory)
    prompts = load_prompts()
    return {
        "criterion": CRITERION,
        "names": evaluate_names(model, tokenizer, prompts),
        "names_defined_in_training_data": {
            language: names_seen(entries, data.training, language)
            for language, entries in prompts.items()
        },
        "held_out": evaluate_held_out(model, tokenizer, data.validation, context),
        "held_out_lines_seen": {
            kind: round(lines_seen(documents, data.training), 4)
            for kind, documents in data.validation.items()
        },
        "steering": evaluate_steering(load(str(directory), device="cpu"), prompts),
    }


def main(given: list[str] | None = None) -> int:
    """Run the recipe; 1 if the exported model misses the criterion or the size limit."""
    options = arguments(given)
    torch.set_num_threads(1)
    recipe = RECIPES[options.model]
    out = options.out or BUNDLED / options.model

    data = build_corpus(options.work)
    tokenizer = train_tokenizer(data.training)
    steps = recipe.plan.steps if options.steps is None else options.steps
    plan = replace(recipe.plan, steps=steps)
    torch.manual_seed(plan.seed)
    model = recipe.build(VOCABULARY)
    if options.checkpoint:
        stepping = optimizers(model, plan)
        plan, progress = load_checkpoint(options.checkpoint, model, stepping)
    else:
        documents = encode(tokenizer, data.training)
        checkpoints = options.work / options.model
        progress = train(
            model, documents, END_OF_TEXT_ID, plan, checkpoints, options.resume, options.device
        )

    export_model(model, out)
    save_tokenizer(tokenizer, out)
    evaluation = evaluate_exported(out, data, recipe.context)
    described = manifest(out, options.model, data, plan, progress, evaluation, options.device)
    command = f"python -m tools.train_bundled {options.model} --steps {plan.steps}"
    write_json(out / MANIFEST, described)
    text = card(described, recipe.title, recipe.architecture, command)
    (out / CARD).write_text(text, encoding="utf-8")

    share = evaluation["names"]["python"]["share"]
    size = directory_size(out)
    print(f"{out}: {size:,} bytes, names copied {share:.3f}, loss {progress.loss:.3f}")
    for target in missed(options.model, evaluation):
        print(f"not reached: {target}")
    return 0 if share >= CRITERION and size <= SIZE_LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
