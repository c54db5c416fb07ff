"""The Manifold page without a browser: its options, its panels and their texts."""

import pytest

from dashboard.views.manifold.page import BACKGROUNDS, COLOURS, PANELS
from tests.dashboard.support import OpenPage, captions, finish


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


def test_map_is_compared_with_pixels_and_with_codes(open_view: OpenPage) -> None:
    page = open_view("manifold")
    page.segmented_control(key="panel").set_value("truth").run()
    finish(page)
    assert [each.label for each in page.metric] == [
        "Trustworthiness by pixels",
        "Continuity by pixels",
        "Trustworthiness by code",
        "Continuity by code",
        "Neighbours lost",
        "5-NN accuracy",
    ]
    assert all(0 < float(each.value) <= 1 for each in page.metric)
    assert "Measured at step 0 on 1,797 points" in captions(page)
    assert "fitted on 1,438 training images placed on the map" in captions(page)
    assert "tested on 359 held-out images" in captions(page)


def test_map_that_is_the_code_is_compared_with_pixels_only(open_view: OpenPage) -> None:
    page = open_view("manifold", bottleneck=2)
    page.segmented_control(key="panel").set_value("truth").run()
    finish(page)
    assert [each.label for each in page.metric] == [
        "Trustworthiness by pixels",
        "Continuity by pixels",
        "5-NN accuracy",
    ]
    assert "The map shows the code itself" in captions(page)


def test_values_keep_their_places_while_the_map_is_measured(
    open_view: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.state.background.get", lambda *_: None)
    page = open_view("manifold")
    page.segmented_control(key="panel").set_value("truth").run()
    assert not page.exception
    assert len(page.metric) == 6
    assert {each.value for each in page.metric} == {"…"}
    assert "Measuring" in captions(page)


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
    finish(page)
    (table,) = page.dataframe
    assert len(table.value) == 6
    assert table.value.notna().all(axis=None)
