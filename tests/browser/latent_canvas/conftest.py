"""A server that shows a canvas, what it shows, and tabs in which it is looked at."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.latent_canvas.map import CanvasServer, Map
from tests.browser.latent_canvas.scene import IMAGES, LABELS, POINTS, SHAPE, Open, bring_decoder
from tests.dashboard.components.test_latent_canvas import build


@pytest.fixture(scope="module")
def canvas_server(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CanvasServer]:
    started = CanvasServer(tmp_path_factory.mktemp("canvas"))
    started.clear()
    started.say()
    started.start()
    yield started
    assert started.stop() == 0
    assert started.complaints() == []


@pytest.fixture
def scene(canvas_server: CanvasServer) -> CanvasServer:
    """Give the server with a map of two clouds, images and a decoder."""
    shutil.rmtree(canvas_server.folder)
    canvas_server.folder.mkdir()
    canvas_server.clear()
    canvas_server.bring(
        "points", "1", {"points": POINTS, "labels": LABELS}, classes=["left", "right", "alone"]
    )
    canvas_server.bring(
        "images", "1", {"images": IMAGES, "reconstructions": 255 - IMAGES}, shape=SHAPE
    )
    bring_decoder(canvas_server, "1", build(SHAPE))
    return canvas_server


@pytest.fixture
def opened(browser: Browser, scene: CanvasServer) -> Iterator[Open]:
    """Give a function that opens the page in a tab of its own."""
    tabs: list[Map] = []

    def opens(**options: Any) -> Map:
        tabs.append(Map(browser, scene, **options))
        return tabs[-1].open()

    yield opens
    for tab in tabs:
        tab.leave()
