import subprocess
import sys

import pytest

from aecore.config import Config
from aecore.knob import knobs

KNOBS_WITH_CHOICES = {name: each for name, each in knobs(Config).items() if each.choices}


@pytest.mark.parametrize("name", KNOBS_WITH_CHOICES)
def test_choices_have_unique_labels_and_refer_to_settings(name: str) -> None:
    choices = KNOBS_WITH_CHOICES[name].choices
    assert len({str(each.label) for each in choices.values()}) == len(choices)
    for each in choices.values():
        assert not each.description or str(each.description).endswith(".")
        assert {*each.uses, *(needs.setting for needs in each.requires)} <= set(knobs(Config))


def test_importing_config_does_not_import_torch() -> None:
    code = "import sys, aecore.config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
