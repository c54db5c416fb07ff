"""The dashboard's entry: `streamlit run dashboard/app.py`.

The page is painted before the engine is imported: torch alone takes seconds.
"""

import importlib
import threading
from pathlib import Path

import streamlit as st

from aecore.i18n import t
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


def train() -> None:
    """Run the Train page, which is imported when the engine is there."""
    importlib.import_module("dashboard.views.train.page").show()


def manifold() -> None:
    """Run the Manifold page."""
    importlib.import_module("dashboard.views.manifold.page").show()


def denoise() -> None:
    """Run the Denoise page."""
    importlib.import_module("dashboard.views.denoise.page").show()


def anomalies() -> None:
    """Run the Anomalies page."""
    importlib.import_module("dashboard.views.anomalies.page").show()


def compare() -> None:
    """Run the Compare page."""
    importlib.import_module("dashboard.views.compare.page").show()


def onto() -> None:
    """Run the page Onto the manifold."""
    importlib.import_module("dashboard.views.iterate.page").show()


def reduce() -> None:
    """Run the Reduce page."""
    importlib.import_module("dashboard.views.reduce.page").show()


def guide() -> None:
    """Run the Guide page."""
    importlib.import_module("dashboard.views.guide.page").show()


pages = {
    "train": st.Page(train, title=t("Train"), icon=":material/play_circle:", default=True),
    "manifold": st.Page(manifold, title=t("Manifold"), icon=":material/scatter_plot:"),
    "denoise": st.Page(denoise, title=t("Denoise"), icon=":material/blur_on:"),
    "onto": st.Page(onto, title=t("Onto the manifold"), icon=":material/move_down:"),
    "anomalies": st.Page(anomalies, title=t("Anomalies"), icon=":material/troubleshoot:"),
    "reduce": st.Page(reduce, title=t("Dimensionality"), icon=":material/compress:"),
    "compare": st.Page(compare, title=t("Compare"), icon=":material/compare_arrows:"),
    "guide": st.Page(guide, title=t("Guide"), icon=":material/school:"),
}
# By name, for a page that leads to others.
st.session_state[keys.PAGES] = pages
page = st.navigation(list(pages.values()), position="top")
st.html(Path(__file__).with_name("style.css"))
with st.sidebar:
    st.markdown("### " + t("Autoencoder Lab"))
starting = engine()
if starting.is_alive():
    with st.spinner(t("Starting the engine: this takes a few seconds the first time.")):
        starting.join()
page.run()
rest()
