"""Benchmark how costs grow with images, pixels, probe points, code size, steps, runs and tabs.

One quantity at a time takes several sizes, each measured in a process of its own. A cost that grows
as a power of the quantity is a straight line on logarithmic axes, and its slope is the exponent: 0
for a cost that stays the same, 1 for one in proportion. The picture shows all of them.

::

    uv run python -m benchmarks.scale --json
"""

import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch
from cyclopts import App
from playwright.sync_api import sync_playwright
from plotly.subplots import make_subplots

from aecore.config import Config
from aecore.data import Dataset, strokes
from aecore.images import resize
from aecore.maps.umap_tsne import umap
from aecore.metrics.activity import activity
from aecore.runs.folder import disk_bytes
from aecore.runs.index import index
from aecore.runs.run import Run
from aecore.training import probe
from aecore.training.snapshot import Snapshot
from aecore.training.trainer import Trainer
from benchmarks import compare, tabs
from benchmarks.live import first_page, server
from benchmarks.report import AsJson, show
from dashboard.figures import images
from dashboard.figures.code_activity import code_activity
from dashboard.figures.latent_map import latent_map, steady_view
from dashboard.figures.loss_curve import loss
from dashboard.figures.theme import compact
from tests.browser import chromium

PICTURE = Path(__file__).parent.parent / "docs" / "scale.png"
WIDTH, HEIGHT = 1400, 820
COLUMNS = 4
# Steps before the measured ones, when rows are added to the history often.
WARM_UP_STEPS, STEPS = 50, 100
REPEATS = 7
TAB_SECONDS = 20.0

Costs = Mapping[str, float]

app = App("scale")


@dataclass(frozen=True)
class Quantity:
    """What grows, the sizes it takes, and how costs at one size are measured."""

    sizes: Sequence[int]
    measure: Callable[[int], Costs]


def generated(count: int = 10_000, side: int = strokes.SIDE) -> Dataset:
    """Return strokes of a size, repeated after the first 2,000."""
    made = strokes.make(2_000, 2_000)
    small, held_out = (resize(made[name], (side, side)) for name in ("images", "test_images"))
    labels, test_labels = np.resize(made["labels"], count), made["test_labels"]
    training = np.resize(small, (count, side, side))
    return Dataset("strokes", training, labels, held_out, test_labels, strokes.CLASSES)


def of_images(count: int) -> Costs:
    """Measure training on a number of images."""
    return training_costs(lambda: generated(count), Config(train_size=count))


def of_pixels(side: int) -> Costs:
    """Measure training on images of a side in pixels."""
    return training_costs(lambda: generated(side=side), Config())


def of_probe_points(count: int) -> Costs:
    """Measure what is shown of a number of images on the map."""
    probe.PROBE_SIZE = count
    trainer = Trainer(generated(), Config(epochs=1000))
    trainer.train(WARM_UP_STEPS)
    return {**snapshot_costs(trainer), "projection": map_seconds(trainer)}


def of_code_size(units: int) -> Costs:
    """Measure training with a number of units in the code."""
    return training_costs(generated, Config(bottleneck=units))


def of_run_length(steps: int) -> Costs:
    """Measure a run after a number of steps, of a network that takes them quickly."""
    config = Config(hidden="16", batch_size=16, epochs=1000)
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder) / "run", config)
        trainer = run.start(generated())
        run.train(trainer, steps)
        run.save(trainer)
        reopened = seconds(lambda: run.frame())
        run.release()
        disk = disk_bytes(run.path)
    return {**snapshot_costs(trainer), "reopen": reopened, "disk": disk}


def of_runs(count: int) -> Costs:
    """Measure the list of a number of saved runs, as it is when nothing has changed."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        compare.fill(root, count)
        index(root)
        time.sleep(0.1)
        index(root)
        return {"list": seconds(lambda: index(root))}


def of_tabs(count: int) -> Costs:
    """Measure the time between two redraws of a tab, and the training it leaves."""
    with sync_playwright() as playwright, server(tabs.REDRAW_SECONDS) as running:
        browser = chromium.launch(playwright)
        first_page(browser, running)
        context = browser.new_context()
        tabs.open_page(context, running.url)
        found = tabs.measure(context, running, count, TAB_SECONDS)
        browser.close()
    return {
        "redraw": 1 / found[f"redraws_median_{count}"],
        "step": 1 / found[f"kept_{count}"],
        "memory": found[f"memory_mb_{count}"],
    }


QUANTITIES: Mapping[str, Quantity] = {
    "training images": Quantity((2_000, 8_000, 32_000, 128_000), of_images),
    "side in pixels": Quantity((14, 28, 56, 112), of_pixels),
    "probe points": Quantity((250, 500, 1_000, 2_000), of_probe_points),
    "code size": Quantity((2, 8, 32, 128, 512), of_code_size),
    "steps of a run": Quantity((250, 1_000, 4_000, 16_000), of_run_length),
    "saved runs": Quantity((10, 100, 1_000), of_runs),
    "tabs": Quantity((1, 4, 16), of_tabs),
}
"""Disk is in bytes, memory in MB, and all else in seconds; with tabs, a step is relative to one
without them."""


def training_costs(load: Callable[[], Dataset], config: Config) -> Costs:
    """Measure a step, a snapshot, its figures and map, and the memory and disk of a run."""
    bare = peak_memory()
    trainer = Trainer(load(), config.changed(epochs=1000))
    trainer.train(WARM_UP_STEPS)
    start = time.process_time()
    trainer.train(trainer.steps + STEPS)
    step = (time.process_time() - start) / STEPS
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder) / "run", trainer.config)
        run.begin(trainer)
        run.release()
        disk = disk_bytes(run.path)
    costs = {"step": step, **snapshot_costs(trainer), "disk": disk}
    # Before the map, which imports much.
    memory = peak_memory() - bare
    return {**costs, "memory": memory, "projection": map_seconds(trainer)}


def peak_memory() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def snapshot_costs(trainer: Trainer) -> Costs:
    """Measure a snapshot of a new step, and its figures on the Train page."""
    snapshot = trainer.snapshot()
    return {
        "snapshot": seconds(trainer.snapshot, before_each=trainer.step),
        "redraw": seconds(lambda: draw(snapshot)),
    }


def map_seconds(trainer: Trainer) -> float:
    """Measure the first UMAP of the codes."""
    snapshot = trainer.snapshot()
    start = snapshot.points.astype(np.float64)
    first_map = partial(umap, seed=0, quick=True, warm_start=False, progress=lambda _: None)
    return seconds(lambda: first_map(snapshot.codes, start), repeats=3)


def draw(snapshot: Snapshot) -> None:
    """Draw the four figures of the Train page."""
    units, examples = activity(snapshot.codes), snapshot.examples
    view = steady_view(snapshot.points)
    compact(loss(snapshot.history, []))
    compact(latent_map(snapshot.points, snapshot.labels, snapshot.classes, extent=view))
    compact(code_activity(units.mean, units.active, units.dead))
    error = abs(examples.reconstructions - examples.originals)
    rows = [examples.originals, examples.corrupted, examples.reconstructions, error]
    images.png(images.mosaic(rows, error_last=True))


def seconds(
    work: Callable[[], object],
    *,
    before_each: Callable[[], object] = lambda: None,
    repeats: int = REPEATS,
) -> float:
    """Return the median processor time of some work, after a first time that does not count."""
    work()
    times = []
    for _ in range(repeats):
        before_each()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def measure(name: str, size: int) -> Costs:
    """Measure the costs at one size of a quantity, on one thread."""
    torch.set_num_threads(1)
    return QUANTITIES[name].measure(size)


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """Return the slope of the line that fits the logarithms best."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(costs, 1e-9)), 1)[0])


def picture(curves: Mapping[str, Mapping[str, Sequence[float]]]) -> go.Figure:
    """Draw each quantity in a panel, with each cost relative to that of its smallest size."""
    rows = math.ceil(len(curves) / COLUMNS)
    figure = make_subplots(rows, COLUMNS, subplot_titles=[*curves], vertical_spacing=0.16)
    names = sorted({name for costs in curves.values() for name in costs})
    colours = dict(zip(names, go.Figure().layout.template.layout.colorway, strict=False))
    seen: set[str] = set()
    for place, (quantity, costs) in enumerate(curves.items()):
        sizes = QUANTITIES[quantity].sizes
        for name, values in costs.items():
            label = f"{name} ({exponent(sizes, values):+.2f})"
            figure.add_scatter(
                x=sizes,
                y=np.array(values) / values[0],
                name=name,
                text=[""] * (len(sizes) - 1) + [label],
                mode="lines+markers+text",
                textposition="top left",
                line_color=colours[name],
                legendgroup=name,
                showlegend=name not in seen,
                row=place // COLUMNS + 1,
                col=place % COLUMNS + 1,
            )
            seen.add(name)
    figure.update_xaxes(type="log", dtick=1)
    figure.update_yaxes(type="log", dtick=1)
    text = "Cost relative to that of the smallest size; in brackets, the exponent"
    return figure.update_layout(template="plotly_white", title=text, width=WIDTH, height=HEIGHT)


def save(figure: go.Figure, path: Path) -> None:
    """Save a figure as a picture, drawn by a browser."""
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content(figure.to_html(include_plotlyjs=True))
        page.locator(".js-plotly-plot .main-svg").first.wait_for()
        page.screenshot(path=path)
        browser.close()


@app.default
def scale(
    *,
    only: tuple[str, ...] = (),
    quick: bool = False,
    save_picture: bool = False,
    as_json: AsJson = False,
) -> None:
    """Measure all, and print the costs at each size and their exponents.

    `--quick` takes the smallest and the middle size of each quantity and leaves out tabs, which
    need a browser. `--save-picture` replaces the README's picture.
    """
    figures: dict[str, Any] = {}
    curves: dict[str, dict[str, list[float]]] = {}
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        for name in only or [each for each in QUANTITIES if not (quick and each == "tabs")]:
            sizes = QUANTITIES[name].sizes[: 2 if quick else None]
            rows = [pool.submit(measure, name, size).result() for size in sizes]
            curves[name] = {cost: [row[cost] for row in rows] for cost in rows[0]}
            for cost, values in curves[name].items():
                key = f"{cost} by {name}".replace(" ", "_")
                figures[key] = values
                figures[f"{key}_exponent"] = round(exponent(sizes, values), 3)
            print(name, curves[name], file=sys.stderr)
    if save_picture:
        save(picture(curves), PICTURE)
    show(figures, as_json)


if __name__ == "__main__":
    app()
