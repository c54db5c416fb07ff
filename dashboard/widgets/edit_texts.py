"""Texts for changes of settings during training."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

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
        Their `changes` map the label of a setting to its values before and after, as texts. The
        changes by one drag of a slider are one edit, at its release.
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
        for edit in _without_movements(edits)
    ]


def _without_movements(edits: Sequence[Edit]) -> Iterator[Edit]:
    """Yield edits, the changes by one drag of a slider as one, or none if it moved back."""
    # An edit without a drag is a group of its own.
    drags = [edit.get("drag", -place) for place, edit in enumerate(edits)]
    for _, group in groupby(zip(drags, edits, strict=True), key=lambda pair: pair[0]):
        movements = [edit for _, edit in group]
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for edit in movements:
            for name, (old, new) in edit["changes"].items():
                before.setdefault(name, old)
                after[name] = new
        changes = {name: [before[name], after[name]] for name in after}
        changes = {name: values for name, values in changes.items() if values[0] != values[1]}
        if changes:
            yield {"step": movements[-1]["step"], "changes": changes}
