import subprocess
import sys

import pytest

from aecore.config import Config
from aecore.knob import knobs

CHOSEN = {name: each for name, each in knobs(Config).items() if each.choices}


@pytest.mark.parametrize("name", CHOSEN)
def test_a_choice_has_a_label_of_its_own_and_names_settings(name: str) -> None:
    choices = CHOSEN[name].choices
    assert len({str(each.label) for each in choices.values()}) == len(choices)
    for each in choices.values():
        assert not each.description or str(each.description).endswith(".")
        assert {*each.uses, *(needs.setting for needs in each.requires)} <= set(knobs(Config))


def test_settings_are_declared_without_torch() -> None:
    code = "import sys, aecore.config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
