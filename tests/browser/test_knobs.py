"""Every knob is changed through its own widget, while the network trains."""

from typing import Any

import numpy as np
import pytest

from aecore import data
from aecore.config import Config
from aecore.knob import Knob, knobs
from aecore.presets import PRESETS
from tests.browser.lab import Lab

KNOBS = knobs(Config)
# Where to start from, so that the knob matters and the change can be; elsewhere from Classic.
STARTS = {"architecture": "convolutional", "linear_path": "stacked", "hidden": "stacked"}
# What else has to be chosen first.
FIRST = {
    "target_activity": ("sparsity_kind", "KL"),
    "active_units": ("sparsity_kind", "Top-k"),
}


def begin(lab: Lab, preset: str) -> None:
    """Begin a new run with a preset's settings, and play it; it plays at once if one played."""
    lab.until_settled()
    before, label = lab.server.newest(), PRESETS[preset].label
    if lab.chosen("preset") == label:
        lab.press("reset")
    else:
        lab.choose("preset", label)
    lab.until(lambda: lab.server.newest() != before, f"{label} begins")
    lab.until_settled()
    assert lab.chosen("preset") == label
    if not lab.playing:
        lab.press("play")
    lab.until(lambda: lab.playing, "it plays")
    lab.until_step(1)


def turn(lab: Lab, knob: Knob) -> Any:
    """Give a knob another value as a person would; return it."""
    if knob.name == "dataset" or knob.kind == "choice":
        return pick_another(lab, knob)
    if knob.kind == "switch":
        lab.widget(knob.name).locator("label").first.click()
        return None
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
    names = knob.choices or {"other-images": "other-images"}
    present = lab.chosen(knob.name).casefold()
    value, label = next(each for each in names.items() if each[1].casefold() != present)
    lab.choose(knob.name, label[:1].upper() + label[1:] if knob.choices else label)
    return value


@pytest.fixture
def other_images(shared_lab: Lab) -> str:
    root = shared_lab.server.data
    if "other-images" not in data.offers(root):
        images = np.random.default_rng(0).integers(0, 255, (200, 8, 8), np.uint8)
        file = root.parent / "other.npz"
        np.savez(file, images=images)
        data.add(file, "other-images", root=root)
    return "other-images"


@pytest.mark.parametrize("name", KNOBS)
def test_a_knob_is_changed_while_the_network_trains(
    shared_lab: Lab, other_images: str, name: str
) -> None:
    lab, knob = shared_lab, KNOBS[name]
    begin(lab, STARTS.get(name, "classic"))
    if knob.group != "constraint":
        lab.unfold(knob.group.capitalize())
    if name in FIRST:
        lab.choose(*FIRST[name])
    lab.until(lambda: lab.widget(name).locator("input").is_enabled(), f"{name} matters")
    run, before = lab.server.newest(), lab.server.now()[name]
    value = turn(lab, knob)
    if knob.live:
        lab.until(lambda: lab.server.now()[name] != before, f"{name} is changed on disk")
        assert lab.server.newest() == run
        edit = lab.server.saved()["edits"][-1]
        assert list(edit["changes"]) == [name], (
            lab.server.saved()["edits"],
            run,
            lab.server.newest(),
            before,
            value,
        )
        assert edit["step"] > 0
    else:
        lab.until(lambda: lab.server.newest() != run, "a new run begins")
        assert lab.server.saved()["edits"] == []
    after = lab.server.now()[name]
    assert after == (value if value is not None else not before)
    step = lab.server.saved()["step"]
    lab.until_step(step + 1)
    assert lab.page.get_by_test_id("stAlert").count() == 0


@pytest.mark.parametrize(
    ("group", "name", "choice", "says"),
    [
        ("Training", "loss", "Cross-entropy", "Cross-entropy needs outputs between 0 and 1"),
        ("Network", "code_activation", "Sigmoid", "A linear path needs a linear code"),
        ("Constraint", "sparsity_kind", "KL", "KL sparsity compares mean activations"),
    ],
)
def test_an_impossible_combination_is_refused_and_the_run_goes_on(
    shared_lab: Lab, group: str, name: str, choice: str, says: str
) -> None:
    lab = shared_lab
    begin(lab, "stacked")
    lab.unfold(group)
    run, shown = lab.server.newest(), lab.chosen(name)
    lab.choose(name, choice)
    lab.says(says)
    lab.until(lambda: lab.chosen(name) == shown, f"{name} is {shown} again")
    assert lab.server.newest() == run
    lab.until_step(lab.step + 1)
