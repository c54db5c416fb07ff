"""Read labels and the parts of a split from the paths of pictures."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from aecore.data.custom.content import SPLITS, TRAIN
from aecore.data.custom.labels import LABEL_NAMES, normalised, repeats
from aecore.data.custom.options import LABEL

MASKS = ("ground_truth", "groundtruth", "masks", "mask")
"""Folders of pictures that say where something is in others."""
SYSTEM_FILES = ("thumbs.db", "desktop.ini", "__macosx")


def is_hidden(path: PurePosixPath) -> bool:
    """Return whether a path belongs to the operating system, such as ``.DS_Store``."""
    return any(part.startswith(".") or part.casefold() in SYSTEM_FILES for part in path.parts)


def mask_folder(path: PurePosixPath) -> str:
    """Return the name of the folder of masks that a picture lies in, or an empty text."""
    return next((part for part in path.parent.parts if part.casefold() in MASKS), "")


def labels_and_parts(paths: Sequence[PurePosixPath]) -> tuple[list[str], list[str]]:
    """Return what the folders of pictures tell.

    The levels of folders that vary name the class, joined where there are several, so that equal
    names in different folders stay apart. A level of names such as ``train`` and ``test`` is a
    split. A level with a folder for each picture tells nothing.

    Parameters
    ----------
    paths : sequence of N PurePosixPath

    Returns
    -------
    labels : list of N str
        Empty where a picture lies beside the folders of the others.
    parts : list of N str
        Parts of a split, all `TRAIN` if there is none.
    """
    depth = max((len(path.parent.parts) for path in paths), default=0)
    labels: list[list[str]] = [[] for _ in paths]
    parts = [""] * len(paths)
    for level in range(depth):
        names = [_part(path, level) for path in paths]
        distinct = Counter(names)
        if len(distinct) == 1 or (len(distinct) == len(names) > 1):
            continue
        if not any(parts) and all(name.casefold() in SPLITS for name in names):
            parts = [SPLITS[name.casefold()] for name in names]
            continue
        for label, name in zip(labels, names, strict=True):
            label += [name] if name else []
    return ["/".join(label) for label in labels], [part or TRAIN for part in parts]


def _part(path: PurePosixPath, level: int) -> str:
    folders = path.parent.parts
    return folders[level] if level < len(folders) else ""


def labels_in_names(paths: Sequence[PurePosixPath], pattern: str) -> list[str]:
    """Return the labels that file names contain.

    Parameters
    ----------
    paths : sequence of N PurePosixPath
    pattern : str
        Of a file's name without its suffix: ``{label}`` is the label, ``*`` anything.

    Returns
    -------
    list of N str
        Empty where a name does not match.
    """
    start, end = pattern.split(LABEL)
    expression = re.compile(f"{_expression(start)}(.+?){_expression(end)}")
    matches = [expression.fullmatch(path.stem) for path in paths]
    return [match[1] if match else "" for match in matches]


def _expression(text: str) -> str:
    return ".*?".join(map(re.escape, text.split("*")))


def labels_from_table(
    paths: Sequence[PurePosixPath], rows: Sequence[Sequence[str]]
) -> list[str] | None:
    """Return the labels that a table of file names has.

    Parameters
    ----------
    paths : sequence of N PurePosixPath
    rows : sequence of sequences of str
        The first may be a header.

    Returns
    -------
    list of N str, or None
        Empty where the table has no row. None if most pictures have none, or no column can be the
        label.
    """
    width = min(map(len, rows), default=0)
    counts = Counter(name for path in set(paths) for name in {path.name, path.stem})
    keys = [
        [
            str(path),
            str(path.with_suffix("")),
            *(name for name in (path.name, path.stem) if counts[name] == 1),
        ]
        for path in paths
    ]
    known = {key for each in keys for key in each}
    hits = [sum(row[place] in known for row in rows) for place in range(width)]
    if not hits or 2 * max(hits) < len(paths):
        return None
    name_column = hits.index(max(hits))
    others = [place for place in range(width) if place != name_column]
    header = [cell.strip().casefold() for cell in rows[0]]
    named = [place for place in others if header[place] in LABEL_NAMES]
    able = [place for place in others if repeats([row[place] for row in rows[1:]])]
    column = next(iter(named or able), None)
    if column is None:
        return None
    by_name = {row[name_column]: normalised(row[column]) for row in rows}
    return [next((by_name[key] for key in each if key in by_name), "") for each in keys]
