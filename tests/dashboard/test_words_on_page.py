"""Everything the page says passes through `t`: in a pseudo language, nothing is left in English."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore import i18n
from aecore.runs.run import Run
from dashboard.state import active_run
from dashboard.views.guide.glossary import PAPERS
from tests.catalogue import extracted
from tests.dashboard.support import Goes, Open
from tests.support import Bracketed, current_job

SHOWN = ("label", "help", "body", "placeholder", "text", "tooltip")
# Names of icons, runs and datasets, citations, HTML, and numbers are not translated.
NO_WORDS = re.compile(
    r":material/\w+:|<style>.*</style>|<[^>]*>|digits-[\w-]+|my-images|[\d.]+e-\d+|"
    + "|".join(re.escape(paper) for _, paper in PAPERS),
    re.S,
)


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use a language in which every sentence is the English one in brackets.

    Whatever is shown in it must be among the texts that translators are given.
    """
    language = Bracketed("⟦", "⟧")
    monkeypatch.setattr(i18n, "_catalogue", lambda code: language)
    yield
    assert language.asked - extracted() == set()


def without_translated(text: str) -> str:
    """Return what of a text does not lie in brackets."""
    depth, rest = 0, ""
    for letter in NO_WORDS.sub("", text):
        depth += (letter == "⟦") - (letter == "⟧")
        if depth == 0 and letter != "⟧":
            rest += letter
    return rest


def shown(page: AppTest) -> Iterator[tuple[str, str]]:
    """Yield where on the page each text stands, and the text."""
    for part in (page.main, page.sidebar):
        for element in elements(part):
            yield from said_by(element)
    for toast in page.toast:
        yield "toast", toast.value


def elements(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        yield child
        if hasattr(child, "children"):
            yield from elements(child)


def said_by(element: Any) -> Iterator[tuple[str, str]]:
    proto = element.proto
    if proto is None or isinstance(proto, str):
        return
    if hasattr(proto, "component_name"):
        yield from said_by_component(proto)
        return
    # A folding block keeps its label one level deeper.
    for place in (proto, *(getattr(proto, kind, None) for kind in ("expandable", "popover"))):
        for name in SHOWN:
            if isinstance(text := getattr(place, name, ""), str):
                yield f"{element.type} {name}", text
    for text in getattr(proto, "options", ()):
        yield f"{element.type} option", text


def said_by_component(proto: Any) -> Iterator[tuple[str, str]]:
    data = json.loads(proto.json or "{}")
    for name in ("label", "empty"):
        yield f"{proto.component_name} {name}", data.get(name, "")
    for text in (*data.get("rows", ()), *data.get("columns", ()), *data.get("words", ())):
        yield proto.component_name, text
    if spec := data.get("spec"):
        figure = json.loads(spec)
        for trace in figure["data"]:
            yield f"{data['key']} trace", trace.get("name", "")
        layout = figure["layout"]
        for note in layout.get("annotations", ()):
            yield f"{data['key']} note", note["text"]
        for axis in ("xaxis", "yaxis"):
            yield f"{data['key']} {axis}", layout[axis].get("title", {}).get("text", "")


def figure_of(page: AppTest, key: str) -> dict[str, Any]:
    """Return a figure of the page, as it is sent to the browser."""
    for element in elements(page.main):
        proto = element.proto
        if hasattr(proto, "component_name"):
            data = json.loads(proto.json or "{}")
            if data.get("key") == key:
                return dict(json.loads(data["spec"]))
    raise AssertionError(f"no figure is named {key}")


def left_in_english(page: AppTest) -> list[tuple[str, str]]:
    found = list(shown(page))
    assert len(found) > 100
    return [
        (where, text)
        for where, text in found
        if re.search(r"[A-Za-z]{2}", without_translated(text))
    ]


@pytest.mark.usefixtures("pseudo")
def test_an_untouched_page_speaks_the_language(open_page: Open) -> None:
    page = open_page()
    assert left_in_english(page) == []
    # Texts of each kind of place, so that one that is no longer looked at does not pass unseen.
    assert {
        "⟦Play⟧",
        "⟦More data⟧",
        "⟦Constraint⟧",
        "⟦Custom⟧",
        "**⟦Latent map⟧**",
        "⟦Salt and pepper⟧",
        "⟦Show all⟧",
        "⟦original⟧",
        "⟦mean activation⟧",
        "⟦Press Play to plot the error as the network trains.⟧",
    } <= {text for _, text in shown(page)}


@pytest.mark.usefixtures("pseudo")
def test_a_trained_and_changed_run_speaks_the_language(open_page: Open) -> None:
    page = open_page(epochs=1)
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    page.slider(key="noise").set_value(0.2).run()
    page.button(key="play").click().run()
    assert current_job().wait(60)
    page.run()
    assert left_in_english(page) == []


@pytest.mark.usefixtures("pseudo")
def test_the_guide_speaks_the_language(open_page: Open, goes: Goes) -> None:
    page = goes(open_page(noise=0.3, sparsity=0.1), "guide")
    assert left_in_english(page) == []
    assert {"⟦Start⟧", "⟦Glossary and papers⟧"} <= {text for _, text in shown(page)}


@pytest.mark.usefixtures("pseudo")
def test_refusals_and_news_speak_the_language(open_page: Open) -> None:
    page = open_page(noise="loud")
    assert page.error
    assert left_in_english(page) == []
    page.selectbox(key="loss").set_value("bce").run()
    assert page.error
    assert left_in_english(page) == []
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    page.button(key="reset").click().run()
    assert page.toast
    assert left_in_english(page) == []


@pytest.mark.usefixtures("pseudo")
def test_a_followed_run_is_spoken_of_in_the_language(open_page: Open) -> None:
    page = open_page()
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    elsewhere = Run(current_job().run.path)
    page.button(key="reset").click().run()
    elsewhere.claim()
    try:
        active_run.active_run().open(Run(elsewhere.path))
        page.run()
        assert page.info
        assert left_in_english(page) == []
    finally:
        elsewhere.release()


def test_brackets_are_taken_out_and_the_rest_is_found() -> None:
    assert without_translated("**⟦Stacked ⟦deep⟧⟧** 12 ×") == "**** 12 ×"
    assert without_translated("⟦Data⟧ set") == " set"
