"""How many times as fast a sweep is with two workers of one thread as with one.

::

    uv run python benchmarks/sweep.py --json
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from cyclopts import App

from aecore.grid import grid
from aecore.presets import preset
from aecore.sweep import sweep
from benchmarks.report import AsJson, show

app = App("sweep")


@app.default
def throughput(
    *, dataset: str = "digits", runs: int = 24, epochs: int = 60, as_json: AsJson = False
) -> None:
    """Make the same runs with one worker and with two; what starting them takes is included."""
    base = preset("stacked", dataset, epochs=epochs).model_dump()
    planned = grid(base, {"bottleneck": [2, 8], "seed": list(range(runs // 2))})
    seconds = {}
    for processes in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            rows = list(sweep(planned, dataset, root=Path(folder), processes=processes))
            seconds[processes] = time.monotonic() - began
        assert all(row.reason is None for row in rows)
    result: dict[str, Any] = {
        "runs": len(planned),
        "epochs": epochs,
        "seconds_one_worker": seconds[1],
        "seconds_two_workers": seconds[2],
        "throughput": seconds[1] / seconds[2],
    }
    show(result, as_json)


if __name__ == "__main__":
    app()
