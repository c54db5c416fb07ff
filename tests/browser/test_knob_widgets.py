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
    "epochs": {"epochs": 800},
}


TEXTS = {"hidden": "16-8", "classes": "0,1"}


def turn(lab: Lab, knob: Knob, *, back_to: Any = None) -> None:
    """Give a knob another value as a person would: its next, or the one it had before."""
    back = back_to is not None
    if knob.name == "dataset":
        lab.choose("dataset", "Digits" if back else "noise-images")
    elif knob.kind == "choice":
        present = lab.server.now()[knob.name]
        value = back_to if back else next(each for each in knob.choices if each != present)
        lab.choose(knob.name, str(knob.choices[value].label))
    elif knob.kind == "switch":
        lab.widget(knob.name).locator("label").first.click()
    elif knob.kind == "text":
        lab.enter(knob.name, str(back_to) if back else TEXTS[knob.name])
    elif knob.log or knob.step is not None:
        lab.slider(knob.name).press("ArrowLeft" if back else "ArrowRight")
    else:
        value = int(lab.slider(knob.name).input_value())
        lab.enter(knob.name, str(back_to if back else value + 1))


def shown(lab: Lab, knob: Knob) -> Any:
    """Return the value of a knob as its widget shows it."""
    if knob.name == "dataset":
        return {"Digits": "digits"}.get(found := lab.chosen("dataset"), found)
    if knob.kind == "choice":
        label = lab.chosen(knob.name)
        return next(name for name, each in knob.choices.items() if str(each.label) == label)
    if knob.kind == "switch":
        return lab.widget(knob.name).locator("input").is_checked()
    slides = knob.log or knob.step is not None
    text = lab.place(knob.name) if slides else lab.slider(knob.name).input_value()
    return getattr(Config(**{**SUITED.get(knob.name, {}), knob.name: text}), knob.name)


@pytest.fixture
def own_images(lab: Lab) -> None:
    """Have a second data set to choose."""
    if "noise-images" not in data.offers(lab.server.data):
        images = np.random.default_rng(0).integers(0, 255, (200, 8, 8), np.uint8)
        file = lab.server.data.parent / "noise.npz"
        np.savez(file, images=images)
        data.add(file, "noise-images", root=lab.server.data)


@pytest.mark.usefixtures("own_images")
# Those that need a page of their own come last.
@pytest.mark.parametrize("name", sorted(KNOBS, key=lambda name: name in SUITED))
def test_a_knob_is_turned_and_turned_back_while_the_network_trains(lab: Lab, name: str) -> None:
    knob = KNOBS[name]
    if name in SUITED or not lab.page.url.startswith("http") or not lab.playing:
        lab.fresh(**SUITED.get(name, {}))
        lab.play()
    if name != "dataset":
        lab.unfold(knob.group.capitalize())
    first = shown(lab, knob)
    other = turned(lab, knob)
    assert other != first
    assert turned(lab, knob, back_to=first) == first
    assert lab.playing


def test_what_was_turned_is_written_down(lab: Lab) -> None:
    lab.fresh()
    lab.play()
    lab.slider("noise").press("ArrowRight")
    lab.until(lambda: "noise=0.05" in lab.page.url, "the noise is changed")
    lab.slider("noise").press("ArrowLeft")
    lab.until(lambda: "noise" not in lab.page.url, "the noise is changed back")
    lab.pause()
    edits = [each["changes"] for each in lab.server.saved()["edits"]]
    assert edits == [{"noise": [0.0, 0.05]}, {"noise": [0.05, 0.0]}]


def turned(lab: Lab, knob: Knob, **how: Any) -> Any:
    """Turn a knob, see that the page follows and the run goes on; return the knob's value."""
    run, address = lab.server.newest(), lab.page.url
    turn(lab, knob, **how)
    lab.until(lambda: lab.page.url != address, f"the address tells of {knob.name}")
    assert (lab.server.newest() == run) == knob.live
    lab.until_settled()
    lab.until(lambda: lab.step > 0, "steps are made")
    lab.until_step(lab.step + 1)
    return shown(lab, knob)


@pytest.mark.parametrize(
    ("group", "name", "choice", "says"),
    [
        ("Training", "loss", "Cross-entropy", "Cross-entropy needs outputs between 0 and 1"),
        ("Network", "code_activation", "Sigmoid", "A linear path needs a linear code"),
        ("Constraint", "sparsity_kind", "KL", "KL sparsity needs activations"),
    ],
)
def test_an_impossible_combination_is_refused_and_the_run_goes_on(
    lab: Lab, group: str, name: str, choice: str, says: str
) -> None:
    lab.fresh()
    lab.play()
    lab.unfold(group)
    run, shown = lab.server.newest(), lab.chosen(name)
    lab.choose(name, choice)
    lab.says(says)
    lab.until(lambda: lab.chosen(name) == shown, f"{name} is {shown} again")
    assert lab.server.newest() == run
    lab.until_step(lab.step + 1)


def test_a_change_to_a_preset_that_plays_stays_in_its_run(lab: Lab) -> None:
    lab.fresh()
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
