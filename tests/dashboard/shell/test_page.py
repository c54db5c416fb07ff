from collections.abc import Callable

import pytest

from aecore.training.snapshot import Snapshot
from dashboard.shell import transport
from tests.dashboard.support import OpenPage
from tests.support import current_job


def test_run_that_stops_while_the_page_is_drawn_is_shown_as_paused(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(epochs=1000)
    draw: Callable[[Snapshot], None] = transport.buttons

    def draw_and_stop(snapshot: Snapshot) -> None:
        draw(snapshot)
        if current_job().playing:
            current_job().pause()
            assert current_job().wait(60)

    monkeypatch.setattr(transport, "buttons", draw_and_stop)
    page.button(key="play").click().run()
    assert not current_job().playing
    assert page.button(key="play").label == "Play"
