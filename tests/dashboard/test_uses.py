"""The pages Denoise, Anomalies, Reduce and Compare without a browser."""

import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aecore.errors import LabError
from aecore.experiments import scaling
from aecore.experiments.scaling import Measured
from aecore.presets import preset
from aecore.runs import index
from dashboard.state import commands, experiments, measuring
from dashboard.state.background import later
from tests.support import until

Open = Callable[..., AppTest]


@pytest.fixture
def open_page(root: object) -> Iterator[Open]:
    """Give a function that opens a page on a server just started."""
    commands.desk.clear()
    later.clear()

    def opened(name: str, **settings: object) -> AppTest:
        script = f"from dashboard.views.{name} import page\npage.show()"
        page = AppTest.from_string(script, default_timeout=120)
        for knob, value in {"hidden": "16", "batch_size": "128", **settings}.items():
            page.query_params[knob] = str(value)
        return page.run()

    yield opened
    commands.desk().close()
    commands.desk.clear()
    later().close()
    later.clear()


def captions(page: AppTest) -> str:
    return " ".join(each.value for each in page.caption)


def made(page: AppTest) -> AppTest:
    """Let what is made in the background come to its end, as the page's ticks would show it."""
    assert later().wait(100)
    page.run()
    assert not page.exception
    return page


def picture(seed: int) -> bytes:
    file = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8), np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_noise_is_put_on_and_measured(open_page: Open) -> None:
    page = open_page("denoise", noise="0")
    assert not page.exception
    assert "trained on clean images" in page.info[0].value
    assert "At 0.30, on 100 held-out images: autoencoder" in captions(page)
    made(page)
    assert "The best of the others" in captions(page)
    assert "are fitted" not in captions(page)
    page.slider(key="denoise level").set_value(0.5).run()
    page.selectbox(key="denoise kind").set_value("masking").run()
    page.button(key="denoise others").click().run()
    assert not page.exception
    assert "At 0.50, on 100 held-out images" in captions(page)


def test_the_page_waits_for_no_filter(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def fit(*_: object) -> None:
        gate.wait(100)
        raise LabError("{name} cannot be fitted.", name="It")

    monkeypatch.setattr("aecore.applications.denoising.fit", fit)
    try:
        page = open_page("denoise", noise="0")
        assert not page.exception
        assert "At 0.30, on 100 held-out images: autoencoder" in captions(page)
        assert "fitted to each level of this noise, once: 0 of 7." in captions(page)
        assert len(page.sidebar.selectbox) > 0
    finally:
        gate.set()
    made(page)
    assert any("It cannot be fitted." in each.value for each in page.error)


def test_a_run_that_denoises_begins_from_the_page(open_page: Open) -> None:
    page = open_page("denoise", noise="0")
    page.slider(key="denoise level").set_value(0.4).run()
    page.button(key="train denoising").click().run()
    assert commands.config().noise == 0.4
    assert commands.playing()
    assert not page.exception


def test_a_network_that_saw_the_foreign_is_flagged_and_one_that_did_not_is_begun(
    open_page: Open,
) -> None:
    page = open_page("anomalies")
    assert not page.exception
    assert "saw foreign classes in training (1, 2" in page.warning[0].value
    page.button(key="train normal").click().run()
    assert commands.config().classes == "0"
    commands.own_job().pause()
    page.run()
    assert not page.exception
    assert not any("saw foreign" in each.value for each in page.warning)


def test_each_score_threshold_and_kind_of_foreign_can_be_chosen(open_page: Open) -> None:
    page = made(open_page("anomalies", classes="0,1"))
    for score in ("distance", "both", "error"):
        page.segmented_control(key="score").set_value(score).run()
        assert not page.exception
    for how in ("hand", "cost", "quantile"):
        page.segmented_control(key="threshold how").set_value(how).run()
        assert not page.exception
    page.selectbox(key="foreign").set_value("strokes").run()
    made(page)
    assert page.segmented_control(key="score").value == "error"


def test_pictures_of_a_person_can_be_foreign(open_page: Open) -> None:
    page = made(open_page("anomalies", classes="0,1"))
    page.selectbox(key="foreign").set_value("/own").run()
    assert not page.exception
    assert "Give some pictures" in page.info[-1].value
    files = [(f"{seed}.png", picture(seed), "image/png") for seed in (1, 2)]
    page.file_uploader(key="foreign upload").set_value(files).run()
    made(page)
    assert not any("Give some pictures" in each.value for each in page.info)
    found = [each.value for each in later()._wishes.values()]
    (judged,) = [
        each
        for each in found
        if getattr(each, "anomalous", None) is not None and each.anomalous.sum() == 2
    ]
    assert judged.anomalous[-2:].all()
    page.file_uploader(key="foreign upload").set_value([("bad.png", b"bad", "image/png")]).run()
    assert not page.exception
    assert any("cannot be read" in each.value for each in page.error)


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
    found = experiments.current()
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
    made = {row["config"]["bottleneck"] for row in index.index(commands.desk().root)}
    assert made >= {2, 4}


def test_missing_bottlenecks_are_trained_and_stand_beside_pca(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.reduce.page.WIDTHS", (2, 4))
    monkeypatch.setattr(
        "dashboard.views.reduce.page.preset",
        lambda name, dataset, **values: preset(name, dataset, epochs=1, hidden="16", **values),
    )
    page = open_page("reduce")
    assert not page.exception
    assert page.button(key="train missing").label == "Train the missing: 2, 4"
    page.button(key="train missing").click().run()
    found = experiments.current()
    assert found is not None
    limit = time.monotonic() + 100
    while found.running:
        assert time.monotonic() < limit
        time.sleep(0.1)
    page.run()
    assert not page.exception
    assert "train missing" not in {each.key for each in page.button}
    assert "Taught with 5,000 codes" in captions(page)
    made(page)
    assert "%" in page.dataframe[0].value.to_string()
    assert "…" not in page.dataframe[0].value.to_string()


def test_variants_tell_how_long_they_took(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: preset("classic", "digits", epochs=1, hidden=name) for name in ("8", "12")}
    monkeypatch.setattr("aecore.experiments.variants.variants", lambda *_, **__: few)
    monkeypatch.setattr(
        "aecore.experiments.variants.VARIANTS", {"8": ("Eight", "", {}), "12": ("Twelve", "", {})}
    )
    page = open_page("reduce")
    page.button(key="train variants").click().run()
    found = experiments.current()
    assert found is not None
    until(lambda: not found.running, 100)
    page.run()
    made(page)
    table = page.dataframe[-1].value
    assert list(table["Variant"]) == ["Eight", "Twelve"]
    assert all(float(seconds) > 0 for seconds in table["Seconds"])


def test_growth_is_measured_shown_and_still_there_later(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(counts: tuple[int, ...], sides: list[int], *, cancel: object) -> Iterator[Measured]:
        assert (counts, sides) == ((1_000, 5_000), [28])
        for count in counts:
            yield Measured("full", count, 784, count / 1e4, 0.1, count * 784 * 16 / 2**20)
            yield Measured("autoencoder", count, 784, count / 2e4, 0.1, 60.0)
        yield Measured("full", 10**7, 784, reason="no room")

    monkeypatch.setattr(scaling, "measure", measure)
    monkeypatch.setattr(scaling, "available", lambda: 8 * 2**30)
    page = open_page("reduce")
    assert "Full PCA holds" not in captions(page)
    page.button(key="measure scaling").click().run()
    found = measuring.current()
    assert found is not None
    until(lambda: not found.running)
    page.run()
    assert not page.exception
    assert "16 bytes for each pixel of each image" in captions(page)
    assert "a million images of 28 by 28 would need 12 GB" in captions(page)
    assert "With the 8 GB that are free on this machine now it stops at about 680,000" in (
        captions(page)
    )
    assert "was not tried: no room" in captions(page)
    assert len(scaling.kept(commands.desk().root)) == 5


def test_a_measurement_that_goes_wrong_is_a_sentence(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_: object, **__: object) -> Iterator[Measured]:
        raise LabError("There is no {what}.", what="room")

    monkeypatch.setattr(scaling, "measure", measure)
    page = open_page("reduce")
    page.button(key="measure scaling").click().run()
    found = measuring.current()
    assert found is not None
    until(lambda: not found.running)
    page.run()
    assert any("There is no room." in each.value for each in page.error)
