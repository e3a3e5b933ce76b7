"""What steering costs, as a ratio to the unsteered model with SDPA. `tox run -e bench`."""

from __future__ import annotations

import pytest

from plip import Capture, Plan, Scale, edges

pytestmark = pytest.mark.bench

LAYER = 8
DOSES = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)
LENGTHS = (40, 57, 75, 93, 110, 128, 146, 164, 182, 200)


@pytest.mark.parametrize(("length", "most"), [(512, 1.08), (2048, 1.03)])
@pytest.mark.parametrize("rows", [1, 4])
def test_steered_forward(subject, plain, text, ratio, length, most, rows):
    tokens = text(length)
    queries = range(length // 2, length // 2 + rows)
    plan = Plan(Scale(3.0), edges(query=queries, keys=[0, 4, 8]), layers=[LAYER])
    rounds = 15 if length == 512 else 5
    assert ratio(lambda: subject.run(tokens, plan=plan), lambda: plain([tokens]), rounds) <= most


@pytest.mark.parametrize("length", [512, 2048])
def test_calibration(subject, plain, text, ratio, length):
    tokens = text(length)
    capture = Capture([LAYER], [length // 2])
    rounds = 15 if length == 512 else 5

    def calibrate():
        return subject.run(tokens, capture=capture, positions="none")

    assert ratio(calibrate, lambda: plain([tokens]), rounds) <= 0.72


def test_dose_response(subject, plain, text, ratio):
    texts = [text(length) for length in LENGTHS]
    plans = [
        [
            Plan(Scale(dose), edges(query=len(tokens) // 2, keys=[0, 4, 8]), layers=[LAYER])
            for dose in DOSES
        ]
        for tokens in texts
    ]
    captures = [Capture([LAYER], [len(tokens) // 2]) for tokens in texts]

    def sweep():
        return subject.sweep(texts, plans, capture=captures)

    full = [subject.run([tokens] * 6, plan=mine) for tokens, mine in zip(texts, plans, strict=True)]
    worst = max(
        float((one.logits - other.logits).abs().max())
        for one, other in zip(sweep(), full, strict=True)
    )
    # The floor between eager and SDPA attention on such a model.
    assert worst <= 7e-6
    assert ratio(sweep, lambda: plain(texts), 7) <= 1.35
