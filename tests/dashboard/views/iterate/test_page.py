"""The page Onto the manifold without a browser."""

import json
from collections.abc import Mapping

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.state import active_run
from tests.dashboard.support import OpenPage, captions
from tests.dashboard.test_words_on_page import elements


def parts(page: AppTest) -> Mapping[str, tuple[int, int]]:
    """Return the sizes of the parts of the change, by the network and by PCA, in percent."""
    return {each.label: (percent(each.value), percent(each.delta)) for each in page.metric[1:]}


def percent(text: str) -> int:
    return int(text.removeprefix("PCA ").removesuffix("%"))


def grids(page: AppTest) -> dict[str, dict[str, object]]:
    """Return what the image grids of the page are given, by key."""
    found = {}
    for element in elements(page.main):
        if getattr(element.proto, "component_name", "").endswith("live_mosaic"):
            data = json.loads(element.proto.json)
            found[data["key"]] = data
    return found


def test_parts_of_the_change_add_up_beside_those_of_pca(open_view: OpenPage) -> None:
    page = open_view("iterate")
    assert not page.exception
    assert page.segmented_control(key="onto source").value == "gap"
    for source in ("stroke", "noise", "gap"):
        page.segmented_control(key="onto source").set_value(source).run()
        assert not page.exception
        sizes = parts(page)
        assert list(sizes) == ["removed", "kept", "something else"]
        for which in (0, 1):
            assert min(each[which] for each in sizes.values()) >= 0
            assert sizes["removed"][which] + sizes["kept"][which] == pytest.approx(100, abs=1)
        drawn = grids(page)["onto-split"]
        assert drawn["rows"] == ["network", "PCA"]
        assert drawn["columns"] == ["the change", "removed", "kept", "something else"]
    assert "In 2 passes: removed and kept add up to the change;" in captions(page)
    assert "Components of PCA: 8." in captions(page)
    page.slider(key="onto passes").set_value(1).run()
    assert "In 1 pass: removed" in captions(page)


def test_pca_with_a_component_for_each_pixel_keeps_everything(open_view: OpenPage) -> None:
    page = open_view("iterate", bottleneck=128)
    assert [of_pca for _, of_pca in parts(page).values()] == [0, 100, 0]
    distance = page.metric[0]
    assert distance.delta == f"PCA {distance.value.split(' → ')[0]}"
    assert "Components of PCA: 64." in captions(page)


def test_network_that_repairs_is_offered_and_trained(open_view: OpenPage) -> None:
    page = open_view("iterate")
    assert "trained on clean images" in page.info[0].value
    page.button(key="train repair").click().run()
    assert not page.exception
    config = active_run.live().config
    assert (config.noise_kind, config.bottleneck) == ("masking", 32)
    assert config.noise > 0
    assert "train repair" not in [each.key for each in page.button]


def test_erasing_an_empty_patch_is_said_to_change_nothing(
    open_view: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aecore.applications.iteration.with_gap", lambda image, place: image)
    page = open_view("iterate")
    assert not page.exception
    assert "There is nothing to change here" in page.info[-1].value
    assert not page.metric


@pytest.mark.parametrize("source", ["nothing", "other", "drawn", "own"])
def test_other_inputs_are_not_compared_with_a_clean_image(open_view: OpenPage, source: str) -> None:
    page = open_view("iterate")
    page.segmented_control(key="onto source").set_value(source).run()
    assert not page.exception
    assert not page.metric
