"""The form of a sweep: the values to try, and an estimate of how long it takes."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from aecore.config import Config
from aecore.errors import LabError
from aecore.experiments import grid
from aecore.experiments.estimate import START_SECONDS, run_seconds, whole_runs
from aecore.i18n import nt, t
from aecore.knob import knobs
from dashboard.state import active_run, cached, experiments, messages
from dashboard.views.compare import sweep_results
from dashboard.widgets.heading import heading

# The figures of the results cannot tell more settings apart.
MOST_KNOBS = 6
RANDOM_RUNS = 12
SUGGESTED: Mapping[str, str] = {
    "bottleneck": "2, 8, 32",
    "noise": "0, 0.3",
    "sparsity": "0, 0.1",
    "seed": "0, 1, 2",
    "learning_rate": "0.0003, 0.001, 0.003",
    "activation": "sigmoid, relu, gelu",
}


@dataclass(frozen=True)
class SweepRequest:
    """The settings of a sweep, as chosen in the form.

    Attributes
    ----------
    values : mapping of str to list of str
        Values to try, by the name of the setting.
    epochs : int
        Number of epochs of each run.
    count : int or None
        Number of combinations, chosen at random; None for all.
    halving : bool
        Whether the runs of the highest validation error are stopped early, by successive halving.
    """

    values: Mapping[str, list[str]]
    epochs: int
    count: int | None
    halving: bool

    def planned(self, base: Config) -> list[grid.Planned]:
        """Return the planned runs, including invalid ones, which carry the reason.

        Raises
        ------
        LabError
            If a setting has no values, or there are too many combinations.
        """
        fixed = {**base.model_dump(), "epochs": self.epochs}
        if not self.values:
            return []
        if self.count is None:
            return grid.grid(fixed, self.values)
        return grid.sample(fixed, self.values, self.count)


def panel() -> None:
    """Draw the form of a sweep around the settings of the current run, and the last results."""
    base = active_run.live().config
    with st.container(border=True):
        heading(t("Sweep"))
        st.caption(t("Trains every combination; other settings come from the current run."))
        _fields(base)
        _offer(base, _request(base))
    sweep_results.panel()


def _fields(base: Config) -> None:
    known = {name: knob for name, knob in knobs(Config).items() if name != "dataset"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.multiselect(
            t("Settings"),
            list(known),
            ["bottleneck"],
            key="sweep knobs",
            max_selections=MOST_KNOBS,
            format_func=lambda name: str(known[name].label),
            width=320,
        )
        for name in chosen:
            st.text_input(
                str(known[name].label),
                _suggested(base, name),
                key=f"sweep values {name}",
                width=200,
            )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            t("Epochs per run"),
            1,
            int(known["epochs"].high or 1),
            min(base.epochs, 20),
            key="sweep epochs",
            width=130,
        )
        at_random = st.toggle(
            t("Random subset"),
            key="sweep random",
            help=t("A random part of the combinations, where all would be too many."),
        )
        if at_random:
            st.number_input(t("Runs"), 1, grid.MOST_RUNS, RANDOM_RUNS, key="sweep count", width=130)
        st.toggle(
            t("Early stopping (halving)"),
            key="sweep halving",
            help=t(
                "Successive halving: after a ninth of the steps, and again after a third, "
                "only the third with the lowest validation error continue."
            ),
        )


def _request(base: Config) -> SweepRequest:
    """Return what is chosen in the fields now, which they may not yet have been redrawn for."""
    state = st.session_state
    texts = {
        name: str(state.get(f"sweep values {name}", _suggested(base, name)))
        for name in state["sweep knobs"]
    }
    values = {
        name: [value.strip() for value in text.split(",") if value.strip()]
        for name, text in texts.items()
    }
    count = int(state.get("sweep count", RANDOM_RUNS)) if state["sweep random"] else None
    return SweepRequest(values, int(state["sweep epochs"]), count, bool(state["sweep halving"]))


def _suggested(base: Config, name: str) -> str:
    return SUGGESTED.get(name, str(getattr(base, name)))


def _offer(base: Config, request: SweepRequest) -> None:
    """Draw the start button, the estimated time, and the first invalid combination."""
    try:
        planned = request.planned(base)
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return
    reasons = [plan.reason for plan in planned if plan.reason is not None]
    possible = len(planned) - len(reasons)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            t("Start sweep"),
            key="start sweep",
            type="primary",
            icon=":material/grid_view:",
            disabled=not possible or experiments.sweeps().running,
            on_click=_start,
        )
        if possible:
            minutes = _seconds(base, request, possible) / 60
            estimate = nt(
                "{count} run, about {minutes:.1f} min",
                "{count} runs, about {minutes:.1f} min",
                possible,
                minutes=minutes,
            )
            st.caption(estimate)
    if reasons:
        text = nt(
            "{count} invalid combination: {reason}",
            "{count} invalid combinations: {reason}",
            len(reasons),
            reason=reasons[0],
        )
        st.caption(f":material/error: {text}")


def _seconds(base: Config, request: SweepRequest, count: int) -> float:
    """Estimate how long a sweep takes, assuming each run takes as long as the current one."""
    seconds = _run_seconds(base.changed(epochs=request.epochs))
    return START_SECONDS + seconds * whole_runs(count, request.halving) / experiments.processes()


@st.cache_data(show_spinner=False, max_entries=64)
def _run_seconds(config: Config) -> float:
    return run_seconds(cached.dataset(config.dataset), config)


def _start() -> None:
    def act() -> None:
        base = active_run.live().config
        request = _request(base)
        experiments.start_sweep(
            list(request.values),
            request.planned(base),
            cached.dataset(base.dataset),
            active_run.root(),
            halving=request.halving,
        )

    messages.attempt(act)
