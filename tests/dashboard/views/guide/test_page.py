"""The Guide page without a browser."""

from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore.network.inference import encode
from dashboard.state import active_run
from dashboard.views.guide.lessons import EXPERIMENTS, VARIANTS
from tests.dashboard.support import Goes, Open
from tests.dashboard.test_words_on_page import figure_of
from tests.support import current_job


def bottleneck_of(figure: dict[str, Any]) -> str:
    notes = figure["layout"]["annotations"]
    return str(notes[len(figure["data"][0]["x"]) // 2]["text"])


def test_the_network_is_drawn_as_configured_and_follows(open_page: Open, goes: Goes) -> None:
    page = goes(open_page(hidden="16", bottleneck=8, noise=0.3), "guide")
    assert not page.exception
    drawn = figure_of(page, "network")
    assert bottleneck_of(drawn) == "8"
    assert any("noise 0.3" in note["text"] for note in drawn["layout"]["annotations"])
    page.select_slider(key="bottleneck").set_value("16").run()
    assert bottleneck_of(figure_of(page, "network")) == "16"


def test_the_code_shown_is_that_of_the_image_put_in(open_page: Open, goes: Goes) -> None:
    page = goes(open_page(bottleneck=5), "guide")
    sent = figure_of(page, "guide-code")["data"][0]["y"]
    code = np.frombuffer(b64decode(sent["bdata"]), sent["dtype"])
    snapshot = active_run.snapshot()
    assert code == pytest.approx(encode(snapshot.model, snapshot.examples.corrupted[:1])[0])
    assert any("64 pixels → 5 numbers → 64 pixels" in each.value for each in page.caption)


@pytest.mark.parametrize("name", ["classic", "one_class"])
def test_a_lesson_begins_plays_and_leads_to_its_page(
    open_page: Open, goes: Goes, name: str
) -> None:
    page = goes(open_page(), "guide")
    lesson = {**VARIANTS, **EXPERIMENTS}[name]
    page.button(key=f"lesson {name}").click().run()
    assert not page.exception
    assert active_run.live().config == lesson.settings("digits", tuple("0123456789"))
    assert active_run.live().playing
    current_job().pause()
    shown = {"train": "**Latent map**", "anomalies": "Normal"}[lesson.page]
    assert shown in heard(page)
    assert f"lesson {name}" not in {each.key for each in page.button}


def heard(page: AppTest) -> set[str]:
    return {each.value for each in page.markdown} | {each.label for each in page.multiselect}


def test_every_lesson_has_a_button(open_page: Open, goes: Goes) -> None:
    page = goes(open_page(), "guide")
    keys = {each.key for each in page.button}
    assert {f"lesson {name}" for name in (*VARIANTS, *EXPERIMENTS)} <= keys
