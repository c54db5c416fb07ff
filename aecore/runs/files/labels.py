"""``labels.json``: what a user notes about a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from aecore.errors import RunError
from aecore.files import read_json, write_json
from aecore.training.fields import LONGEST_TEXT, Text, strict

LABELS = "labels.json"
MOST_TAGS = 100


@strict
class Labels(TypedDict):
    """Labels that the user gives a run."""

    title: Text
    tags: Annotated[list[Text], Field(max_length=MOST_TAGS)]
    note: Text
    favourite: bool


class _Saved(Labels, total=False):
    """What a file may contain: it may be edited, and need not contain all."""


SAVED = TypeAdapter(_Saved)


def read(path: Path) -> Labels:
    """Read the labels of a run; invalid ones are ignored, since the file may be edited.

    Parameters
    ----------
    path : Path
        The run's folder.
    """
    none: Labels = {"title": "", "tags": [], "note": "", "favourite": False}
    try:
        return {**none, **read_json(path / LABELS, SAVED)}
    except RunError:
        return none


def change(
    path: Path,
    *,
    title: str | None = None,
    tags: Sequence[str] | None = None,
    note: str | None = None,
    favourite: bool | None = None,
) -> None:
    """Label a run; None leaves a label unchanged.

    Parameters
    ----------
    path : Path
        The run's folder.
    title, note : str, optional
        The title does not rename the folder.
    tags : sequence of str, optional
    favourite : bool, optional

    Raises
    ------
    RunError
        If a label is too long.
    """
    sorted_tags = None if tags is None else sorted({tag.strip() for tag in tags} - {""})
    given = {"title": title, "tags": sorted_tags, "note": note, "favourite": favourite}
    changes = {name: value for name, value in given.items() if value is not None}
    texts = [title or "", note or "", *(sorted_tags or [])]
    if len(texts) > 2 + MOST_TAGS or max(map(len, texts)) > LONGEST_TEXT:
        raise RunError(
            "A run has at most {tags} tags, and each label at most {longest:,} characters.",
            tags=MOST_TAGS,
            longest=LONGEST_TEXT,
        )
    write_json(path / LABELS, {**read(path), **changes})
