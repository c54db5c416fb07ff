"""``aecore scaling``: measure time and memory as the dataset grows."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from aecore.cli.terminal.output import AsJson, print_note, print_result, print_table
from aecore.cli.terminal.stopping import stopping
from aecore.errors import ConfigError
from aecore.i18n import t

if TYPE_CHECKING:
    from aecore.experiments.scaling import Measurement

LEAST, MOST = 500, 10_000_000
LOW_SIDE, HIGH_SIDE = 4, 128


def scaling(
    *,
    counts: Annotated[
        str, Parameter(help=t("Numbers of images, comma-separated."))
    ] = "1000,5000,20000",
    sides: Annotated[
        str, Parameter(help=t("Height and width of the images in pixels, comma-separated."))
    ] = "28",
    out: Annotated[
        Path | None,
        Parameter(
            help=t("The folder of runs whose page shows the results; that of all runs by default.")
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Measure the autoencoder, incremental PCA and full PCA as the dataset grows.

    The images are generated and read from disk. Each measurement runs in its own process; memory
    is the increase.
    """
    image_counts = _numbers("counts", counts, LEAST, MOST)
    side_lengths = _numbers("sides", sides, LOW_SIDE, HIGH_SIDE)
    from aecore.experiments import scaling
    from aecore.files import check_writable
    from aecore.runs.folder import runs_root

    root = out or runs_root()
    check_writable(root)
    rows: list[Measurement] = []
    with stopping() as stop:
        for row in scaling.measure(image_counts, side_lengths, cancel=stop.requested):
            rows.append(row)
            scaling.save(rows, root)
            print_note("  ".join(_cells(row)))
    if as_json:
        plain = [{n: v for n, v in asdict(row).items() if v == v} for row in rows]
        print_result(json.dumps(plain))
    else:
        heads = [
            t("method"),
            t("images"),
            t("pixels"),
            t("seconds"),
            t("encoding"),
            t("MB"),
            t("reason"),
        ]
        print_table(heads, [_cells(row) for row in rows])
    return stop.code


def _numbers(name: str, text: str, low: int, high: int) -> list[int]:
    try:
        numbers = sorted({int(each) for each in text.split(",")})
        if low <= numbers[0] and numbers[-1] <= high:
            return numbers
    except ValueError:
        pass
    raise ConfigError(
        "{name} is {text}; provide whole numbers from {low:,} to {high:,}, comma-separated.",
        name=name,
        text=text,
        low=low,
        high=high,
    )


def _cells(row: "Measurement") -> list[str]:
    from aecore.experiments.scaling import METHODS

    figures = ((row.seconds, ".2f"), (row.encoding, ".2f"), (row.megabytes, ".0f"))
    cells = ["" if math.isnan(value) else format(value, spec) for value, spec in figures]
    return [str(METHODS[row.method]), f"{row.count:,}", f"{row.features:,}", *cells, row.reason]
