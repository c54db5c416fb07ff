"""The dashboard's entry: `streamlit run dashboard/app.py`.

The page is painted before the engine is imported: torch alone takes seconds.
"""

import importlib
import threading
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from aecore.i18n import t
from dashboard.pages import PAGES, Page
from dashboard.shell import streamlit_patch
from dashboard.state import keys

LOGO = Path(__file__).with_name("logo.svg")

streamlit_patch.mend()
st.set_page_config(
    page_title="Autoencoder Lab",
    # Without one of its own, the page asks another host for the icon of its navigation.
    page_icon=str(LOGO),
    layout="wide",
    initial_sidebar_state="auto",
)


# Loading torch holds the interpreter for seconds, in which the browser gets nothing it asks for.
PAINTED_SECONDS = 1.0


@st.cache_resource(show_spinner=False)
def engine() -> threading.Thread:
    """Import what is slow in the background, once for the server, when the page is painted."""
    started = threading.Timer(PAINTED_SECONDS, importlib.import_module, ("dashboard.warmup",))
    started.start()
    return started


@st.cache_resource(show_spinner=False)
def rest() -> threading.Thread:
    """Have the rest made ready, once for the server."""
    started: threading.Thread = importlib.import_module("dashboard.warmup").rest()
    return started


def navigable(name: str, page: Page) -> StreamlitPage:
    """Return a page for the navigation; its module is imported when it is shown."""

    def show() -> None:
        importlib.import_module(f"dashboard.views.{page.package}.page").show()

    first = name == next(iter(PAGES))
    return st.Page(show, title=str(page.title), icon=page.icon, url_path=name, default=first)


pages = {name: navigable(name, page) for name, page in PAGES.items()}
# By name, for a page that leads to others.
st.session_state[keys.PAGES] = pages
shown = st.navigation(list(pages.values()), position="top")
st.html(Path(__file__).with_name("style.css"))
with st.sidebar:
    st.markdown("### " + t("Autoencoder Lab"))
starting = engine()
if starting.is_alive():
    with st.spinner(t("Starting the engine: this takes a few seconds the first time.")):
        starting.join()
shown.run()
rest()
