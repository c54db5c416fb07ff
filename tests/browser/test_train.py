import pytest

from aecore.config import Config
from aecore.presets import PRESETS
from aecore.training.schedule import TrainingSchedule
from tests.browser.lab import Lab

# 1,295 training images in batches of 32.
STEPS_PER_EPOCH = 41


def assert_stops_at(lab: Lab, step: int) -> None:
    """Wait for a step, and assert that none follows."""
    lab.wait_until(lambda: lab.step == step, f"the page shows step {step}")
    lab.wait_until_paused()
    lab.page.wait_for_timeout(700)
    assert lab.step == step


def history(lab: Lab) -> str:
    return (lab.run / "history.jsonl").read_text()


def test_play_trains_and_pause_stops(lab: Lab) -> None:
    lab.ensure_fresh_run()
    lab.play()
    points = lab.plot_value("loss-curve", "_fullData[1].x.length")
    lab.wait_until(
        lambda: lab.plot_value("loss-curve", "_fullData[1].x.length") > points, "the curve grows"
    )
    lab.pause()
    lab.wait_until(lambda: lab.step == lab.server.saved_state()["step"], "the pause is saved")
    step = lab.step
    assert step > 0
    lab.page.wait_for_timeout(1500)
    assert lab.step == step == lab.server.saved_state()["step"]


WATCH_RESET = """() => {
  window.positions = new Set();
  const look = () => {
    const button = document.querySelector(".st-key-reset button");
    window.positions.add(button && Math.round(button.getBoundingClientRect().left));
    requestAnimationFrame(look);
  };
  look();
}"""


def test_buttons_stay_in_place_while_play_becomes_pause_and_back(lab: Lab) -> None:
    lab.ensure_fresh_run()
    lab.page.evaluate(WATCH_RESET)
    lab.play()
    lab.pause()
    assert len(lab.page.evaluate("[...window.positions]")) == 1


def test_step_buttons_take_the_exact_number_of_steps(lab: Lab) -> None:
    lab.ensure_fresh_run()
    lab.press("step 1")
    assert_stops_at(lab, 1)
    lab.press("step 10")
    assert_stops_at(lab, 11)
    lab.press("step epoch")
    assert_stops_at(lab, 11 + STEPS_PER_EPOCH)
    assert lab.server.saved_state()["step"] == 11 + STEPS_PER_EPOCH


def test_epoch_button_takes_one_pass_during_pretraining(lab: Lab) -> None:
    settings = {"hidden": "8", "linear_path": False, "pretrain_epochs": 2, "epochs": 1}
    lab.ensure_fresh_run(**settings)
    assert TrainingSchedule(Config(**settings), STEPS_PER_EPOCH).total == 5 * STEPS_PER_EPOCH
    lab.press("step epoch")
    assert_stops_at(lab, STEPS_PER_EPOCH)


def test_reset_restarts_and_reproduces_the_run(lab: Lab) -> None:
    lab.ensure_fresh_run(noise=0.2)
    lab.press("step 10")
    assert_stops_at(lab, 10)
    before, error = lab.run, lab.fact("Validation error")
    rows = history(lab)
    lab.press("reset")
    assert_stops_at(lab, 0)
    lab.press("step 10")
    assert_stops_at(lab, 10)
    assert lab.run != before
    assert lab.fact("Validation error") == error
    assert history(lab) == rows
    assert (before / "history.jsonl").read_text() == rows


def test_keyboard_shortcuts_control_the_run(lab: Lab) -> None:
    lab.ensure_fresh_run()
    # A key that is pressed while the buttons are being replaced reaches none of them.
    lab.wait_until_settled()
    keyboard = lab.page.keyboard
    keyboard.press("s")
    assert_stops_at(lab, 1)
    keyboard.press("d")
    assert_stops_at(lab, 11)
    keyboard.press("e")
    assert_stops_at(lab, 11 + STEPS_PER_EPOCH)
    keyboard.press("p")
    lab.wait_for_step(12 + STEPS_PER_EPOCH)
    keyboard.press("p")
    lab.wait_until_paused()
    assert lab.step > 11 + STEPS_PER_EPOCH
    keyboard.press("n")
    assert_stops_at(lab, 0)


def test_finished_run_shows_a_notice_and_continues_with_more_epochs(lab: Lab) -> None:
    lab.ensure_fresh_run(epochs=1)
    lab.press("play")
    lab.wait_for_step(STEPS_PER_EPOCH)
    lab.page.get_by_test_id("stAlert").filter(
        has_text="Increase Epochs to keep training"
    ).wait_for()
    assert lab.button("play").is_disabled()
    lab.expand("Training")
    lab.slider("epochs").press("ArrowRight")
    lab.wait_until(lambda: lab.button("play").is_enabled(), "Play can be pressed")
    lab.press("step 10")
    assert_stops_at(lab, STEPS_PER_EPOCH + 10)


def test_diverged_run_suggests_a_remedy(lab: Lab) -> None:
    lab.ensure_fresh_run(optimizer="sgd", learning_rate=10, schedule="constant")
    lab.press("play")
    lab.wait_for_notice("The likely cause is learning_rate, which is 10; try 1.")
    lab.wait_until_paused()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_trains(lab: Lab, name: str) -> None:
    if lab.page.url == "about:blank":
        lab.open_fresh_run()
    label, before = str(PRESETS[name].label), lab.run
    lab.select("preset", label)
    lab.wait_until(lambda: lab.run != before and lab.step == 0, f"the run of {label} starts")
    lab.wait_until_settled()
    lab.press("step 10")
    assert_stops_at(lab, 10)
    lab.wait_until_drawn()
    config = lab.config.model_dump()
    assert {key: config[key] for key in PRESETS[name].values} == PRESETS[name].values
    rows = len(lab.plot_value("loss-curve", "_fullData[1].x"))
    assert rows == 10
