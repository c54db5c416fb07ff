"""The catalog of datasets: list, load, download, add and remove them."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from aecore.data import array_store, split
from aecore.data.built_in import BUILT_IN
from aecore.data.custom import reader
from aecore.data.custom.options import Options
from aecore.data.custom.reader import CustomImages
from aecore.data.dataset import Dataset as Dataset
from aecore.data.dataset import Extent, assemble
from aecore.data.published import registry
from aecore.data.published.download import Progress, Remote, fetch
from aecore.data.published.registry import PUBLISHED
from aecore.errors import DataError
from aecore.files import user_cache
from aecore.i18n import N_, Message

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
LONGEST_STEM, MOST_OF_A_NAME = 60, 1000


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
    return Path(folder).expanduser() if folder else user_cache()


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
            return assemble(
                name,
                arrays,
                tuple(map(str, about["classes"])),
                files=about.get("files") or None,
                preparation=about.get("preparation"),
            )
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise DataError("{name} is damaged; remove it and add it again.", name=name) from error
    raise DataError(
        "There is no dataset {name!r} in {root}; choose one of {all}.",
        name=name,
        root=root,
        all=", ".join(offers(root)),
    )


def extent(name: str, classes: Sequence[str] = (), *, root: Path | None = None) -> Extent | None:
    """Return how many training images a dataset has, and their size, without reading them.

    Parameters
    ----------
    name : str
        One of `offers`; it need not be downloaded.
    classes : sequence of str
        Count the images of these classes only; empty for all. The classes of a built-in dataset
        are taken to be equally large.
    root : Path, optional
        Folder of all datasets; by default `data_root`.

    Returns
    -------
    Extent or None
        None if there is no dataset of this name, or it is damaged.
    """
    if name in BUILT_IN:
        whole, known = BUILT_IN[name].extent, BUILT_IN[name].classes
        share = len(set(known) & set(classes)) / len(known) if classes else 1
        return whole._replace(images=round(whole.images * share))
    try:
        dataset = load(name, root=root)
    except DataError:
        return None
    labels = [label for label, each in enumerate(dataset.classes) if each in classes]
    count = np.isin(dataset.labels, labels).sum() if classes else len(dataset.images)
    return Extent(int(count), *dataset.shape)


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
    source: Path | BinaryIO,
    name: str,
    options: Options | None = None,
    *,
    replace: bool = False,
    root: Path | None = None,
) -> Dataset:
    """Add a dataset of the user's own images; a fifth is held out unless the source is split.

    Parameters
    ----------
    source : Path or binary file
        A folder or ``.zip`` of pictures, arrays or a table; see `aecore.data.custom.reader.read`.
    name : str
        1 to 64 letters, digits, - or _.
    options : Options, optional
        How to read the images.
    replace : bool
        Whether to replace a dataset of this name.
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
    check_name(name, replace=replace, root=root)
    return store(reader.read(source, options), name, replace=replace, root=root)


def check_name(name: str, *, replace: bool = False, root: Path | None = None) -> None:
    """Check that a dataset may be added under a name.

    Raises
    ------
    DataError
        If the name is invalid, or taken by a dataset that is not to be replaced.
    """
    if _folder(name, root).exists() and not replace:
        raise _taken(name)


def store(
    content: CustomImages, name: str, *, replace: bool = False, root: Path | None = None
) -> Dataset:
    """Store images that were read as a dataset.

    Parameters
    ----------
    content : CustomImages
        As of `aecore.data.custom.reader.read`.
    name, replace, root
        As of `add`.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If the name is invalid or taken, or the folder cannot be written.
    """
    check_name(name, replace=replace, root=root)
    folder = _folder(name, root)
    indices = split.split(content.labels, content.is_test)
    files = content.files and {
        part: [content.files[place] for place in places]
        for part, places in zip(("train", "test"), indices, strict=True)
    }
    about = {
        "classes": content.classes,
        "files": files,
        "preparation": asdict(content.preparation),
        "report": content.report.as_json(),
    }
    write = array_store.replace if replace else array_store.write
    try:
        write(folder, split.split_arrays(content.images, content.labels, indices), about)
    except OSError as error:
        if folder.exists() and not replace:
            raise _taken(name) from error
        raise _cannot_write(folder, error) from error
    return load(name, root=root)


def rename(name: str, new_name: str, *, root: Path | None = None) -> None:
    """Rename a dataset that the user added.

    Raises
    ------
    DataError
        If there is none of this name, or the new name is invalid or taken.
    """
    folder, new_folder = _folder(name, root), _folder(new_name, root)
    if not folder.is_dir():
        raise _absent(name)
    if new_folder.exists():
        raise _taken(new_name)
    try:
        folder.rename(new_folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def remove(name: str, *, root: Path | None = None) -> None:
    """Delete a dataset that the user added.

    Raises
    ------
    DataError
        If there is none of this name, or it cannot be deleted.
    """
    folder = _folder(name, root)
    try:
        array_store.delete(folder)
    except FileNotFoundError as error:
        raise _absent(name) from error
    except OSError as error:
        raise _cannot_write(folder, error) from error


def free_name(source: Path | str, root: Path | None = None) -> str:
    """Return a valid name that is not taken, made of the name of a file or folder."""
    path = Path(source)
    stem = path.name if Path(path).is_dir() else path.name.split(".")[0]
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:LONGEST_STEM] or "images"
    names = (base, *(f"{base}-{number}" for number in range(2, MOST_OF_A_NAME)))
    taken = {name.casefold() for name in offers(root)}
    return next(name for name in names if name.casefold() not in taken)


def _taken(name: str) -> DataError:
    return DataError('A dataset named "{name}" already exists; choose another name.', name=name)


def _absent(name: str) -> DataError:
    return DataError("There is no custom dataset {name!r}.", name=name)


def _cannot_write(folder: Path, error: OSError) -> DataError:
    return DataError(
        "Cannot write to {folder} ({reason}); set AECORE_DATA to a folder with room that you "
        "may write to.",
        folder=folder.parent,
        reason=error.strerror or error,
    )


def _folder(name: str, root: Path | None) -> Path:
    return (root or data_root()) / "own" / _own_name(name)


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
    return dict.fromkeys((root / "cache", user_cache() / "cache"))
