import pickle

import pytest

from aecore import i18n
from aecore.errors import ConfigError, LabError
from aecore.i18n import language, t
from tests.support import Bracketed


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a language in which every sentence is in brackets."""
    english = i18n._catalogue
    monkeypatch.setattr(
        i18n, "_catalogue", lambda code: english(code) if code == "en" else Bracketed()
    )


def test_english_is_the_sentence_itself() -> None:
    assert t("On") == "On"
    assert t("") == ""


def test_placeholders_take_formats() -> None:
    assert t("{share:.0%} of {count:,}", share=0.25, count=1200) == "25% of 1,200"


def test_braces_without_values_stay() -> None:
    assert t("a {b}") == "a {b}"


def test_an_unknown_language_is_shown_in_english() -> None:
    token = language.set("xx")
    try:
        assert t("On") == "On"
    finally:
        language.reset(token)


@pytest.mark.usefixtures("pseudo")
def test_a_refusal_speaks_the_language_of_its_reader() -> None:
    refusal = LabError("{name} is shut", name="door")
    assert str(refusal) == "door is shut"
    token = language.set("xx")
    try:
        assert str(refusal) == "[door is shut]"
        assert t("") == ""
    finally:
        language.reset(token)
    assert str(refusal) == "door is shut"


def test_a_refusal_survives_the_way_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(ConfigError("{name} is shut", name="door")))
    assert isinstance(again, ConfigError)
    assert str(again) == "door is shut"
    assert isinstance(again, ValueError)
