"""Training of a small causal language model on packed documents."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

IGNORED = -100
WINDOW = 200


@dataclass(frozen=True)
class Plan:
    """What a training run does; shares are of the steps.

    Until the decay begins a run does not depend on ``steps``, so it may be resumed under a plan
    with another number of steps and gives what that plan would have given from the start.
    """

    steps: int
    tokens_per_step: int = 4096
    phases: tuple[tuple[float, int], ...] = ((0.85, 256), (0.10, 512), (0.05, 1024))
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    warmup_steps: int = 100
    decay_share: float = 0.40
    clip: float = 1.0
    seed: int = 20240517
    checkpoint_every: int = 200
    log_every: int = 20

    def lengths(self) -> list[int]:
        """Row length of every step."""
        lengths = [
            length for share, length in self.phases for _ in range(round(share * self.steps))
        ]
        return (lengths + [self.phases[-1][1]] * self.steps)[: self.steps]

    def scale(self, step: int) -> float:
        """Factor on the learning rate: linear warm-up, plateau, linear decay."""
        rise = (step + 1) / self.warmup_steps
        fall = (self.steps - step) / max(1, self.decay_share * self.steps)
        return min(1.0, rise, fall)

    def agrees_with(self, other: Plan, steps: int) -> bool:
        """Whether two plans do the same in their first steps."""
        if replace(other, steps=self.steps) != self:
            return False
        first = [
            (plan.lengths()[:steps], [plan.scale(step) for step in range(steps)])
            for plan in (self, other)
        ]
        return first[0] == first[1]


@dataclass
class Progress:
    """Where a run stands."""

    step: int
    tokens: int
    loss: float
    seconds: float


def document_stream(documents: list[list[int]], seed: int) -> Iterator[list[int]]:
    """The documents without end, in a new order each time round."""
    rng = random.Random(seed)
    order = list(range(len(documents)))
    while True:
        yield from (documents[index] for index in order)
        rng.shuffle(order)


def packed_rows(stream: Iterator[list[int]], length: int, end: int) -> Iterator[list[list[int]]]:
    """Rows of whole documents, each closed by the end token, together at most ``length`` long.

    Every row begins at the beginning of a document, as prompts do; only a document longer than a
    row is cut.
    """
    window: list[list[int]] = []
    while True:
        while len(window) < WINDOW:
            document = [*next(stream), end]
            window += [
                document[start : start + length] for start in range(0, len(document), length)
            ]
        row = [window.pop(0)]
        room = length - len(row[0])
        while room > 0:
            fitting = [index for index, piece in enumerate(window) if len(piece) <= room]
            if not fitting:
                break
            row.append(window.pop(max(fitting, key=lambda index: len(window[index]))))
            room -= len(row[-1])
        yield row


def batch(rows: list[list[list[int]]], length: int, end: int) -> tuple[Tensor, Tensor]:
    """Inputs and labels of some rows; what only fills a row up is not learned."""
    inputs = torch.full((len(rows), length), end)
    labels = torch.full((len(rows), length), IGNORED)
    for index, row in enumerate(rows):
        tokens = torch.tensor([token for piece in row for token in piece])
        inputs[index, : len(tokens)] = tokens
        labels[index, : len(tokens)] = tokens
    return inputs, labels


def optimizers(model: nn.Module, plan: Plan) -> list[torch.optim.Optimizer]:
    """Muon for the linear maps between hidden states, AdamW for all else."""
    hidden: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    linear = {f"{name}.weight" for name, part in model.named_modules() if type(part) is nn.Linear}
    for name, parameter in model.named_parameters():
        # The projection to the vocabulary is tied to the embeddings, under whose name it is listed.
        (hidden if name in linear else rest).append(parameter)
    muon = torch.optim.Muon(
        hidden,
        lr=plan.learning_rate,
        weight_decay=plan.weight_decay,
        adjust_lr_fn="match_rms_adamw",
    )
    adamw = torch.optim.AdamW(rest, lr=plan.learning_rate, betas=(0.9, 0.95), weight_decay=0.0)
    return [muon, adamw]


def next_token_loss(model: nn.Module, inputs: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of the next token, in nats."""
    with torch.autocast(inputs.device.type, torch.bfloat16):
        logits = model(input_ids=inputs, use_cache=False).logits
    shifted = logits[:, :-1].reshape(-1, logits.shape[-1]).float()
    return cross_entropy(shifted, labels[:, 1:].reshape(-1), ignore_index=IGNORED)


def save_checkpoint(
    path: Path,
    model: nn.Module,
    stepping: list[torch.optim.Optimizer],
    plan: Plan,
    progress: Progress,
) -> None:
    """Write weights, optimizers and state of a run."""
    held = {
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in stepping],
        "plan": asdict(plan),
        "progress": asdict(progress),
    }
    torch.save(held, path)


def load_checkpoint(
    path: Path, model: nn.Module, stepping: list[torch.optim.Optimizer]
) -> tuple[Plan, Progress]:
    """Read weights and optimizers; returns where the run stood."""
    held = torch.load(path, weights_only=True, map_location="cpu")
    model.load_state_dict(held["model"])
    for optimizer, state in zip(stepping, held["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    return Plan(**held["plan"]), Progress(**held["progress"])


def batches(documents: list[list[int]], end: int, plan: Plan) -> Iterator[tuple[Tensor, Tensor]]:
    """Inputs and labels of every step of a plan."""
    lengths = plan.lengths()
    stream = document_stream(documents, plan.seed)
    rows: Iterator[list[list[int]]] = iter(())
    for step, length in enumerate(lengths):
        if step == 0 or length != lengths[step - 1]:
            rows = packed_rows(stream, length, end)
        count = max(1, plan.tokens_per_step // length)
        yield batch([next(rows) for _ in range(count)], length, end)


def take_step(
    model: nn.Module,
    stepping: list[torch.optim.Optimizer],
    inputs: Tensor,
    labels: Tensor,
    rate: float,
    clip: float,
) -> float:
    """One step of all optimizers; returns the loss before it."""
    loss = next_token_loss(model, inputs, labels)
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(model.parameters(), clip)
    for optimizer in stepping:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
    return loss.item()


def train(
    model: nn.Module,
    documents: list[list[int]],
    end: int,
    plan: Plan,
    checkpoints: Path,
    resume: Path | None = None,
    device: str = "cpu",
) -> Progress:
    """Run the plan, from a checkpoint if one is given, writing checkpoints and a log of losses.

    The model is on the CPU afterwards, wherever it was trained.
    """
    checkpoints.mkdir(parents=True, exist_ok=True)
    model.to(device)
    stepping = optimizers(model, plan)
    progress = Progress(step=0, tokens=0, loss=math.nan, seconds=0.0)
    if resume:
        earlier, progress = load_checkpoint(resume, model, stepping)
        if not plan.agrees_with(earlier, progress.step):
            raise ValueError(
                f"{resume}: its {progress.step} steps are not the first of the plan to go on with "
                f"({plan}, wanted; {earlier}, found): resume an earlier checkpoint"
            )
    done = progress.step
    begun = time.monotonic() - progress.seconds
    model.train()
    with (checkpoints / "log.jsonl").open("a", encoding="utf-8") as log:
        for step, (inputs, labels) in enumerate(batches(documents, end, plan)):
            if step < done:
                continue
            rate = plan.learning_rate * plan.scale(step)
            loss = take_step(model, stepping, inputs.to(device), labels.to(device), rate, plan.clip)
            progress.step = step + 1
            progress.tokens += int((labels != IGNORED).sum())
            progress.loss = loss if step == 0 else 0.95 * progress.loss + 0.05 * loss
            progress.seconds = time.monotonic() - begun
            if progress.step % plan.log_every == 0:
                log.write(json.dumps(asdict(progress)) + "\n")
                log.flush()
            if progress.step % plan.checkpoint_every == 0 or progress.step == plan.steps:
                path = checkpoints / f"step-{progress.step:05d}.pt"
                save_checkpoint(path, model, stepping, plan, progress)
    model.cpu().eval()
    return progress
