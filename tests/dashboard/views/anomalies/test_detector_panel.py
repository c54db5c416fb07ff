"""New files on the Anomalies page, without a browser."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aecore.data import Dataset
from dashboard.views.anomalies import detector_panel
from tests.dashboard.support import OpenPage, captions, finish

PNG = "image/png"


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def page(open_view: OpenPage) -> AppTest:
    return finish(open_view("anomalies", classes="0,1"))


def upload_folder(page: AppTest, digits: Dataset) -> AppTest:
    """Upload a folder of three held-out images and one of noise."""
    noise = np.random.default_rng(0).integers(0, 256, (20, 20), np.uint8)
    images = [*digits.test_images[:3], noise]
    names = ["parts/good/0.png", "parts/good/1.png", "parts/good/2.png", "parts/=noise.png"]
    files = [(name, png(image), PNG) for name, image in zip(names, images, strict=True)]
    page.file_uploader(key="new folder").set_value(files).run()
    return finish(page)


def test_files_of_a_folder_are_listed_with_the_most_anomalous_first(
    page: AppTest, digits: Dataset
) -> None:
    assert page.file_uploader(key="new folder").accept_directory
    assert not page.dataframe
    upload_folder(page, digits)
    (table,) = (each.value for each in page.dataframe)
    assert list(table) == ["picture", "file", "score", "verdict"]
    assert table["file"][0] == "'=noise.png"
    assert sorted(table["file"][1:]) == ["good/0.png", "good/1.png", "good/2.png"]
    assert table["score"].is_monotonic_decreasing
    assert table["picture"].str.startswith("data:image/png;base64,").all()
    assert table["verdict"][0] == "anomalous"
    assert "of 4 pictures (Relative error above" in captions(page)


def test_verdicts_follow_the_chosen_score_and_threshold(page: AppTest, digits: Dataset) -> None:
    upload_folder(page, digits)
    errors = page.dataframe[0].value["score"].tolist()
    page.session_state["threshold relative"] = (errors[1] + errors[2]) / 2
    page.segmented_control(key="threshold how").set_value("hand").run()
    assert page.dataframe[0].value["verdict"].tolist() == ["anomalous"] * 2 + ["normal"] * 2
    page.segmented_control(key="score").set_value("distance").run()
    finish(page)
    assert page.dataframe[0].value["score"].tolist() != errors
    assert "(Code distance above" in captions(page)


def test_only_the_most_anomalous_files_are_shown(
    page: AppTest, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector_panel, "MOST_ROWS", 2)
    upload_folder(page, digits)
    assert len(page.dataframe[0].value) == 2
    assert "of 4 pictures" in captions(page)
    assert "The table shows the 2 most anomalous" in captions(page)


def test_zip_is_scored_without_anomalous_images_to_compare_with(
    open_view: OpenPage, digits: Dataset
) -> None:
    page = open_view("anomalies")
    page.multiselect[0].set_value([]).run()
    finish(page)
    assert "Choose the normal classes" in page.info[-1].value
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for number, image in enumerate(digits.test_images[:3]):
            files.writestr(f"new/{number}.png", png(image))
    upload = ("new.zip", archive.getvalue(), "application/zip")
    page.file_uploader(key="new pictures").set_value([upload]).run()
    finish(page)
    assert sorted(page.dataframe[0].value["file"]) == ["new/0.png", "new/1.png", "new/2.png"]


def test_file_that_cannot_be_read_is_named(page: AppTest) -> None:
    page.file_uploader(key="new pictures").set_value([("bad.png", b"bad", PNG)]).run()
    assert not page.exception
    assert any("bad.png" in each.value for each in page.error)
    assert not page.dataframe
