"""How many times as fast a sweep is with two workers of one thread as with one.

::

    uv run python -m benchmarks.sweep --json
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cyclopts import App

from aecore.experiments.grid import Planned, grid
from aecore.experiments.sweep import sweep
from aecore.presets import preset
from benchmarks.report import AsJson, show

app = App("sweep")


@app.default
def throughput(
    *, dataset: str = "digits", runs: int = 24, epochs: int = 60, as_json: AsJson = False
) -> None:
    """Make the same runs with one worker and with two.

    Steady is after the first run of each worker, in which it is started and imports torch.
    """
    base = preset("stacked", dataset, epochs=epochs).model_dump()
    planned = grid(base, {"bottleneck": [2, 8], "seed": list(range(runs // 2))})
    # So that neither of the two is the one that reads torch from the disk.
    finished(planned[:1], dataset, 1)
    one, two = finished(planned, dataset, 1), finished(planned, dataset, 2)
    result: dict[str, Any] = {
        "runs": len(planned),
        "epochs": epochs,
        "seconds_one_worker": one[-1],
        "seconds_two_workers": two[-1],
        "throughput": one[-1] / two[-1],
        "throughput_steady": rate(two, 2) / rate(one, 1),
    }
    show(result, as_json)


def finished(planned: Sequence[Planned], dataset: str, processes: int) -> list[float]:
    """Return when each run was done, in seconds after the start."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        for row in sweep(planned, dataset, root=Path(folder), processes=processes):
            assert row.reason is None
            times.append(time.monotonic() - began)
    return times


def rate(times: Sequence[float], processes: int) -> float:
    """Return runs per second after the first of each process."""
    return (len(times) - processes) / (times[-1] - times[processes - 1])


if __name__ == "__main__":
    app()
