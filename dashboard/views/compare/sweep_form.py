"""Many runs at once: which values to try, and how long it will take."""

from collections.abc import Mapping, Sequence
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

# As many as can be told apart in the figures of the results.
MOST_KNOBS = 6
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
    """Which runs a person asks for.

    Attributes
    ----------
    values : mapping of str to list of str
        Of each knob those to try.
    epochs : int
    count : int or None
        How many combinations are drawn at random; None for all.
    halving : bool
        Whether the hopeless are stopped early.
    """

    values: Mapping[str, list[str]]
    epochs: int
    count: int | None
    halving: bool

    def planned(self, base: Config) -> list[grid.Planned]:
        """Return the runs, those that cannot be among them.

        Raises
        ------
        LabError
            Where a knob has no values, or there are too many combinations.
        """
        fixed = {**base.model_dump(), "epochs": self.epochs}
        if not self.values:
            return []
        if self.count is None:
            return grid.grid(fixed, self.values)
        return grid.sample(fixed, self.values, self.count)


def panel() -> None:
    """Ask for a sweep around the settings of the run on top."""
    base = active_run.live().config
    with st.container(border=True):
        heading(t("Sweep"))
        st.caption(t("Trains every combination; other settings come from the current run."))
        request = _request(base)
        _offer(base, request)
    sweep_results.panel()


def _request(base: Config) -> SweepRequest:
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
        texts = {
            name: st.text_input(
                str(known[name].label),
                SUGGESTED.get(name, str(getattr(base, name))),
                key=f"sweep values {name}",
                width=200,
            )
            for name in chosen
        }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = st.number_input(
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
        count = None
        if at_random:
            count = int(
                st.number_input(t("Runs"), 1, grid.MOST_RUNS, 12, key="sweep count", width=130)
            )
        halving = st.toggle(
            t("Early stopping (halving)"),
            key="sweep halving",
            help=t(
                "Successive halving: after a ninth of the steps, and again after a third, "
                "only the best third continue."
            ),
        )
    values = {n: [v.strip() for v in text.split(",") if v.strip()] for n, text in texts.items()}
    return SweepRequest(values, int(epochs), count, halving)


def _offer(base: Config, request: SweepRequest) -> None:
    try:
        planned = request.planned(base)
    except LabError as why:
        st.error(str(why), icon=":material/error:")
        return
    wrong = [each.reason for each in planned if each.reason is not None]
    possible = len(planned) - len(wrong)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            t("Start sweep"),
            key="start sweep",
            type="primary",
            icon=":material/grid_view:",
            disabled=not possible or experiments.sweeps().running,
            on_click=_start,
            args=(list(request.values), planned, request.halving),
        )
        if possible:
            minutes = _seconds(base, request, possible) / 60
            words = nt(
                "{count} run, about {minutes:.1f} min",
                "{count} runs, about {minutes:.1f} min",
                possible,
                minutes=minutes,
            )
            st.caption(words)
    if wrong:
        text = nt(
            "{count} invalid combination: {reason}",
            "{count} invalid combinations: {reason}",
            len(wrong),
            reason=wrong[0],
        )
        st.caption(f":material/error: {text}")


def _seconds(base: Config, request: SweepRequest, count: int) -> float:
    """Return how long the sweep takes, its runs all taken for as long as the one on top."""
    # What is drawn at random or cannot be does not matter for the time of one.
    each = _run_seconds(base.changed(epochs=request.epochs))
    return START_SECONDS + each * whole_runs(count, request.halving) / experiments.processes()


@st.cache_data(show_spinner=False, max_entries=64)
def _run_seconds(config: Config) -> float:
    return run_seconds(cached.dataset(config.dataset), config)


def _start(names: Sequence[str], planned: Sequence[grid.Planned], halving: bool) -> None:
    dataset = cached.dataset(active_run.live().config.dataset)
    root = active_run.root()
    messages.attempt(
        lambda: experiments.start_sweep(names, planned, dataset, root, halving=halving)
    )
