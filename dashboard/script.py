"""The script that Streamlit runs for each browser tab: it shows the page that is open.

An empty page is rendered before the engine is imported, since importing torch takes seconds.
"""

import threading
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from aecore import imports
from aecore.i18n import t
from dashboard.components.plotly_loader import load_plotly
from dashboard.pages import PAGES, Page
from dashboard.server import guard
from dashboard.shell import streamlit_patch
from dashboard.state import keys

LOGO = Path(__file__).with_name("logo.svg")

if not guard.Guard.installed:
    guard.refuse()
streamlit_patch.apply()
st.set_page_config(
    page_title="Autoencoder Lab",
    # Without an icon, the browser would request one from another host.
    page_icon=str(LOGO),
    layout="wide",
    initial_sidebar_state="auto",
)


# Importing torch holds the interpreter for seconds, during which no request is answered.
FIRST_RENDER_SECONDS = 1.0


@st.cache_resource(show_spinner=False)
def engine() -> threading.Thread:
    """Import the engine on a background thread once the page is rendered; once per server."""
    thread = threading.Timer(FIRST_RENDER_SECONDS, imports.load, ("dashboard.warmup",))
    thread.start()
    return thread


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Preload the other pages on a background thread; once per server."""
    thread: threading.Thread = imports.load("dashboard.warmup").start()
    return thread


def navigation_entry(name: str, page: Page) -> StreamlitPage:
    """Return the navigation entry of a page, whose module is imported when it is first shown."""

    def show() -> None:
        imports.load(f"dashboard.views.{page.package}.page").show()

    first = name == next(iter(PAGES))
    return st.Page(show, title=str(page.title), icon=page.icon, url_path=name, default=first)


pages = {name: navigation_entry(name, page) for name, page in PAGES.items()}
# Pages need these to link to each other.
st.session_state[keys.PAGES] = pages
current = st.navigation(list(pages.values()), position="top")
st.html(Path(__file__).with_name("style.css"))
# The browser reads it while the engine is imported.
load_plotly()
with st.sidebar:
    st.markdown("### " + t("Autoencoder Lab"))
engine_import = engine()
if engine_import.is_alive():
    with st.spinner(t("Starting the engine: this takes a few seconds the first time.")):
        engine_import.join()
current.run()
warm_up()
