"""The sidebar: preset, dataset, hyperparameters and saved runs."""

import streamlit as st

from aecore import data
from aecore.config import GROUPS, Config
from aecore.i18n import t
from aecore.knob import knobs
from aecore.presets import PRESETS, preset
from aecore.runs.index import Row
from dashboard.shell.knob_widgets import apply_change, versioned_widget, widget
from dashboard.shell.more_data import more_data
from dashboard.state import active_run, commands, messages

OPEN_GROUPS = ("constraint",)


def sidebar() -> None:
    """Show the sidebar, with the hyperparameters in their groups."""
    config = active_run.live().config
    with st.sidebar:
        _preset(config)
        _dataset(config)
        for group, label in GROUPS.items():
            members = [each for each in knobs(Config).values() if each.group == group]
            members = [each for each in members if each.name != "dataset"]
            with st.expander(str(label), expanded=group in OPEN_GROUPS):
                for knob in members:
                    widget(knob, config)
        _saved_runs()
        st.caption(t("This page's link contains these settings. Copy it to share."))


def _preset(config: Config) -> None:
    key, initial = versioned_widget("preset", commands.matching_preset(config))

    def begin(name: str | None) -> None:
        if name is not None:
            now = active_run.live().config
            images = now.model_dump(include={"train_size", "validation_images", "classes"})
            messages.attempt(lambda: commands.begin(preset(name, now.dataset, **images)))

    st.selectbox(
        t("Preset"),
        list(PRESETS),
        index=None if initial is None else list(PRESETS).index(initial),
        key=key,
        format_func=lambda name: str(PRESETS[name].label),
        placeholder=t("Custom"),
        help="\n\n".join(f"**{each.label}**: {each.description}" for each in PRESETS.values()),
        on_change=apply_change,
        args=("preset", key, begin),
    )


def _dataset(config: Config) -> None:
    offers = data.offers()
    present = [name for name, offer in offers.items() if offer.present or name == config.dataset]
    knob = knobs(Config)["dataset"]
    key, initial = versioned_widget("dataset", config.dataset)

    st.selectbox(
        str(knob.label),
        present,
        present.index(initial) if initial in present else 0,
        key=key,
        format_func=lambda name: str(offers[name].title) if name in offers else name,
        help=str(knob.description),
        on_change=apply_change,
        args=("dataset", key, commands.choose_dataset),
        disabled=not active_run.live().editable,
    )
    more_data(offers)


def _saved_runs() -> None:
    """Offer all runs on disk, to resume or to watch."""
    # Options are names, not runs: Streamlit copies the selected option, and a run's lock cannot
    # be copied. They show no progress: Streamlit drops a selection whose label changes.
    rows = {row["name"]: row for row in commands.saved_runs()}
    with st.popover(t("Saved runs"), width="stretch", icon=":material/history:"):
        # No default: a closed popover has no widgets in the browser, which on opening would select
        # the first of the present list while the server still holds that of an earlier one.
        name = st.selectbox(
            t("Run"),
            list(rows),
            None,
            key="saved run",
            placeholder=t("Choose a run"),
            filter_mode="contains",
        )
        if name in rows:
            st.caption(_progress(rows[name]))
        st.button(
            t("Open"),
            key="open saved run",
            disabled=name is None,
            on_click=commands.open_run,
            args=(name,),
        )


def _progress(row: Row) -> str:
    if row["total_steps"] is None:
        return t("Progress unknown.")
    return t("Step {step:,} of {total:,}", step=row["step"], total=row["total_steps"])
