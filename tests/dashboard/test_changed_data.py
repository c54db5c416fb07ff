"""Pages on which the images of a run have been replaced since it was trained."""

import io
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore import data
from aecore.config import Config
from dashboard.state import cached
from tests.dashboard.support import OpenPage
from tests.support import trained

CHANGED = "The dataset mine has changed since this run was trained on it."


def add_images(seed: int) -> None:
    """Add 150 images of two classes under the name mine, in place of those there may be."""
    if "mine" in data.offers():
        data.remove("mine")
    images = np.random.default_rng(seed).integers(0, 256, (150, 6, 6), np.uint8)
    file = io.BytesIO()
    np.savez(file, images=images, labels=np.arange(150) % 2)
    file.seek(0)
    data.add(file, "mine")
    cached.dataset.clear()


def errors(page: AppTest) -> list[str]:
    return [each.value for each in page.error]


@pytest.fixture
def page_on_own_images(open_view: OpenPage) -> OpenPage:
    def open_with(name: str, **settings: object) -> AppTest:
        add_images(0)
        return open_view(name, dataset="mine", train_size=100, **settings)

    return open_with


@pytest.mark.parametrize("name", ["manifold", "denoise", "anomalies", "iterate"])
def test_pages_that_apply_the_network_to_its_images_name_the_change(
    page_on_own_images: OpenPage, name: str
) -> None:
    page = page_on_own_images(name)
    assert (list(page.exception), errors(page)) == ([], [])
    add_images(1)
    page.run()
    assert not page.exception
    assert any(CHANGED in each for each in errors(page))
    add_images(0)
    page.run()
    assert (list(page.exception), errors(page)) == ([], [])


def test_saved_run_in_the_picker_names_the_change(root: Path, open_view: OpenPage) -> None:
    add_images(0)
    config = Config(dataset="mine", train_size=100, hidden="8", batch_size=50)
    trained(root / "saved", data.load("mine"), config, 2)
    add_images(1)
    page = open_view("denoise")
    assert (list(page.exception), errors(page)) == ([], [])
    page.selectbox(key="network").select("saved").run()
    assert not page.exception
    assert any(CHANGED in each for each in errors(page))
