"""The images to learn from: bundled, downloaded, or a person's own."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aecore.data import array_store, split
from aecore.data.built_in import BUILT_IN
from aecore.data.custom import reader
from aecore.data.dataset import Dataset as Dataset
from aecore.data.dataset import assemble
from aecore.data.published import registry
from aecore.data.published.download import Progress, Remote, fetch
from aecore.data.published.registry import PUBLISHED
from aecore.errors import DataError
from aecore.i18n import N_, Message

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Offer:
    """A dataset one may choose: its name, a sentence about it, and what choosing it takes."""

    title: Message | str
    description: Message
    megabytes: int
    present: bool
    own: bool = False


def data_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of all data sets: ``AECORE_DATA``, or else one in the user's cache."""
    chosen = environ.get("AECORE_DATA")
    return Path(chosen).expanduser() if chosen else _user_cache()


def _user_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("aecore", appauthor=False)


def offers(root: Path | None = None) -> dict[str, Offer]:
    """Return every dataset by name: the built-in ones, then the user's own."""
    root = root or data_root()
    built_in = {
        name: Offer(each.title, each.description, each.megabytes, each.is_present(root))
        for name, each in BUILT_IN.items()
    }
    owned = {
        path.parent.name: Offer(path.parent.name, N_("Your own images."), 0, present=True, own=True)
        for path in sorted((root / "own").glob(f"*/{array_store.ABOUT}"))
        if NAME.fullmatch(path.parent.name) and path.parent.name not in BUILT_IN
    }
    return {**built_in, **owned}


def available(root: Path | None = None) -> tuple[str, ...]:
    """Return the names that `load` takes right now, without a download."""
    return tuple(name for name, offer in offers(root).items() if offer.present)


def default(root: Path | None = None) -> str:
    """Return what to begin with: ``mnist`` where it is present, else ``digits``."""
    return "mnist" if BUILT_IN["mnist"].is_present(root or data_root()) else "digits"


def load(name: str, *, root: Path | None = None) -> Dataset:
    """Load a data set; it is ready at once, since large ones are mapped and not read.

    Parameters
    ----------
    name : str
        One of `available`.
    root : Path, optional
        Where data sets lie; `data_root` if not given.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        Where there is none of this name, it has to be downloaded first, or it is damaged.
    """
    root = root or data_root()
    if name in BUILT_IN:
        return BUILT_IN[name].load(name, root, _caches(root))
    if NAME.fullmatch(name) and (root / "own" / name).is_dir():
        try:
            arrays, about = array_store.read(root / "own" / name)
            return assemble(name, arrays, tuple(map(str, about["classes"])))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise DataError("{name} is damaged; remove it and add it again.", name=name) from error
    raise DataError(
        "There is no dataset {name!r} in {root}; choose one of {all}.",
        name=name,
        root=root,
        all=", ".join(offers(root)),
    )


def download(
    name: str,
    *,
    root: Path | None = None,
    progress: Progress | None = None,
    remotes: Sequence[Remote] | None = None,
) -> None:
    """Download a data set, unless it is present; after a cut, go on where it stopped.

    Parameters
    ----------
    name : str
        A key of `PUBLISHED`.
    root : Path, optional
        Where data sets lie; `data_root` if not given.
    progress : callable, optional
        Called with bytes done and bytes in all, many times a second.
    remotes : sequence of Remote, optional
        Other places to fetch from than torchvision's.

    Raises
    ------
    DataError
        Where there is none of this name, no server gives it, or it cannot be written.
    """
    root = root or data_root()
    if name not in PUBLISHED:
        raise DataError(
            "{name!r} cannot be downloaded; choose one of {all}.",
            name=name,
            all=", ".join(PUBLISHED),
        )
    spec = PUBLISHED[name]
    if not spec.present(root):
        found = registry.remotes(spec) if remotes is None else remotes
        fetch(found, spec.files, spec.raw(root), progress=progress)


def add(
    source: Path | BinaryIO, name: str, *, size: int | None = None, root: Path | None = None
) -> Dataset:
    """Make a data set of a person's own images, holding out every fifth.

    Parameters
    ----------
    source : Path or binary file
        A folder or ``.zip`` of image files, an ``.npz`` or a CSV; see
        `aecore.data.custom.reader.read`.
    name : str
        1 to 64 letters, digits, - or _.
    size : int, optional
        Make every image this high and wide, 4 to 128 pixels.
    root : Path, optional
        Where data sets lie; `data_root` if not given.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        Where the name is taken or cannot be, the source cannot be read or is out of bounds, or
        the root cannot be written.
    """
    root = root or data_root()
    folder = root / "own" / _own_name(name)
    taken = DataError('A dataset named "{name}" already exists; choose another name.', name=name)
    if folder.exists():
        raise taken
    found = reader.read(source, size=size)
    try:
        arrays = split.part(found.images, found.labels)
        array_store.write(folder, arrays, {"name": name, "classes": found.classes})
    except OSError as error:
        if folder.exists():
            raise taken from error
        raise DataError(
            "Cannot write to {folder} ({reason}); set AECORE_DATA to a folder with room that you "
            "may write to.",
            folder=folder.parent,
            reason=error.strerror or error,
        ) from error
    return load(name, root=root)


def remove(name: str, *, root: Path | None = None) -> None:
    """Delete a data set of the person's own; nothing else can be deleted.

    Raises
    ------
    DataError
        Where there is none of this name, or it cannot be deleted.
    """
    try:
        array_store.delete((root or data_root()) / "own" / _own_name(name))
    except OSError as error:
        raise DataError("There is no custom dataset {name!r} to delete.", name=name) from error


def _own_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise DataError(
            "Name is {name!r}; it may contain only letters, digits, - and _, up to 64 of them.",
            name=name,
        )
    if name.casefold() in BUILT_IN:
        raise DataError("{name} is the name of a built-in dataset; choose another.", name=name)
    return name


def _caches(root: Path) -> Iterable[Path]:
    return dict.fromkeys((root / "cache", _user_cache() / "cache"))
