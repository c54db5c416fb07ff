import subprocess
import sys

import pytest

import aecore


@pytest.mark.parametrize("name", aecore.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(aecore, name) is not None


def test_a_name_imports_no_more_than_it_needs() -> None:
    code = "import sys; from aecore import Config; assert 'torch' not in sys.modules, 'torch'"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        aecore.nothing  # type: ignore[attr-defined]  # noqa: B018
