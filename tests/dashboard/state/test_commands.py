import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aecore.config import Config
from aecore.errors import LabError
from aecore.runs.folder import runs
from aecore.runs.job import Job
from aecore.runs.run import Run
from dashboard.state import active_run
from dashboard.state.active_run import ActiveRun
from tests.dashboard.support import OpenPage
from tests.support import current_job

SMALL = Config(hidden="16", batch_size=128, precision="float32")


@pytest.fixture
def active(root: Path) -> Iterator[ActiveRun]:
    instance = ActiveRun(root)
    yield instance
    instance.close()


def job_of(active: ActiveRun) -> Job:
    assert active.job is not None
    return active.job


def followed_run(active: ActiveRun) -> Run | None:
    """Return the followed run, if there is one."""
    return None if active.followed is None else active.followed.run


def train_steps(active: ActiveRun, count: int) -> Run:
    job_of(active).step(count)
    assert job_of(active).wait(60)
    return job_of(active).run


def test_starting_a_run_keeps_the_previous_one_on_disk(active: ActiveRun, root: Path) -> None:
    active.start(SMALL)
    old = train_steps(active, 3)
    active.start(SMALL.changed(seed=1))
    assert job_of(active).run.path != old.path
    assert old.summary()["step"] == 3
    assert not old.busy


def test_run_without_steps_is_not_kept(active: ActiveRun, root: Path) -> None:
    active.start(SMALL)
    active.start(SMALL.changed(seed=1))
    assert [run.path for run in runs(root)] == [job_of(active).run.path]


def test_failed_start_leaves_the_current_run_unchanged(active: ActiveRun, root: Path) -> None:
    active.start(SMALL)
    job = job_of(active)
    with pytest.raises(LabError, match="nowhere"):
        active.start(SMALL.changed(dataset="nowhere"))
    assert active.job is job
    assert job.alive
    assert [run.path for run in runs(root)] == [job.run.path]


def test_saved_run_resumes_where_it_stopped(active: ActiveRun) -> None:
    active.start(SMALL)
    old = train_steps(active, 5)
    active.start(SMALL.changed(seed=1))
    active.open(Run(old.path))
    assert job_of(active).latest.step == 5
    train_steps(active, 2)
    assert job_of(active).latest.step == 7


def test_run_trained_by_another_program_is_followed(active: ActiveRun) -> None:
    active.start(SMALL)
    job, old = job_of(active), train_steps(active, 2)
    active.start(SMALL.changed(seed=1))
    current = job_of(active)
    other_program = Run(old.path)
    other_program.claim()
    active.open(Run(old.path))
    assert active.job is current
    assert not job.alive
    followed = followed_run(active)
    assert followed is not None
    assert followed.path == old.path
    other_program.release()
    active.open(followed)
    assert followed_run(active) is None
    assert job_of(active).latest.step == 2


def test_damaged_run_is_rejected_and_released(active: ActiveRun) -> None:
    active.start(SMALL)
    old = train_steps(active, 1)
    active.start(SMALL.changed(seed=1))
    current = job_of(active)
    (old.path / "checkpoint" / "state.json").write_text("{")
    with pytest.raises(LabError):
        active.open(Run(old.path))
    assert active.job is current
    assert not Run(old.path).busy


def test_closing_saves_and_releases_the_run(active: ActiveRun) -> None:
    active.start(SMALL, play=True)
    job = job_of(active)
    while job.watch().step == 0:
        assert job.alive
        time.sleep(0.01)
    active.close()
    assert not job.alive
    assert job.run.summary()["step"] >= job.latest.step > 0
    assert not job.run.busy


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
        ("loss", "hope", "loss is 'hope'; choose one of mse, bce."),
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


def test_second_visit_shows_the_run_of_the_first(open_page: OpenPage) -> None:
    open_page(bottleneck=5)
    run = current_job().run
    open_page(bottleneck=5)
    assert current_job().run is run


def test_followed_run_is_read_only(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    old = current_job().run
    page.number_input(key="seed").set_value(5).run()
    other_program = Run(old.path)
    other_program.claim()
    try:
        active_run.active_run().open(Run(old.path))
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
