import subprocess
import sys

import pytest

import aecore


@pytest.mark.parametrize("name", aecore.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(aecore, name) is not None


def test_importing_config_does_not_import_torch() -> None:
    code = "import sys; from aecore import Config; assert 'torch' not in sys.modules, 'torch'"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError):
        aecore.nothing  # type: ignore[attr-defined]  # noqa: B018
