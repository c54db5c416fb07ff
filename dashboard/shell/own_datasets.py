"""Rename and remove the user's own datasets."""

from collections.abc import Sequence

import streamlit as st

from aecore import data
from aecore.errors import LabError
from aecore.i18n import nt, t
from aecore.runs import index
from dashboard.state import active_run, cached, messages


def manage(names: Sequence[str]) -> None:
    """Show controls to rename or remove one of the user's datasets, and what depends on it.

    Parameters
    ----------
    names : sequence of str
        Names of the user's datasets.
    """
    if not names:
        return
    name = st.selectbox(
        t("Your datasets"), names, None, key="own dataset", placeholder=t("Choose a dataset")
    )
    if name is None:
        return
    count = len(index.on_dataset(active_run.root(), name))
    if count:
        st.caption(
            nt(
                "{count} run was trained on it and cannot be resumed or scored without it.",
                "{count} runs were trained on it and cannot be resumed or scored without it.",
                count,
            )
        )
    in_use = _in_use(name)
    if in_use:
        st.caption(t("A run in view or in training uses it; switch to another dataset first."))
    new_name = st.text_input(t("New name"), name, key=f"rename {name}", disabled=in_use)
    with st.container(horizontal=True):
        st.button(
            t("Rename"),
            key="rename dataset",
            disabled=in_use or new_name == name,
            on_click=messages.attempt,
            args=(_rename,),
        )
        st.button(
            t("Remove"),
            key="remove dataset",
            disabled=in_use,
            on_click=messages.attempt,
            args=(_remove,),
        )


def _rename() -> None:
    name = _chosen()
    _check_unused(name)
    data.rename(name, st.session_state.get(f"rename {name}", name))
    cached.dataset.clear()


def _remove() -> None:
    name = _chosen()
    _check_unused(name)
    data.remove(name)
    cached.dataset.clear()


def _chosen() -> str:
    """Return the dataset chosen now, which the buttons may not yet have been redrawn for."""
    return str(st.session_state["own dataset"])


def _in_use(name: str) -> bool:
    """Return whether the run in view or one that trains is on a dataset."""
    current = active_run.live().config.dataset
    return current == name or active_run.sessions().runs.uses(name)


def _check_unused(name: str) -> None:
    if _in_use(name):
        raise LabError(
            "A run in view or in training is on the dataset {name}; switch to another one first.",
            name=name,
        )
