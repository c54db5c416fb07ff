import html
import math
import re

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.state import active_run
from tests.dashboard.support import Open
from tests.support import current_job

# 1,437 digits to learn from, in batches of 128.
PER_EPOCH = 12


def fact(page: AppTest, name: str) -> str:
    line = "<div class='lab-facts'>"
    (body,) = [each.proto.body for each in page.get("html") if line in each.proto.body]
    found = re.search(
        rf"<span>{re.escape(name)}</span><b class='\w*'>(.*?)</b>", html.unescape(body)
    )
    assert found is not None
    return found[1]


def press(page: AppTest, key: str) -> None:
    """Press a button, wait until what it asked for is done, and look again."""
    page.button(key=key).click().run()
    assert current_job().wait(60)
    page.run()


def captions(page: AppTest) -> list[str]:
    return [each.value for each in page.main.caption]


def test_an_untouched_run_shows_where_it_is(open_page: Open) -> None:
    page = open_page(epochs=3)
    assert fact(page, "Step") == f"0 / {3 * PER_EPOCH}"
    assert fact(page, "Epoch") == "0.00"
    assert fact(page, "Held-out error") == fact(page, "Time left") == "–"
    assert fact(page, "Code size") == "1/8 of the image"


def test_steps_are_counted_and_measured_against_pca(open_page: Open) -> None:
    page = open_page()
    press(page, "step 1")
    press(page, "step 10")
    last = active_run.snapshot().history[-1]
    assert fact(page, "Step").startswith("11 /")
    assert fact(page, "Held-out error") == f"{last['held_out']:.4f}"
    assert fact(page, "PCA error") == f"{last['pca']:.4f}"
    assert fact(page, "Error vs PCA") == f"{last['held_out'] / last['pca']:.2f}×"


@pytest.mark.parametrize("pretrain_epochs", [0, 1, 3])
def test_an_epoch_is_one_pass(open_page: Open, pretrain_epochs: int) -> None:
    page = open_page(linear_path=False, pretrain_epochs=pretrain_epochs, epochs=1)
    press(page, "step epoch")
    assert active_run.snapshot().step == PER_EPOCH
    assert fact(page, "Epoch") == "1.00"


def test_a_finished_run_stops_and_says_so(open_page: Open) -> None:
    page = open_page(epochs=1)
    press(page, "play")
    assert active_run.snapshot().step == PER_EPOCH
    said = [each.value for each in (*page.success, *page.warning)]
    assert len(said) == 1
    assert said[0].startswith(
        ("Finished after 1 epoch", "PCA with 8 components still has lower error")
    )
    assert page.button(key="play").disabled
    page.select_slider(key="epochs").set_value("2").run()
    page.run()
    assert not page.button(key="play").disabled
    assert not [*page.success, *page.warning]


def test_a_diverging_run_stops_with_the_likely_cause(open_page: Open) -> None:
    page = open_page(optimizer="sgd", learning_rate=10, schedule="constant")
    press(page, "play")
    (said,) = page.error
    assert "The likely cause is learning_rate, which is 10; try 1." in said.value
    assert math.isfinite(active_run.snapshot().history[-1]["held_out"])


def test_a_run_that_paused_itself_says_so(open_page: Open) -> None:
    page = open_page()
    current_job().idle = True
    page.run()
    (said,) = page.info
    assert said.value == "Paused because no page was open. Press Play to continue."


def test_an_unfinished_run_on_disk_is_offered(open_page: Open) -> None:
    page = open_page()
    press(page, "step 10")
    old = current_job().run
    page.button(key="reset").click().run()
    assert active_run.snapshot().step == 0
    page.button(key=f"open {old.name}").click().run()
    assert active_run.snapshot().step == 10
    assert current_job().run.path == old.path


def test_the_map_says_what_it_shows(open_page: Open) -> None:
    page = open_page(bottleneck=2)
    assert captions(page) == ["both code dimensions"]
    page.select_slider(key="bottleneck").set_value("3").run()
    page.run()
    (said,) = captions(page)
    share = re.fullmatch(r"first two principal components, (\d+)% of the code's variance", said)
    assert share is not None
    assert 0 < int(share[1]) <= 100
