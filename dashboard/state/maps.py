"""The process that computes maps, and the maps of each run over its training."""

import functools

import streamlit as st

from aecore.maps.projection import Method
from aecore.maps.service import MapService
from aecore.maps.timeline import MapTimeline


@functools.cache
def map_service() -> MapService:
    """Return the process that computes maps, started once for the server."""
    return MapService()


@st.cache_resource(show_spinner=False, max_entries=12)
def timeline(run: str, which: str, method: Method, units: tuple[int, int]) -> MapTimeline:
    """Return the maps of a run, shared by all browser tabs.

    Parameters
    ----------
    run : str
        Its path.
    which : str
        Of which images.
    method : {"direct", "pca", "umap", "tsne"}
    units : tuple of two int
        Those a direct map shows.
    """
    del run, which
    return MapTimeline(method, map_service, units)
