"""``aecore data``: list, download, add, rename and remove datasets."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from aecore import data
from aecore.cli.terminal.output import AsJson, print_note, print_result, print_table
from aecore.data.custom.options import FITS, parse_size
from aecore.errors import DataError
from aecore.i18n import t

# Runs to name of those that need a dataset.
MOST_NAMED = 5

app = App("data", help=t("List, download, add and remove datasets."))


def load_local(name: str) -> data.Dataset:
    """Load a dataset that is on this machine.

    Raises
    ------
    DataError
        If there is no dataset of this name, or it must be downloaded first; the message names the
        command that does so.
    """
    offer = data.offers().get(name)
    if offer is not None and not offer.present:
        raise DataError(
            "{title} is not on this machine; download it ({megabytes} MB) with: aecore "
            "data download {name}",
            title=offer.title,
            megabytes=offer.megabytes,
            name=name,
        )
    return data.load(name)


def list_data() -> int:
    """List all datasets, and which are on this machine."""
    rows = []
    for name, offer in data.offers().items():
        here = t("available") if offer.present else t("{size} MB to download", size=offer.megabytes)
        rows.append((name, here, str(offer.description)))
    print_table([t("name"), t("status"), t("description")], rows)
    return 0


def download(name: Annotated[str, Parameter(help=t("Its name in aecore data list."))]) -> int:
    """Download a dataset; an interrupted download is resumed."""
    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("")

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        data.download(name, progress=report)
    print_result(t("{name} is in {root}.", name=name, root=data.data_root()))
    return 0


def add(
    path: Annotated[
        Path, Parameter(help=t("A folder or ZIP of pictures, arrays (NPZ, NPY, IDX) or a CSV."))
    ],
    *,
    name: Annotated[
        str | None, Parameter(help=t("Name of the dataset; that of the file by default."))
    ] = None,
    size: Annotated[
        str | None,
        Parameter(
            help=t("Resize every image: a side such as 28, or width by height such as 32x24.")
        ),
    ] = None,
    fit: Annotated[
        str, Parameter(help=t("How to keep or change the aspect: {all}.", all=", ".join(FITS)))
    ] = "pad",
    white: Annotated[
        float | None, Parameter(help=t("Value of the pixels that is white, such as 255 or 4095."))
    ] = None,
    invert: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help=t("Make dark pixels light, and vice versa.")
        ),
    ] = False,
    label_pattern: Annotated[
        str, Parameter(help=t("How file names contain the label, such as {{label}}_*."))
    ] = "",
    replace: Annotated[
        bool,
        Parameter(negative="", show_default=False, help=t("Replace a dataset of this name.")),
    ] = False,
    dry_run: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help=t("Say what was understood, and add nothing.")
        ),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Make a dataset of your own images, and say what was understood of them."""
    options = data.Options(
        size=None if size is None else parse_size(size),
        fit=fit,
        white=white,
        invert=invert,
        label_pattern=label_pattern,
    )
    name = name or data.free_name(path)
    data.check_name(name, replace=replace)
    content = data.read(path, options)
    if not dry_run:
        data.store(content, name, replace=replace)
    if as_json:
        print_result(json.dumps({"name": name, "added": not dry_run, **content.report.as_json()}))
        return 0
    print_table([t("what"), t("understood")], [list(fact) for fact in content.report.facts()])
    if content.report.dark_on_light:
        print_note(t("To invert the images: --invert"))
    if dry_run:
        print_note(t("Nothing was added."))
    else:
        print_result(t("Added {name}; train on it with: aecore train --dataset {name}", name=name))
    return 0


def remove(
    name: Annotated[str, Parameter(help=t("Name of one of your own datasets."))],
    *,
    yes: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help=t("Remove it although runs were trained on it.")
        ),
    ] = False,
) -> int:
    """Remove a dataset of your own images from this machine."""
    _check_dependents(name, confirmed=yes)
    data.remove(name)
    print_result(t("Removed {name}.", name=name))
    return 0


def rename(
    name: Annotated[str, Parameter(help=t("Name of one of your own datasets."))],
    new_name: Annotated[str, Parameter(help=t("Its new name."))],
    *,
    yes: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help=t("Rename it although runs were trained on it.")
        ),
    ] = False,
) -> int:
    """Rename a dataset of your own images."""
    _check_dependents(name, confirmed=yes)
    data.rename(name, new_name)
    print_result(t("{name} is now {new_name}.", name=name, new_name=new_name))
    return 0


def _check_dependents(name: str, *, confirmed: bool) -> None:
    """Refuse unless it is confirmed, where runs need the dataset of this name."""
    from aecore.runs import index
    from aecore.runs.folder import runs_root

    runs = index.on_dataset(runs_root(), name)
    if runs and not confirmed:
        raise DataError(
            "Runs were trained on {name} and cannot be resumed or scored without it: {all}. To go "
            "on all the same, add --yes.",
            name=name,
            all=", ".join(row["name"] for row in runs[:MOST_NAMED]),
        )


app.command(list_data, name="list", help=t("List all datasets, and which are on this machine."))
app.command(download, help=t("Download a dataset; an interrupted download is resumed."))
app.command(add, help=t("Make a dataset of your own images."))
app.command(remove, help=t("Remove a dataset of your own images."))
app.command(rename, help=t("Rename a dataset of your own images."))
