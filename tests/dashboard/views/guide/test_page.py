"""The Guide page without a browser."""

from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore.network.inference import encode
from dashboard.state import active_run
from dashboard.views.guide.lessons import EXPERIMENTS, VARIANTS
from tests.dashboard.support import GoToPage, OpenPage
from tests.dashboard.test_words_on_page import figure_of
from tests.support import current_job


def bottleneck_of(figure: dict[str, Any]) -> str:
    notes = figure["layout"]["annotations"]
    return str(notes[len(figure["data"][0]["x"]) // 2]["text"])


def test_network_figure_shows_the_current_config(open_page: OpenPage, go_to_page: GoToPage) -> None:
    page = go_to_page(open_page(hidden="16", bottleneck=8, noise=0.3), "guide")
    assert not page.exception
    figure = figure_of(page, "network")
    assert bottleneck_of(figure) == "8"
    assert any("noise 0.3" in note["text"] for note in figure["layout"]["annotations"])
    page.select_slider(key="bottleneck").set_value("16").run()
    assert bottleneck_of(figure_of(page, "network")) == "16"


def test_code_figure_shows_the_code_of_the_input_image(
    open_page: OpenPage, go_to_page: GoToPage
) -> None:
    page = go_to_page(open_page(bottleneck=5), "guide")
    values = figure_of(page, "guide-code")["data"][0]["y"]
    code = np.frombuffer(b64decode(values["bdata"]), values["dtype"])
    snapshot = active_run.snapshot()
    assert code == pytest.approx(encode(snapshot.model, snapshot.examples.corrupted[:1])[0])
    assert any("64 pixels → 5 numbers → 64 pixels" in each.value for each in page.caption)


@pytest.mark.parametrize("name", ["classic", "one_class"])
def test_lesson_starts_its_run_and_opens_its_page(
    open_page: OpenPage, go_to_page: GoToPage, name: str
) -> None:
    page = go_to_page(open_page(), "guide")
    lesson = {**VARIANTS, **EXPERIMENTS}[name]
    page.button(key=f"lesson {name}").click().run()
    assert not page.exception
    assert active_run.live().config == lesson.settings("digits", tuple("0123456789"))
    assert active_run.live().playing
    current_job().pause()
    expected = {"train": "**Latent map**", "anomalies": "Normal"}[lesson.page]
    assert expected in texts_and_labels(page)
    assert f"lesson {name}" not in {each.key for each in page.button}


def texts_and_labels(page: AppTest) -> set[str]:
    return {each.value for each in page.markdown} | {each.label for each in page.multiselect}


def test_every_lesson_has_a_button(open_page: OpenPage, go_to_page: GoToPage) -> None:
    page = go_to_page(open_page(), "guide")
    keys = {each.key for each in page.button}
    assert {f"lesson {name}" for name in (*VARIANTS, *EXPERIMENTS)} <= keys
