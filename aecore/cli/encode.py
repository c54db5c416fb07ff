"""``aecore encode``: compute the codes of picture files."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aecore.cli.terminal.output import Out, check_out, write_result
from aecore.i18n import t


def encode(
    run: Annotated[Path, Parameter(help=t("The folder of the run."))],
    files: Annotated[list[Path], Parameter(help=t("Pictures, or folders or ZIPs of pictures."))],
    /,
    *,
    out: Out = None,
) -> int:
    """Write the codes of pictures as CSV, a row for each: file name, then a column per unit."""
    check_out(out)
    from aecore.data.custom import pictures
    from aecore.files import to_csv
    from aecore.runs.trained_model import TrainedModel

    network = TrainedModel.open(run)
    found = pictures.read(files, network.dataset.shape, network.dataset.preparation)
    codes = network.encode(found.images)
    heads = ["file", *(f"code_{unit}" for unit in range(1, codes.shape[1] + 1))]
    rows = ([name, *code] for name, code in zip(found.names, codes.tolist(), strict=True))
    write_result(to_csv(heads, rows), out)
    return 0
