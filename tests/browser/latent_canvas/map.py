"""A page that is a canvas and nothing else, in a person's terms."""

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.browser.server import Server

# Nothing is trained here, so no answer takes long.
SECONDS = 20.0
Arrays = Mapping[str, NDArray[Any]]


class CanvasServer(Server):
    """Serves `page.py`, which shows what lies in a folder."""

    script = "tests/browser/latent_canvas/page.py"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder / "canvas"
        self.folder.mkdir()
        self.environment |= {"CANVAS": str(self.folder), "PYTHONPATH": "."}
        self.page: dict[str, Any] = {}

    def start(self) -> None:
        super().start()
        for _ in range(600):
            with socket.socket() as asking:
                if asking.connect_ex(("localhost", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def clear(self) -> None:
        self.page = {"bundles": {}}

    def bring(self, name: str, version: str, arrays: Arrays, **meta: Any) -> None:
        """Lay a bundle ready for the next run of the page."""
        np.savez(self.folder / f"{name}.npz", **cast("Any", arrays))
        (self.folder / f"{name}.json").write_text(json.dumps(meta))
        self.page["bundles"][name] = version
        self.say()

    def say(self, **settings: Any) -> None:
        """Change what `canvas` is called with in the next run of the page."""
        self.page |= settings
        (self.folder / "page.json").write_text(json.dumps(self.page))


class Map:
    """The canvas in a tab of its own."""

    def __init__(self, browser: Browser, server: CanvasServer, **options: Any) -> None:
        wanted = {"viewport": {"width": 1280, "height": 820}, **options}
        self.page: Page = browser.new_context(**wanted).new_page()
        self.page.set_default_timeout(SECONDS * 1000)
        self.server = server
        self.errors: list[str] = []
        self.received: list[int] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda sent: self.received.append(len(sent))),
        )

    def open(self) -> "Map":
        self.page.goto(self.server.url)
        self.page.wait_for_function(
            "() => document.querySelector('.latent-canvas')?.state?.counters.frames > 0",
            timeout=60_000,
        )
        return self.rest()

    def leave(self) -> None:
        self.page.context.close()
        assert self.errors == []

    def state(self, what: str, given: Any = None) -> Any:
        """Return something of the canvas, for example ``state.view.scale``."""
        script = f"([state, given]) => {what}"
        handle = self.page.evaluate_handle("() => document.querySelector('.latent-canvas').state")
        return self.page.evaluate(script, [handle, given])

    def until(self, what: str, given: Any = None) -> None:
        """Wait until something holds of the canvas."""
        for _ in range(int(SECONDS * 50)):
            if self.state(what, given):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"waited until {what}: {self.state(what.split(' ')[0], given)}")

    def rest(self) -> "Map":
        """Wait until nothing is drawn any more."""
        self.until("state.frameRequest === null && !state.glide && !state.time.morph")
        return self

    def again(self) -> "Map":
        """Have the script run again, and wait until it has."""
        self.page.get_by_role("button", name="again").click()
        self.page.wait_for_timeout(200)
        self.page.locator('[data-test-script-state="notRunning"]').wait_for()
        return self.rest()

    def told(self, text: str) -> None:
        """Wait until Python has been told something."""
        self.page.locator("code", has_text=text).wait_for()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where on the page a place of the map is."""
        px, py = self.state("state.toScreen(...given)", [float(x), float(y)])
        box = self.page.locator(".latent-canvas-map").bounding_box()
        assert box is not None
        return box["x"] + px, box["y"] + py

    def hover(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.at(x, y))
        self.rest()

    def click(self, x: float, y: float, **options: Any) -> None:
        self.page.mouse.click(*self.at(x, y), **options)
        self.rest()

    def drag(self, *places: tuple[float, float]) -> None:
        """Press at the first place, go past the others, and let go at the last."""
        ways = [self.at(*place) for place in places]
        self.page.mouse.move(*ways[0])
        self.page.mouse.down()
        for way in ways[1:]:
            self.page.mouse.move(*way, steps=4)
        self.page.mouse.up()
        self.rest()

    def press(self, *keys: str) -> None:
        self.page.locator(".latent-canvas-map").focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.rest()

    def tool(self, word: str) -> None:
        self.page.locator(f'.latent-canvas-tools [data-word="{word}"]').click()
        self.rest()

    def text(self, part: str) -> str:
        return self.page.locator(f".latent-canvas-{part}").inner_text()

    def picture(self, side: int) -> NDArray[np.uint8] | None:
        """Return the pixels of an image in the side panel, or None where there is none."""
        shown = self.page.locator(".latent-canvas-pair figure").nth(side)
        if shown.get_attribute("data-empty") == "true":
            return None
        pixels = shown.locator("canvas").evaluate(
            """canvas => [...canvas.getContext("2d")
              .getImageData(0, 0, canvas.width, canvas.height).data]"""
        )
        return np.array(pixels[::4], np.uint8)
