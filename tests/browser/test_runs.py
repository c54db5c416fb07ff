"""Runs on disk outlive a page and a server, whichever program trains them."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.lab import Lab, OpenTab
from tests.browser.server import Server

AECORE = Path(sys.executable).with_name("aecore")


@contextmanager
def command_line_training(server: Server, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Train on digits from the command line, in the server's runs folder."""
    command = [str(AECORE), "train", "--dataset", "digits", "--epochs", "1000", "--threads", "1"]
    process = subprocess.Popen(
        [*command, "--out", str(server.runs / name)],
        env=server.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_first_start_and_resume_after_restart(own_server: Server, open_tab: OpenTab) -> None:
    own_server.start()
    first = open_tab(own_server)
    first.open()
    assert first.selected("dataset") == "Digits"
    assert first.selected("preset") == "Stacked"
    for key in ("latent-map", "code-activity", "reconstructions"):
        assert first.redraws(key) > 0
    assert "Press Play" in (first.figure("loss-curve").get_attribute("data-empty") or "")
    assert list(own_server.data.iterdir()) == []
    first.play()
    first.wait_until(lambda: first.redraws("loss-curve") > 0, "the curve is drawn")
    first.close()
    assert own_server.stop() == 0
    run, step = own_server.newest_run(), own_server.saved_state()["step"]
    assert step > 0

    own_server.start()
    second = open_tab(own_server)
    # A shared link may make any page the first one requested from a server.
    second.wait_until(lambda: own_server.is_reachable, "the server is reachable")
    second.page.goto(f"{own_server.url}/guide")
    second.page.get_by_text("Current network").wait_for()
    # Streamlit's first health request is below the URL of the page, and logs an error.
    second.errors.clear()
    second.open()
    assert second.step == 0
    offer = second.page.get_by_text(f"{run.name} has these settings; it stopped at step {step:,}.")
    offer.wait_for()
    second.page.get_by_role("button", name="Resume").click()
    second.wait_until(lambda: second.step == step, f"the run is at step {step} again")
    second.press("step 10")
    second.wait_until(lambda: second.step == step + 10, "ten more steps are done")
    assert own_server.newest_run() == run


def test_command_line_run_is_watched_and_resumed(own_server: Server, open_tab: OpenTab) -> None:
    if not AECORE.exists():
        pytest.fail(f"{AECORE} is missing: install the project with `uv sync`")
    with command_line_training(own_server, "cli") as process:
        own_server.start()
        lab = open_tab(own_server)
        lab.wait_until(lambda: (own_server.runs / "cli" / "run.json").exists(), "the run exists")
        lab.open()
        lab.page.get_by_text("cli is training in another program.").wait_for()
        lab.page.get_by_role("button", name="Watch").click()
        lab.wait_for_notice("cli is training in another program; this view follows its saves.")
        before = lab.step
        lab.wait_for_step(before + 1)
        lab.wait_until(lambda: lab.redraws("loss-curve") > 0, "the curve is drawn")
        assert lab.button("step 10").is_disabled()
        assert lab.slider("noise").is_disabled()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 128 + signal.SIGINT
    lab.page.get_by_text("cli is not running.").wait_for()
    lab.page.get_by_role("button", name="Resume here").click()
    lab.wait_until(lambda: lab.button("step 10").is_enabled(), "the run is resumed")
    step = lab.step
    assert step == own_server.saved_state()["step"] > 0
    lab.press("step 10")
    lab.wait_until(lambda: lab.step == step + 10, "ten more steps are done")
    assert own_server.newest_run().name == "cli"


def test_saved_run_is_opened_from_the_list(lab: Lab) -> None:
    lab.ensure_fresh_run(bottleneck=5)
    lab.press("step 10")
    lab.wait_for_step(10)
    saved_run = lab.run
    lab.select("preset", "Two-dimensional")
    lab.wait_until(lambda: lab.step == 0, "a new run starts")
    lab.page.get_by_role("button", name="Saved runs").click()
    assert lab.selected("saved run") == ""
    assert lab.button("open saved run").is_disabled()
    lab.select("saved run", saved_run.name)
    lab.page.get_by_text("Step 10 of 41,000", exact=True).wait_for()
    lab.press("open saved run")
    lab.wait_until(lambda: lab.step == 10, "the saved run is open")
    # The status line is updated before the sidebar.
    lab.wait_until(lambda: lab.slider_value("bottleneck") == "5", "the sidebar shows its settings")
