"""From a knob to its widget, in the sidebar and in the URL; and the buttons that drive a run."""

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from aecore import data
from aecore.config import GROUPS, Config
from aecore.knob import Knob, knobs
from aecore.presets import PRESETS, preset
from aecore.run import Run
from aecore.snapshot import Snapshot
from aecore.words import Refusal, t
from dashboard import session

OPEN_GROUPS = ("constraint",)


def sidebar() -> None:
    """Show what is trained: preset, data, and every knob in its group."""
    config = session.config()
    with st.sidebar:
        _preset(config)
        _dataset(config)
        for group, label in GROUPS.items():
            shown = [each for each in knobs(Config).values() if each.group == group]
            shown = [each for each in shown if each.name != "dataset"]
            with st.expander(t(label), expanded=group in OPEN_GROUPS):
                for each in shown:
                    widget(each, config)
        _saved_runs()
        st.caption(t("The address of this page holds these settings: share it, or keep it."))


def widget(knob: Knob, config: Config) -> None:
    """Show one knob; a change acts at once."""
    key, first = _stand(knob.name, _shown(knob, getattr(config, knob.name)))
    about: dict[str, Any] = {
        "key": key,
        "help": _help(knob),
        "on_change": _chosen,
        "args": (knob.name, key, lambda value: session.change(**{knob.name: value})),
        "disabled": not knob.matters(config) or session.desk().followed is not None,
    }
    label = t(knob.label)
    if knob.kind == "choice":
        st.selectbox(
            label,
            list(knob.choices),
            list(knob.choices).index(first),
            format_func=lambda value: _capital(t(knob.choices[value])),
            **about,
        )
    elif knob.kind == "switch":
        st.toggle(label, first, **about)
    elif knob.kind == "text":
        st.text_input(label, first, placeholder=t(knob.example), **about)
    elif knob.log:
        st.select_slider(label, marks(knob, float(first)), first, **about)
    elif knob.step is not None:
        kind = int if knob.kind == "integer" else float
        low, high, step = (kind(each or 0) for each in (knob.low, knob.high, knob.step))
        st.slider(label, low, high, kind(first), step, **about)
    else:
        st.number_input(label, knob.low, knob.high, first, step=1, **about)


def marks(knob: Knob, *present: float) -> list[str]:
    """Return the places of a slider that goes by ratio: about eight for each factor of ten.

    Parameters
    ----------
    knob : Knob
        With bounds.
    *present : float
        Values that must be among them.
    """
    assert knob.low is not None
    assert knob.high is not None
    values = {knob.low, knob.high, knob.default, *present}
    smallest = knob.low or knob.high * 1e-4
    for power in range(math.floor(math.log10(smallest)), math.ceil(math.log10(knob.high)) + 1):
        for lead in (1, 1.5, 2, 3, 4, 5, 6, 8):
            value = lead * 10.0**power
            values.add(round(value) if knob.kind == "integer" else value)
    if knob.kind == "integer":
        values |= {2**power for power in range(21)}
    return [_mark(value) for value in sorted(values) if knob.low <= value <= knob.high]


def _mark(value: float) -> str:
    return f"{value:.10g}"


def _shown(knob: Knob, value: Any) -> Any:
    return _mark(value) if knob.log else value


def _stand(name: str, value: Any) -> tuple[str, Any]:
    """Return the key of the widget that stands at a value, and where that widget first stood.

    Where the value is not what the widget holds, it gets a new one: a tick of the page under way
    would bring the old one's value back, which Streamlit takes for a choice. For the same reason
    a value is never set but given as the widget's first: one that is set is told to the browser
    once, and forgotten if the next run overtakes it.
    """
    turn, first = st.session_state.get(f"{name} turn", (0, value))
    if st.session_state.get(_turned(name, turn), first) != value:
        turn, first = turn + 1, value
    st.session_state[f"{name} turn"] = turn, first
    return _turned(name, turn), first


def _turned(name: str, turn: int) -> str:
    return f"{name} turn {turn}" if turn else name


def _chosen(name: str, key: str, act: Callable[[Any], None]) -> None:
    """Do what a person chose, unless by a widget whose place another has taken.

    A tick of the page under way still tells of the one that is gone, and Streamlit, which has
    forgotten it, takes that for a choice.
    """
    turn, _ = st.session_state[f"{name} turn"]
    if key == _turned(name, turn):
        act(st.session_state[key])


def _help(knob: Knob) -> str:
    timing = t("Acts on the next step.") if knob.live else t("Changing it starts a new run.")
    span = ", ".join(t(name) for name in knob.choices.values()) or knob.span
    return f"{t(knob.words)} ({span})\n\n{timing}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _preset(config: Config) -> None:
    key, first = _stand("preset", session.matching_preset(config))

    def chosen(name: str | None) -> None:
        if name is not None:
            session.attempt(lambda: session.begin(preset(name, config.dataset)))

    st.selectbox(
        t("Preset"),
        list(PRESETS),
        index=None if first is None else list(PRESETS).index(first),
        key=key,
        format_func=lambda name: t(PRESETS[name].label),
        placeholder=t("Your own settings"),
        help="\n\n".join(f"**{t(each.label)}**: {t(each.words)}" for each in PRESETS.values()),
        on_change=_chosen,
        args=("preset", key, chosen),
    )


def _dataset(config: Config) -> None:
    offers = data.offers()
    present = [name for name, offer in offers.items() if offer.present or name == config.dataset]
    knob = knobs(Config)["dataset"]
    key, first = _stand("dataset", config.dataset)

    st.selectbox(
        t(knob.label),
        present,
        present.index(first) if first in present else 0,
        key=key,
        format_func=lambda name: t(offers[name].title) if name in offers else name,
        help=t(knob.words),
        on_change=_chosen,
        args=("dataset", key, session.choose_dataset),
        disabled=session.desk().followed is not None,
    )
    with st.popover(t("More data"), width="stretch", icon=":material/add_photo_alternate:"):
        more_data({name: offer for name, offer in offers.items() if not offer.present})


def _saved_runs() -> None:
    """Offer every run on disk, to go on with it or to watch it."""
    # By name: Streamlit copies what was chosen, and a run's lock cannot be copied. And by no more
    # than the name: it forgets a choice whose text changes, as a step does.
    found = {run.name: run for run in session.saved_runs()}
    with st.popover(t("Saved runs"), width="stretch", icon=":material/history:"):
        chosen = st.selectbox(t("Run"), list(found), key="saved run", filter_mode="contains")
        if chosen in found:
            st.caption(_where(found[chosen]))
        st.button(
            t("Open"),
            key="open saved run",
            disabled=chosen is None,
            on_click=session.open_run,
            args=(found.get(chosen),),
        )


def _where(run: Run) -> str:
    try:
        at = run.summary()
        return t("Step {step:,} of {total:,}", step=at["step"], total=at["total_steps"])
    except (Refusal, KeyError):
        return t("It does not say where it stands.")


def more_data(missing: dict[str, data.Offer]) -> None:
    """Offer data sets to download, and a place for a person's own images."""
    if missing:
        st.markdown(f"**{t('Download')}**")
    for name, offer in missing.items():
        label = t("{title}, {size} MB", title=t(offer.title), size=offer.megabytes)
        if st.button(label, key=f"download {name}", help=t(offer.words), width="stretch"):
            _download(name)
    st.markdown(f"**{t('Your own images')}**")
    file = st.file_uploader(
        t("An .npz, a .zip of images, or a .csv of pixels"), ["npz", "zip", "csv"], key="upload"
    )
    name = st.text_input(t("Name"), key="upload name", placeholder="my-images")
    size = st.number_input(
        t("Resize to"), 4, 64, None, key="upload size", help=t("Side in pixels; empty keeps it.")
    )
    if st.button(t("Add these images"), key="add", disabled=file is None or not name):
        assert file is not None
        session.attempt(lambda: session.add_dataset(file, name, size))
        st.rerun()


def _download(name: str) -> None:
    bar = st.progress(0.0, t("Asking for it"))

    def progress(done: int, total: int) -> None:
        text = t("{done:.1f} of {total:.1f} MB", done=done / 1e6, total=total / 1e6)
        bar.progress(min(1.0, done / max(total, 1)), text)

    session.attempt(lambda: session.download_dataset(name, progress))
    st.rerun()


def examples(snapshot: Snapshot) -> None:
    """Choose which held-out images are shown: others, or only one class."""

    def chosen() -> None:
        label = st.session_state.get("example class")
        session.show_examples(st.session_state.get("draw", 0), label)

    def others() -> None:
        st.session_state.draw = st.session_state.get("draw", 0) + 1
        chosen()

    followed = session.desk().followed is not None
    if snapshot.classes:
        st.selectbox(
            t("Class"),
            range(len(snapshot.classes)),
            index=None,
            key="example class",
            format_func=lambda label: t(snapshot.classes[label]),
            placeholder=t("all classes"),
            label_visibility="collapsed",
            width=140,
            on_change=chosen,
            disabled=followed,
        )
    st.button(
        t("Others"), key="others", icon=":material/casino:", on_click=others, disabled=followed
    )
