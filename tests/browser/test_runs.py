"""What outlives a page and a server: runs on disk, trained here or elsewhere."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.lab import Lab, Tabs
from tests.browser.server import Server

AECORE = Path(sys.executable).with_name("aecore")


@contextmanager
def trained_elsewhere(server: Server, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Train digits from the command line, in the folder of the server's runs."""
    command = [str(AECORE), "train", "--dataset", "digits", "--epochs", "1000", "--threads", "1"]
    program = subprocess.Popen(
        [*command, "--out", str(server.runs / name)],
        env=server.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def test_first_start_and_restart(own_server: Server, tabs: Tabs) -> None:
    own_server.start()
    first = tabs(own_server)
    first.open()
    assert first.chosen("dataset") == "Digits"
    assert first.chosen("preset") == "Stacked"
    for key in ("latent-map", "code-activity", "reconstructions"):
        assert first.redraws(key) > 0
    assert "Press Play" in (first.figure("loss-curve").get_attribute("data-empty") or "")
    assert list(own_server.data.iterdir()) == []
    first.play()
    first.until(lambda: first.redraws("loss-curve") > 0, "the curve is drawn")
    first.leave()
    assert own_server.stop() == 0
    run, step = own_server.newest(), own_server.saved()["step"]
    assert step > 0

    own_server.start()
    second = tabs(own_server)
    # The first thing that a server is asked for may be any page: an address is shared.
    second.until(lambda: own_server.answers, "the server answers")
    second.page.goto(f"{own_server.url}/guide")
    second.page.get_by_text("Current network").wait_for()
    # Streamlit asks for its health below the page's own address first, and is told of it.
    second.errors.clear()
    second.open()
    assert second.step == 0
    offer = second.page.get_by_text(f"{run.name} stopped at step {step:,} of")
    offer.wait_for()
    second.page.get_by_role("button", name="Resume").click()
    second.until(lambda: second.step == step, f"the run is at step {step} again")
    second.press("step 10")
    second.until(lambda: second.step == step + 10, "ten steps more are made")
    assert own_server.newest() == run


def test_a_run_of_the_command_line_is_watched_and_gone_on_with(
    own_server: Server, tabs: Tabs
) -> None:
    if not AECORE.exists():
        pytest.fail(f"{AECORE} is missing: install the project with `uv sync`")
    with trained_elsewhere(own_server, "cli") as program:
        own_server.start()
        lab = tabs(own_server)
        lab.until(lambda: (own_server.runs / "cli" / "run.json").exists(), "it is trained")
        lab.open()
        lab.page.get_by_text("cli is training in another program.").wait_for()
        lab.page.get_by_role("button", name="Watch").click()
        lab.says("cli is training in another program; this view follows its saves.")
        before = lab.step
        lab.until_step(before + 1)
        lab.until(lambda: lab.redraws("loss-curve") > 0, "its curve is drawn")
        assert lab.button("step 10").is_disabled()
        assert lab.slider("noise").is_disabled()
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 128 + signal.SIGINT
    lab.page.get_by_text("cli is not running.").wait_for()
    lab.page.get_by_role("button", name="Resume here").click()
    lab.until(lambda: lab.button("step 10").is_enabled(), "the run is taken up")
    step = lab.step
    assert step == own_server.saved()["step"] > 0
    lab.press("step 10")
    lab.until(lambda: lab.step == step + 10, "ten steps more are made")
    assert own_server.newest().name == "cli"


def test_a_saved_run_is_opened_from_the_list(lab: Lab) -> None:
    lab.fresh(bottleneck=5)
    lab.press("step 10")
    lab.until_step(10)
    old = lab.server.newest()
    lab.choose("preset", "Two-dimensional")
    lab.until(lambda: lab.step == 0, "a new run begins")
    lab.page.get_by_role("button", name="Saved runs").click()
    lab.choose("saved run", old.name)
    lab.page.get_by_text("Step 10 of 45,000", exact=True).wait_for()
    lab.press("open saved run")
    lab.until(lambda: lab.step == 10, "the old run is open")
    # The picture comes first, the sidebar after it.
    lab.until(lambda: lab.place("bottleneck") == "5", "the sidebar shows its settings")
