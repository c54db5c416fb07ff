"""``aecore export`` and ``aecore import``: exchange runs with other programs and machines."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aecore.cli.terminal.output import check_out, print_note, print_result, write_result
from aecore.errors import RunError
from aecore.i18n import t


def export(
    run: Annotated[Path, Parameter(help=t("The folder of the run."))],
    *,
    form: Annotated[
        str,
        Parameter(
            "--format",
            help=t("safetensors, onnx, parquet, csv, projector, zip, script or line."),
        ),
    ] = "zip",
    out: Annotated[
        Path | None, Parameter(help=t("The file to write; named after the run by default."))
    ] = None,
) -> int:
    """Write a run in a format for use elsewhere."""
    from aecore.runs.export import FORMATS, export

    content = export(run, form)
    path = out or Path(f"{run.resolve().name}.{FORMATS[form].suffix}")
    check_out(path)
    write_result(content, path)
    return 0


def take(
    archive: Annotated[Path, Parameter(help=t("A ZIP written by aecore export."))],
    *,
    name: Annotated[str | None, Parameter(help=t("Name of the run here."))] = None,
) -> int:
    """Import a run from a ZIP; its paths are checked and its size is limited."""
    from aecore.runs.archive import unpack
    from aecore.runs.folder import runs_root

    if not archive.is_file():
        raise RunError("{path} is not a file.", path=archive)
    run = unpack(archive, runs_root(), name=name, notify=lambda news: print_note(str(news)))
    print_result(str(run.path))
    return 0
