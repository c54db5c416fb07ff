"""Each knob is changed with its own widget while the network trains."""

from typing import Any

import numpy as np
import pytest

from aecore import data
from aecore.config import Config
from aecore.knob import Knob, knobs
from tests.browser.lab import Lab

KNOBS = knobs(Config)
# Settings under which the knob matters and its change is valid.
REQUIRED_SETTINGS: dict[str, dict[str, object]] = {
    "target_activity": {"sparsity_kind": "kl", "code_activation": "sigmoid", "linear_path": False},
    "active_units": {"sparsity_kind": "top_k"},
    "momentum": {"optimizer": "sgd"},
    "code_activation": {"linear_path": False},
    "loss": {"linear_path": False},
    "pretrain_epochs": {"linear_path": False},
    "epochs": {"epochs": 800},
}


# A choice of which this machine has only one cannot be changed.
CHANGEABLE = [name for name, knob in KNOBS.items() if len(knob.options) != 1]
TEXTS = {"hidden": "16-8", "classes": "0,1"}


def change(lab: Lab, knob: Knob, *, back_to: Any = None) -> None:
    """Change a knob as a user would: to its next value, or back to the previous one."""
    back = back_to is not None
    if knob.name == "dataset":
        lab.select("dataset", "Digits" if back else "noise-images")
    elif knob.kind == "choice":
        current = getattr(lab.config, knob.name)
        value = back_to if back else next(choice for choice in knob.options if choice != current)
        lab.select(knob.name, str(knob.choices[value].label))
    elif knob.kind == "switch":
        lab.widget(knob.name).locator("label").first.click()
    elif knob.kind == "text":
        lab.enter(knob.name, str(back_to) if back else TEXTS[knob.name])
    elif knob.log or knob.step is not None:
        lab.slider(knob.name).press("ArrowLeft" if back else "ArrowRight")
    else:
        value = int(lab.slider(knob.name).input_value())
        lab.enter(knob.name, str(back_to if back else value + 1))


def widget_value(lab: Lab, knob: Knob) -> Any:
    """Return the value of a knob that its widget shows."""
    if knob.name == "dataset":
        return {"Digits": "digits"}.get(label := lab.selected("dataset"), label)
    if knob.kind == "choice":
        label = lab.selected(knob.name)
        return next(name for name, choice in knob.choices.items() if str(choice.label) == label)
    if knob.kind == "switch":
        return lab.widget(knob.name).locator("input").is_checked()
    is_slider = knob.log or knob.step is not None
    text = lab.slider_value(knob.name) if is_slider else lab.slider(knob.name).input_value()
    return getattr(Config(**{**REQUIRED_SETTINGS.get(knob.name, {}), knob.name: text}), knob.name)


@pytest.fixture
def own_images(lab: Lab) -> None:
    """Add a second dataset to select."""
    if "noise-images" not in data.offers(lab.server.data):
        images = np.random.default_rng(0).integers(0, 255, (200, 8, 8), np.uint8)
        file = lab.server.data.parent / "noise.npz"
        np.savez(file, images=images)
        data.add(file, "noise-images", root=lab.server.data)


@pytest.mark.usefixtures("own_images")
# Knobs that need a page of their own come last, so that the others share one.
@pytest.mark.parametrize("name", sorted(CHANGEABLE, key=lambda name: name in REQUIRED_SETTINGS))
def test_knob_is_changed_and_changed_back_during_training(lab: Lab, name: str) -> None:
    knob = KNOBS[name]
    if name in REQUIRED_SETTINGS or not lab.page.url.startswith("http") or not lab.playing:
        lab.ensure_fresh_run(**REQUIRED_SETTINGS.get(name, {}))
        lab.play()
    if name != "dataset":
        lab.expand(knob.group.capitalize())
    first = widget_value(lab, knob)
    other = change_and_check(lab, knob)
    assert other != first
    assert change_and_check(lab, knob, back_to=first) == first
    assert lab.playing


def test_changes_are_recorded_as_edits(lab: Lab) -> None:
    lab.ensure_fresh_run()
    lab.play()
    lab.slider("noise").press("ArrowRight")
    lab.wait_until(lambda: "noise=0.05" in lab.page.url, "the noise is changed")
    lab.slider("noise").press("ArrowLeft")
    lab.wait_until(lambda: "noise" not in lab.page.url, "the noise is changed back")
    lab.pause()
    edits = [edit["changes"] for edit in lab.server.saved_state()["edits"]]
    assert edits == [{"noise": [0.0, 0.05]}, {"noise": [0.05, 0.0]}]


def change_and_check(lab: Lab, knob: Knob, **options: Any) -> Any:
    """Change a knob, check that the page follows and training continues; return its value."""
    run, url = lab.run, lab.page.url
    change(lab, knob, **options)
    lab.wait_until(lambda: lab.page.url != url, f"the URL contains {knob.name}")
    assert (lab.run == run) == knob.live
    lab.wait_until_settled()
    # A new run is training from its first step on.
    lab.wait_for_step(lab.step + 1 if knob.live else 1)
    return widget_value(lab, knob)


@pytest.mark.parametrize(
    ("group", "name", "choice", "message"),
    [
        ("Training", "loss", "Cross-entropy", "Cross-entropy needs outputs between 0 and 1"),
        ("Network", "code_activation", "Sigmoid", "A linear path needs a linear code"),
        ("Constraint", "sparsity_kind", "KL", "KL sparsity needs activations"),
    ],
)
def test_invalid_combination_is_rejected_and_training_continues(
    lab: Lab, group: str, name: str, choice: str, message: str
) -> None:
    if not lab.playing:
        lab.ensure_fresh_run()
        lab.play()
    lab.expand(group)
    run, previous = lab.run, lab.selected(name)
    lab.select(name, choice)
    lab.wait_for_notice(message)
    lab.wait_until(lambda: lab.selected(name) == previous, f"{name} is {previous} again")
    assert lab.run == run
    lab.wait_for_step(lab.step + 1)


def test_change_while_a_preset_trains_stays_in_its_run(lab: Lab) -> None:
    lab.ensure_fresh_run()
    before = lab.run
    lab.select("preset", "Two-dimensional")
    lab.wait_until(lambda: lab.run != before, "the run of the preset starts")
    lab.wait_until_settled()
    lab.play()
    run = lab.run
    for value in ("0.05", "0.10"):
        lab.slider("noise").press("ArrowRight")
        # A stale tick would restore the preset a moment later, starting another run without noise.
        lab.page.wait_for_timeout(2500)
        lab.wait_until(lambda: f"noise={float(value)}" in lab.page.url, "the noise is changed")  # noqa: B023
        assert lab.slider_value("noise") == value
    assert lab.selected("preset") == ""
    assert lab.run == run
    lab.pause()
    assert [edit["changes"] for edit in lab.server.saved_state()["edits"]] == [
        {"noise": [0.0, 0.05]},
        {"noise": [0.05, 0.1]},
    ]
