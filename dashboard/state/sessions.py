"""What the server keeps of each browser session: the run in view, and messages.

Runs are prepared on threads of their own, which cannot reach Streamlit's session state. So this is
kept beside it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aecore.config import Config
from aecore.errors import LabError
from aecore.i18n import N_, Message
from aecore.runs.live_run import LiveRun
from aecore.runs.open_runs import OpenRuns
from aecore.runs.starting_run import StartingRun

# A short start is waited for, so that the page does not flicker.
START_SECONDS = 0.4
READY = N_("The run is ready.")
# A paused run is found again as it was by who comes back to it.
MOST_IDLE = 4


@dataclass(eq=False)
class Session:
    """A browser session.

    Attributes
    ----------
    live : LiveRun or None
        The run in view; None before the first visit.
    linked : Config or None
        The settings of the address the user opened, if the run in view is new and has them.
    error : LabError or None
    news : Message or None
        Messages kept until the page shows them.
    """

    live: LiveRun | None = None
    linked: Config | None = None
    error: LabError | None = None
    news: Message | None = None


class Sessions:
    """The browser sessions of this server, and the runs they look at.

    Parameters
    ----------
    runs : OpenRuns

    Attributes
    ----------
    runs : OpenRuns
    visiting : Lock
        Held while a new session is given its run, so that two find the same one.
    """

    def __init__(self, runs: OpenRuns) -> None:
        self.runs = runs
        self.visiting = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._lock = threading.RLock()

    def current(self) -> Session:
        """Return the session whose script or callback this thread runs."""
        with self._lock:
            return self._sessions.setdefault(session_id(), Session())

    @property
    def count(self) -> int:
        """Number of open browser tabs."""
        with self._lock:
            self._forget_ended()
            return len(self._sessions)

    def look(self, session: Session, run: LiveRun) -> None:
        """Show a run in a session; the one in view before is closed unless others look at it."""
        with self._lock:
            before, session.live, session.linked = session.live, run, None
            viewed = self._viewed()
        self.runs.look(run)
        self.runs.close_idle(viewed, MOST_IDLE)
        if before is not None and before is not run and before not in viewed:
            self.runs.close(before)

    def close_idle(self) -> None:
        """Close the runs that are paused and that nobody looks at, so that they can be deleted."""
        with self._lock:
            viewed = self._viewed()
        self.runs.close_idle(viewed)

    def start(
        self,
        session: Session,
        config: Config,
        prepare: Callable[[Callable[[], bool]], LiveRun],
        *,
        play: bool = False,
        news: Message | None = None,
    ) -> None:
        """Prepare a run in the background, and show it when it is ready.

        Parameters
        ----------
        session : Session
            Has a run in view, which stays in view until then, and also if this one fails.
        config : Config
        prepare : callable
            See `StartingRun`.
        play : bool
            Whether to play it then.
        news : Message, optional
            What to say then; by default that it is ready, if the user had to wait.
        """
        started = time.monotonic()

        def arrive(starting: StartingRun) -> None:
            was_slow = time.monotonic() - started > START_SECONDS
            self._arrive(session, starting, news or (READY if was_slow else None))

        with self._lock:
            previous = session.live
            assert previous is not None
            if isinstance(previous, StartingRun):
                previous.cancel()
                previous = previous.previous
            starting = StartingRun(
                config,
                previous,
                prepare,
                arrive,
                play=play,
            )
            session.live = starting
        starting.start()
        starting.wait(START_SECONDS)

    def _arrive(self, session: Session, starting: StartingRun, news: Message | None) -> None:
        """Show the run that is ready, or the previous one again with the reason."""
        run = starting.ready
        with self._lock:
            wanted = session.live is starting
            if wanted:
                session.live, session.error = starting.previous, starting.error
        if run is not None and wanted:
            session.news = news
            self.look(session, run)
        elif run is not None:
            self.runs.close(run)

    def _viewed(self) -> list[LiveRun]:
        """Return the runs in view."""
        self._forget_ended()
        views = [each.live for each in self._sessions.values() if each.live is not None]
        return [each.previous if isinstance(each, StartingRun) else each for each in views]

    def _forget_ended(self) -> None:
        """Forget the sessions whose browser tab was closed."""
        if runtime.exists():
            server = runtime.get_instance()
            ended = [name for name in self._sessions if not server.is_active_session(name)]
            for name in ended:
                del self._sessions[name]


def session_id() -> str:
    """Return the identifier of the session whose script or callback this thread runs."""
    context = get_script_run_ctx()
    assert context is not None
    return context.session_id
