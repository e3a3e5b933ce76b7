"""`plip ablate`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]


def test_each_layer_in_turn(on_tiny: Invoke) -> None:
    result = on_tiny("ablate", "--layer", "all", "--max-samples", 2)
    assert result.exit_code == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines() if line.strip()[:1].isdigit()]
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "4", "5"]
    assert "layer 5: no sample; py_simple_add: above the last layer no row reads" in result.stdout


def test_a_window_of_edges_into_the_marker(on_tiny: Invoke) -> None:
    options = ("--layer", 2, "--window", 2, "--what", "into", "--seed", 4, "--json", "-")
    result = on_tiny("ablate", *options, "--max-samples", 2, "--group", "rust_test")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["ablated"], document["seed"]) == ("into", 4)
    assert [window["layers"] for window in document["windows"]] == [[2, 3]]
    assert {record["group"] for record in document["records"]} == {"rust_test"}
    assert len(document["records"]) == 4


def test_the_write_of_a_recurrent_model(invoke: Invoke, tiny_recurrent_checkpoint: Path) -> None:
    model = ("--model", tiny_recurrent_checkpoint, "--cpu")
    result = invoke("ablate", *model, "--layer", 1, "--max-samples", 2)
    assert result.exit_code == 0, result.stderr
    assert "Knockout of the marker's write into the state" in result.stdout
    narrow = invoke("ablate", *model, "--dtype", "bfloat16")
    assert narrow.exit_code == 3
    assert "rounding alone is worth about 2e-5 nats" in narrow.stderr
    assert invoke("ablate", *model, "--dtype", "bfloat16", "--allow-narrow").exit_code == 0


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (("--what", "write"), 3, "wanted edges, into or into-own"),
        (("--layer", "5", "--window", "2"), 3, "wanted one that ends by layer 5"),
        (("--layer", "some"), 3, "layers 'some': wanted layers such as 4, 2,4 or 0,2-4"),
        (("--window", "0"), 2, "window"),
    ],
)
def test_what_is_refused(on_tiny: Invoke, options: tuple[str, ...], code: int, text: str) -> None:
    result = on_tiny("ablate", *options)
    assert result.exit_code == code
    assert text in result.stderr
    assert result.stdout == ""
