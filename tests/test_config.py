import math
from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from aecore import i18n
from aecore.config import GROUPS, Config
from aecore.errors import LabError
from aecore.i18n import language
from aecore.knob import knobs, table
from tests.support import Bracketed

KNOBS = knobs(Config)
NUMBERS = [name for name, knob in KNOBS.items() if knob.kind in ("integer", "number")]
INVALID_COMBINATIONS: list[tuple[Mapping[str, object], str]] = [
    ({"sparsity_kind": "kl", "linear_path": False}, "set code_activation to sigmoid"),
    ({"code_activation": "relu"}, "switch linear_path off"),
    ({"loss": "bce"}, "set loss to mse"),
    ({"tied": True, "architecture": "convolutional", "hidden": "8"}, "switch tied off"),
    ({"architecture": "convolutional", "hidden": ""}, "provide hidden channels such as 32-64"),
    ({"architecture": "convolutional", "hidden": "1-2-3-4-5"}, "one to four layers"),
    (
        {
            "architecture": "convolutional",
            "hidden": "8",
            "linear_path": False,
            "pretrain_epochs": 1,
        },
        "set pretrain_epochs to 0",
    ),
    ({"pretrain_epochs": 1}, "switch linear_path off"),
]


def test_every_knob_has_a_description_group_and_label() -> None:
    for knob in KNOBS.values():
        assert str(knob.description).endswith("."), knob.name
        assert len(str(knob.description)) > 10, knob.name
        assert knob.group in GROUPS
        assert str(knob.label)[0].isupper()


def test_conditions_of_knobs_name_existing_choices() -> None:
    for knob in KNOBS.values():
        for name, values in knob.when.items():
            assert set(values) <= set(KNOBS[name].choices), knob.name


@pytest.mark.parametrize("name", NUMBERS)
def test_bounds_are_inclusive_and_enforced(name: str) -> None:
    knob = KNOBS[name]
    assert knob.low is not None
    assert knob.high is not None
    assert knob.low <= knob.default <= knob.high
    base = {"linear_path": False}
    for bound in (knob.low, knob.high):
        assert getattr(Config(**{**base, name: bound}), name) == bound
    for value in (knob.low - 1e-3, knob.low - 1, knob.high + 1, math.nan, math.inf):
        with pytest.raises(LabError) as caught:
            Config(**{name: value})
        message = str(caught.value)
        assert message.startswith(f"{name} is {value}; choose a ")
        assert str(knob.span) in message


@pytest.mark.parametrize("name", [n for n, knob in KNOBS.items() if knob.kind == "choice"])
def test_invalid_choices_are_rejected_with_the_valid_ones(name: str) -> None:
    with pytest.raises(LabError, match=f"^{name} is 'teapot'; choose one of ") as caught:
        Config(**{name: "teapot"})
    assert all(choice in str(caught.value) for choice in KNOBS[name].choices)


@pytest.mark.parametrize(("values", "advice"), INVALID_COMBINATIONS)
def test_invalid_combinations_are_rejected_with_advice(
    values: Mapping[str, object], advice: str
) -> None:
    with pytest.raises(LabError, match=advice):
        Config(**values)


@pytest.mark.parametrize("hidden", ["512,256", "-", "64-", "a", "12345", "8-8-8-8-8-8-8-8-8"])
def test_malformed_hidden_widths_are_rejected(hidden: str) -> None:
    with pytest.raises(LabError, match=r"^hidden is '.*'; provide something like 512-256\.$"):
        Config(hidden=hidden)


@pytest.mark.parametrize("hidden", ["0", "512-0", "4097"])
def test_hidden_widths_out_of_bounds_are_rejected(hidden: str) -> None:
    with pytest.raises(LabError, match=r"Hidden widths contains \d+; choose 1 to 4096 for each"):
        Config(hidden=hidden)


def test_hidden_widths_are_parsed() -> None:
    assert Config(hidden="512-256-1").widths == (512, 256, 1)
    assert Config(hidden="").widths == ()


@pytest.mark.parametrize("dataset", ["../secret", "", "a" * 65, "a b"])
def test_invalid_dataset_names_are_rejected(dataset: str) -> None:
    with pytest.raises(LabError, match="dataset is"):
        Config(dataset=dataset)


def test_unknown_settings_are_rejected() -> None:
    with pytest.raises(LabError, match="bottelneck is not a setting; the settings are bottleneck,"):
        Config(bottelneck=3)


def test_changed_returns_a_validated_copy() -> None:
    config = Config(bottleneck=3)
    other = config.changed(noise=0.5)
    assert (other.bottleneck, other.noise, config.noise) == (3, 0.5, 0.0)
    with pytest.raises(LabError, match=r"bottleneck is 0; choose a whole number, 1 to 1,024\."):
        config.changed(bottleneck=0)
    with pytest.raises(LabError, match="switch linear_path off"):
        config.changed(code_activation="relu")


def test_saved_settings_of_an_early_version_have_no_validation_images() -> None:
    config = Config(bottleneck=3)
    assert Config.from_saved(config.model_dump()) == config
    early = {n: v for n, v in config.model_dump().items() if n != "validation_images"}
    assert Config.from_saved(early) == config.changed(validation_images=0)
    with pytest.raises(LabError, match="bottleneck is 0"):
        Config.from_saved({"bottleneck": 0})


def test_config_is_frozen() -> None:
    config = Config()
    with pytest.raises(ValidationError, match="frozen"):
        config.bottleneck = 3
    assert config.bottleneck == 8


def test_config_survives_a_round_trip_through_text() -> None:
    config = Config(bottleneck=3, noise=0.35, hidden="", tied=True)
    assert Config(**{n: str(v) for n, v in config.model_dump().items()}) == config


def test_every_message_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = []
    invalid: list[Mapping[str, object]] = [{name: 4e9} for name in NUMBERS]
    invalid += [{"tied": "x"}, {"loss": "x"}, {"hidden": "x"}, {"hidden": "0"}, {"x": 1}]
    for values in [*invalid, *(values for values, _ in INVALID_COMBINATIONS)]:
        with pytest.raises(LabError) as caught:
            Config(**values)
        errors.append(caught.value)
    plain = table(Config).splitlines()
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed())
    token = language.set("xx")
    try:
        for error in errors:
            assert str(error).startswith("[")
            assert str(error).endswith("]")
        assert any("[1 to 1,024]" in str(error) for error in errors)
        for row, translation in zip(plain, table(Config).splitlines(), strict=True):
            assert row == translation.replace("[", "").replace("]", "")
            assert "[" in translation or row.startswith("|---")
        assert str(KNOBS["noise"].label) == "[Noise]"
    finally:
        language.reset(token)
