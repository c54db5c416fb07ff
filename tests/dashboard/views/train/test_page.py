import html
import math
import re

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.state import active_run
from tests.dashboard.support import OpenPage
from tests.support import current_job

# 1,295 training images in batches of 128.
PER_EPOCH = 11


def fact(page: AppTest, name: str) -> str:
    line = "<div class='lab-facts' data-run"
    (body,) = [each.proto.body for each in page.get("html") if line in each.proto.body]
    match = re.search(
        rf"<span>{re.escape(name)}</span><b class='\w*'>(.*?)</b>", html.unescape(body)
    )
    assert match is not None
    return match[1]


def press(page: AppTest, key: str) -> None:
    """Press a button, wait until its steps are done, and rerun the page."""
    page.button(key=key).click().run()
    assert current_job().wait(60)
    page.run()


def captions(page: AppTest) -> list[str]:
    return [each.value for each in page.main.caption]


def test_new_run_shows_its_progress(open_page: OpenPage) -> None:
    page = open_page(epochs=3)
    assert fact(page, "Step") == f"0 / {3 * PER_EPOCH}"
    assert fact(page, "Epoch") == "0.00"
    assert fact(page, "Validation error") == fact(page, "Time left") == "–"
    assert fact(page, "Code size") == "1/8 of the image"


def test_steps_are_counted_and_compared_with_pca(open_page: OpenPage) -> None:
    page = open_page()
    press(page, "step 1")
    press(page, "step 10")
    last = active_run.snapshot().history[-1]
    assert fact(page, "Step").startswith("11 /")
    assert fact(page, "Validation error") == f"{last['held_out']:.4f}"
    assert fact(page, "PCA error") == f"{last['pca']:.4f}"
    assert fact(page, "Error vs PCA") == f"{last['held_out'] / last['pca']:.2f}×"


def test_overcomplete_code_is_not_compared_with_pca(open_page: OpenPage) -> None:
    page = open_page(bottleneck=64)
    press(page, "step 1")
    assert active_run.snapshot().history[-1]["pca"] < 1e-20
    assert fact(page, "PCA") == "exact at this width"
    assert fact(page, "Error vs PCA") == "–"
    page.select_slider(key="bottleneck").set_value("8").run()
    press(page, "step 1")
    assert fact(page, "Error vs PCA").endswith("×")


def test_denoiser_is_compared_with_denoising_by_pca(open_page: OpenPage) -> None:
    page = open_page(noise=0.3)
    press(page, "step 1")
    last = active_run.snapshot().history[-1]
    assert last["noise"] == 0.3
    assert fact(page, "PCA (denoising)") == f"{last['pca']:.4f}"
    assert fact(page, "Error vs PCA (denoising)") == f"{last['held_out'] / last['pca']:.2f}×"


@pytest.mark.parametrize("pretrain_epochs", [0, 1, 3])
def test_epoch_is_one_pass_over_the_training_images(
    open_page: OpenPage, pretrain_epochs: int
) -> None:
    page = open_page(linear_path=False, pretrain_epochs=pretrain_epochs, epochs=1)
    press(page, "step epoch")
    assert active_run.snapshot().step == PER_EPOCH
    assert fact(page, "Epoch") == "1.00"


def test_finished_run_stops_and_shows_a_notice(open_page: OpenPage) -> None:
    page = open_page(epochs=1)
    press(page, "play")
    assert active_run.snapshot().step == PER_EPOCH
    notices = [each.value for each in (*page.success, *page.warning)]
    assert len(notices) == 1
    assert notices[0].startswith(
        ("Finished after 1 epoch", "PCA with 8 components still has lower error")
    )
    assert page.button(key="play").disabled
    page.select_slider(key="epochs").set_value("2").run()
    page.run()
    assert not page.button(key="play").disabled
    assert not [*page.success, *page.warning]


def test_diverging_run_stops_and_names_the_likely_cause(open_page: OpenPage) -> None:
    page = open_page(optimizer="sgd", learning_rate=10, schedule="constant")
    press(page, "play")
    (error,) = page.error
    assert "The likely cause is learning_rate, which is 10; try 1." in error.value
    assert math.isfinite(active_run.snapshot().history[-1]["held_out"])


def test_automatically_paused_run_shows_a_notice(open_page: OpenPage) -> None:
    page = open_page()
    current_job().idle = True
    page.run()
    (notice,) = page.info
    assert notice.value == "Paused because no page was open. Press Play to continue."


def test_unfinished_run_on_disk_can_be_resumed(open_page: OpenPage) -> None:
    page = open_page()
    press(page, "step 10")
    old = current_job().run
    page.button(key="reset").click().run()
    assert active_run.snapshot().step == 0
    page.button(key=f"open {old.name}").click().run()
    assert active_run.snapshot().step == 10
    assert current_job().run.path == old.path


def test_map_caption_describes_the_axes(open_page: OpenPage) -> None:
    page = open_page(bottleneck=2)
    assert captions(page) == ["both code dimensions"]
    page.select_slider(key="bottleneck").set_value("3").run()
    page.run()
    (caption,) = captions(page)
    share = re.fullmatch(r"first two principal components, (\d+)% of the code's variance", caption)
    assert share is not None
    assert 0 < int(share[1]) <= 100
