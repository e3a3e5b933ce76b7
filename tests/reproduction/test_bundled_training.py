"""A few steps of the recipe that trains the bundled models."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from tools.train_bundled.__main__ import RECIPES
from tools.train_bundled.export import export_model, load_exported
from tools.train_bundled.names import Namer
from tools.train_bundled.python_documents import python_document
from tools.train_bundled.rust_documents import rust_document
from tools.train_bundled.tokenizer import (
    END_OF_TEXT_ID,
    encode,
    save_tokenizer,
    train_tokenizer,
)
from tools.train_bundled.train import Plan, train

pytestmark = pytest.mark.slow

POOL = ["apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbor", "island"]


def namer() -> Namer:
    return Namer(POOL, random.Random(5), held_out=False)


def documents() -> list[str]:
    source = namer()
    return [make(source) for _ in range(150) for make in (python_document, rust_document)]


GPU = pytest.param(
    "cuda",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(
            not torch.cuda.is_available(), reason="no CUDA device (tests/QUARANTINES.md)"
        ),
    ],
)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_training_learns_and_resumes(name: str, device: str, tmp_path: Path) -> None:
    texts = documents()
    tokenizer = train_tokenizer(texts)
    tokens = encode(tokenizer, texts)
    size = tokenizer.get_vocab_size()
    plan = Plan(steps=8, tokens_per_step=1024, warmup_steps=2, checkpoint_every=4, log_every=1)
    recipe = RECIPES[name]

    torch.manual_seed(plan.seed)
    model = recipe.build(size)
    progress = train(model, tokens, END_OF_TEXT_ID, plan, tmp_path / "whole", device=device)
    lines = (tmp_path / "whole" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["loss"] < json.loads(lines[0])["loss"]

    again = recipe.build(size)
    halfway = tmp_path / "whole" / "step-00004.pt"
    resumed = train(again, tokens, END_OF_TEXT_ID, plan, tmp_path / "half", halfway, device)
    assert resumed.tokens == progress.tokens
    assert resumed.loss == pytest.approx(progress.loss, rel=1e-3)

    export_model(model, tmp_path / "out")
    save_tokenizer(tokenizer, tmp_path / "out")
    loaded, reader = load_exported(tmp_path / "out")
    inputs = torch.tensor([reader(texts[0])["input_ids"]])
    with torch.inference_mode():
        gap = loaded(input_ids=inputs).logits - model(input_ids=inputs).logits
    assert gap.abs().max() < 0.05


def test_generated_rust_passes_its_tests(tmp_path: Path) -> None:
    compiler = shutil.which("rustc")
    if compiler is None:
        pytest.skip("no rustc on this machine")
    # Enough that a term whose value is wrong once in a thousand tests is met.
    words = namer()
    source = Namer([words.made_up() for _ in range(3000)], random.Random(6), held_out=False)
    modules: list[str] = []
    while len(modules) < 2000:
        text = rust_document(source)
        if not text.startswith("use "):
            modules.append(f"mod m{len(modules)} {{\n{text}}}\n")
    program = tmp_path / "generated.rs"
    program.write_text("#![allow(warnings)]\n" + "\n".join(modules), encoding="utf-8")
    command = [compiler, "--test", str(program), "-o", str(tmp_path / "generated")]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run([str(tmp_path / "generated")], check=True, capture_output=True)
