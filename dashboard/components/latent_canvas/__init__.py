"""An interactive map of codes: points show their images, positions between them are decoded.

Its data arrive as array bundles (`dashboard.components.bundle`), which the page groups by what
changes together. The canvas combines the arrays of all bundles it names, and waits until each is
on the page in the version named. Arrays, by name (n points, d units of the code)::

    points    (n, 2) float32       positions of the points
    labels    (n,) int32           classes of the points; -1 for none
    colour    (n,) float32         values to colour by, or int32 for classes other than `labels`
    images    (n, pixels) uint8    originals
    reconstructions (n, pixels) uint8   of `images`
    origin    (d,) float32         inverse of a linear map:
    basis     (2, d) float32       code = origin + x basis[0] + y basis[1]
    codes     (n, d) float32       without it, a position has the mean code of its 8 nearest points
    frames    (F, n, 2) float32    positions of the points at each of `steps`; the frames of several
    steps     (F,) int32           bundles are joined, so that old ones need not be sent again
    grid      (rows, columns) float32   a background; the first row is at the bottom

and the decoder's weights, as `dashboard.components.decoder.decoder_layers` returns them. The `meta`
of any bundle may hold `shape` (height, width) of the images, `classes` (their names, in the user's
language), `extent` (left, right, bottom, top) of the grid, and `layers` of the decoder. If there
are frames, they give the positions; `points` then counts as the newest frame if `Settings` names a
later step.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

from aecore.i18n import t
from dashboard.components import decoder
from dashboard.components.bundle import bundle, pack
from dashboard.components.modules import join_modules
from dashboard.figures.theme import INFERNO, NEUTRAL, PALETTE, SIGNED

__all__ = ["Marks", "Pin", "Settings", "bundle", "canvas", "pack"]

_HERE = Path(__file__).parent
SCALES = {"inferno": INFERNO, "signed": SIGNED}

_canvas = st.components.v2.component(
    "latent_canvas",
    html=(_HERE / "latent_canvas.html").read_text("utf-8"),
    css="".join((_HERE / f"{name}.css").read_text("utf-8") for name in ("latent_canvas", "panel")),
    js=decoder.activations() + join_modules(_HERE / "latent_canvas.js"),
    isolate_styles=False,
)


class Settings(TypedDict, total=False):
    """How the canvas shows its arrays. Every entry is optional."""

    background: str
    """``none``, ``images`` (decoded, in a grid), ``density`` or ``grid`` (the array)."""
    map: str
    """Name of the map, for example ``"umap"``. When it changes, the zoom is reset."""
    step: int | None
    """Step of the decoder, codes, reconstructions, colours and grid. While a frame of another step
    is shown, nothing is decoded, because it would be wrong. None means valid for all frames."""
    scale: str
    """Colour scale of the values: ``inferno`` or ``signed``."""
    range: tuple[float, float] | None
    """Values at the ends of the scale; None for the minimum and the maximum."""
    colour_title: str
    """Title of the colour scale, in the user's language."""
    grid_scale: str
    grid_range: tuple[float, float] | None
    grid_title: str


@dataclass(frozen=True)
class Pin:
    """A pinned point, or a pinned position on the map."""

    x: float
    y: float
    index: int | None
    """Index of the point; None for a position between points. A pinned point moves with the map."""


@dataclass(frozen=True)
class Marks:
    """What the user has marked on the map."""

    selected: tuple[int, ...] = ()
    """Indices of the points inside a lasso or box."""
    chosen: int | None = None
    """Index of the point that was clicked."""
    pins: tuple[Pin, ...] = ()
    frame: int | None = None
    """The step at which the timeline stands; None while it follows the newest."""


def canvas(
    key: str,
    *,
    bundles: Mapping[str, str],
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
    """Show the map, or update it in place, keeping element, zoom and marks.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    bundles : mapping of str to str
        Names of bundles, and the version each must have. The map is not updated until all have
        arrived. If several bundles have an array of the same name, the last one wins, except that
        frames are joined.
    settings : Settings, optional
    height : int
        Height of the map in pixels. The timeline comes below it and, on a narrow screen, the side
        panel as well.
    label : str
        Accessible label of the map, in the user's language.
    given : Marks, optional
        Initial marks, applied again whenever `revision` changes.
    revision : str
        Change it to apply `given`, for example to clear the pins or to move the timeline.
    on_selected, on_chosen, on_pins, on_frame : callable
        Called when one of these changes, before the script reruns.

    Returns
    -------
    Marks
    """
    data = {
        "key": key,
        "bundles": dict(bundles),
        "settings": {**_settings_data(settings or {}), "label": label},
        "height": height,
        "words": _words(),
        "given": _marks_data(given or Marks()),
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
    """Combine the marks reported by the browser with the ones given.

    Parameters
    ----------
    state : mapping
        The component's state. Each of `selected`, `chosen`, `pins` and `frame` that the browser has
        reported has a `value`, with -1 for no point or frame, and the `revision` it belongs to.
    given : Marks
        Used for what has not been reported.
    revision : str
        Values reported under another revision are ignored.
    """

    def value(name: str, default: Any, convert: Callable[[Any], Any]) -> Any:
        entry = state.get(name)
        return convert(entry["value"]) if entry and entry["revision"] == revision else default

    return Marks(
        value("selected", given.selected, lambda indices: tuple(map(int, indices))),
        value("chosen", given.chosen, _optional),
        value("pins", given.pins, lambda pins: tuple(Pin(x, y, _optional(i)) for x, y, i in pins)),
        value("frame", given.frame, _optional),
    )


def _optional(number: int) -> int | None:
    return None if number < 0 else int(number)


def _marks_data(given: Marks) -> dict[str, Any]:
    pins = [[pin.x, pin.y, -1 if pin.index is None else pin.index] for pin in given.pins]
    return {**asdict(given), "pins": pins}


def _settings_data(settings: Settings) -> dict[str, Any]:
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
    """Return all texts of the canvas; it fills in the parts in braces itself."""
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
        "reconstructions": t("reconstructed"),
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
