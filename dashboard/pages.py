"""The registry of pages, in navigation order."""

from collections.abc import Mapping
from dataclasses import dataclass

from aecore.i18n import N_, Message


@dataclass(frozen=True)
class Page:
    """A page of the dashboard.

    Attributes
    ----------
    title : Message
    icon : str
        Name of a Material symbol in Streamlit's notation.
    package : str
        Subpackage of `dashboard.views` whose module `page` shows the page.
    """

    title: Message
    icon: str
    package: str


PAGES: Mapping[str, Page] = {
    "train": Page(N_("Train"), ":material/play_circle:", "train"),
    "manifold": Page(N_("Manifold"), ":material/scatter_plot:", "manifold"),
    "denoise": Page(N_("Denoise"), ":material/blur_on:", "denoise"),
    "onto": Page(N_("Onto the manifold"), ":material/move_down:", "iterate"),
    "anomalies": Page(N_("Anomalies"), ":material/troubleshoot:", "anomalies"),
    "reduce": Page(N_("Dimensionality"), ":material/compress:", "reduce"),
    "compare": Page(N_("Compare"), ":material/compare_arrows:", "compare"),
    "guide": Page(N_("Guide"), ":material/school:", "guide"),
}
"""Pages by the last part of their URL; the first is the default page."""
