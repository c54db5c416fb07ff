"""Transport controls: play, pause, step and reset, and the progress of the run."""

import html
import math
from typing import NamedTuple

import streamlit as st

from aecore.choices.device import DEVICES
from aecore.data.names import display_name
from aecore.i18n import t
from aecore.metrics.pca import is_exact
from aecore.training.schedule import TrainingSchedule
from aecore.training.snapshot import Record, Snapshot
from dashboard.state import active_run, commands, keys
from dashboard.widgets.pca_comparison import ratio_of_row

# In pixels: enough for either label.
PLAY_WIDTH = 120


class Fact(NamedTuple):
    """A number of the run with its label, CSS class and tooltip."""

    name: str
    value: str
    kind: str = ""
    tooltip: str = ""


def buttons(snapshot: Snapshot) -> None:
    """Show the buttons that control the run, each with a keyboard shortcut."""
    current = active_run.live()
    done = snapshot.finished or not current.editable
    # Layer-wise pretraining adds epochs; a schedule with one step per epoch counts all of them.
    epoch = snapshot.total_steps // TrainingSchedule(snapshot.config, 1).total
    # One button that changes its label and keeps its place: were there two, both would be on the
    # page for a moment, and a click on a button beside them would miss it.
    if current.playing and current.editable:
        label, icon, act = t("Pause"), ":material/pause:", commands.pause
    else:
        label, icon, act = t("Play"), ":material/play_arrow:", commands.play
    st.button(
        label,
        key="play",
        icon=icon,
        type="primary",
        shortcut="P",
        disabled=done,
        on_click=act,
        width=PLAY_WIDTH,
    )
    for name, label, key, count in (
        ("step 1", t("+1 step"), "S", 1),
        ("step 10", t("+10 steps"), "D", 10),
        ("step epoch", t("+1 epoch"), "E", epoch),
    ):
        st.button(
            label, key=name, shortcut=key, disabled=done, on_click=commands.step, args=(count,)
        )
    st.button(
        t("Reset"),
        key="reset",
        icon=":material/restart_alt:",
        shortcut="N",
        help=t("Restart with the same settings and seed. The current run is kept."),
        disabled=not current.editable,
        on_click=commands.reset,
    )


def facts(snapshot: Snapshot, pixels: int) -> None:
    """Show the progress and errors of the run, in a fixed layout.

    Parameters
    ----------
    snapshot : Snapshot
    pixels : int
        Number of pixels of an image.
    """
    current = active_run.live()
    speed = current.samples_per_second if current.playing else 0.0
    last = snapshot.history[-1] if snapshot.history else None
    cells = [
        Fact(t("Step"), f"{snapshot.step:,} / {snapshot.total_steps:,}"),
        Fact(t("Epoch"), f"{snapshot.epoch:.2f}"),
        Fact(t("Images per second"), f"{speed:,.0f}" if speed else "–"),
        Fact(t("Time left"), _clock(current.seconds_left) if speed else "–"),
        error_fact(last),
        pca_fact(last),
        ratio_fact(
            None if last is None else ratio_of_row(last, snapshot.config),
            noisy=bool(last and last.get("noise")),
        ),
        Fact(t("Code size"), _code_size(snapshot.config.bottleneck, pixels)),
        *device_facts(current.device),
    ]
    body = "".join(
        f"<div title='{html.escape(tooltip)}'><span>{html.escape(name)}</span>"
        f"<b class='{kind}'>{html.escape(value)}</b></div>"
        for name, value, kind, tooltip in cells
    )
    name = html.escape(current.run.name, quote=True)
    st.html(f"<div class='lab-facts' data-run='{name}'>{body}</div>")


def error_fact(last: Record | None) -> Fact:
    """Return the validation error of the last row."""
    value = f"{last['held_out']:.4f}" if last and last.get("held_out") else "–"
    if last and last.get("noise"):
        tooltip = t("Measured on noisy images, from which the clean ones are reconstructed.")
    else:
        tooltip = t("Mean squared error per pixel on images not used for training.")
    return Fact(t("Validation error"), value, tooltip=tooltip)


def pca_fact(last: Record | None) -> Fact:
    """Return the error of PCA in the last row."""
    tooltip = t("Error of PCA with as many components as the code has units, on the same images.")
    pca = last.get("pca") if last else None
    if last is None or pca is None:
        return Fact(t("PCA error"), "–", tooltip=tooltip)
    if last.get("noise"):
        tooltip = t(
            "Error of PCA on the same noisy images, with the number of components that denoises "
            "best; the Denoise page shows it too."
        )
        return Fact(t("PCA (denoising)"), f"{pca:.4f}", tooltip=tooltip)
    if is_exact(pca):
        tooltip = t(
            "PCA is exact at this width: as many components reconstruct the images without error, "
            "so there is nothing to compare."
        )
        return Fact(t("PCA"), t("exact at this width"), tooltip=tooltip)
    return Fact(t("PCA error"), f"{pca:.4f}", tooltip=tooltip)


def ratio_fact(ratio: float | None, *, noisy: bool) -> Fact:
    """Return the error relative to that of PCA, or of denoising by PCA; it may be unknown."""
    name = t("Error vs PCA (denoising)") if noisy else t("Error vs PCA")
    if ratio is None:
        return Fact(name, "–")
    return Fact(name, f"{ratio:.2f}×", "good" if ratio < 1 else "bad")


def device_facts(device: str) -> list[Fact]:
    """Return on what the run is trained, where this machine has a choice."""
    if not device or not DEVICES["auto"].available():
        return []
    tooltip = t("Auto takes the device on which a few steps of this network took the least time.")
    return [Fact(t("Device"), str(DEVICES[device].label), tooltip=tooltip)]


def _code_size(bottleneck: int, pixels: int) -> str:
    """Return the size of the code relative to the image."""
    if bottleneck < pixels:
        return t("1/{factor:.3g} of the image", factor=pixels / bottleneck)
    return t("{factor:.3g}× the image", factor=bottleneck / pixels)


def _clock(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def examples(snapshot: Snapshot) -> None:
    """Show controls to redraw the held-out examples or restrict them to one class."""

    def update() -> None:
        label = st.session_state.get(keys.EXAMPLE_CLASS)
        commands.show_examples(st.session_state.get(keys.EXAMPLE_DRAW, 0), label)

    def redraw() -> None:
        st.session_state[keys.EXAMPLE_DRAW] = st.session_state.get(keys.EXAMPLE_DRAW, 0) + 1
        update()

    disabled = not active_run.live().editable
    if snapshot.classes:
        st.selectbox(
            t("Class"),
            range(len(snapshot.classes)),
            index=None,
            key=keys.EXAMPLE_CLASS,
            format_func=lambda label: display_name(snapshot.classes[label]),
            placeholder=t("all classes"),
            label_visibility="collapsed",
            width=140,
            on_change=update,
            disabled=disabled,
        )
    st.button(
        t("Other examples"),
        key="others",
        icon=":material/casino:",
        on_click=redraw,
        disabled=disabled,
    )
