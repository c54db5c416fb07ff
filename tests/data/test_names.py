import pytest

from aecore import i18n
from aecore.data.names import display_name
from aecore.data.published.registry import PUBLISHED
from aecore.data.strokes import FACTOR_NAMES, FACTORS
from tests.support import Bracketed


def test_names_declared_by_built_in_datasets_are_translated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed())
    assert display_name("Ankle boot") == "[Ankle boot]"
    assert display_name("slant") == "[slant]"
    assert display_name("my class") == "my class"
    assert all(display_name(name) == f"[{name}]" for name in PUBLISHED["fashion_mnist"].classes)


def test_every_factor_of_strokes_has_a_display_name() -> None:
    assert [name.text for name in FACTOR_NAMES] == list(FACTORS)
