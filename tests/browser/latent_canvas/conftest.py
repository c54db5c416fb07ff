"""Fixtures for the canvas: its server, its content, and tabs that show it."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.latent_canvas.map import CanvasServer, Map
from tests.browser.latent_canvas.scene import IMAGES, LABELS, POINTS, SHAPE, OpenCanvas, add_decoder
from tests.dashboard.components.test_latent_canvas import build


@pytest.fixture(scope="module")
def canvas_server(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CanvasServer]:
    server = CanvasServer(tmp_path_factory.mktemp("canvas"))
    server.clear()
    server.update_page()
    server.start()
    yield server
    assert server.stop() == 0
    assert server.logged_errors() == []


@pytest.fixture
def scene(canvas_server: CanvasServer) -> CanvasServer:
    """Provide the server with a map of two clouds and an isolated point, images and a decoder."""
    shutil.rmtree(canvas_server.folder)
    canvas_server.folder.mkdir()
    canvas_server.clear()
    canvas_server.add_bundle(
        "points", "1", {"points": POINTS, "labels": LABELS}, classes=["left", "right", "alone"]
    )
    canvas_server.add_bundle(
        "images", "1", {"images": IMAGES, "reconstructions": 255 - IMAGES}, shape=SHAPE
    )
    add_decoder(canvas_server, "1", build(SHAPE))
    return canvas_server


@pytest.fixture
def open_canvas(browser: Browser, scene: CanvasServer) -> Iterator[OpenCanvas]:
    """Provide a function that opens the page in a new tab."""
    tabs: list[Map] = []

    def open_in_new_tab(**options: Any) -> Map:
        tabs.append(Map(browser, scene, **options))
        return tabs[-1].open()

    yield open_in_new_tab
    for tab in tabs:
        tab.close()
