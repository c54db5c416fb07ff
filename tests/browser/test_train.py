import pytest

from aecore.config import Config
from aecore.presets import PRESETS
from aecore.training.schedule import TrainingSchedule
from tests.browser.lab import Lab

# 1,437 digits to learn from, in batches of 32.
PER_EPOCH = 45


def stands_at(lab: Lab, step: int) -> None:
    """Wait for a step, and see that none follows."""
    lab.until(lambda: lab.step == step, f"the page stands at step {step}")
    lab.button("play").wait_for()
    lab.page.wait_for_timeout(700)
    assert lab.step == step


def history(lab: Lab) -> str:
    return (lab.server.newest() / "history.jsonl").read_text()


def test_play_makes_steps_and_pause_stops_them(lab: Lab) -> None:
    lab.fresh()
    lab.play()
    points = lab.plotted("loss-curve", "_fullData[1].x.length")
    lab.until(
        lambda: lab.plotted("loss-curve", "_fullData[1].x.length") > points, "the curve grows"
    )
    lab.pause()
    lab.page.wait_for_timeout(700)
    step = lab.step
    assert step > 0
    lab.page.wait_for_timeout(1500)
    assert lab.step == step == lab.server.saved()["step"]


def test_step_buttons_make_exactly_so_many_steps(lab: Lab) -> None:
    lab.fresh()
    lab.press("step 1")
    stands_at(lab, 1)
    lab.press("step 10")
    stands_at(lab, 11)
    lab.press("step epoch")
    stands_at(lab, 11 + PER_EPOCH)
    assert lab.server.saved()["step"] == 11 + PER_EPOCH


def test_an_epoch_is_one_pass_where_layers_are_trained_alone_first(lab: Lab) -> None:
    settings = {"hidden": "8", "linear_path": False, "pretrain_epochs": 2, "epochs": 1}
    lab.fresh(**settings)
    assert TrainingSchedule(Config(**settings), PER_EPOCH).total == 5 * PER_EPOCH
    lab.press("step epoch")
    stands_at(lab, PER_EPOCH)


def test_reset_begins_again_and_goes_the_same_way(lab: Lab) -> None:
    lab.fresh(noise=0.2)
    lab.press("step 10")
    stands_at(lab, 10)
    before, error = lab.server.newest(), lab.fact("Held-out error")
    rows = history(lab)
    lab.press("reset")
    stands_at(lab, 0)
    lab.press("step 10")
    stands_at(lab, 10)
    assert lab.server.newest() != before
    assert lab.fact("Held-out error") == error
    assert history(lab) == rows
    assert (before / "history.jsonl").read_text() == rows


def test_the_keyboard_drives_the_run(lab: Lab) -> None:
    lab.fresh()
    keys = lab.page.keyboard
    keys.press("s")
    stands_at(lab, 1)
    keys.press("d")
    stands_at(lab, 11)
    keys.press("e")
    stands_at(lab, 11 + PER_EPOCH)
    keys.press("p")
    lab.until_step(12 + PER_EPOCH)
    keys.press("p")
    lab.button("play").wait_for()
    assert lab.step > 11 + PER_EPOCH
    keys.press("n")
    stands_at(lab, 0)


def test_a_finished_run_says_so_and_goes_on_with_more_epochs(lab: Lab) -> None:
    lab.fresh(epochs=1)
    lab.press("play")
    lab.until_step(PER_EPOCH)
    lab.page.get_by_test_id("stAlert").filter(has_text="Finished").wait_for()
    assert lab.button("play").is_disabled()
    lab.unfold("Training")
    lab.slider("epochs").press("ArrowRight")
    lab.until(lambda: lab.button("play").is_enabled(), "Play can be pressed")
    lab.press("step 10")
    stands_at(lab, PER_EPOCH + 10)


def test_a_run_that_diverges_says_what_to_do(lab: Lab) -> None:
    lab.fresh(optimizer="sgd", learning_rate=10, schedule="constant")
    lab.press("play")
    lab.says("The likely cause is learning_rate, which is 10; try 1.")
    lab.button("play").wait_for()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_learns(lab: Lab, name: str) -> None:
    if lab.page.url == "about:blank":
        lab.open_fresh()
    label, before = str(PRESETS[name].label), lab.server.newest()
    lab.choose("preset", label)
    lab.until(lambda: lab.server.newest() != before and lab.step == 0, f"{label} begins")
    lab.until_settled()
    lab.press("step 10")
    stands_at(lab, 10)
    lab.until_drawn()
    started = lab.server.config()
    assert {key: started[key] for key in PRESETS[name].values} == PRESETS[name].values
    rows = len(lab.plotted("loss-curve", "_fullData[1].x"))
    assert rows == 10
