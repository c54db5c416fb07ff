"""Types of the values in a run's files, with their bounds: the files may come from others."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, with_config

from aecore.config import Config

strict = with_config(ConfigDict(strict=True))
"""Decorator of a record in which a number must not be written as text."""

# More than the largest settings give, and what the loss curve can hold.
MOST_STEPS = 2**31 - 1
LONGEST_TEXT = 5000


def _setting(name: str) -> str:
    if name not in Config.model_fields:
        raise ValueError(f"{name[:40]!r} is not a setting")
    return name


Step = Annotated[int, Field(ge=0, le=MOST_STEPS)]
Total = Annotated[int, Field(ge=1, le=MOST_STEPS)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Error = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Whole = Annotated[int, Field(ge=-MOST_STEPS, le=MOST_STEPS)]
Value = bool | Whole | Number | Text
SettingName = Annotated[str, AfterValidator(_setting)]
Settings = dict[SettingName, Value]
BeforeAndAfter = Annotated[list[Value], Field(min_length=2, max_length=2)]
