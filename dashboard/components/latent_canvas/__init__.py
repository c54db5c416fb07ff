"""A map of codes on which every place answers with an image.

What it draws comes as parcels (`dashboard.components.parcel`), grouped as suits the page: what
changes together lies in one. The canvas takes the arrays of all parcels it is told of, and waits
until each is there in the version it is told. Arrays, by name (n points, d units of the code)::

    points    (n, 2) float32       where the points lie
    labels    (n,) int32           their classes; -1 for none
    colour    (n,) float32         values to colour by, or int32 for other classes than `labels`
    images    (n, pixels) uint8    the originals
    rebuilt   (n, pixels) uint8    their reconstructions
    origin    (d,) float32         the way back from the plane, where it is linear:
    basis     (2, d) float32       code = origin + x basis[0] + y basis[1]
    codes     (n, d) float32       where it is not: the mean of the 8 nearest points' codes
    frames    (F, n, 2) float32    where the points lay at each of `steps`; the frames of several
    steps     (F,) int32           parcels are put together, so that those sent need not be again
    grid      (rows, columns) float32   a background, its first row the lowest

and the decoder's weights, as `dashboard.components.decoder.decoder_layers` returns them.

In the `meta` of any parcel: `shape`
(height, width) of the images, `classes` (their names, in the reader's language), `extent` (left,
right, bottom, top) of the grid, `layers` of the decoder. Where there are frames, points lie where
these say; `points` is the newest of them where `Settings` names a later step, else not needed.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

from aecore.i18n import t
from dashboard.components import decoder
from dashboard.components.parcel import pack, parcel
from dashboard.figures.theme import INFERNO, NEUTRAL, PALETTE, SIGNED

__all__ = ["Marks", "Pin", "Settings", "canvas", "pack", "parcel"]

_HERE = Path(__file__).parent
_SCRIPTS = (
    "places",
    "view",
    "time",
    "colours",
    "dots",
    "ground",
    "marks",
    "panel",
    "gestures",
    "latent_canvas",
)
SCALES = {"inferno": INFERNO, "signed": SIGNED}

_canvas = st.components.v2.component(
    "latent_canvas",
    html=(_HERE / "latent_canvas.html").read_text("utf-8"),
    css="".join((_HERE / f"{name}.css").read_text("utf-8") for name in ("latent_canvas", "panel")),
    js="\n".join(
        [decoder.script(), *((_HERE / f"{name}.js").read_text("utf-8") for name in _SCRIPTS)]
    ),
    isolate_styles=False,
)


class Settings(TypedDict, total=False):
    """What the canvas shows of its arrays, and how; each may be left out."""

    background: str
    """``none``, ``images`` (decoded, in a grid), ``density`` or ``grid`` (the array)."""
    map: str
    """Which map it is, for example ``"umap"``: another one is shown whole, whatever was zoomed."""
    step: int | None
    """The step that decoder, codes, reconstructions, colours and grid are of. Where another frame
    is shown nothing is decoded, because it would be wrong. None: they hold for all frames."""
    scale: str
    """How values become colours: ``inferno`` or ``signed``."""
    range: tuple[float, float] | None
    """The values at the ends of the scale; None is the least and the largest."""
    colour_title: str
    """What the values are, in the reader's language."""
    grid_scale: str
    grid_range: tuple[float, float] | None
    grid_title: str


@dataclass(frozen=True)
class Pin:
    """A place on the map that was marked, or a point."""

    x: float
    y: float
    index: int | None
    """The point; None for a place between the points. A point goes where the map puts it."""


@dataclass(frozen=True)
class Marks:
    """What a person has marked on the map."""

    selected: tuple[int, ...] = ()
    """Points inside a lasso or box."""
    chosen: int | None = None
    """The point that was clicked."""
    pins: tuple[Pin, ...] = ()
    frame: int | None = None
    """The step that the time machine rests at; None while it follows the newest."""


def canvas(
    key: str,
    *,
    parcels: Mapping[str, str],
    settings: Settings | None = None,
    height: int,
    label: str,
    given: Marks | None = None,
    revision: str = "",
    on_selected: Callable[[], None] = lambda: None,
    on_chosen: Callable[[], None] = lambda: None,
    on_pins: Callable[[], None] = lambda: None,
    on_frame: Callable[[], None] = lambda: None,
) -> Marks:
    """Show the map, or change it in place: element, zoom and what is marked survive.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    parcels : mapping of str to str
        Names of parcels, and the version each must have. The map stays as it is until all are
        there. Of arrays with the same name, the last parcel's counts, but for frames.
    settings : Settings, optional
    height : int
        Of the map, in pixels. The time machine stands below it; on a narrow screen the side panel
        does as well.
    label : str
        What a screen reader says of the map, already in the reader's language.
    given : Marks, optional
        What is marked when the map first appears, and again whenever `revision` is another one.
    revision : str
        Change it to have `given` taken over: to clear pins, or to set the time machine.
    on_selected, on_chosen, on_pins, on_frame : callable
        Called before the script runs again because of one of these.

    Returns
    -------
    Marks
    """
    data = {
        "key": key,
        "parcels": dict(parcels),
        "settings": {**_plain(settings or {}), "label": label},
        "height": height,
        "words": _words(),
        "given": _said(given or Marks()),
        "revision": revision,
    }
    state = _canvas(
        key=key,
        data=data,
        on_selected_change=on_selected,
        on_chosen_change=on_chosen,
        on_pins_change=on_pins,
        on_frame_change=on_frame,
    )
    return marks(state or {}, given or Marks(), revision)


def marks(state: Mapping[str, Any], given: Marks, revision: str) -> Marks:
    """Read what the browser has told; what it has not spoken of since is as it was given.

    Parameters
    ----------
    state : mapping
        The component's state: for each of `selected`, `chosen`, `pins` and `frame` that was told,
        its `value`, with -1 for no point and no frame, and the `revision` it was told under.
    given : Marks
    revision : str
        What was told under another one is void.
    """

    def told(name: str, otherwise: Any, read: Callable[[Any], Any]) -> Any:
        said = state.get(name)
        return read(said["value"]) if said and said["revision"] == revision else otherwise

    return Marks(
        told("selected", given.selected, lambda indices: tuple(map(int, indices))),
        told("chosen", given.chosen, _number),
        told("pins", given.pins, lambda pins: tuple(Pin(x, y, _number(i)) for x, y, i in pins)),
        told("frame", given.frame, _number),
    )


def _number(told: int) -> int | None:
    return None if told < 0 else int(told)


def _said(given: Marks) -> dict[str, Any]:
    pins = [[pin.x, pin.y, -1 if pin.index is None else pin.index] for pin in given.pins]
    return {**asdict(given), "pins": pins}


def _plain(settings: Settings) -> dict[str, Any]:
    return {
        "background": settings.get("background", "none"),
        "map": settings.get("map", ""),
        "step": settings.get("step"),
        "scale": SCALES[settings.get("scale", "inferno")],
        "range": settings.get("range"),
        "colour_title": settings.get("colour_title", ""),
        "grid_scale": SCALES[settings.get("grid_scale", "inferno")],
        "grid_range": settings.get("grid_range"),
        "grid_title": settings.get("grid_title", ""),
        "palette": PALETTE,
        "neutral": NEUTRAL,
    }


def _words() -> dict[str, str]:
    """Return every word the canvas says; those in braces it fills in itself."""
    return {
        "waiting": t("Waiting for the map."),
        "keys": t(
            "Arrow keys move the cursor, plus and minus zoom, Enter selects, P pins, Escape clears."
        ),
        "lasso": t("Select with a lasso (or Shift-drag)"),
        "box": t("Select with a box"),
        "pin": t("Pin points or places (or Alt-click, or P)"),
        "nearer": t("Zoom in"),
        "farther": t("Zoom out"),
        "all": t("Show all (or double-click)"),
        "clear": t("Clear selection and pins"),
        "points": t("{count} points"),
        "selected": t("{selected} of {count} points selected"),
        "image": t("image"),
        "rebuilt": t("reconstructed"),
        "decoded": t("decoded"),
        "point": t("Image {index}"),
        "place": t("Between the points"),
        "empty": t("No image here"),
        "elsewhere": t("Pause playback to decode images."),
        "hint": t("Hover over points to see images, elsewhere to decode."),
        "toggle": t("Show or hide {name}"),
        "play": t("Play through the training"),
        "pause": t("Pause"),
        "time": t("Training step"),
        "step": t("Step {step}"),
        "newest": t("newest"),
    }
