"""The Manifold page without a browser: its options, its panels and their texts."""

from dashboard.views.manifold.page import BACKGROUNDS, COLOURS, PANELS
from tests.dashboard.support import OpenPage, captions


def test_every_panel_shows_a_hint_or_its_content(open_view: OpenPage) -> None:
    page = open_view("manifold")
    assert not page.exception
    hints = {
        "neighbours": "Click a point",
        "selection": "Draw a lasso or a box",
        "path": "Pin two points",
        "units": "Top-activating images",
    }
    assert set(hints) < set(PANELS)
    for panel, hint in hints.items():
        page.segmented_control(key="panel").set_value(panel).run()
        assert not page.exception
        assert hint in captions(page)
    page.segmented_control(key="panel").set_value("truth").run()
    assert {each.label for each in page.metric} == {
        "Trustworthiness",
        "Continuity",
        "5-NN accuracy",
        "Neighbours lost",
    }
    assert all(0 < float(each.value) <= 1 for each in page.metric)


def test_every_colour_and_background_can_be_selected(open_view: OpenPage) -> None:
    page = open_view("manifold", bottleneck=3)
    for colour in COLOURS:
        page.selectbox(key="map colour").set_value(colour).run()
        assert not page.exception
    for background in BACKGROUNDS:
        page.selectbox(key="map ground").set_value(background).run()
        assert not page.exception
    page.segmented_control(key="map").set_value("direct").run()
    assert [each.key for each in page.number_input if "unit " in str(each.key)] == [
        "unit across",
        "unit up",
    ]
    assert not page.exception


def test_generated_dataset_offers_its_factors_as_colours(open_view: OpenPage) -> None:
    page = open_view("manifold", dataset="strokes", train_size=500)
    options = page.selectbox(key="map colour").options
    assert {"slant", "thickness", "size", "rotation"} <= set(options)
    page.segmented_control(key="panel").set_value("truth").run()
    assert not page.exception
    (table,) = page.dataframe
    assert len(table.value) == 6
