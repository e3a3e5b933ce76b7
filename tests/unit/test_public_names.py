"""The public face, pinned."""

from __future__ import annotations

import pytest

import plip

pytestmark = pytest.mark.fast

NAMES = [
    "ALL",
    "Capture",
    "Corpus",
    "Generation",
    "Knockout",
    "Plan",
    "PlipError",
    "Prefix",
    "Run",
    "Sample",
    "Scale",
    "SetValue",
    "StateWitness",
    "Subject",
    "Tokens",
    "Witness",
    "__version__",
    "attention_to_targets",
    "bundled_corpus",
    "edges",
    "errors",
    "into",
    "kl_divergence",
    "load",
    "out_of",
    "wrap",
]


def test_the_list_of_names() -> None:
    assert plip.__all__ == NAMES
    assert dir(plip) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_and_documented(name: str) -> None:
    value = getattr(plip, name)
    assert value is not None
    assert name in ("ALL", "__version__") or (value.__doc__ or "").strip()


def test_a_star_import_brings_all_of_them() -> None:
    space: dict[str, object] = {}
    exec("from plip import *", space)
    assert set(NAMES) <= set(space)


def test_a_name_is_the_same_object_as_in_its_room() -> None:
    from plip import measure, models, text

    assert plip.load is models.load
    assert plip.Tokens is text.Tokens
    assert plip.kl_divergence is measure.kl_divergence


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'plip' has no attribute 'steer'"):
        plip.steer  # type: ignore[attr-defined]  # noqa: B018  # that is what is tested


@pytest.mark.parametrize(
    "room",
    [
        "claims",
        "cli",
        "experiments",
        "kernels",
        "measure",
        "models",
        "plan",
        "records",
        "report",
        "stats",
        "text",
    ],
)
def test_every_room_says_what_it_offers(room: str) -> None:
    import importlib

    module = importlib.import_module(f"plip.{room}")
    assert module.__doc__
    for name in module.__all__:
        assert hasattr(module, name), f"plip.{room}.{name}"
