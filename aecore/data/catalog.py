"""The catalog of datasets: list, load, download, add and remove them."""

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
    """A dataset on offer.

    Attributes
    ----------
    title : Message or str
    description : Message
    megabytes : int
        Size of the download; 0 if there is none.
    present : bool
        Whether `load` can open it now.
    own : bool
        Whether the user added it.
    """

    title: Message | str
    description: Message
    megabytes: int
    present: bool
    own: bool = False


def data_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of all datasets: ``AECORE_DATA``, or a folder in the user's cache."""
    folder = environ.get("AECORE_DATA")
    return Path(folder).expanduser() if folder else _user_cache()


def _user_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("aecore", appauthor=False)


def offers(root: Path | None = None) -> dict[str, Offer]:
    """Return all datasets by name: the built-in ones, then the user's own."""
    root = root or data_root()
    built_in = {
        name: Offer(each.title, each.description, each.megabytes, each.is_present(root))
        for name, each in BUILT_IN.items()
    }
    own = {
        path.parent.name: Offer(path.parent.name, N_("Your own images."), 0, present=True, own=True)
        for path in sorted((root / "own").glob(f"*/{array_store.ABOUT}"))
        if NAME.fullmatch(path.parent.name) and path.parent.name not in BUILT_IN
    }
    return {**built_in, **own}


def available(root: Path | None = None) -> tuple[str, ...]:
    """Return the names of the datasets that can be loaded without a download."""
    return tuple(name for name, offer in offers(root).items() if offer.present)


def default(root: Path | None = None) -> str:
    """Return the default dataset: ``mnist`` if it is present, otherwise ``digits``."""
    return "mnist" if BUILT_IN["mnist"].is_present(root or data_root()) else "digits"


def load(name: str, *, root: Path | None = None) -> Dataset:
    """Load a dataset; large ones are memory-mapped, so this takes no time.

    Parameters
    ----------
    name : str
        One of `available`.
    root : Path, optional
        Folder of all datasets; by default `data_root`.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If there is no dataset of this name, it must be downloaded first, or it is damaged.
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
    """Download a dataset unless it is present, resuming an interrupted download.

    Parameters
    ----------
    name : str
        A key of `PUBLISHED`.
    root : Path, optional
        Folder of all datasets; by default `data_root`.
    progress : callable, optional
        Called many times a second with the number of bytes so far and the total.
    remotes : sequence of Remote, optional
        Sources to use instead of torchvision's.

    Raises
    ------
    DataError
        If there is no dataset of this name, no server provides it, or it cannot be written.
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
        sources = registry.remotes(spec) if remotes is None else remotes
        fetch(sources, spec.files, spec.raw(root), progress=progress)


def add(
    source: Path | BinaryIO, name: str, *, size: int | None = None, root: Path | None = None
) -> Dataset:
    """Add a dataset of the user's own images, a fifth of them held out.

    Parameters
    ----------
    source : Path or binary file
        A folder or ``.zip`` of image files, an ``.npz`` or a CSV; see
        `aecore.data.custom.reader.read`.
    name : str
        1 to 64 letters, digits, - or _.
    size : int, optional
        Side length to resize all images to, 4 to 128 pixels.
    root : Path, optional
        Folder of all datasets; by default `data_root`.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If the name is invalid or taken, the source cannot be read or is out of bounds, or the
        folder cannot be written.
    """
    root = root or data_root()
    folder = root / "own" / _own_name(name)
    taken = DataError('A dataset named "{name}" already exists; choose another name.', name=name)
    if folder.exists():
        raise taken
    content = reader.read(source, size=size)
    try:
        arrays = split.split_arrays(content.images, content.labels)
        array_store.write(folder, arrays, {"name": name, "classes": content.classes})
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
    """Delete a dataset that the user added.

    Raises
    ------
    DataError
        If there is none of this name, or it cannot be deleted.
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
