import pickle

import pytest

from aecore import i18n
from aecore.errors import ConfigError, LabError
from aecore.i18n import language, t
from tests.support import Bracketed


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a pseudo-language that puts every text in brackets."""
    english = i18n._catalogue
    monkeypatch.setattr(
        i18n, "_catalogue", lambda code: english(code) if code == "en" else Bracketed()
    )


def test_english_text_is_the_message_itself() -> None:
    assert t("On") == "On"
    assert t("") == ""


def test_placeholders_accept_format_specs() -> None:
    assert t("{share:.0%} of {count:,}", share=0.25, count=1200) == "25% of 1,200"


def test_braces_are_kept_when_no_values_are_given() -> None:
    assert t("a {b}") == "a {b}"


def test_unknown_language_falls_back_to_english() -> None:
    token = language.set("xx")
    try:
        assert t("On") == "On"
    finally:
        language.reset(token)


@pytest.mark.usefixtures("pseudo")
def test_errors_are_shown_in_the_language_of_the_reader() -> None:
    error = LabError("{name} is shut", name="door")
    assert str(error) == "door is shut"
    token = language.set("xx")
    try:
        assert str(error) == "[door is shut]"
        assert t("") == ""
    finally:
        language.reset(token)
    assert str(error) == "door is shut"


def test_errors_survive_pickling() -> None:
    unpickled = pickle.loads(pickle.dumps(ConfigError("{name} is shut", name="door")))
    assert isinstance(unpickled, ConfigError)
    assert str(unpickled) == "door is shut"
    assert isinstance(unpickled, ValueError)
