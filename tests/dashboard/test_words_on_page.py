"""All texts of the page are translated: in a pseudo-language, none is left in English."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore import i18n
from aecore.applications.iteration import PASSES
from aecore.runs.run import Run
from dashboard.state import commands
from dashboard.views.guide.glossary import PAPERS
from tests.catalogue import extracted
from tests.dashboard.support import GoToPage, OpenPage, captions, finish
from tests.support import Bracketed, current_job

TEXT_FIELDS = ("label", "help", "body", "placeholder", "text", "tooltip")
# Names of icons, runs and datasets, citations, HTML, and numbers are not translated.
NOT_TRANSLATED = re.compile(
    r":material/\w+:|<style>.*</style>|<[^>]*>|digits-[\w-]+|my-images|strokes|[\d.]+e-\d+|"
    + "|".join(re.escape(paper) for _, paper in PAPERS),
    re.S,
)


@pytest.fixture
def pseudo_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use a language in which every text is the English one in brackets.

    Every text requested in it must be among those extracted for translators.
    """
    language = Bracketed("⟦", "⟧")
    monkeypatch.setattr(i18n, "_catalogue", lambda code: language)
    yield
    assert language.asked - extracted() == set()


def untranslated_part(text: str) -> str:
    """Return the part of a text outside of brackets."""
    depth, rest = 0, ""
    for letter in NOT_TRANSLATED.sub("", text):
        depth += (letter == "⟦") - (letter == "⟧")
        if depth == 0 and letter != "⟧":
            rest += letter
    return rest


def texts_of_page(page: AppTest) -> Iterator[tuple[str, str]]:
    """Yield the texts of the page, each after the place where it is shown."""
    for part in (page.main, page.sidebar):
        for element in elements(part):
            yield from texts_of_element(element)
    for toast in page.toast:
        yield "toast", toast.value


def elements(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        yield child
        if hasattr(child, "children"):
            yield from elements(child)


def texts_of_element(element: Any) -> Iterator[tuple[str, str]]:
    proto = element.proto
    if proto is None or isinstance(proto, str):
        return
    if hasattr(proto, "component_name"):
        yield from texts_of_component(proto)
        return
    # Expanders and popovers hold their label one level deeper.
    for place in (proto, *(getattr(proto, kind, None) for kind in ("expandable", "popover"))):
        for name in TEXT_FIELDS:
            if isinstance(text := getattr(place, name, ""), str):
                yield f"{element.type} {name}", text
    for text in getattr(proto, "options", ()):
        # Of segmented controls, an option is a message of its own.
        yield f"{element.type} option", getattr(text, "content", text)


def texts_of_component(proto: Any) -> Iterator[tuple[str, str]]:
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
    """Return a figure of the page as it is sent to the browser."""
    for element in elements(page.main):
        proto = element.proto
        if hasattr(proto, "component_name"):
            data = json.loads(proto.json or "{}")
            if data.get("key") == key:
                return dict(json.loads(data["spec"]))
    raise AssertionError(f"no figure is named {key}")


def untranslated_texts(page: AppTest) -> list[tuple[str, str]]:
    texts = list(texts_of_page(page))
    assert len(texts) > 100
    return [
        (where, text) for where, text in texts if re.search(r"[A-Za-z]{2}", untranslated_part(text))
    ]


@pytest.mark.usefixtures("pseudo_language")
def test_new_page_is_translated(open_page: OpenPage) -> None:
    page = open_page()
    assert untranslated_texts(page) == []
    # A text from each kind of place, so that none can drop out of the search unnoticed.
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
    } <= {text for _, text in texts_of_page(page)}


@pytest.mark.usefixtures("pseudo_language")
def test_page_of_a_trained_and_changed_run_is_translated(open_page: OpenPage) -> None:
    page = open_page(epochs=1)
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    page.slider(key="noise").set_value(0.2).run()
    page.button(key="play").click().run()
    assert current_job().wait(60)
    page.run()
    assert untranslated_texts(page) == []


@pytest.mark.usefixtures("pseudo_language")
def test_guide_is_translated(open_page: OpenPage, go_to_page: GoToPage) -> None:
    page = go_to_page(open_page(noise=0.3, sparsity=0.1), "guide")
    assert untranslated_texts(page) == []
    assert {"⟦Start⟧", "⟦Glossary and papers⟧"} <= {text for _, text in texts_of_page(page)}


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("anomalies", "⟦⟦Threshold set on 18 held-out images, counts on"),
        ("onto", f"⟦In {PASSES} passes: removed and kept add up to the change;"),
    ],
)
def test_application_is_translated(
    open_page: OpenPage, go_to_page: GoToPage, name: str, text: str
) -> None:
    page = finish(go_to_page(open_page(classes="0"), name))
    assert untranslated_texts(page) == []
    assert text in captions(page)


@pytest.mark.usefixtures("pseudo_language")
def test_errors_and_toasts_are_translated(open_page: OpenPage) -> None:
    page = open_page(noise="loud")
    assert page.error
    assert untranslated_texts(page) == []
    page.selectbox(key="loss").set_value("bce").run()
    assert page.error
    assert untranslated_texts(page) == []
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    page.button(key="reset").click().run()
    assert page.toast
    assert untranslated_texts(page) == []


@pytest.mark.usefixtures("pseudo_language")
def test_notice_of_a_followed_run_is_translated(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="step 10").click().run()
    assert current_job().wait(60)
    other_program = Run(current_job().run.path)
    page.button(key="reset").click().run()
    other_program.claim()
    try:
        commands.open_run(other_program.name)
        page.run()
        assert page.info
        assert untranslated_texts(page) == []
    finally:
        other_program.release()


def test_untranslated_part_leaves_out_bracketed_texts() -> None:
    assert untranslated_part("**⟦Stacked ⟦deep⟧⟧** 12 ×") == "**** 12 ×"
    assert untranslated_part("⟦Data⟧ set") == " set"
