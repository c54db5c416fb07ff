"""The command line, for scripts and long training runs.

Each module contains one command and is imported only when the command is called.
"""

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any

from cyclopts import App, CycloptsError

from aecore.cli.terminal.output import print_note
from aecore.errors import LabError, brief
from aecore.i18n import N_, Message, t

FAILED, INVALID = 1, 2

COMMANDS: Sequence[tuple[str, str, Message]] = (
    (
        "train",
        "aecore.cli.train:train",
        N_(
            "Train an autoencoder and save the run in a folder; Ctrl-C stops and saves.\n\n"
            "Hidden widths, batch size, epochs and learning rate suit the images unless given; a "
            "preset may have other defaults than those shown here."
        ),
    ),
    (
        "sweep",
        "aecore.cli.sweep:sweep",
        N_(
            "Train every combination of values: list several for a setting, comma-separated.\n\n"
            "Called again, it trains only what is missing; Ctrl-C stops the current runs."
        ),
    ),
    (
        "variants",
        "aecore.cli.variants:variants",
        N_(
            "Train classic, stacked, sparse, denoising, tied and convolutional networks, and "
            "compare them.\n\nFinished runs are not trained again."
        ),
    ),
    (
        "scaling",
        "aecore.cli.scaling:scaling",
        N_(
            "Measure time and memory of the autoencoder, incremental PCA and full PCA as the "
            "dataset grows.\n\nThe images are generated and read from disk. Each measurement runs "
            "in its own process; memory is the increase."
        ),
    ),
    (
        "branch",
        "aecore.cli.branch:branch",
        N_(
            "Start a run that is the same as another up to a step, with live settings changed "
            "there.\n\nResume it with: aecore train --resume --out FOLDER"
        ),
    ),
    ("export", "aecore.cli.export:export", N_("Write a run in a format for use elsewhere.")),
    (
        "import",
        "aecore.cli.export:take",
        N_("Import a run from a ZIP; its paths are checked and its size is limited."),
    ),
    (
        "runs",
        "aecore.cli.runs:runs",
        N_(
            "List runs, most recent first, with their error on validation images (noisy ones, if "
            "they are trained with noise), that of PCA, and their size.\n\nWith --tidy, say what "
            "can be freed on the disk; with --yes, free it."
        ),
    ),
    (
        "score",
        "aecore.cli.score:score",
        N_(
            "Measure a run: its error and that of PCA, on noisy images too if it was trained with "
            "noise, PSNR, SSIM, and the accuracy of classifiers trained on its codes."
        ),
    ),
    (
        "encode",
        "aecore.cli.encode:encode",
        N_("Write the codes of picture files, folders or ZIPs as CSV, a row for each picture."),
    ),
    (
        "anomalies",
        "aecore.cli.anomalies:anomalies",
        N_(
            "Score held-out images, normal and anomalous, by the network and baselines (AUROC).\n\n"
            "With --files, score pictures: file name, score, threshold and verdict as CSV."
        ),
    ),
    (
        "defects",
        "aecore.cli.defects:defects",
        N_(
            "Map the reconstruction error beyond what is normal at each pixel, and outline "
            "defects.\n\nIf there are masks, the map is compared with them, and with that of PCA "
            "(pixel AUROC)."
        ),
    ),
    (
        "denoise",
        "aecore.cli.denoise:denoise",
        N_("Add noise to held-out images and measure how well it is removed: PSNR (dB) and SSIM."),
    ),
    ("data", "aecore.cli.data:app", N_("List, download, add and remove datasets.")),
    ("knobs", "aecore.cli.knobs:knobs", N_("Print every hyperparameter as a Markdown table.")),
)
"""The name, import path and help of each command."""


def _app() -> App:
    commands = App("aecore", help=t("Train autoencoders, and manage their datasets and runs."))
    for name, place, description in COMMANDS:
        commands.command(place, name=name, help=str(description))
    return commands


app = _app()


def main(tokens: Sequence[str] | None = None) -> None:
    """Run a command and exit.

    The exit code is 0 on success, 1 on failure, 2 for invalid input, and 128 plus the signal's
    number if the command was stopped.

    Parameters
    ----------
    tokens : sequence of str, optional
        Arguments after ``aecore``; by default those of the process.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        # A path may contain bytes that are not text, which are written as they are.
        sys.stdout.reconfigure(errors="surrogateescape")
    arguments = sys.argv[1:] if tokens is None else list(tokens)
    settings: dict[str, Any] = {"print_error": False, "exit_on_error": False}
    try:
        code = app(arguments, **settings, result_action="return_value")
    except (LabError, CycloptsError) as error:
        print_note(str(brief(" ".join(str(error).split()))))
        code = INVALID
    except OSError as error:
        print_note(t("Error: {error}.", error=error))
        code = FAILED
    sys.exit(code)
