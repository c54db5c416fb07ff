"""The map of the Manifold page: project a moment's codes and send them to the canvas."""

from collections.abc import Callable, Collection
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

Arrays = tuple[dict[str, Any], dict[str, Any]]
"""Arrays of a bundle, and its metadata."""


def timeline_of(options: MapOptions, moment: Moment) -> MapTimeline:
    """Return the maps of the current run, at all its steps, by the chosen method."""
    width = moment.snapshot.config.bottleneck
    units = options.units if max(options.units) < width else (0, min(1, width - 1))
    return maps.timeline(str(active_run.live().run.path), options.image_set, options.method, units)


def current_map(moment: Moment, options: MapOptions) -> Projection:
    """Return the map on the canvas: by the chosen method, or by PCA until that is computed."""
    step = moment.snapshot.step
    projection = timeline_of(options, moment).maps.get(step)
    return projection or timeline_of(replace(options, method="pca"), moment).maps[step]


def pin_codes(moment: Moment, options: MapOptions, marks: Marks) -> NDArray[np.float32]:
    """Return the codes of the pins, of shape (pins, bottleneck).

    A pinned point has its own code; a pinned position is mapped back to code space.
    """
    positions = np.array([(pin.x, pin.y) for pin in marks.pins])
    codes = current_map(moment, options).invert(positions)
    for row, pin in enumerate(marks.pins):
        if pin.index is not None and pin.index < len(moment.codes):
            codes[row] = moment.codes[pin.index]
    return codes


def selected_step(options: MapOptions) -> int | None:
    """Return the step at which the timeline of the canvas stands; None for the newest."""
    state = marks(st.session_state.get(KEY) or {}, Marks(), _revision(options))
    return state.frame if options.image_set == "probe" else None


def _revision(options: MapOptions) -> str:
    return f"{active_run.live().run.path} {options.image_set}"


def show_map(moment: Moment, options: MapOptions, newest: Snapshot) -> Marks:
    """Show the map and its timeline, and return what the user has marked on it."""
    steps = active_run.live().run.frames() if options.image_set == "probe" else []
    timeline, projection, actual = _projection(moment, options, steps, newest)
    _progress(moment, timeline, options)
    version = f"{moment.name} {actual.name} {timeline.version(moment.snapshot.step)}"
    versions = {
        "places": f"{version} {options.colour} {options.unit}",
        "images": f"{cached.dataset_of(moment.snapshot).fingerprint} {options.image_set}",
        "reconstructions": moment.name,
        "decoder": moment.name,
    }
    colour, title, span = _colour(moment, projection, options, version)
    _send("places", versions["places"], lambda: _points(projection, moment, colour))
    _send("images", versions["images"], lambda: ({"images": moment.sample.images}, {}))
    _send(
        "reconstructions",
        versions["reconstructions"],
        lambda: ({"reconstructions": moment.reconstruction}, {}),
    )
    _send("decoder", versions["decoder"], lambda: _decoder(moment))
    if steps:
        versions["frames"] = _send_frames("frames", timeline, steps)
        # While a run trains, its newest step is not a saved frame and changes with every update.
        versions["now"] = _send_frames("now", timeline, {newest.step} - set(steps))
    if options.background == "grid":
        versions["grid"] = version
        _send("grid", version, lambda: _sensitivity(moment, projection))
    settings: Settings = {
        "background": options.background,
        "map": actual.name,
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
        revision=_revision(options),
    )


def _projection(
    moment: Moment, options: MapOptions, steps: list[int], newest: Snapshot
) -> tuple[MapTimeline, Projection, MapOptions]:
    """Return the maps, the map of a moment, and the options it was computed with.

    The method is the chosen one, or PCA until the map by that method is computed.
    """
    step, paused = moment.snapshot.step, not active_run.live().playing
    all_steps = sorted({*steps, newest.step}) if steps else []

    def codes(step: int) -> NDArray[np.float32]:
        return newest.codes if step == newest.step else active_run.live().run.codes(step)

    for actual in (options, replace(options, method="pca")):
        timeline = timeline_of(actual, moment)
        timeline.advance(TimelineRequest(step, moment.codes, paused, all_steps, codes))
        if step in timeline.maps:
            break
    return timeline, timeline.maps[step], actual


def _progress(moment: Moment, current: MapTimeline, options: MapOptions) -> None:
    """Show the progress of the map with a button to stop it, at a constant height."""
    timeline = timeline_of(options, moment)
    with st.container(horizontal=True, vertical_alignment="center", height=44, border=False):
        if timeline.error is not None:
            st.caption(f":material/error: {timeline.error}")
        elif timeline.progress is not None:
            text = t(
                "{method}: {share:.0%}", method=options.method.upper(), share=timeline.progress
            )
            if current is not timeline:
                text += " · " + t("Showing PCA meanwhile")
            st.progress(timeline.progress, text)
            st.button(t("Stop"), key="stop map", on_click=timeline.cancel)
        elif timeline.cancelled:
            st.caption(t("The map was stopped. Showing the partial result."))
        else:
            st.caption(_description(options, current, moment))
        if timeline.cancelled or timeline.error is not None:
            st.button(t("Compute"), key="make map", on_click=timeline.retry)


def _description(options: MapOptions, timeline: MapTimeline, moment: Moment) -> str:
    if options.method == "pca":
        codes, points = moment.codes, timeline.maps[moment.snapshot.step].points
        share = points.var(0).sum() / max(codes.var(0).sum(), 1e-12)
        return t(
            "The first two principal components: {share:.0%} of the code's variance.", share=share
        )
    if options.method == "direct":
        return t("Two units of the code; between the points the other units are at their mean.")
    return t("Neighbours stay close; distances between clusters mean little.")


def _send_frames(name: str, timeline: MapTimeline, steps: Collection[int]) -> str:
    """Send the positions of the points at some steps; return the version of the bundle."""
    known_steps, points = timeline.frames(sorted(steps))
    path = active_run.live().run.path
    version = f"{path} {timeline.method} {timeline.units} {timeline.version(*known_steps)}"
    _send(name, version, lambda: ({"frames": points, "steps": known_steps}, {}))
    return version


def _send(name: str, version: str, arrays: Callable[[], Arrays]) -> None:
    payload = cached.in_session(f"bundle {name}", version, lambda: pack(*arrays()))
    bundle(f"bundle-{name}", name, version, payload)


def _points(projection: Projection, moment: Moment, colour: NDArray[Any] | None) -> Arrays:
    arrays: dict[str, Any] = {
        "points": projection.points,
        "labels": moment.sample.labels.astype(np.int32),
    }
    if colour is not None:
        arrays["colour"] = np.asarray(colour, np.float32)
    if projection.origin is not None:
        arrays |= {"origin": projection.origin, "basis": projection.basis}
    else:
        arrays["codes"] = projection.codes
    names = [display_name(name) for name in moment.snapshot.classes]
    return arrays, {"classes": names, "shape": list(moment.sample.images.shape[1:])}


def _decoder(moment: Moment) -> Arrays:
    layers, arrays = decoder_layers(moment.snapshot.decoder)
    return dict(arrays), {"layers": layers, "shape": list(moment.sample.images.shape[1:])}


def _colour(
    moment: Moment, projection: Projection, options: MapOptions, version: str
) -> tuple[NDArray[Any] | None, str, tuple[float, float] | None]:
    """Return the values to colour points by, the title and the ends of the colour scale.

    Values of None mean that points are coloured by class, ends of None that the scale spans the
    values.
    """
    if options.colour == "error":
        top = float(np.quantile(moment.errors, 0.99))
        return moment.errors, t("squared error per pixel"), (0.0, top or 1.0)
    if options.colour == "unit":
        unit = min(options.unit, moment.codes.shape[1] - 1)
        return moment.codes[:, unit], t("activation of unit {unit}", unit=unit), None
    if options.colour == "distortion":
        lost = cached.in_session(
            "lost", version, lambda: distortion(projection.codes, projection.points)
        )
        return lost, t("share of neighbours by code lost"), (0.0, 1.0)
    name = options.colour.removeprefix("factor ")
    if name in moment.sample.factors:
        return moment.sample.factors[name], display_name(name), None
    return None, "", None


def _sensitivity(moment: Moment, projection: Projection) -> Arrays:
    """Measure on a grid over the map how fast the decoded image changes with the position."""
    left, right, bottom, top = steady_view(projection.points)
    x, y = np.linspace(left, right, GRID), np.linspace(bottom, top, GRID)
    positions = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    model = moment.snapshot.decoder
    if projection.origin is not None and projection.basis is not None:
        speed = latent_space.decoder_sensitivity(
            model, projection.origin, projection.basis, positions
        ).reshape(GRID, GRID)
    else:
        images = decode(model, projection.invert(positions)).reshape(GRID, GRID, -1)
        slopes = np.gradient(images, y, x, axis=(0, 1))
        speed = np.sqrt(sum(np.square(slope).sum(-1) for slope in slopes))
    return {"grid": speed.astype(np.float32)}, {"extent": [left, right, bottom, top]}
