"""Texts for changes of settings during training."""

from collections.abc import Sequence

from aecore.config import Config
from aecore.knob import knobs
from aecore.training.snapshot import Edit


def edit_texts(edits: Sequence[Edit]) -> list[Edit]:
    """Return edits with the labels and values of settings in the user's language.

    Parameters
    ----------
    edits : sequence of Edit
        Edits of a snapshot.

    Returns
    -------
    list of Edit
        Their `changes` map the label of a setting to its values before and after, as texts.
    """
    known = knobs(Config)
    return [
        {
            "step": edit["step"],
            "changes": {
                str(known[name].label): [known[name].text(value) for value in values]
                for name, values in edit["changes"].items()
            },
        }
        for edit in edits
    ]
