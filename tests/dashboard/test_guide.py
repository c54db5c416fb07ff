"""The Guide without a browser: what it begins, and the network it draws."""

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from aecore.layers import layers
from aecore.presets import PRESETS
from dashboard import network_figure, session
from dashboard.lessons import CONSTRAINTS, EXPERIMENTS, VARIANTS, Lesson

LESSONS = {**VARIANTS, **{f"experiment {name}": each for name, each in EXPERIMENTS.items()}}
PAGES = {"train", "manifold", "denoise", "anomalies"}


@pytest.fixture
def page(root: object) -> Iterator[Callable[..., AppTest]]:
    """Give a function that opens the Guide on a server just started."""
    session.desk.clear()

    def opened(**settings: object) -> AppTest:
        script = "from dashboard.pages import guide\nguide.show()"
        made = AppTest.from_string(script, default_timeout=120)
        for knob, value in {"hidden": "16", "batch_size": "128", **settings}.items():
            made.query_params[knob] = str(value)
        return made.run()

    yield opened
    session.desk().close()
    session.desk.clear()


@pytest.mark.parametrize("dataset", ["digits", "mnist", "strokes"])
@pytest.mark.parametrize("name", LESSONS)
def test_every_lesson_can_be_begun(name: str, dataset: str) -> None:
    lesson = LESSONS[name]
    settings = lesson.settings(dataset, ("0", "1"))
    assert settings.dataset == dataset
    assert lesson.values.items() <= settings.model_dump().items()
    assert settings.classes == ("0" if lesson.one_class else "")
    # Whatever the data set, there are layers for it.
    assert layers(settings, (8, 8))[0].units == 64


def test_every_preset_is_taught_and_every_page_named_is_there() -> None:
    assert set(PRESETS) <= set(VARIANTS)
    assert {each.page for each in LESSONS.values()} <= PAGES
    assert {each.page for each in CONSTRAINTS.values()} <= PAGES


def test_a_lesson_begins_and_plays(page: Callable[..., AppTest]) -> None:
    shown = page()
    assert not shown.exception
    shown.button(key="experiment squeeze").click().run()
    assert not shown.exception
    assert session.config() == EXPERIMENTS["squeeze"].settings("digits")
    assert session.playing()


def test_a_lesson_of_one_class_takes_the_first(page: Callable[..., AppTest]) -> None:
    shown = page()
    shown.button(key="experiment one_class").click().run()
    assert not shown.exception
    assert session.config().classes == "0"


def drawn(lesson: Lesson, shape: tuple[int, int] = (28, 28), **more: object) -> dict[str, object]:
    found = layers(lesson.settings("mnist"), shape)
    shapes, names = [each.shape for each in found], [each.activation for each in found]
    made = network_figure.network(shapes, names, **more)  # type: ignore[arg-type]
    return dict(made.to_plotly_json())


def test_the_network_is_drawn_as_its_own_mirror_image() -> None:
    found = drawn(VARIANTS["stacked"])
    bars = [each for each in found["layout"]["shapes"] if each["type"] == "rect"]  # type: ignore[index]
    heights = [bar["y1"] - bar["y0"] for bar in bars]
    assert heights == heights[::-1]
    assert min(heights) == heights[len(heights) // 2]
    said = " ".join(note["text"] for note in found["layout"]["annotations"])  # type: ignore[index]
    assert all(width in said for width in ("28 × 28", "512", "256", "128", "8"))


def test_what_is_asked_of_the_network_is_said() -> None:
    plain = drawn(VARIANTS["stacked"])
    asked = drawn(
        VARIANTS["stacked"], linear_path=True, tied=True, noise="noise 0.3", sparsity="top-k"
    )

    def said(figure: dict[str, object]) -> str:
        return " ".join(note["text"] for note in figure["layout"]["annotations"])  # type: ignore[index]

    for words in ("linear path", "weights", "noise 0.3", "top-k"):
        assert words in said(asked)
        assert words not in said(plain)
    assert len(asked["layout"]["shapes"]) == len(plain["layout"]["shapes"]) + 2  # type: ignore[index]


def test_the_numbers_of_a_code_are_bars_and_many_a_line() -> None:
    few, many = network_figure.code([1, -2], 4), network_figure.code([0.5] * 500, 1)
    assert few.data[0].type == "bar"
    assert list(few.data[0].y) == [1, -2]
    assert tuple(few.layout.yaxis.range) == (-4, 4)
    assert many.data[0].type == "scatter"
