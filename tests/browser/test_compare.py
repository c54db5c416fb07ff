"""The Compare page: comparing, branching, importing, sweeping, deleting and restoring runs."""

import shutil
from pathlib import Path

import pytest

from aecore.data import Dataset
from aecore.runs import archive, index
from aecore.runs.folder import new_path
from aecore.runs.run import Run
from tests.browser.lab import Lab
from tests.support import trained


@pytest.fixture
def two_runs(lab: Lab, digits: Dataset) -> Lab:
    """Provide the Compare page with two runs of ten steps, the newer of which is current."""
    lab.open_fresh_run(noise=0.3, bottleneck=3)
    older = lab.config.changed(noise=0.0)
    trained(new_path(lab.server.runs, older), digits, older)
    lab.press("step 10")
    lab.wait_for_step(10)
    open_compare(lab)
    return lab


def open_compare(lab: Lab) -> None:
    lab.page.get_by_role("link", name="Compare").click()
    lab.page.get_by_test_id("stDataFrame").first.wait_for()
    lab.wait_until_settled()


def test_runs_are_exported_compared_deleted_and_restored(two_runs: Lab) -> None:
    lab = two_runs
    root = lab.server.runs
    toggle_row(lab, 0)
    lab.widget("make branch").wait_for()
    lab.page.get_by_text("Export", exact=True).first.click()
    with lab.page.expect_download() as download:
        lab.press("export script")
    assert "Trainer(data.load" in download.value.path().read_text()
    with lab.page.expect_download() as download:
        lab.press("export figures")
    assert "Plotly.newPlot(" in download.value.path().read_text()
    lab.page.keyboard.press("Escape")
    toggle_row(lab, 1)
    lab.wait_until(lambda: lab.figure("overlaid").count() == 1, "the curves are overlaid")
    lab.wait_until(lambda: "same in all" in lab.text, "the settings are compared")
    toggle_row(lab, 0)
    lab.wait_until(lambda: lab.figure("overlaid").count() == 0, "one run is selected")
    count = len(index.index(root))
    lab.press("delete runs")
    lab.wait_until(lambda: len(index.index(root)) == count - 1, "the run is deleted")
    lab.press("undo delete")
    lab.wait_until(lambda: len(index.index(root)) == count, "the run is restored")


def test_selection_on_one_map_is_marked_on_all_maps(two_runs: Lab) -> None:
    lab = two_runs
    toggle_row(lab, 0)
    toggle_row(lab, 1)
    maps = lab.page.locator('[data-key^="map "]')
    lab.wait_until(lambda: maps.count() == 2, "there are two maps")

    def is_drawn(number: int) -> bool:
        return int(maps.nth(number).get_attribute("data-redraws") or 0) > 0

    lab.wait_until(lambda: is_drawn(0) and is_drawn(1), "both maps are drawn")
    first = maps.nth(0)
    first.scroll_into_view_if_needed()
    box = first.bounding_box()
    assert box is not None
    # A lasso around the upper half of the first map.
    corners = [(0.1, 0.15), (0.7, 0.15), (0.7, 0.55), (0.1, 0.55), (0.1, 0.2)]
    positions = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    lab.page.mouse.move(*positions[0])
    lab.page.mouse.down()
    for position in positions[1:]:
        lab.page.mouse.move(*position, steps=6)
    lab.page.mouse.up()
    lab.wait_until(lambda: "images selected" in lab.text, "the number of images is shown")

    def marked_images(number: int) -> list[int]:
        # Read from Plotly, since the numbers are sent to it as bytes.
        rows = maps.nth(number).evaluate(
            """figure => figure._fullData.flatMap(trace =>
                 Array.from(trace.selectedpoints ?? [], point => trace.customdata[point]))"""
        )
        return sorted(rows)

    lab.wait_until(lambda: len(marked_images(1)) > 0, "images are marked on the other map")
    lab.wait_until(lambda: marked_images(0) == marked_images(1), "both maps mark the same images")
    lab.wait_until(lambda: lab.figure("linked").count() == 1, "the images are shown")


def test_branch_differs_in_one_setting(two_runs: Lab) -> None:
    lab = two_runs
    parent = lab.run
    toggle_row(lab, 0)
    lab.widget("make branch").wait_for()
    before = Run(parent).config
    knob = f"branch {parent.name} knob"
    lab.select(knob, "Noise")
    lab.wait_until_settled()
    lab.enter(f"branch {parent.name} noise", "0.7")
    lab.wait_until_settled()
    lab.press("make branch")
    lab.wait_until(lambda: lab.run != parent, "the branch is created")
    lab.page.get_by_text("is now the current run", exact=False).first.wait_for()
    lab.wait_until(lambda: lab.slider_value("noise") == "0.70", "the branch is the current run")
    assert lab.server.current_config() == {**before.model_dump(), "noise": 0.7}


def test_run_is_imported_and_bad_file_is_rejected(two_runs: Lab, tmp_path: Path) -> None:
    lab = two_runs
    source = lab.run
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    good_file = tmp_path / "good.zip"
    # Like a run from another machine, it has a name that does not exist here.
    shutil.copytree(source, tmp_path / "from-elsewhere", ignore=shutil.ignore_patterns("*lock*"))
    good_file.write_bytes(archive.pack(Run(tmp_path / "from-elsewhere")))
    root = source.parent
    count = len(index.index(root))

    def import_file(file: Path) -> None:
        lab.page.get_by_text("Import a run", exact=True).click()
        lab.page.locator('[class*="st-key-import-run-turn"] input[type=file]').set_input_files(file)

    import_file(tmp_path / "bad.zip")
    lab.wait_for_notice("zip")
    assert len(index.index(root)) == count
    lab.page.keyboard.press("Escape")
    lab.wait_until_settled()
    import_file(good_file)
    lab.wait_until(lambda: len(index.index(root)) == count + 1, "the run is imported")


def test_sweep_trains_its_runs_and_a_cell_opens_its_run(lab: Lab) -> None:
    lab.open_fresh_run(hidden="16")
    open_compare(lab)
    lab.enter("sweep values bottleneck", "2, 3")
    lab.wait_until_settled()
    lab.enter("sweep epochs", "1")
    lab.wait_until_settled()
    lab.wait_until(lambda: "2 runs, about" in lab.text, "two runs are planned")
    lab.press("start sweep")
    lab.wait_until(lambda: "2 of 2 runs" in lab.text, "both are trained", seconds=120)
    cells = lab.figure("sweep-cells")
    lab.wait_until(lambda: lab.redraws("sweep-cells") > 0, "their errors are drawn")
    cells.scroll_into_view_if_needed()
    lab.wait_until(
        lambda: lab.plot_value("sweep-cells", "data[0].z[0].length") == 2, "there are two cells"
    )
    assert lab.slider_value("bottleneck") == "8"
    box = cells.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    lab.page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    lab.wait_until(
        lambda: lab.slider_value("bottleneck") == "2", "the run of the cell is the current run"
    )
    assert lab.step == 41


def toggle_row(lab: Lab, row: int) -> None:
    """Toggle the checkbox of a table row; the table is painted, so it has no elements to click."""
    table = lab.page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    lab.page.mouse.click(box["x"] + 18, box["y"] + 35 * (row + 1) + 18)
    lab.page.wait_for_timeout(300)
    lab.wait_until_settled()
