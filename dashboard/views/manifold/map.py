"""The map of the Manifold page: from a moment and what is wanted of it to the canvas."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.data.names import display_name
from aecore.i18n import t
from aecore.maps.projection import Projection
from aecore.maps.quality import distortion
from aecore.maps.timeline import MapTimeline, TimelineRequest
from aecore.network import latent_space
from aecore.network.inference import decode
from aecore.training.snapshot import Snapshot
from dashboard.components.decoder import decoder_layers
from dashboard.components.latent_canvas import (
    Marks,
    Settings,
    bundle,
    canvas,
    marks,
    pack,
)
from dashboard.figures.latent_map import steady_view
from dashboard.state import active_run, cached, maps
from dashboard.views.manifold.moment import Moment
from dashboard.views.manifold.options import MapOptions

KEY = "latent-canvas"
HEIGHT = 520
GRID = 48


def timeline_of(look: MapOptions, moment: Moment) -> MapTimeline:
    """Return the maps of the run in view by the method wanted."""
    width = moment.snapshot.config.bottleneck
    units = look.units if max(look.units) < width else (0, min(1, width - 1))
    return maps.timeline(str(active_run.live().run.path), look.which, look.method, units)


def shown(moment: Moment, look: MapOptions) -> Projection:
    """Return the map that is drawn: as wanted, or by PCA until that is there."""
    step = moment.snapshot.step
    wanted = timeline_of(look, moment).maps.get(step)
    return wanted or timeline_of(replace(look, method="pca"), moment).maps[step]


def pinned(moment: Moment, look: MapOptions, marks: Marks) -> NDArray[np.float32]:
    """Return the codes (pins, bottleneck) of the pins: a point's own, or a place's."""
    places = np.array([(pin.x, pin.y) for pin in marks.pins])
    codes = shown(moment, look).invert(places)
    for row, pin in enumerate(marks.pins):
        if pin.index is not None and pin.index < len(moment.codes):
            codes[row] = moment.codes[pin.index]
    return codes


def frame(look: MapOptions) -> int | None:
    """Return the step that the time machine rests at; None for the newest."""
    told = marks(st.session_state.get(KEY) or {}, Marks(), _revision(look))
    return told.frame if look.which == "probe" else None


def _revision(look: MapOptions) -> str:
    return f"{active_run.live().run.path} {look.which}"


def draw(moment: Moment, look: MapOptions, newest: Snapshot) -> Marks:
    """Show the map, and where its points were at other moments; return what is marked on it."""
    steps = active_run.live().run.frames() if look.which == "probe" else []
    timeline, found, shown = _projection(moment, look, steps, newest)
    _progress(moment, timeline, look)
    version = f"{moment.name} {shown.name} {timeline.version(moment.snapshot.step)}"
    versions = {
        "places": f"{version} {look.colour} {look.unit}",
        "images": f"{moment.snapshot.config.dataset} {look.which}",
        "rebuilt": moment.name,
        "decoder": moment.name,
    }
    colour, title, span = _colour(moment, found, look, version)
    _send("places", versions["places"], lambda: _places(found, moment, colour))
    _send("images", versions["images"], lambda: ({"images": moment.part.images}, {}))
    _send("rebuilt", versions["rebuilt"], lambda: ({"rebuilt": moment.reconstruction}, {}))
    _send("decoder", versions["decoder"], lambda: _decoder(moment))
    if steps:
        versions["frames"] = _send_frames("frames", timeline, steps)
        # The newest moment of a run that goes on is no frame yet, and changes all the time.
        versions["now"] = _send_frames("now", timeline, {newest.step} - set(steps))
    if look.behind == "grid":
        versions["grid"] = version
        _send("grid", version, lambda: _changes(moment, found))
    settings: Settings = {
        "background": look.behind,
        "map": shown.name,
        "step": moment.snapshot.step,
        "scale": "inferno",
        "range": span,
        "colour_title": title,
        "grid_title": t("change of the image per unit of the map"),
    }
    return canvas(
        KEY,
        bundles=versions,
        settings=settings,
        height=HEIGHT,
        label=t("Map of the latent space: images with similar codes are close"),
        revision=_revision(look),
    )


def _projection(
    moment: Moment, look: MapOptions, steps: list[int], newest: Snapshot
) -> tuple[MapTimeline, Projection, MapOptions]:
    """Return the map of a moment: as wanted, or by PCA until that is there."""
    step, rest = moment.snapshot.step, not active_run.live().playing
    wanted = sorted({*steps, newest.step}) if steps else []

    def codes(step: int) -> NDArray[np.float32]:
        return newest.codes if step == newest.step else active_run.live().run.codes(step)

    for shown in (look, replace(look, method="pca")):
        timeline = timeline_of(shown, moment)
        timeline.advance(TimelineRequest(step, moment.codes, rest, wanted, codes))
        if step in timeline.maps:
            break
    return timeline, timeline.maps[step], shown


def _progress(moment: Moment, shown: MapTimeline, look: MapOptions) -> None:
    """Say what is being made, with a way to stop it; always of the same height."""
    timeline = timeline_of(look, moment)
    with st.container(horizontal=True, vertical_alignment="center", height=44, border=False):
        if timeline.error is not None:
            st.caption(f":material/error: {timeline.error}")
        elif timeline.progress is not None:
            text = t("{method}: {share:.0%}", method=look.method.upper(), share=timeline.progress)
            if shown is not timeline:
                text += " · " + t("Showing PCA meanwhile")
            st.progress(timeline.progress, text)
            st.button(t("Stop"), key="stop map", on_click=timeline.cancel)
        elif timeline.cancelled:
            st.caption(t("The map was stopped. Showing the partial result."))
        else:
            st.caption(_about(look, shown, moment))
        if timeline.cancelled or timeline.error is not None:
            st.button(t("Compute"), key="make map", on_click=timeline.retry)


def _about(look: MapOptions, timeline: MapTimeline, moment: Moment) -> str:
    if look.method == "pca":
        codes, points = moment.codes, timeline.maps[moment.snapshot.step].points
        share = points.var(0).sum() / max(codes.var(0).sum(), 1e-12)
        return t(
            "The first two principal components: {share:.0%} of the code's variance.", share=share
        )
    if look.method == "direct":
        return t("Two units of the code; between the points the other units are at their mean.")
    return t("Neighbours stay close; distances between clusters mean little.")


def _send_frames(name: str, timeline: MapTimeline, steps: Collection[int]) -> str:
    """Bring where the points were at some steps; return the bundle's version."""
    known, points = timeline.frames(sorted(steps))
    path, drawn = active_run.live().run.path, timeline.version(*known)
    version = f"{path} {timeline.method} {timeline.units} {drawn}"
    _send(name, version, lambda: ({"frames": points, "steps": known}, {}))
    return version


def _send(name: str, version: str, make: Any) -> None:
    payload = cached.in_session(f"bundle {name}", version, lambda: pack(*make()))
    bundle(f"bundle-{name}", name, version, payload)


def _places(
    found: Projection, moment: Moment, colour: NDArray[Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays: dict[str, Any] = {
        "points": found.points,
        "labels": moment.part.labels.astype(np.int32),
    }
    if colour is not None:
        arrays["colour"] = np.asarray(colour, np.float32)
    if found.origin is not None:
        arrays |= {"origin": found.origin, "basis": found.basis}
    else:
        arrays["codes"] = found.codes
    names = [display_name(name) for name in moment.snapshot.classes]
    return arrays, {"classes": names, "shape": list(moment.part.images.shape[1:])}


def _decoder(moment: Moment) -> tuple[dict[str, Any], dict[str, Any]]:
    layers, arrays = decoder_layers(moment.snapshot.model)
    return dict(arrays), {"layers": layers, "shape": list(moment.part.images.shape[1:])}


def _colour(
    moment: Moment, found: Projection, look: MapOptions, version: str
) -> tuple[NDArray[Any] | None, str, tuple[float, float] | None]:
    """Return values to colour by, what they are, and the ends of the scale."""
    if look.colour == "error":
        top = float(np.quantile(moment.errors, 0.99))
        return moment.errors, t("squared error per pixel"), (0.0, top or 1.0)
    if look.colour == "unit":
        unit = min(look.unit, moment.codes.shape[1] - 1)
        return moment.codes[:, unit], t("activation of unit {unit}", unit=unit), None
    if look.colour == "distortion":
        lost = cached.in_session("lost", version, lambda: distortion(moment.codes, found.points))
        return lost, t("share of true neighbours lost"), (0.0, 1.0)
    name = look.colour.removeprefix("factor ")
    if name in moment.part.factors:
        return moment.part.factors[name], display_name(name), None
    return None, "", None


def _changes(moment: Moment, found: Projection) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measure how fast the image changes with the place, on a grid over the map."""
    left, right, bottom, top = steady_view(found.points)
    across, up = np.linspace(left, right, GRID), np.linspace(bottom, top, GRID)
    places = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)
    model = moment.snapshot.model
    if found.origin is not None and found.basis is not None:
        speed = latent_space.decoder_sensitivity(model, found.origin, found.basis, places).reshape(
            GRID, GRID
        )
    else:
        images = decode(model, found.invert(places)).reshape(GRID, GRID, -1)
        slopes = np.gradient(images, up, across, axis=(0, 1))
        speed = np.sqrt(sum(np.square(slope).sum(-1) for slope in slopes))
    return {"grid": speed.astype(np.float32)}, {"extent": [left, right, bottom, top]}
