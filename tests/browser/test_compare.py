"""Compare: runs beside each other, branched, taken in, swept, deleted and brought back."""

import shutil
from pathlib import Path

import pytest

from aecore.runs import archive, index
from aecore.runs.run import Run
from tests.browser.lab import Lab


@pytest.fixture
def two_runs(lab: Lab) -> Lab:
    """Give the page Compare with two runs of ten steps, of which the newer is on top."""
    for noise in (0.0, 0.3):
        lab.open_fresh(noise=noise, bottleneck=3)
        lab.press("step 10")
        lab.until_step(10)
    compare(lab)
    return lab


def compare(lab: Lab) -> None:
    lab.page.get_by_role("link", name="Compare").click()
    lab.page.get_by_test_id("stDataFrame").first.wait_for()
    lab.until_settled()


def test_runs_are_compared_deleted_and_brought_back(two_runs: Lab) -> None:
    lab = two_runs
    root = lab.server.newest().parent
    choose(lab, 0)
    lab.widget("make branch").wait_for()
    lab.page.get_by_text("Export", exact=True).first.click()
    with lab.page.expect_download() as got:
        lab.press("export script")
    assert "Trainer(data.load" in got.value.path().read_text()
    with lab.page.expect_download() as got:
        lab.press("export figures")
    assert "Plotly.newPlot(" in got.value.path().read_text()
    lab.page.keyboard.press("Escape")
    choose(lab, 1)
    lab.until(lambda: lab.figure("overlaid").count() == 1, "the curves are over each other")
    lab.until(lambda: "same in all" in lab.text, "settings stand side by side")
    choose(lab, 0)
    lab.until(lambda: lab.figure("overlaid").count() == 0, "one run is chosen")
    count = len(index.index(root))
    lab.press("delete runs")
    lab.until(lambda: len(index.index(root)) == count - 1, "the run is gone")
    lab.press("undo delete")
    lab.until(lambda: len(index.index(root)) == count, "the run is back")


def test_what_is_selected_on_one_map_is_marked_on_all(two_runs: Lab) -> None:
    lab = two_runs
    choose(lab, 0)
    choose(lab, 1)
    maps = lab.page.locator('[data-key^="map "]')
    lab.until(lambda: maps.count() == 2, "there are two maps")

    def drawn(number: int) -> bool:
        return int(maps.nth(number).get_attribute("data-redraws") or 0) > 0

    lab.until(lambda: drawn(0) and drawn(1), "they are drawn")
    first = maps.nth(0)
    first.scroll_into_view_if_needed()
    box = first.bounding_box()
    assert box is not None
    # A lasso around the upper half of the first map.
    corners = [(0.1, 0.15), (0.7, 0.15), (0.7, 0.55), (0.1, 0.55), (0.1, 0.2)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    lab.page.mouse.move(*places[0])
    lab.page.mouse.down()
    for place in places[1:]:
        lab.page.mouse.move(*place, steps=6)
    lab.page.mouse.up()
    lab.until(lambda: "images selected" in lab.text, "the images are told")

    def marked(number: int) -> list[int]:
        # What Plotly made of the numbers, which are sent to it as bytes.
        rows = maps.nth(number).evaluate(
            """figure => figure._fullData.flatMap(cloud =>
                 Array.from(cloud.selectedpoints ?? [], place => cloud.customdata[place]))"""
        )
        return sorted(rows)

    lab.until(lambda: len(marked(1)) > 0, "they are marked on the other map")
    lab.until(lambda: marked(0) == marked(1), "they are the same on both")
    lab.until(lambda: lab.figure("linked").count() == 1, "they are shown")


def test_a_branch_differs_in_one_knob(two_runs: Lab) -> None:
    lab = two_runs
    old = lab.server.newest()
    choose(lab, 0)
    lab.widget("make branch").wait_for()
    before = Run(old).config
    knob = f"branch {old.name} knob"
    lab.choose(knob, "Noise")
    lab.until_settled()
    lab.enter(f"branch {old.name} noise", "0.7")
    lab.until_settled()
    lab.press("make branch")
    lab.until(lambda: lab.server.newest() != old, "a branch is made")
    lab.page.get_by_text("is now the current run", exact=False).first.wait_for()
    lab.until(lambda: lab.place("noise") == "0.70", "it is on top")
    assert lab.server.now() == {**before.model_dump(), "noise": 0.7}


def test_a_run_is_taken_in_and_a_bad_file_refused(two_runs: Lab, tmp_path: Path) -> None:
    lab = two_runs
    source = lab.server.newest()
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    packed = tmp_path / "good.zip"
    # As it comes from another machine: of a name that is not here.
    shutil.copytree(source, tmp_path / "from-elsewhere", ignore=shutil.ignore_patterns("*lock*"))
    packed.write_bytes(archive.pack(Run(tmp_path / "from-elsewhere")))
    root = source.parent
    count = len(index.index(root))

    def give(file: Path) -> None:
        lab.page.get_by_text("Import a run", exact=True).click()
        lab.page.locator('[class*="st-key-import-run-turn"] input[type=file]').set_input_files(file)

    give(tmp_path / "bad.zip")
    lab.says("zip")
    assert len(index.index(root)) == count
    lab.page.keyboard.press("Escape")
    lab.until_settled()
    give(packed)
    lab.until(lambda: len(index.index(root)) == count + 1, "the run is taken in")


def test_a_sweep_is_made_and_a_cell_opens_its_run(lab: Lab) -> None:
    lab.open_fresh(hidden="16")
    compare(lab)
    lab.enter("sweep values bottleneck", "2, 3")
    lab.until_settled()
    lab.enter("sweep epochs", "1")
    lab.until_settled()
    lab.until(lambda: "2 runs, about" in lab.text, "two runs are planned")
    lab.press("start sweep")
    lab.until(lambda: "2 of 2 runs" in lab.text, "both are made", seconds=120)
    cells = lab.figure("sweep-cells")
    lab.until(lambda: lab.redraws("sweep-cells") > 0, "their errors are drawn")
    cells.scroll_into_view_if_needed()
    lab.until(lambda: lab.plotted("sweep-cells", "data[0].z[0].length") == 2, "there are two cells")
    assert lab.place("bottleneck") == "8"
    box = cells.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    lab.page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    lab.until(lambda: lab.place("bottleneck") == "2", "the run of the cell is on top")
    assert lab.step == 45


def choose(lab: Lab, row: int) -> None:
    """Turn the choice of a row of the table, which is painted and has no elements."""
    table = lab.page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    lab.page.mouse.click(box["x"] + 18, box["y"] + 35 * (row + 1) + 18)
    lab.page.wait_for_timeout(300)
    lab.until_settled()
