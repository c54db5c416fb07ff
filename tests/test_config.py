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
NUMBERS = [name for name, each in KNOBS.items() if each.kind in ("integer", "number")]
IMPOSSIBLE: list[tuple[Mapping[str, object], str]] = [
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


def test_every_knob_has_words_a_group_and_a_label() -> None:
    for each in KNOBS.values():
        assert str(each.description).endswith("."), each.name
        assert len(str(each.description)) > 10, each.name
        assert each.group in GROUPS
        assert str(each.label)[0].isupper()


def test_what_a_knob_depends_on_exists() -> None:
    for each in KNOBS.values():
        for name, values in each.when.items():
            assert set(values) <= set(KNOBS[name].choices), each.name


@pytest.mark.parametrize("name", NUMBERS)
def test_bounds_are_included_and_held(name: str) -> None:
    each = KNOBS[name]
    assert each.low is not None
    assert each.high is not None
    assert each.low <= each.default <= each.high
    base = {"linear_path": False}
    for bound in (each.low, each.high):
        assert getattr(Config(**{**base, name: bound}), name) == bound
    for beyond in (each.low - 1e-3, each.low - 1, each.high + 1, math.nan, math.inf):
        with pytest.raises(LabError) as caught:
            Config(**{name: beyond})
        said = str(caught.value)
        assert said.startswith(f"{name} is {beyond}; choose a ")
        assert str(each.span) in said


@pytest.mark.parametrize("name", [n for n, each in KNOBS.items() if each.kind == "choice"])
def test_choices(name: str) -> None:
    with pytest.raises(LabError, match=f"^{name} is 'teapot'; choose one of ") as caught:
        Config(**{name: "teapot"})
    assert all(choice in str(caught.value) for choice in KNOBS[name].choices)


@pytest.mark.parametrize(("values", "way_out"), IMPOSSIBLE)
def test_what_cannot_go_together_is_refused_with_the_way_out(
    values: Mapping[str, object], way_out: str
) -> None:
    with pytest.raises(LabError, match=way_out):
        Config(**values)


@pytest.mark.parametrize("hidden", ["512,256", "-", "64-", "a", "12345", "8-8-8-8-8-8-8-8-8"])
def test_hidden_widths_that_are_none(hidden: str) -> None:
    with pytest.raises(LabError, match=r"^hidden is '.*'; provide something like 512-256\.$"):
        Config(hidden=hidden)


@pytest.mark.parametrize("hidden", ["0", "512-0", "4097"])
def test_hidden_widths_out_of_bounds(hidden: str) -> None:
    with pytest.raises(LabError, match=r"Hidden widths contains \d+; choose 1 to 4096 for each"):
        Config(hidden=hidden)


def test_hidden_widths_parse() -> None:
    assert Config(hidden="512-256-1").widths == (512, 256, 1)
    assert Config(hidden="").widths == ()


@pytest.mark.parametrize("dataset", ["../secret", "", "a" * 65, "a b"])
def test_a_data_set_is_a_plain_name(dataset: str) -> None:
    with pytest.raises(LabError, match="dataset is"):
        Config(dataset=dataset)


def test_a_setting_that_does_not_exist() -> None:
    with pytest.raises(LabError, match="bottelneck is not a setting; the settings are bottleneck,"):
        Config(bottelneck=3)


def test_changed_is_a_checked_copy() -> None:
    config = Config(bottleneck=3)
    other = config.changed(noise=0.5)
    assert (other.bottleneck, other.noise, config.noise) == (3, 0.5, 0.0)
    with pytest.raises(LabError, match=r"bottleneck is 0; choose a whole number, 1 to 1,024\."):
        config.changed(bottleneck=0)
    with pytest.raises(LabError, match="switch linear_path off"):
        config.changed(code_activation="relu")


def test_frozen() -> None:
    config = Config()
    with pytest.raises(ValidationError, match="frozen"):
        config.bottleneck = 3
    assert config.bottleneck == 8


def test_it_survives_a_round_trip_through_text() -> None:
    config = Config(bottleneck=3, noise=0.35, hidden="", tied=True)
    assert Config(**{n: str(v) for n, v in config.model_dump().items()}) == config


def test_every_sentence_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = []
    wrong: list[Mapping[str, object]] = [{name: 4e9} for name in NUMBERS]
    wrong += [{"tied": "x"}, {"loss": "x"}, {"hidden": "x"}, {"hidden": "0"}, {"x": 1}]
    for values in [*wrong, *(values for values, _ in IMPOSSIBLE)]:
        with pytest.raises(LabError) as caught:
            Config(**values)
        refusals.append(caught.value)
    plain = table(Config).splitlines()
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed())
    token = language.set("xx")
    try:
        for refusal in refusals:
            assert str(refusal).startswith("[")
            assert str(refusal).endswith("]")
        assert any("[1 to 1,024]" in str(refusal) for refusal in refusals)
        for before, after in zip(plain, table(Config).splitlines(), strict=True):
            assert before == after.replace("[", "").replace("]", "")
            assert "[" in after or before.startswith("|---")
        assert str(KNOBS["noise"].label) == "[Noise]"
    finally:
        language.reset(token)
