"""Every key of a browser session's state that is not a widget's own."""

PAGES = "pages"
"""The pages of the navigation by name."""

DRAWN = "drawn"
"""What the sidebar and the notices were last drawn from; see `active_run.fingerprint`."""

CACHE = "session cache"
"""Values computed for this session; see `cached.in_session`."""

EXAMPLE_DRAW = "example draw"
"""How often other examples were asked for."""

EXAMPLE_CLASS = "example class"
"""The class whose examples are shown; the key of its widget."""

DENOISE_DRAW = "denoise draw"
"""How often other images were asked for on Denoise."""

DRAGGED = "dragged"
"""The setting whose slider is being dragged, and when it moved last."""

SELECTION = "linked selection"
"""The dataset and rows selected on Compare's maps."""

TRASHED = "trashed"
"""Runs deleted by the last click, to be brought back."""

SAVINGS = "savings"
"""What tidying up would free, until that is confirmed or cancelled."""

IMPORT_TURN = "import turn"
"""How many runs were imported; a new uploader each time."""

BRANCH_REQUESTED = "branch requested"
"""Whether the form that branches a run was submitted and is not yet carried out."""

ADDING = "adding"
"""What this session is adding: a dataset to start a run on, or files to preview."""

DOWNLOADS = "downloads"
"""How many downloads were asked for."""

DETECTOR = "detector"
"""The detector in view on Anomalies."""

PREVIEW = "preview"
"""What was read of the user's files, until it is added or cancelled."""

PREVIEW_CHANGED = "preview changed"
"""Set when something was done in the preview, until the whole page is redrawn."""

UPLOAD_TURN = "upload turn"
"""How many uploads were added or cancelled; a new uploader each time."""


def polling(part: str) -> str:
    """Return the key of whether a part of a page is redrawn by itself."""
    return f"polling {part}"


def widget_turn(name: str) -> str:
    """Return the key of how often a setting's widget was replaced, and its first value."""
    return f"{name} turn"


def download(button: str) -> str:
    """Return the key of the number of the download that a button has begun."""
    return f"download {button}"


def threshold(score: str) -> str:
    """Return the key of the threshold chosen for a score on Anomalies."""
    return f"threshold {score}"
