"""``aecore denoise``: measure how well a run and classic filters remove noise."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from aecore.choices.noise import NOISE_KINDS
from aecore.cli.terminal.output import AsJson, print_result, print_table
from aecore.errors import ConfigError
from aecore.i18n import t
from aecore.knob import using

if TYPE_CHECKING:
    NoiseName = str
else:
    NoiseName = Literal[using(NOISE_KINDS, "noise")]


def denoise(
    run: Annotated[Path, Parameter(help=t("The folder of the run."))],
    *,
    noise_kind: Annotated[
        NoiseName,
        Parameter(help=t("Kind of noise.")),
    ] = "gaussian",
    noise: Annotated[
        str, Parameter(help=t("Noise levels, above 0 and up to 1, comma-separated."))
    ] = "0.1,0.2,0.3,0.5",
    images: Annotated[
        int,
        Parameter(validator=Number(gte=1), help=t("Number of held-out images, from the first.")),
    ] = 1000,
    as_json: AsJson = False,
) -> int:
    """Add noise to held-out images and measure how well it is removed: PSNR (dB) and SSIM."""
    levels = _levels(noise)
    from aecore.applications import denoising
    from aecore.runs.trained_model import TrainedModel

    network = TrainedModel.open(run)
    sample = network.dataset.test_images[:images]
    rows = denoising.compare(network, sample, noise_kind, levels)
    if as_json:
        print_result(json.dumps([asdict(row) for row in rows]))
    else:
        heads = [t("noise"), t("method"), t("PSNR (dB)"), t("SSIM")]
        names = denoising.METHODS
        cells = [
            [f"{row.noise:g}", str(names[row.method]), f"{row.psnr:.2f}", f"{row.ssim:.3f}"]
            for row in rows
        ]
        print_table(heads, cells)
    return 0


def _levels(text: str) -> list[float]:
    try:
        levels = [float(each) for each in text.split(",")]
    except ValueError:
        levels = []
    if not levels or not all(0 < each <= 1 for each in levels):
        raise ConfigError(
            "--noise is {text!r}; provide numbers above 0 and up to 1, such as 0.1,0.3.", text=text
        )
    return levels
