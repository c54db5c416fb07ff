"""``aecore branch``: replay a run up to a step, then change live knobs."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aecore.cli.knobs import Flags
from aecore.cli.terminal.output import print_result
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
    """Start a run that equals another up to a step, with live knobs changed there.

    Resume it with: aecore train --resume --out FOLDER
    """
    from aecore.data import load
    from aecore.runs.branch import branch
    from aecore.runs.folder import new_path, runs_root
    from aecore.runs.run import Run

    parent = Run(run)
    changes = flags.model_dump(exclude_unset=True) if flags else {}
    path = out or new_path(runs_root(), parent.config)
    child, _ = branch(parent, step, load(parent.config.dataset), path, **changes)
    child.release()
    print_result(str(child.path))
    return 0
