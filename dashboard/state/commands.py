"""What the user can do to the run in view; an error becomes a sentence on the page."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aecore import data
from aecore.config import Config
from aecore.i18n import N_, Message, t
from aecore.knob import knobs
from aecore.presets import adapt, closest, preset
from aecore.runs import index
from aecore.runs.index import Row
from aecore.runs.live_run import LiveRun
from aecore.runs.run import Run
from aecore.training import probe
from dashboard.state import active_run, cached, url
from dashboard.state.messages import attempt

LISTED_RUNS = 50


def first_visit() -> None:
    """Show a run in a new browser session, without touching any that others look at.

    It is the run with the settings of the address, or else a new one, which the page offers to
    start; for an address without settings, the run at work.

    Raises
    ------
    LabError
        If no run can be shown.
    """
    session, sessions = active_run.session(), active_run.sessions()
    if session.live is not None:
        return
    with sessions.visiting:
        if (asked := url.read()) is not None:
            attempt(lambda: _show_settings(asked))
        if session.live is None:
            run = sessions.runs.newest()
            sessions.look(session, run or sessions.runs.start(preset("stacked", data.default())))


def _show_settings(settings: Config) -> None:
    session, sessions = active_run.session(), active_run.sessions()
    runs = sessions.runs
    run = runs.find(settings)
    # After a restart, an address leads to its finished run again.
    saved = None if run or runs.newest() else run_with(settings, all_runs())
    if saved is not None and index.is_finished(saved):
        run = runs.open(Run(runs.root / saved["name"]))
    sessions.look(session, run or runs.start(settings))
    session.linked = settings if run is None else None


def run_with(settings: Config, rows: Sequence[Row]) -> Row | None:
    """Return the run with these settings; a finished one, if there are several."""
    values = settings.model_dump()
    same = [row for row in rows if row["settings"] == values]
    return next(filter(index.is_finished, same), same[0] if same else None)


def _live() -> LiveRun:
    """Return the run in view; a session that was forgotten while its network was down gets one."""
    first_visit()
    return active_run.live()


def change(drag: int = 0, /, **values: Any) -> None:
    """Change settings: of the current run if all are live, otherwise in a new run.

    Parameters
    ----------
    drag : int
        Number of the drag of a slider that the change is part of, if any.
    **values
        New values by setting.
    """

    def act() -> None:
        current = _live()
        is_live = not current.starting and all(knobs(Config)[name].live for name in values)
        if current.editable and not is_live:
            _begin_with(current.config, values)
        else:
            current.change(drag, **values)

    attempt(act)


def begin(settings: Config, *, play: bool | None = None, adapted: str = "") -> None:
    """Start a new run.

    Parameters
    ----------
    settings : Config
    play : bool, optional
        Whether it plays; by default if the current one does.
    adapted : str
        What else changed with the setting that the user changed, to be announced.
    """
    current, sessions = _live(), active_run.sessions()
    if play is None:
        play = current.editable and current.playing
    saved = current.editable and current.run.on_disk
    sessions.start(
        active_run.session(),
        settings,
        lambda wanted: sessions.runs.start(settings, wanted),
        play=play,
        news=_news(current.run.name if saved else "", adapted),
    )


def _begin_with(before: Config, values: Mapping[str, Any]) -> None:
    """Start a new run with some settings changed, and those adapted that follow from them."""
    after = adapt(before, **values)
    begin(after, adapted=_differences(before, after, values))


def _differences(before: Config, after: Config, known: Collection[str]) -> str:
    """List the settings that differ with their new values, except those that are known."""
    old, new = before.model_dump(), after.model_dump()
    return ", ".join(
        t("{label}: {value}", label=knob.label, value=knob.text(new[name]) or t("all"))
        for name, knob in knobs(Config).items()
        if old[name] != new[name] and name not in known
    )


def _news(saved: str, adapted: str) -> Message | None:
    """Return what to say about a new run: which one was saved, and what else has changed."""
    if saved and adapted:
        return N_(
            "Started a new run. {name} was saved. Changed to suit the images: {changes}.",
            name=saved,
            changes=adapted,
        )
    if adapted:
        return N_("Changed to suit the images: {changes}.", changes=adapted)
    return N_("Started a new run. {name} was saved.", name=saved) if saved else None


def train(settings: Config) -> None:
    """Start a new run, and play it."""
    attempt(lambda: begin(settings, play=True))


def open_run(name: str) -> None:
    """Resume a run from disk by its name, or watch it while another program trains it."""

    def act() -> None:
        _live()
        run, sessions = Run(active_run.root() / name), active_run.sessions()
        sessions.start(active_run.session(), run.config, lambda _: sessions.runs.open(run))

    attempt(act)


def play() -> None:
    """Train the run in view until paused or finished."""
    attempt(lambda: _live().play())


def pause() -> None:
    """Pause the run in view."""
    attempt(lambda: _live().pause())


def step(count: int) -> None:
    """Make some steps of the run in view."""
    attempt(lambda: _live().step(count))


def reset() -> None:
    """Restart the run in view with the same settings and seed."""
    attempt(lambda: begin(_live().config))


def show_examples(draw: int, label: int | None) -> None:
    """Choose which held-out images the run in view shows."""

    def act() -> None:
        current = _live()
        dataset = cached.dataset_of(current.watch())
        current.choose(probe.choose_examples(dataset, draw=draw, label=label))

    attempt(act)


def choose_dataset(name: str) -> None:
    """Start a new run on another dataset, with what the user chose, and no classes of the last."""
    attempt(lambda: _begin_with(_live().config, {"dataset": name}))


def matching_preset(settings: Config) -> str | None:
    """Return the preset that these settings are, or None where they differ from all."""
    match = closest(settings)
    return None if match.changes else match.name


def all_runs() -> Sequence[Row]:
    """Return the rows of the runs on disk, the last touched first."""
    return index.index(active_run.root())


def saved_runs() -> Sequence[Row]:
    """Return the rows of the runs on disk that were touched last."""
    return all_runs()[:LISTED_RUNS]
