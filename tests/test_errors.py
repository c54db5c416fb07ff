import os

import pytest

from aecore.errors import LONGEST_VALUE, LabError, brief
from aecore.i18n import N_


def test_long_values_are_shortened() -> None:
    text = str(LabError("{name!r} is {count:,}.", name="x" * 5000, count=10**3000))
    assert len(text) < 2 * LONGEST_VALUE + 20
    assert text.startswith("'xxx")
    assert text.endswith("000.")
    assert str(LabError("{count:,}", count=10**5000)) == "..."


@pytest.mark.parametrize("value", ["short", 3, 2.5, None, ["a"], N_("lazy")])
def test_short_values_are_kept(value: object) -> None:
    assert brief(value) is value


def test_numbers_keep_their_format() -> None:
    assert str(LabError("{count:,} of {share:.1%}", count=1234, share=0.5)) == "1,234 of 50.0%"


def test_what_is_not_text_is_escaped() -> None:
    text = str(LabError("{path} is missing.", path=os.fsdecode(b"a\xff")))
    assert text == r"a\udcff is missing."
