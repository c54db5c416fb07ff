"""The pages Denoise, Anomalies and Compare without a browser."""

import time
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from aecore import run_index
from aecore.presets import preset
from dashboard import session, sweeping

Open = Callable[..., AppTest]


@pytest.fixture
def open_page(root: object) -> Iterator[Open]:
    """Give a function that opens a page on a server just started."""
    session.desk.clear()

    def opened(name: str, **settings: object) -> AppTest:
        script = f"from dashboard.pages import {name}\n{name}.show()"
        page = AppTest.from_string(script, default_timeout=120)
        for knob, value in {"hidden": "16", "batch_size": "128", **settings}.items():
            page.query_params[knob] = str(value)
        return page.run()

    yield opened
    session.desk().close()
    session.desk.clear()


def captions(page: AppTest) -> str:
    return " ".join(each.value for each in page.caption)


def test_noise_is_put_on_and_measured(open_page: Open) -> None:
    page = open_page("denoise", noise="0")
    assert not page.exception
    assert "trained on clean images" in page.info[0].value
    assert "At 0.30, on 100 held-out images" in captions(page)
    page.slider(key="denoise level").set_value(0.5).run()
    page.selectbox(key="denoise kind").set_value("masking").run()
    page.button(key="denoise others").click().run()
    assert not page.exception
    assert "At 0.50, on 100 held-out images" in captions(page)


def test_a_run_that_denoises_begins_from_the_page(open_page: Open) -> None:
    page = open_page("denoise", noise="0")
    page.slider(key="denoise level").set_value(0.4).run()
    page.button(key="train denoising").click().run()
    assert session.config().noise == 0.4
    assert session.playing()
    assert not page.exception


def test_a_network_that_saw_the_foreign_is_flagged_and_one_that_did_not_is_begun(
    open_page: Open,
) -> None:
    page = open_page("anomalies")
    assert not page.exception
    assert "saw foreign classes in training (1, 2" in page.warning[0].value
    page.button(key="train normal").click().run()
    assert session.config().classes == "0"
    session.own_job().pause()
    page.run()
    assert not page.exception
    assert not any("saw foreign" in each.value for each in page.warning)


def test_each_score_threshold_and_kind_of_foreign_can_be_chosen(open_page: Open) -> None:
    page = open_page("anomalies", classes="0,1")
    for score in ("distance", "both", "error"):
        page.segmented_control(key="score").set_value(score).run()
        assert not page.exception
    for how in ("hand", "cost", "quantile"):
        page.segmented_control(key="threshold how").set_value(how).run()
        assert not page.exception
    page.selectbox(key="foreign").set_value("strokes").run()
    assert not page.exception


def test_nothing_foreign_is_asked_for(open_page: Open) -> None:
    page = open_page("anomalies")
    page.multiselect[0].set_value([]).run()
    assert not page.exception
    assert "Choose which classes are normal" in page.info[-1].value


def test_a_sweep_is_planned_made_and_shown(open_page: Open) -> None:
    page = open_page("compare")
    assert not page.exception
    page.text_input(key="sweep values bottleneck").set_value("2, 4, 5000").run()
    page.number_input(key="sweep epochs").set_value(1).run()
    assert "2 runs, about" in captions(page)
    assert "1 combinations cannot be" in captions(page)
    page.button(key="start sweep").click().run()
    found = sweeping.current()
    assert found is not None
    limit = time.monotonic() + 100
    while found.running:
        assert time.monotonic() < limit
        time.sleep(0.1)
    page.run()
    assert not page.exception
    assert [row.reason is None for row in sorted(found.outcomes, key=lambda each: each.place)] == [
        True,
        True,
        False,
    ]
    made = {row["config"]["bottleneck"] for row in run_index.index(session.desk().root)}
    assert made >= {2, 4}


def test_missing_bottlenecks_are_trained_and_stand_beside_pca(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.pages.reduce.WIDTHS", (2, 4))
    monkeypatch.setattr(
        "dashboard.pages.reduce.preset",
        lambda name, dataset, **values: preset(name, dataset, epochs=1, hidden="16", **values),
    )
    page = open_page("reduce")
    assert not page.exception
    assert page.button(key="train missing").label == "Train the missing: 2, 4"
    page.button(key="train missing").click().run()
    found = sweeping.current()
    assert found is not None
    limit = time.monotonic() + 100
    while found.running:
        assert time.monotonic() < limit
        time.sleep(0.1)
    page.run()
    assert not page.exception
    assert "train missing" not in {each.key for each in page.button}
    assert "Taught with 5,000 codes" in captions(page)
