"""Number formats in which matrices are multiplied."""

from collections.abc import Mapping

from aecore.i18n import N_
from aecore.knob import Choice

PRECISIONS: Mapping[str, Choice] = {
    "auto": Choice(
        label=N_("Auto"),
        description=N_("bfloat16 where the device has instructions for it, otherwise float32."),
    ),
    "float32": Choice(label=N_("float32")),
    "bfloat16": Choice(
        label=N_("bfloat16"), description=N_("faster where the device supports it.")
    ),
}
