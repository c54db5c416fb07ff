"""Changes of settings during training, as a reader sees them."""

from collections.abc import Sequence
from typing import Any

from aecore.config import Config
from aecore.i18n import t
from aecore.knob import Knob, knobs
from aecore.training.snapshot import Edit


def edit_texts(edits: Sequence[Edit]) -> list[Edit]:
    """Return edits with the names and values of settings in the reader's language.

    Parameters
    ----------
    edits : sequence of Edit
        Those of a snapshot.

    Returns
    -------
    list of Edit
        Their changes map the label of a setting to texts.
    """
    known = knobs(Config)
    return [
        {
            "step": edit["step"],
            "changes": {
                str(known[name].label): [_value(known[name], each) for each in values]
                for name, values in edit["changes"].items()
            },
        }
        for edit in edits
    ]


def _value(knob: Knob, value: Any) -> str:
    if value in knob.choices:
        return str(knob.choices[value].label)
    if knob.kind == "switch":
        return t("on") if value else t("off")
    return f"{value:g}" if isinstance(value, float) else str(value)
