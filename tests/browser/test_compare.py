"""Compare: runs in a table, side by side, branched, taken away and brought in, and swept."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from aecore import archive, run_index
from aecore.config import Config
from aecore.data import Dataset
from aecore.run import Run
from tests.browser.lab import Lab
from tests.browser.server import Server
from tests.support import trained

TINY = Config(hidden="16", batch_size=128, epochs=2, precision="float32")
BOTH = ("first", "second")


@pytest.fixture(scope="module")
def runs(server: Server, digits: Dataset) -> Path:
    """Return the folder of the runs, with two in it that nobody trains."""
    for name, width in zip(BOTH, (2, 4), strict=True):
        trained(server.runs / name, digits, TINY.changed(bottleneck=width), 20)
    return server.runs


@pytest.fixture
def compare(lab: Lab, runs: Path) -> Iterator[Lab]:
    """Give the Compare page, with no run chosen."""
    lab.open_fresh()
    lab.page.get_by_role("link", name="Compare").click()
    lab.page.get_by_test_id("stDataFrame").first.wait_for()
    lab.until_settled()
    yield lab
    lab.page.keyboard.press("Escape")


def test_runs_are_compared_deleted_and_brought_back(compare: Lab, runs: Path) -> None:
    compare.tick("first")
    compare.widget("make branch").wait_for()
    compare.page.get_by_text("Export", exact=True).first.click()
    with compare.page.expect_download() as got:
        compare.press("export script")
    assert "Trainer(data.load" in got.value.path().read_text()
    with compare.page.expect_download() as got:
        compare.press("export figures")
    assert "Plotly.newPlot(" in got.value.path().read_text()
    compare.page.keyboard.press("Escape")
    compare.tick("second")
    compare.until(lambda: compare.figure("overlaid").count() == 1, "the curves are drawn")
    compare.until(lambda: "other knobs are the same" in compare.text, "settings stand there")
    compare.tick("first")
    compare.until(lambda: compare.figure("overlaid").count() == 0, "one run is chosen")
    compare.press("delete runs")
    compare.until(lambda: not (runs / "second").exists(), "the run is gone")
    compare.press("undo delete")
    compare.until(lambda: (runs / "second").exists(), "the run is back")


def test_what_is_selected_on_one_map_is_marked_on_all(compare: Lab, runs: Path) -> None:
    for name in BOTH:
        compare.tick(name)
    keys = [f"map {name}" for name in BOTH]
    compare.until(lambda: all(is_drawn(compare, key) for key in keys), "the maps are drawn")
    lasso(compare, keys[0])
    compare.until(lambda: marked(compare, keys[1]) > 0, "the other map is marked")
    compare.until(lambda: marked(compare, keys[0]) == marked(compare, keys[1]), "both alike")
    compare.until(lambda: is_drawn(compare, "linked"), "the images are shown")
    said = re.search(r"(\d+) images selected", compare.text)
    assert said is not None
    assert int(said[1]) == marked(compare, keys[0])
    box = compare.figure(keys[1]).bounding_box()
    assert box is not None
    compare.page.mouse.dblclick(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    compare.until(lambda: compare.figure("linked").count() == 0, "no image is shown")
    compare.until(lambda: not any(marked(compare, key) for key in keys), "nothing is marked")


def test_scores_are_measured_on_demand(compare: Lab, runs: Path) -> None:
    for name in BOTH:
        compare.tick(name)
    compare.widget("scores wanted").locator("label").first.click()
    table = compare.widget("scores").get_by_test_id("stDataFrame")
    table.locator("tbody tr").filter(has_text="second").wait_for(state="attached")
    # Back as it was: others need not wait for it.
    compare.widget("scores wanted").locator("label").first.click()
    compare.until(lambda: table.count() == 0, "the table is gone")


def test_a_branch_is_on_top_and_differs_in_one_thing(compare: Lab, runs: Path) -> None:
    before = set(runs.iterdir())
    compare.tick("first")
    compare.widget("make branch").wait_for()
    compare.choose("branch first knob", "Noise")
    compare.until_settled()
    compare.enter("branch first noise", "0.4")
    compare.until_settled()
    compare.press("make branch")
    compare.until(lambda: compare.step == 20, "the branch is on top")
    (made,) = [path for path in set(runs.iterdir()) - before if not path.name.startswith(".")]
    ours, parents = Run(made).frame(), Run(runs / "first").frame()
    assert ours.config == parents.config.changed(noise=0.4)
    assert [edit["step"] for edit in ours.edits] == [20]


def test_a_run_is_brought_in_and_what_is_none_is_refused(
    compare: Lab, runs: Path, tmp_path: Path
) -> None:
    (tmp_path / "good.zip").write_bytes(archive.pack(Run(runs / "first")))
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    count = len(run_index.index(runs))
    upload(compare, tmp_path / "bad.zip")
    compare.says("The zip cannot be read")
    assert len(run_index.index(runs)) == count
    upload(compare, tmp_path / "good.zip")
    compare.until(lambda: (runs / "first-2").exists(), "the run is there")
    compare.page.keyboard.press("Escape")
    row = compare.page.get_by_test_id("stDataFrame").first.locator("tbody tr")
    row.filter(has_text="first-2").wait_for(state="attached")
    run_index.trash(runs, "first-2")


def test_a_sweep_is_made_and_a_click_on_a_cell_opens_its_run(compare: Lab, runs: Path) -> None:
    compare.enter("sweep values bottleneck", "2, 5")
    compare.until_settled()
    compare.enter("sweep epochs", "1")
    compare.until(lambda: "2 runs, about" in compare.text, "the sweep is planned")
    compare.press("start sweep")
    compare.until(lambda: "2 of 2 runs" in compare.text, "the sweep is done", 180)
    compare.until(lambda: is_drawn(compare, "sweep-cells"), "its errors are drawn")
    compare.until_settled()
    names = compare.plotted("sweep-cells", "data[0].customdata[0]")
    area = compare.plotted("sweep-cells", "_fullLayout._size")
    compare.figure("sweep-cells").scroll_into_view_if_needed()
    box = compare.figure("sweep-cells").bounding_box()
    assert box is not None
    across, down = area["l"] + 0.75 * area["w"], area["t"] + 0.5 * area["h"]
    compare.page.mouse.click(box["x"] + across, box["y"] + down)
    compare.until(lambda: "bottleneck=5" in compare.page.url, "its run is on top")
    assert Run(runs / names[1]).busy


def is_drawn(lab: Lab, key: str) -> bool:
    return lab.figure(key).count() == 1 and lab.redraws(key) > 0


def marked(lab: Lab, key: str) -> int:
    """Return how many points of a map are marked."""
    counts = "_fullData.map((each) => each.selectedpoints?.length ?? 0)"
    return sum(lab.plotted(key, counts))


def lasso(lab: Lab, key: str) -> None:
    """Draw a line around the middle of a map."""
    lab.figure(key).scroll_into_view_if_needed()
    box = lab.figure(key).bounding_box()
    assert box is not None
    x, y = box["x"] + 0.35 * box["width"], box["y"] + 0.5 * box["height"]
    lab.page.mouse.move(x - 60, y - 60)
    lab.page.mouse.down()
    for right, down in ((60, -60), (60, 60), (-60, 60), (-60, -60)):
        lab.page.mouse.move(x + right, y + down, steps=5)
    lab.page.mouse.up()


def upload(lab: Lab, path: Path) -> None:
    field = lab.widget("import run").locator("input[type=file]")
    if field.count() == 0:
        lab.page.get_by_text("Import a run", exact=True).click()
    field.set_input_files(path)
    lab.until_settled()
