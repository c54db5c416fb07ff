"""Serve the test page of the canvas, and drive it in a browser tab."""

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.browser.server import ROOT, Server

# Nothing is trained here, so responses are quick.
TIMEOUT = 20.0
Arrays = Mapping[str, NDArray[Any]]


class CanvasServer(Server):
    """Server of `page.py`, which shows the content of a folder."""

    script = Path(__file__).with_name("page.py")
    # Its settings of Streamlit apply to the test page too.
    working_folder = ROOT / "dashboard"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder / "canvas"
        self.folder.mkdir()
        self.environment |= {"CANVAS": str(self.folder), "PYTHONPATH": str(ROOT)}
        self.page: dict[str, Any] = {}

    def start(self) -> None:
        super().start()
        for _ in range(600):
            with socket.socket() as connection:
                if connection.connect_ex(("localhost", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the server is not reachable")

    def clear(self) -> None:
        self.page = {"bundles": {}}

    def add_bundle(self, name: str, version: str, arrays: Arrays, **meta: Any) -> None:
        """Add or replace a bundle for the next rerun of the page."""
        np.savez(self.folder / f"{name}.npz", **cast("Any", arrays))
        (self.folder / f"{name}.json").write_text(json.dumps(meta))
        self.page["bundles"][name] = version
        self.update_page()

    def update_page(self, **arguments: Any) -> None:
        """Change the arguments of `canvas` in the next rerun of the page."""
        self.page |= arguments
        (self.folder / "page.json").write_text(json.dumps(self.page))


class Map:
    """The canvas in its own browser tab."""

    def __init__(self, browser: Browser, server: CanvasServer, **options: Any) -> None:
        context_options = {"viewport": {"width": 1280, "height": 820}, **options}
        self.page: Page = browser.new_context(**context_options).new_page()
        self.page.set_default_timeout(TIMEOUT * 1000)
        self.server = server
        self.errors: list[str] = []
        self.received: list[int] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "websocket",
            lambda socket: socket.on(
                "framereceived", lambda frame: self.received.append(len(frame))
            ),
        )

    def open(self) -> "Map":
        self.page.goto(self.server.url)
        self.page.wait_for_function(
            "() => document.querySelector('.latent-canvas')?.state?.counters.frames > 0",
            timeout=60_000,
        )
        return self.wait_until_idle()

    def close(self) -> None:
        self.page.context.close()
        assert self.errors == []

    def value(self, expression: str, given: Any = None) -> Any:
        """Evaluate an expression on the canvas, for example ``state.view.scale``."""
        script = f"([state, given]) => {expression}"
        handle = self.page.evaluate_handle("() => document.querySelector('.latent-canvas').state")
        return self.page.evaluate(script, [handle, given])

    def wait_until(self, condition: str, given: Any = None) -> None:
        """Wait until a condition on the canvas holds."""
        for _ in range(int(TIMEOUT * 50)):
            if self.value(condition, given):
                return
            self.page.wait_for_timeout(20)
        actual = self.value(condition.split(" ")[0], given)
        raise AssertionError(f"timed out waiting until {condition}: {actual}")

    def wait_until_idle(self) -> "Map":
        """Wait until no redraw or animation is pending."""
        self.wait_until("state.frameRequest === null && !state.glide && !state.time.morph")
        return self

    def rerun(self) -> "Map":
        """Rerun the script, and wait until it has finished."""
        self.page.get_by_role("button", name="rerun script").click()
        self.page.wait_for_timeout(200)
        self.page.locator('[data-test-script-state="notRunning"]').wait_for()
        return self.wait_until_idle()

    def wait_for_marks(self, text: str) -> None:
        """Wait until the marks that Python received contain a text."""
        self.page.locator("code", has_text=text).wait_for()

    def page_position(self, x: float, y: float) -> tuple[float, float]:
        """Return the position on the page of a position on the map."""
        px, py = self.value("state.toScreen(...given)", [float(x), float(y)])
        box = self.page.locator(".latent-canvas-map").bounding_box()
        assert box is not None
        return box["x"] + px, box["y"] + py

    def hover(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.page_position(x, y))
        self.wait_until_idle()

    def click(self, x: float, y: float, **options: Any) -> None:
        self.page.mouse.click(*self.page_position(x, y), **options)
        self.wait_until_idle()

    def drag(self, *positions: tuple[float, float]) -> None:
        """Press the mouse at the first position, move through the others, release at the last."""
        path = [self.page_position(*position) for position in positions]
        self.page.mouse.move(*path[0])
        self.page.mouse.down()
        for position in path[1:]:
            self.page.mouse.move(*position, steps=4)
        self.page.mouse.up()
        self.wait_until_idle()

    def press(self, *keys: str) -> None:
        self.page.locator(".latent-canvas-map").focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.wait_until_idle()

    def press_tool(self, word: str) -> None:
        self.page.locator(f'.latent-canvas-tools [data-word="{word}"]').click()
        self.wait_until_idle()

    def text(self, part: str) -> str:
        return self.page.locator(f".latent-canvas-{part}").inner_text()

    def panel_image(self, side: int) -> NDArray[np.uint8] | None:
        """Return the pixels of an image in the side panel, or None if it is empty."""
        figure = self.page.locator(".latent-canvas-pair figure").nth(side)
        if figure.get_attribute("data-empty") == "true":
            return None
        pixels = figure.locator("canvas").evaluate(
            """canvas => [...canvas.getContext("2d")
              .getImageData(0, 0, canvas.width, canvas.height).data]"""
        )
        return np.array(pixels[::4], np.uint8)
