"""Options of experiments."""

from __future__ import annotations

from typing import Any

import pytest

from plip.errors import ConfigError
from plip.experiments import CalibrateConfig, DoseResponseConfig
from plip.text import Group

pytestmark = pytest.mark.fast


def test_the_defaults_are_the_papers() -> None:
    config = DoseResponseConfig()
    assert config.doses == (0.5, 1, 2, 3, 4, 6)
    assert config.groups == (Group.RUST_TEST,)
    assert config.layer is None
    assert CalibrateConfig().groups == tuple(Group)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"doses": [1.0, -2.0]},
            "option doses: wanted greater than or equal to 0, found -2.0; "
            "see what the option's description says",
        ),
        ({"doses": [float("nan")]}, "option doses: wanted a finite number, found nan; "),
        ({"doses": [float("inf")]}, "option doses: wanted a finite number, found inf; "),
        ({"doses": []}, "option doses: wanted "),
        ({"doses": [2.0, 2.0]}, "option doses: wanted each dose once, found [2.0, 2.0]; "),
        ({"layer": -1}, "option layer: wanted greater than or equal to 0, found -1; "),
        ({"target_attention": 0.0}, "option target_attention: wanted greater than 0, found 0.0; "),
        ({"target_attention": 1.0}, "option target_attention: wanted less than 1, found 1.0; "),
        ({"mode": "add"}, "option mode: wanted 'set-value' or 'scale', found 'add'; "),
        ({"max_samples": 0}, "option max_samples: wanted greater than or equal to 1, found 0; "),
        ({"groups": ["java_test"]}, "option groups: wanted 'python_doctest', 'rust_test', "),
        ({"seed": -1}, "option seed: wanted greater than or equal to 0, found -1; "),
        ({"colour": "red"}, "option colour: wanted Extra inputs are not permitted, found 'red'; "),
    ],
)
def test_an_option_without_meaning_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        DoseResponseConfig(**options)
    assert str(caught.value).startswith(text)


def test_only_some_experiments_take_all_layers() -> None:
    assert CalibrateConfig(layer="all").layer == "all"
    with pytest.raises(ConfigError, match="option layer"):
        DoseResponseConfig(layer="all")


def test_several_layers_are_sorted_and_one_is_a_list_of_one() -> None:
    assert CalibrateConfig(layer=3).layer == (3,)
    assert CalibrateConfig(layer=[4, 2]) == CalibrateConfig(layer=(2, 4))
    for layers in ((), (2, 2), True, ("2-4",)):
        with pytest.raises(ConfigError, match="option layer"):
            CalibrateConfig(layer=layers)


def test_a_config_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        CalibrateConfig().layer = 3  # type: ignore[misc]  # that is what is tested
