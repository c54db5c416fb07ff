"""Benchmark the speed-up of a sweep with two single-threaded workers over one.

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
    """Train the same runs with one worker and with two.

    The steady throughput excludes the first run of each worker, in which it starts and imports
    torch.
    """
    base = preset("stacked", dataset, epochs=epochs).model_dump()
    planned = grid(base, {"bottleneck": [2, 8], "seed": list(range(runs // 2))})
    # A first run puts torch into the disk cache, so that both measurements start alike.
    completion_times(planned[:1], dataset, 1)
    one, two = completion_times(planned, dataset, 1), completion_times(planned, dataset, 2)
    result: dict[str, Any] = {
        "runs": len(planned),
        "epochs": epochs,
        "seconds_one_worker": one[-1],
        "seconds_two_workers": two[-1],
        "throughput": one[-1] / two[-1],
        "throughput_steady": rate(two, 2) / rate(one, 1),
    }
    show(result, as_json)


def completion_times(planned: Sequence[Planned], dataset: str, processes: int) -> list[float]:
    """Return the completion time of each run, in seconds after the start."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        for row in sweep(planned, dataset, root=Path(folder), processes=processes):
            assert row.reason is None
            times.append(time.monotonic() - start)
    return times


def rate(times: Sequence[float], processes: int) -> float:
    """Return the runs per second, excluding the first run of each process."""
    return (len(times) - processes) / (times[-1] - times[processes - 1])


if __name__ == "__main__":
    app()
