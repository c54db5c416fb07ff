from pathlib import Path

import numpy as np
import pytest

from aecore import data
from aecore.config import Config
from aecore.presets import preset
from aecore.runs.folder import runs
from aecore.runs.run import Run
from dashboard.state import active_run, cached, commands, sessions
from tests.dashboard.support import OpenPage
from tests.support import current_job, until


def test_settings_are_read_from_and_written_to_the_url(open_page: OpenPage) -> None:
    config = Config(
        hidden="16-8",
        batch_size=128,
        bottleneck=13,
        noise=0.35,
        noise_kind="salt_and_pepper",
        linear_path=False,
        learning_rate=0.00123,
        seed=42,
    )
    defaults = Config().model_dump()
    changed = {n: v for n, v in config.model_dump().items() if v != defaults[n]}
    page = open_page(**changed)
    assert active_run.snapshot().config == config
    page.run()
    assert dict(page.query_params) == {name: str(value) for name, value in changed.items()}


def test_url_follows_a_change(open_page: OpenPage) -> None:
    page = open_page()
    page.slider(key="noise").set_value(0.25).run()
    assert page.query_params["noise"] == "0.25"
    page.slider(key="noise").set_value(0.0).run()
    assert "noise" not in page.query_params


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("noise", "loud", "noise is loud; choose a number, 0 to 1."),
        ("bottleneck", "0", "bottleneck is 0; choose a whole number, 1 to 1,024."),
        ("loss", "hope", "loss is 'hope'; choose one of mse, clipped, bce."),
        ("sparsity_kind", "kl", "KL sparsity needs activations"),
        ("dataset", "nowhere", "There is no dataset 'nowhere'"),
        ("dataset", "../secret", "dataset is '../secret'; provide something like mnist."),
    ],
)
def test_invalid_url_shows_an_error_and_starts_another_run(
    open_page: OpenPage, name: str, value: str, message: str
) -> None:
    page = open_page(**{name: value})
    (error,) = page.error
    assert message in error.value
    assert str(getattr(active_run.snapshot().config, name)) != value


def test_unknown_url_parameters_are_ignored(open_page: OpenPage) -> None:
    page = open_page(utm_source="newsletter")
    assert not page.error
    assert active_run.snapshot().config.hidden == "16"


def test_live_knob_changes_the_run_and_is_recorded(open_page: OpenPage) -> None:
    page = open_page()
    run = current_job().run
    page.slider(key="noise").set_value(0.2).run()
    assert current_job().run is run
    (edit,) = active_run.snapshot().edits
    assert edit["changes"] == {"noise": [0.0, 0.2]}


def test_other_knob_starts_a_new_run_and_names_the_saved_one(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    old = current_job().run
    page.number_input(key="seed").set_value(5).run()
    assert current_job().run is not old
    assert active_run.snapshot().config.seed == 5
    assert [each.value for each in page.toast] == [f"Started a new run. {old.name} was saved."]


def visit_as(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the following visits be those of another browser session."""
    monkeypatch.setattr(sessions, "session_id", lambda: name)


def test_second_visit_shows_the_run_of_the_first(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_page(bottleneck=5)
    job = current_job()
    visit_as("second", monkeypatch)
    open_page(bottleneck=5)
    assert current_job() is job


def test_address_with_other_settings_offers_a_new_run_and_touches_no_other(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_page(bottleneck=5, epochs=1000).button(key="play").click().run()
    first = current_job()
    assert first.playing
    visit_as("second", monkeypatch)
    page = open_page(bottleneck=7)
    assert current_job() is not first
    assert first.playing
    assert page.select_slider(key="bottleneck").value == "7"
    page.button(key="start").click().run()
    assert current_job().playing
    assert first.alive


def test_link_is_mentioned_only_while_the_settings_are_its_own(open_page: OpenPage) -> None:
    page = open_page()
    assert page.button(key="start")
    page.slider(key="noise").set_value(0.2).run()
    assert not [each for each in page.button if each.key == "start"]


def test_run_with_the_same_settings_is_offered_as_what_it_is(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="step 1").click().run()
    assert current_job().wait(60)
    other_program = Run(current_job().run.path)
    page.button(key="reset").click().run()
    texts = [each.value for each in page.markdown]
    assert any("has these settings; it stopped at step 1." in text for text in texts)
    other_program.claim()
    try:
        page.run()
        texts = [each.value for each in page.markdown]
        assert any(f"{other_program.name} is training in another program." in t for t in texts)
    finally:
        other_program.release()


def test_saved_run_at_step_0_does_not_offer_itself(open_page: OpenPage, root: Path) -> None:
    page = open_page()
    config = current_job().config
    run = Run.draft(root / "untrained", config)
    run.start(cached.dataset("digits"))
    run.release()
    page.run()
    assert page.button(key="open untrained")
    page.button(key="open untrained").click().run()
    assert current_job().run.path == run.path
    assert not [each for each in page.button if str(each.key).startswith("open untrained")]


def test_superseded_start_leaves_nothing_on_disk(
    open_page: OpenPage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(epochs=1000)
    page.button(key="play").click().run()
    monkeypatch.setattr(sessions, "START_SECONDS", 0.0)
    first = current_job()
    until(lambda: first.watch().step > 0)
    for seed in (1, 2):
        commands.begin(active_run.live().config.changed(seed=seed))
    until(lambda: active_run.live().config.seed == 2 and not active_run.live().starting)
    until(lambda: current_job().watch().step > 0)
    assert {run.config.seed for run in runs(root)} == {first.config.seed, 2}


@pytest.mark.parametrize(("seconds", "toasts"), [(0.0, ["The run is ready."]), (60.0, [])])
def test_end_of_a_slow_start_is_said(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, seconds: float, toasts: list[str]
) -> None:
    page = open_page()
    monkeypatch.setattr(sessions, "START_SECONDS", seconds)
    page.number_input(key="seed").set_value(5).run()
    until(lambda: not active_run.live().starting)
    assert active_run.snapshot().config.seed == 5
    shown = [each.value for each in page.toast]
    shown += [each.value for each in page.run().toast]
    assert shown == toasts


def test_opened_page_leaves_nothing_on_disk(open_page: OpenPage, root: Path) -> None:
    open_page().button(key="reset").click().run()
    assert not root.exists()


def test_address_finds_its_finished_run_after_a_restart(open_page: OpenPage) -> None:
    page = open_page(epochs=1)
    page.slider(key="noise").set_value(0.2).run()
    page.button(key="play").click().run()
    assert current_job().wait(60)
    finished, address = current_job().run.path, dict(page.query_params)
    active_run.runs().close_all()
    active_run.sessions.clear()
    open_page(**address)
    assert current_job().run.path == finished
    assert active_run.snapshot().finished


def test_finished_run_is_offered_beside_a_run_at_work(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(epochs=1)
    page.button(key="play").click().run()
    assert current_job().wait(60)
    finished, address = current_job().run, dict(page.query_params)
    page.number_input(key="seed").set_value(5).run()
    visit_as("second", monkeypatch)
    page = open_page(**address)
    assert active_run.snapshot().step == 0
    page.button(key=f"open {finished.name}").click().run()
    assert current_job().run.path == finished.path


def test_refused_start_leaves_the_current_run_and_the_disk_as_they_are(
    open_page: OpenPage, root: Path
) -> None:
    page = open_page()
    page.button(key="step 1").click().run()
    assert current_job().wait(60)
    job = current_job()
    commands.begin(job.config.changed(dataset="nowhere"))
    page.run()
    assert "nowhere" in page.error[0].value
    assert current_job() is job
    assert job.alive
    assert [run.path for run in runs(root)] == [job.run.path]


def test_followed_run_is_read_only(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    old = current_job().run
    page.number_input(key="seed").set_value(5).run()
    other_program = Run(old.path)
    other_program.claim()
    try:
        commands.open_run(old.name)
        page.run()
        (notice,) = page.info
        assert notice.value.startswith(f"{old.name} is training in another program")
        assert page.slider(key="noise").disabled
        assert all(page.button(key=key).disabled for key in ("play", "step 1", "reset", "others"))
    finally:
        other_program.release()
    page.run()
    page.button(key=f"open {old.name}").click().run()
    assert current_job().latest.step == 10
    assert not page.slider(key="noise").disabled


@pytest.fixture
def own_images(root: Path, tmp_path: Path) -> str:
    """Add 100 images in two classes to the datasets; return their name."""
    images = np.random.default_rng(0).integers(0, 256, (100, 6, 5), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.repeat(["a", "b"], 50))
    data.add(tmp_path / "own.npz", "mine")
    return "mine"


def test_another_dataset_drops_the_classes_and_keeps_what_was_chosen(
    open_page: OpenPage, own_images: str
) -> None:
    page = open_page(classes="3,5", noise=0.2, epochs=7)
    page.selectbox(key="dataset").set_value(own_images).run()
    assert not page.error
    config = active_run.snapshot().config
    assert (config.dataset, config.classes) == ("mine", "")
    assert (config.hidden, config.noise, config.epochs) == ("16", 0.2, 7)
    (toast,) = page.toast
    assert toast.value == "Changed to suit the images: Classes: all."


def test_preset_stays_that_preset_on_another_dataset(open_page: OpenPage, own_images: str) -> None:
    page = open_page()
    page.selectbox(key="preset").set_value("denoising").run()
    page.button(key="step 1").click().run()
    assert current_job().wait(60)
    before = current_job().run.name
    page.selectbox(key="dataset").set_value(own_images).run()
    assert page.selectbox(key="preset").value == "denoising"
    config = active_run.snapshot().config
    assert config == preset("denoising", "mine")
    (toast,) = page.toast
    assert toast.value.startswith(f"Started a new run. {before} was saved. Changed to suit")
    assert f"Batch size: {config.batch_size}" in toast.value
    assert f"Hidden widths: {config.hidden}" in toast.value


def test_preset_and_classes_are_kept_with_each_other(open_page: OpenPage) -> None:
    page = open_page(classes="3")
    page.selectbox(key="preset").set_value("stacked").run()
    assert active_run.snapshot().config == preset("stacked", "digits", classes="3")
    page.text_input(key="classes").set_value("4,5").run()
    assert page.selectbox(key="preset").value == "stacked"
    assert active_run.snapshot().config == preset("stacked", "digits", classes="4,5")
