"""Every knob is changed through its own widget, while the network trains."""

from typing import Any

import numpy as np
import pytest

from aecore import data
from aecore.config import Config
from aecore.knob import Knob, knobs
from tests.browser.lab import Lab

KNOBS = knobs(Config)
# What the run must be like for the knob to matter, and for its change to be possible.
SUITED: dict[str, dict[str, object]] = {
    "target_activity": {"sparsity_kind": "kl", "code_activation": "sigmoid", "linear_path": False},
    "active_units": {"sparsity_kind": "top_k"},
    "momentum": {"optimizer": "sgd"},
    "code_activation": {"linear_path": False},
    "loss": {"linear_path": False},
    "pretrain_epochs": {"linear_path": False},
}


def turn(lab: Lab, knob: Knob) -> Any:
    """Give a knob another value as a person would; return it."""
    if knob.kind == "choice" or knob.name == "dataset":
        return pick_another(lab, knob)
    if knob.kind == "switch":
        lab.widget(knob.name).locator("label").first.click()
        return not lab.server.now()[knob.name]
    if knob.kind == "text":
        lab.enter(knob.name, "16-8")
        return "16-8"
    if knob.log or knob.step is not None:
        lab.slider(knob.name).press("ArrowRight")
        return getattr(Config(**{knob.name: lab.place(knob.name)}), knob.name)
    value = int(lab.slider(knob.name).input_value()) + 1
    lab.enter(knob.name, str(value))
    return value


def pick_another(lab: Lab, knob: Knob) -> str:
    if knob.name == "dataset":
        lab.choose("dataset", "noise-images")
        return "noise-images"
    present = lab.server.now()[knob.name]
    value = next(each for each in knob.choices if each != present)
    label = knob.choices[value]
    lab.choose(knob.name, label[:1].upper() + label[1:])
    return value


@pytest.fixture
def own_images(lab: Lab) -> None:
    """Have a second data set to choose."""
    if "noise-images" not in data.offers(lab.server.data):
        images = np.random.default_rng(0).integers(0, 255, (200, 8, 8), np.uint8)
        file = lab.server.data.parent / "noise.npz"
        np.savez(file, images=images)
        data.add(file, "noise-images", root=lab.server.data)


@pytest.mark.usefixtures("own_images")
@pytest.mark.parametrize("name", KNOBS)
def test_a_knob_is_changed_while_the_network_trains(lab: Lab, name: str) -> None:
    knob = KNOBS[name]
    lab.open_fresh(**SUITED.get(name, {}))
    lab.play()
    if name != "dataset":
        lab.unfold(knob.group.capitalize())
    run, before = lab.server.newest(), lab.server.now()[name]
    value = turn(lab, knob)
    assert value != before
    if knob.live:
        lab.until(lambda: lab.server.now()[name] != before, f"{name} is changed on disk")
        assert lab.server.newest() == run
        (edit,) = lab.server.saved()["edits"]
        assert edit["changes"] == {name: [before, value]}
        assert edit["step"] > 0
    else:
        lab.until(lambda: lab.server.newest() != run, "a new run begins")
        assert lab.server.saved()["edits"] == []
    assert lab.server.now()[name] == value
    lab.until_step(lab.server.saved()["step"] + 1)
    assert lab.playing


@pytest.mark.parametrize(
    ("group", "name", "choice", "says"),
    [
        ("Training", "loss", "Cross-entropy", "Cross-entropy needs outputs between 0 and 1"),
        ("Network", "code_activation", "Sigmoid", "A linear path needs a linear code"),
        ("Constraint", "sparsity_kind", "KL", "KL sparsity compares mean activations"),
    ],
)
def test_an_impossible_combination_is_refused_and_the_run_goes_on(
    lab: Lab, group: str, name: str, choice: str, says: str
) -> None:
    lab.open_fresh()
    lab.play()
    lab.unfold(group)
    run, shown = lab.server.newest(), lab.chosen(name)
    lab.choose(name, choice)
    lab.says(says)
    lab.until(lambda: lab.chosen(name) == shown, f"{name} is {shown} again")
    assert lab.server.newest() == run
    lab.until_step(lab.step + 1)


def test_a_change_to_a_preset_that_plays_stays_in_its_run(lab: Lab) -> None:
    lab.open_fresh()
    before = lab.server.newest()
    lab.choose("preset", "Two-dimensional")
    lab.until(lambda: lab.server.newest() != before, "the preset begins")
    lab.until_settled()
    lab.play()
    run = lab.server.newest()
    for place in ("0.05", "0.10"):
        lab.slider("noise").press("ArrowRight")
        # A stale tick would bring the preset, and with it another run and no noise, a moment later.
        lab.page.wait_for_timeout(2500)
        assert lab.place("noise") == place
    assert lab.chosen("preset") == ""
    assert lab.server.newest() == run
    assert [each["changes"] for each in lab.server.saved()["edits"]] == [
        {"noise": [0.0, 0.05]},
        {"noise": [0.05, 0.1]},
    ]
