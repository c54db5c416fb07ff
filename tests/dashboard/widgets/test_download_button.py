import json
from base64 import b64decode
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore.errors import LabError
from dashboard.state import keys, messages
from dashboard.widgets.download_button import download_button
from tests.dashboard.test_words_on_page import elements

made: list[bytes] = []


def script() -> None:
    from tests.dashboard.widgets.test_download_button import show

    show()


def show() -> None:
    def make() -> bytes:
        if len(made) == 1:
            raise LabError("There is nothing to download.")
        made.append(b"\x00content")
        return made[-1]

    download_button("it", "Download", "it.bin", make)


def file(page: AppTest) -> dict[str, Any]:
    """Return what the browser is to save."""
    (saver,) = [each for each in elements(page.main) if hasattr(each.proto, "component_name")]
    return dict(json.loads(saver.proto.json))


def test_file_is_made_when_asked_for_and_sent_until_the_browser_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made.clear()
    errors: list[LabError] = []
    monkeypatch.setattr(messages, "report", errors.append)
    page = AppTest.from_function(script).run()
    assert file(page)["content"] is None
    page.button(key="it").click().run()
    sent = file(page)
    assert (b64decode(sent["content"]), sent["name"]) == (b"\x00content", "it.bin")
    assert file(page.run()) == sent
    assert len(made) == 1
    # What the browser's answer does.
    del page.session_state[keys.download("it")]
    assert file(page.run())["content"] is None
    page.button(key="it").click().run()
    assert file(page)["content"] is None
    assert [str(each) for each in errors] == ["There is nothing to download."]
