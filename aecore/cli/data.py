"""``aecore data``: list, download and add datasets."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from aecore import data
from aecore.cli.output import print_result, print_table
from aecore.errors import DataError
from aecore.i18n import t

app = App("data", help=t("List, download and add datasets."))


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
    path: Annotated[Path, Parameter(help=t("A folder or ZIP of images, an NPZ or a CSV."))],
    *,
    name: Annotated[str, Parameter(help=t("Name of the dataset."))],
    size: Annotated[
        int | None, Parameter(help=t("Resize every image to this height and width, in pixels."))
    ] = None,
) -> int:
    """Make a dataset of your own images."""
    dataset = data.add(path, name, size=size)
    message = t(
        "{name}: {count:,} training images and {held:,} held out, {height} by {width}.",
        name=name,
        count=len(dataset.images),
        held=len(dataset.test_images),
        height=dataset.shape[0],
        width=dataset.shape[1],
    )
    print_result(message)
    return 0


app.command(list_data, name="list", help=t("List all datasets, and which are on this machine."))
app.command(download, help=t("Download a dataset; an interrupted download is resumed."))
app.command(add, help=t("Make a dataset of your own images."))
