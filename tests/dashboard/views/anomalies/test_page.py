"""The Anomalies page without a browser."""

import re
from io import BytesIO

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from aecore.applications import anomaly
from aecore.data import Dataset
from dashboard.state import active_run
from dashboard.state.background import background_cache
from tests.dashboard.support import OpenPage, captions, finish
from tests.dashboard.test_words_on_page import figure_of
from tests.support import current_job


def random_png(seed: int) -> bytes:
    file = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8), np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_page_warns_of_anomalous_classes_and_trains_on_normal_ones(open_view: OpenPage) -> None:
    page = open_view("anomalies")
    assert not page.exception
    assert "saw anomalous classes in training (1, 2" in page.warning[0].value
    page.button(key="train normal").click().run()
    config = active_run.live().config
    assert (config.classes, config.bottleneck, config.loss) == ("0", 16, "mse")
    current_job().pause()
    page.run()
    assert not page.exception
    assert not any("saw anomalous" in each.value for each in page.warning)


def test_every_score_threshold_and_kind_of_anomaly_can_be_selected(open_view: OpenPage) -> None:
    page = finish(open_view("anomalies", classes="0,1"))
    assert page.segmented_control(key="score").value == anomaly.DEFAULT_SCORE
    for score in reversed([*anomaly.SCORES]):
        page.segmented_control(key="score").set_value(score).run()
        assert not page.exception
    for method in ("hand", "cost", "quantile"):
        page.segmented_control(key="threshold how").set_value(method).run()
        assert not page.exception
    page.selectbox(key="anomalous").set_value("strokes").run()
    finish(page)
    assert page.segmented_control(key="score").value == anomaly.DEFAULT_SCORE


def test_curve_of_the_relative_error_is_beside_that_of_pca(open_view: OpenPage) -> None:
    page = finish(open_view("anomalies", classes="0,1"))
    names = [each.get("name", "") for each in figure_of(page, "curve-roc")["data"]]
    assert names[0].startswith("Relative error 0.")
    assert any(name.startswith("PCA relative error 0.") for name in names)


def counts(page: AppTest) -> dict[str, str]:
    """Return the numbers beside the histogram by name."""
    (block,) = (each.proto.body for each in page.get("html") if "lab-counts" in each.proto.body)
    return dict(re.findall(r"<span>([^<]+)</span><b>([^<]+)</b>", block))


def total(page: AppTest) -> int:
    names = ("detected", "missed", "accepted", "false alarms")
    return sum(int(counts(page)[name].split(" ")[0].replace(",", "")) for name in names)


def test_threshold_is_set_on_one_half_and_the_other_is_counted(
    open_view: OpenPage, digits: Dataset
) -> None:
    page = finish(open_view("anomalies", classes="0,1"))
    normal = int(np.isin(digits.test_labels, (0, 1)).sum())
    others = len(digits.test_labels) - normal
    counted = -(-normal // 2) - (-others // 2)
    by_rule = {
        "quantile": f"Threshold set on {normal // 2} held-out images, counts on {counted} others.",
        "cost": f"Threshold set on {normal // 2 + others // 2} held-out images, counts on",
        "hand": f"Manual threshold, counts on {counted} held-out images, as with the other rules.",
    }
    for rule, sentence in by_rule.items():
        page.segmented_control(key="threshold how").set_value(rule).run()
        assert sentence in captions(page)
        assert f"The curves use all {len(digits.test_labels)}." in captions(page)
        assert total(page) == counted
    page.segmented_control(key="threshold how").set_value("quantile").run()
    page.slider(key="normal share").set_value(50.0).run()
    accepted, share = counts(page)["accepted"].split(" ")
    achieved = int(accepted) / -(-normal // 2)
    assert share == f"({achieved:.1%})"
    assert 0.2 < achieved < 0.8


def test_everything_is_anomalous_where_misses_are_dear(open_view: OpenPage) -> None:
    page = finish(open_view("anomalies", classes="0,1"))
    page.segmented_control(key="threshold how").set_value("cost").run()
    page.number_input(key="cost missed").set_value(1000.0).run()
    page.number_input(key="cost alarm").set_value(0.1).run()
    assert not page.exception
    # The threshold is set on other images.
    assert int(counts(page)["missed"].split(" ")[0]) < 0.05 * total(page)
    line = figure_of(page, "scores")["layout"]["shapes"][0]["x0"]
    assert np.isfinite(line)


def test_uploaded_images_can_be_anomalous(open_view: OpenPage) -> None:
    page = finish(open_view("anomalies", classes="0,1"))
    page.selectbox(key="anomalous").set_value("/own").run()
    assert not page.exception
    assert "Upload some images" in page.info[-1].value
    files = [(f"{seed}.png", random_png(seed), "image/png") for seed in (1, 2)]
    page.file_uploader(key="anomalous upload").set_value(files).run()
    finish(page)
    assert not any("Upload some images" in each.value for each in page.info)
    values = [each.value for each in background_cache()._entries.values()]
    (scored,) = [
        each
        for each in values
        if getattr(each, "anomalous", None) is not None and each.anomalous.sum() == 2
    ]
    assert scored.anomalous[-2:].all()
    # Too few to be split: both are counted, and the threshold is set on normal images only.
    assert "others." in captions(page)
    assert int(counts(page)["detected"]) + int(counts(page)["missed"]) == 2
    page.segmented_control(key="threshold how").set_value("cost").run()
    assert "2 in both: fewer than 4 images of a kind are not split." in captions(page)
    page.segmented_control(key="threshold how").set_value("quantile").run()
    page.file_uploader(key="anomalous upload").set_value([("bad.png", b"bad", "image/png")]).run()
    assert not page.exception
    assert any("cannot be read" in each.value for each in page.error)


def test_page_asks_for_normal_classes_if_none_are_selected(open_view: OpenPage) -> None:
    page = open_view("anomalies")
    page.multiselect[0].set_value([]).run()
    assert not page.exception
    assert "Choose the normal classes" in page.info[-1].value
