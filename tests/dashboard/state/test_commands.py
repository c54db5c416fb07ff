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
from tests.dashboard.support import Open
from tests.support import current_job

SMALL = Config(hidden="16", batch_size=128, precision="float32")


@pytest.fixture
def active(root: Path) -> Iterator[ActiveRun]:
    made = ActiveRun(root)
    yield made
    made.close()


def at_work(active: ActiveRun) -> Job:
    assert active.job is not None
    return active.job


def in_view(active: ActiveRun) -> Run | None:
    """Return the run that is followed."""
    return None if active.followed is None else active.followed.run


def make_steps(active: ActiveRun, count: int) -> Run:
    at_work(active).step(count)
    assert at_work(active).wait(60)
    return at_work(active).run


def test_a_run_begun_in_place_of_another_leaves_that_on_disk(active: ActiveRun, root: Path) -> None:
    active.start(SMALL)
    old = make_steps(active, 3)
    active.start(SMALL.changed(seed=1))
    assert at_work(active).run.path != old.path
    assert old.summary()["step"] == 3
    assert not old.busy


def test_a_run_without_a_step_is_not_kept(active: ActiveRun, root: Path) -> None:
    active.start(SMALL)
    active.start(SMALL.changed(seed=1))
    assert [run.path for run in runs(root)] == [at_work(active).run.path]


def test_a_run_that_cannot_begin_leaves_everything_as_it_was(active: ActiveRun, root: Path) -> None:
    active.start(SMALL)
    job = at_work(active)
    with pytest.raises(LabError, match="nowhere"):
        active.start(SMALL.changed(dataset="nowhere"))
    assert active.job is job
    assert job.alive
    assert [run.path for run in runs(root)] == [job.run.path]


def test_a_saved_run_goes_on_where_it_was(active: ActiveRun) -> None:
    active.start(SMALL)
    old = make_steps(active, 5)
    active.start(SMALL.changed(seed=1))
    active.open(Run(old.path))
    assert at_work(active).latest.step == 5
    make_steps(active, 2)
    assert at_work(active).latest.step == 7


def test_a_run_that_another_program_trains_is_followed(active: ActiveRun) -> None:
    active.start(SMALL)
    job, old = at_work(active), make_steps(active, 2)
    active.start(SMALL.changed(seed=1))
    now = at_work(active)
    elsewhere = Run(old.path)
    elsewhere.claim()
    active.open(Run(old.path))
    assert active.job is now
    assert not job.alive
    followed = in_view(active)
    assert followed is not None
    assert followed.path == old.path
    elsewhere.release()
    active.open(followed)
    assert in_view(active) is None
    assert at_work(active).latest.step == 2


def test_a_damaged_run_is_refused_and_let_go(active: ActiveRun) -> None:
    active.start(SMALL)
    old = make_steps(active, 1)
    active.start(SMALL.changed(seed=1))
    now = at_work(active)
    (old.path / "checkpoint" / "state.json").write_text("{")
    with pytest.raises(LabError):
        active.open(Run(old.path))
    assert active.job is now
    assert not Run(old.path).busy


def test_closing_saves(active: ActiveRun) -> None:
    active.start(SMALL, play=True)
    job = at_work(active)
    while job.watch().step == 0:
        assert job.alive
        time.sleep(0.01)
    active.close()
    assert not job.alive
    assert job.run.summary()["step"] >= job.latest.step > 0
    assert not job.run.busy


def test_settings_go_through_the_address_and_back(open_page: Open) -> None:
    asked = Config(
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
    differing = {n: v for n, v in asked.model_dump().items() if v != defaults[n]}
    page = open_page(**differing)
    assert active_run.snapshot().config == asked
    page.run()
    assert dict(page.query_params) == {name: str(value) for name, value in differing.items()}


def test_the_address_follows_a_change(open_page: Open) -> None:
    page = open_page()
    page.slider(key="noise").set_value(0.25).run()
    assert page.query_params["noise"] == "0.25"
    page.slider(key="noise").set_value(0.0).run()
    assert "noise" not in page.query_params


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("noise", "loud", "noise is loud; choose a number, 0 to 1."),
        ("bottleneck", "0", "bottleneck is 0; choose a whole number, 1 to 1,024."),
        ("loss", "hope", "loss is 'hope'; choose one of mse, bce."),
        ("sparsity_kind", "kl", "KL sparsity needs activations"),
        ("dataset", "nowhere", "There is no dataset 'nowhere'"),
        ("dataset", "../secret", "dataset is '../secret'; provide something like mnist."),
    ],
)
def test_a_bad_address_is_said_and_another_run_begun(
    open_page: Open, name: str, value: str, says: str
) -> None:
    page = open_page(**{name: value})
    (said,) = page.error
    assert says in said.value
    assert str(getattr(active_run.snapshot().config, name)) != value


def test_what_is_no_setting_in_an_address_is_passed_over(open_page: Open) -> None:
    page = open_page(utm_source="letter")
    assert not page.error
    assert active_run.snapshot().config.hidden == "16"


def test_a_live_knob_changes_the_run_and_is_recorded(open_page: Open) -> None:
    page = open_page()
    run = current_job().run
    page.slider(key="noise").set_value(0.2).run()
    assert current_job().run is run
    (edit,) = active_run.snapshot().edits
    assert edit["changes"] == {"noise": [0.0, 0.2]}


def test_another_knob_begins_a_new_run_that_says_where_the_old_is(open_page: Open) -> None:
    page = open_page()
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    old = current_job().run
    page.number_input(key="seed").set_value(5).run()
    assert current_job().run is not old
    assert active_run.snapshot().config.seed == 5
    assert [each.value for each in page.toast] == [f"Started a new run. {old.name} was saved."]


def test_a_second_visit_finds_the_run_of_the_first(open_page: Open) -> None:
    open_page(bottleneck=5)
    run = current_job().run
    open_page(bottleneck=5)
    assert current_job().run is run


def test_a_followed_run_can_be_seen_but_not_touched(open_page: Open) -> None:
    page = open_page()
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    old = current_job().run
    page.number_input(key="seed").set_value(5).run()
    elsewhere = Run(old.path)
    elsewhere.claim()
    try:
        active_run.active_run().open(Run(old.path))
        page.run()
        (said,) = page.info
        assert said.value.startswith(f"{old.name} is training in another program")
        assert page.slider(key="noise").disabled
        assert all(page.button(key=key).disabled for key in ("play", "step 1", "reset", "others"))
    finally:
        elsewhere.release()
    page.run()
    page.button(key=f"open {old.name}").click().run()
    assert current_job().latest.step == 10
    assert not page.slider(key="noise").disabled
