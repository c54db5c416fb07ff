"""The command line: everything the page does to data and runs, for scripts and long trainings.

Each module here holds some commands; torch is imported where it is needed, so that asking for
help takes no seconds.
"""

import sys
from collections.abc import Sequence
from inspect import getdoc
from typing import Any

from cyclopts import App, CycloptsError

from aecore.cli import (
    anomalies,
    branch,
    data,
    denoise,
    export,
    knobs,
    runs,
    scaling,
    score,
    sweep,
    train,
    variants,
)
from aecore.cli.output import tell
from aecore.errors import LabError
from aecore.i18n import t

FAILED, REFUSED = 1, 2

app = App("aecore", help=t("Train autoencoders, and look after their data and runs."))
app.command(train.train, help=t(getdoc(train.train) or ""))
app.command(sweep.sweep, help=t(getdoc(sweep.sweep) or ""))
app.command(variants.variants, help=t(getdoc(variants.variants) or ""))
app.command(scaling.scaling, help=t(getdoc(scaling.scaling) or ""))
app.command(branch.branch, help=t(getdoc(branch.branch) or ""))
app.command(export.export, help=t(getdoc(export.export) or ""))
app.command(export.take, name="import", help=t(getdoc(export.take) or ""))
app.command(runs.runs, help=t(getdoc(runs.runs) or ""))
app.command(score.score, help=t(getdoc(score.score) or ""))
app.command(anomalies.anomalies, help=t(getdoc(anomalies.anomalies) or ""))
app.command(denoise.denoise, help=t(getdoc(denoise.denoise) or ""))
app.command(data.app)
app.command(knobs.knobs, help=t(getdoc(knobs.knobs) or ""))


def main(tokens: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 refused, 128 and the signal if stopped.

    Parameters
    ----------
    tokens : sequence of str, optional
        The words after ``aecore``; those of the process by default.
    """
    words = sys.argv[1:] if tokens is None else list(tokens)
    settings: dict[str, Any] = {"print_error": False, "exit_on_error": False}
    try:
        code = app(words, **settings, result_action="return_value")
    except (LabError, CycloptsError) as error:
        tell(" ".join(str(error).split()))
        code = REFUSED
    except OSError as error:
        tell(t("Cannot go on: {error}.", error=error))
        code = FAILED
    sys.exit(code)
