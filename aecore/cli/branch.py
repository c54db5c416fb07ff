"""``aecore branch``: again from here with this changed."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aecore.cli.knobs import Flags
from aecore.cli.output import say
from aecore.i18n import t


def branch(
    run: Annotated[Path, Parameter(help=t("The folder of the run."))],
    *,
    step: Annotated[int, Parameter(help=t("The step from which the two may differ."))],
    out: Annotated[
        Path | None, Parameter(help=t("The folder of the branch; a new one by default."))
    ] = None,
    flags: Annotated[Flags | None, Parameter("*")] = None,
) -> int:
    """Begin a run that is the same up to a step, with live knobs changed there.

    Go on with it by: aecore train --resume --out FOLDER
    """
    from aecore.data import load
    from aecore.runs.branch import branch
    from aecore.runs.folder import new_path, runs_root
    from aecore.runs.run import Run

    parent = Run(run)
    changes = flags.model_dump(exclude_unset=True) if flags else {}
    path = out or new_path(runs_root(), parent.config)
    made, _ = branch(parent, step, load(parent.config.dataset), path, **changes)
    made.release()
    say(str(made.path))
    return 0
