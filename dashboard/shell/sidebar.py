"""From a knob to its widget, in the sidebar and in the URL; and the buttons that drive a run."""

import streamlit as st

from aecore import data
from aecore.config import GROUPS, Config
from aecore.i18n import t
from aecore.knob import knobs
from aecore.presets import PRESETS, preset
from aecore.runs.index import Row
from dashboard.shell.knob_widgets import _chosen, _stand, widget
from dashboard.shell.more_data import more_data
from dashboard.state import active_run, commands, messages

OPEN_GROUPS = ("constraint",)


def sidebar() -> None:
    """Show what is trained: preset, data, and every knob in its group."""
    config = active_run.live().config
    with st.sidebar:
        _preset(config)
        _dataset(config)
        for group, label in GROUPS.items():
            shown = [each for each in knobs(Config).values() if each.group == group]
            shown = [each for each in shown if each.name != "dataset"]
            with st.expander(str(label), expanded=group in OPEN_GROUPS):
                for each in shown:
                    widget(each, config)
        _saved_runs()
        st.caption(t("This page's link contains these settings. Copy it to share."))


def _preset(config: Config) -> None:
    key, first = _stand("preset", commands.matching_preset(config))

    def chosen(name: str | None) -> None:
        if name is not None:
            messages.attempt(lambda: commands.begin(preset(name, config.dataset)))

    st.selectbox(
        t("Preset"),
        list(PRESETS),
        index=None if first is None else list(PRESETS).index(first),
        key=key,
        format_func=lambda name: str(PRESETS[name].label),
        placeholder=t("Custom"),
        help="\n\n".join(f"**{each.label}**: {each.description}" for each in PRESETS.values()),
        on_change=_chosen,
        args=("preset", key, chosen),
    )


def _dataset(config: Config) -> None:
    offers = data.offers()
    present = [name for name, offer in offers.items() if offer.present or name == config.dataset]
    knob = knobs(Config)["dataset"]
    key, first = _stand("dataset", config.dataset)

    st.selectbox(
        str(knob.label),
        present,
        present.index(first) if first in present else 0,
        key=key,
        format_func=lambda name: str(offers[name].title) if name in offers else name,
        help=str(knob.description),
        on_change=_chosen,
        args=("dataset", key, commands.choose_dataset),
        disabled=not active_run.live().editable,
    )
    more_data({name: offer for name, offer in offers.items() if not offer.present})


def _saved_runs() -> None:
    """Offer every run on disk, to go on with it or to watch it."""
    # By name: Streamlit copies what was chosen, and a run's lock cannot be copied. And by no more
    # than the name: it forgets a choice whose text changes, as a step does.
    rows = {row["name"]: row for row in commands.saved_runs()}
    with st.popover(t("Saved runs"), width="stretch", icon=":material/history:"):
        chosen = st.selectbox(t("Run"), list(rows), key="saved run", filter_mode="contains")
        if chosen in rows:
            st.caption(_progress(rows[chosen]))
        st.button(
            t("Open"),
            key="open saved run",
            disabled=chosen is None,
            on_click=commands.open_run,
            args=(chosen,),
        )


def _progress(row: Row) -> str:
    if row["step"] is None or row["total_steps"] is None:
        return t("Progress unknown.")
    return t("Step {step:,} of {total:,}", step=row["step"], total=row["total_steps"])
