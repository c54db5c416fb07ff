"""The Train page: live figures of the network as it trains."""

import streamlit as st

from aecore.training.snapshot import Snapshot
from dashboard.shell import page
from dashboard.widgets.snapshot_panels import (
    show_code_activity,
    show_latent_map,
    show_loss_curve,
    show_reconstructions,
)


def show() -> None:
    """Show the page."""
    page.show(body)


def body(snapshot: Snapshot) -> None:
    """Draw the four figures of a snapshot."""
    left, right = st.columns(2, gap="medium")
    with left:
        show_loss_curve(snapshot)
        show_reconstructions(snapshot)
    with right:
        show_latent_map(snapshot)
        show_code_activity(snapshot)
