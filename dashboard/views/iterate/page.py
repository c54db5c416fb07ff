"""The page Onto the manifold: reconstruct an image repeatedly and follow it to the manifold."""

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore import data
from aecore.applications import denoising, iteration
from aecore.data.names import display_name
from aecore.i18n import N_, Message, nt, t
from aecore.images import resize
from aecore.maps.projection import project
from aecore.runs.trained_model import TrainedModel
from aecore.training import probe
from aecore.training.corruption import noise_level
from aecore.training.snapshot import Snapshot
from dashboard.components.draw_pad import draw_pad
from dashboard.components.live_figure import figure
from dashboard.shell import page
from dashboard.state import cached, commands
from dashboard.views.iterate import figures
from dashboard.widgets import network_picker
from dashboard.widgets.heading import heading
from dashboard.widgets.image_grid import image_grid
from dashboard.widgets.picture_upload import uploaded

Array = NDArray[np.float32]

SOURCES: Mapping[str, Message] = {
    "gap": N_("Erase patch"),
    "stroke": N_("Add stroke"),
    "noise": N_("Add noise"),
    "drawn": N_("Draw"),
    "own": N_("Your own images"),
    "nothing": N_("Random sample"),
    "other": N_("Another dataset"),
}
WAITING: Mapping[str, Message] = {
    "drawn": N_("Draw something to use it as the input."),
    "own": N_("Upload a picture to use it as the input."),
}
PARTS: Mapping[str, Message] = {
    "removed": N_("removed"),
    "kept": N_("kept"),
    "other": N_("something else"),
}
MOST_EXAMPLES = 8
HEIGHT, STRIP, PAD, PARTS_HEIGHT = 340, 130, 200, 230


def show() -> None:
    """Show the page."""
    page.show(body)


def body(newest: Snapshot) -> None:
    """Draw the input controls, the repeated reconstructions, and where they lead."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        network = network_picker.network(newest)
        source = st.segmented_control(
            t("Input"),
            list(SOURCES),
            key="onto source",
            format_func=lambda name: str(SOURCES[name]),
            default="gap",
            required=True,
        )
        passes = st.slider(t("Passes"), 1, 40, iteration.PASSES, key="onto passes", width=160)
    clean, image = _image(network, source or "gap")
    if image is None:
        st.info(str(WAITING[source]), icon=":material/draw:")
        return
    if noise_level(network.config) == 0:
        _offer_training(network)
    trajectory = iteration.iterate(network, image, passes)
    _strip(trajectory)
    cloud = cached.in_session(
        "cloud",
        (network.name, network.step, network.config),
        lambda: iteration.CodeDistance(network),
    )
    _summary(trajectory, cloud)
    left, right = st.columns(2, gap="medium")
    with left:
        _map(network, trajectory)
    with right:
        if clean is None:
            _change_per_pass(trajectory)
        else:
            _change_response(network, clean, image, passes)
    left, right = st.columns(2, gap="medium")
    with left:
        heading(t("Distance to training codes"))
        first, last = cloud.distance(trajectory.codes[[0, -1]])
        figure(
            "onto-distance",
            figures.code_distances(cloud.held_out, float(first), float(last)),
            height=HEIGHT,
            label=t("Distances of codes to the training codes"),
        )
    with right:
        if clean is not None:
            _change_per_pass(trajectory)


def _image(network: TrainedModel, source: str) -> tuple[Array | None, Array | None]:
    """Draw the controls of a source and return the clean image and the input image.

    The clean image is None unless the input is a changed held-out image; the input is None until
    something is drawn or uploaded.
    """
    shape = network.dataset.shape
    if source == "drawn":
        label = t("Drawing pad")
        return None, draw_pad("onto pad", shape=shape, label=label, height=PAD)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if source == "nothing":
            seed = int(st.number_input(t("Seed"), 0, 999, 0, key="onto seed", width=120))
            return None, np.random.default_rng(seed).random(shape, np.float32)
        if source == "own":
            return None, _own(network)
        if source == "other":
            return None, _anomalous(network)
        clean = _held_out(network)
        if source == "stroke":
            angle = st.slider(t("Angle"), 0, 175, 90, 5, key="onto angle", width=260)
            return clean, iteration.with_stroke(clean, angle)
        if source == "gap":
            place = st.slider(
                t("Place"), 0.0, 1.0, iteration.PLACE, 0.05, key="onto place", width=260
            )
            return clean, iteration.with_gap(clean, place)
        level = st.slider(t("Level"), 0.05, 1.0, 0.4, 0.05, key="onto level", width=260)
        return clean, denoising.add_noise(clean[None], "gaussian", level)[0]


def _held_out(network: TrainedModel) -> Array:
    number = int(st.number_input(t("Held-out image"), 0, 999, 0, key="onto image", width=140))
    images = network.training_subset.test_images
    return np.asarray(images[number % len(images)] / 255, np.float32)


def _own(network: TrainedModel) -> Array | None:
    images = uploaded("onto upload", network.dataset, 1)
    return None if images is None else np.asarray(images[0] / 255, np.float32)


def _anomalous(network: TrainedModel) -> Array:
    names = [name for name in data.available() if name != network.dataset.name]
    name = st.selectbox(t("Dataset"), names, key="onto other", width=200)
    examples = probe.choose_examples(cached.dataset(name), count=MOST_EXAMPLES)
    number = int(
        st.number_input(t("Image"), 0, len(examples) - 1, 0, key="onto other image", width=120)
    )
    image = cached.dataset(name).test_images[examples[number]]
    return np.asarray(resize(image[None], network.dataset.shape)[0] / 255, np.float32)


def _offer_training(network: TrainedModel) -> None:
    """Explain that the network was not trained to repair images, and offer to train one that is."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            t("This network was trained on clean images: it keeps much of what is changed."),
            icon=":material/info:",
        )
        st.button(
            t("Train a network that repairs"),
            key="train repair",
            type="primary",
            icon=":material/play_arrow:",
            on_click=lambda: commands.train(iteration.repair_settings(network.config.dataset)),
            help=t("Starts a new run on images of which a part of the pixels is erased."),
        )


def _strip(trajectory: iteration.Trajectory) -> None:
    """Show the input and at most 11 of its repeated reconstructions."""
    passes = np.unique(np.linspace(0, len(trajectory.images) - 1, 12).round().astype(int))
    names = [t("input") if not number else t("pass {n}", n=number) for number in passes]
    image_grid(
        "onto-strip",
        [trajectory.images[passes]],
        columns=names,
        label=t("The image, its reconstruction, the reconstruction of that, and so on"),
        height=STRIP,
    )


def _summary(trajectory: iteration.Trajectory, cloud: iteration.CodeDistance) -> None:
    first, last = cloud.rank(trajectory.codes[[0, -1]])
    st.markdown(
        nt(
            "Its code lies farther from the training codes than **{first:.0%}** of held-out images "
            "do; after {count} pass, than **{last:.0%}**. The last pass changed the image by "
            "**{moved:.4f}**, the first by {before:.4f}.",
            "Its code lies farther from the training codes than **{first:.0%}** of held-out images "
            "do; after {count} passes, than **{last:.0%}**. The last pass changed the image by "
            "**{moved:.4f}**, the first by {before:.4f}.",
            len(trajectory.changes),
            first=first,
            last=last,
            moved=trajectory.changes[-1],
            before=trajectory.changes[0],
        )
    )


def _map(network: TrainedModel, trajectory: iteration.Trajectory) -> None:
    heading(t("Path on the map"))
    sample = probe.probe_set(network.dataset)
    codes = cached.in_session(
        "onto codes",
        (network.name, network.step, network.config),
        lambda: network.encode(sample.images),
    )
    width = codes.shape[1]
    projection = cached.in_session(
        "onto map",
        (network.name, network.step, network.config),
        lambda: project(codes, "pca" if width > 2 else "direct", units=(0, min(1, width - 1))),
    )
    figure(
        "onto-map",
        figures.code_path(
            projection.points,
            sample.labels,
            [display_name(name) for name in network.dataset.classes],
            projection.transform(trajectory.codes),
        ),
        height=HEIGHT,
        label=t("The path of the image's code on the map of held-out images"),
    )


def _change_per_pass(trajectory: iteration.Trajectory) -> None:
    heading(t("Change per pass"))
    figure(
        "onto-moved",
        figures.change_per_pass(trajectory.changes),
        height=HEIGHT,
        label=t("Change of the image in each pass"),
    )


def _change_response(network: TrainedModel, clean: Array, image: Array, passes: int) -> None:
    """Show which part of a change is removed and which is kept in these passes, beside PCA."""
    heading(t("What happened to the change"))
    if np.array_equal(clean, image):
        st.info(t("There is nothing to change here; choose another place or image."))
        return
    by_network = iteration.network_response(network, clean, image, passes)
    by_pca = iteration.pca_response(network, clean, image, passes)
    _sizes(by_network, by_pca)
    _parts(by_network, by_pca)
    st.caption(
        nt(
            "In {count} pass: removed and kept add up to the change; something else is what "
            "appears instead, relative to the change. Components of PCA: {components:,}.",
            "In {count} passes: removed and kept add up to the change; something else is what "
            "appears instead, relative to the change. Components of PCA: {components:,}.",
            passes,
            components=min(network.config.bottleneck, len(network.pca.components)),
        )
    )


def _sizes(by_network: iteration.ChangeResponse, by_pca: iteration.ChangeResponse) -> None:
    helps = {
        "removed": t("Off the manifold: the part of the change that the reconstruction undoes."),
        "kept": t("Along the manifold: the part of the change that stays."),
        "other": t("What appears instead of the change, as its size relative to the change."),
    }
    columns = st.columns(4)
    for column, (part, words) in zip(columns[1:], helps.items(), strict=True):
        column.metric(
            str(PARTS[part]),
            f"{by_network.sizes[part]:.0%}",
            t("PCA {size:.0%}", size=by_pca.sizes[part]),
            delta_color="off",
            delta_arrow="off",
            help=words,
        )
    columns[0].metric(
        t("distance to original"),
        f"{by_network.before:.2f} → {by_network.after:.2f}",
        t("PCA {size:.2f}", size=by_pca.after),
        delta_color="off",
        delta_arrow="off",
        help=t(
            "Root mean square difference from the original image, of the changed image and of its "
            "last reconstruction."
        ),
    )


def _parts(by_network: iteration.ChangeResponse, by_pca: iteration.ChangeResponse) -> None:
    image_grid(
        "onto-split",
        [
            np.stack([each.change, each.removed, each.kept, each.other])
            for each in (by_network, by_pca)
        ],
        signed=True,
        rows=[t("network"), t("PCA")],
        columns=[t("the change"), *(str(label) for label in PARTS.values())],
        label=t(
            "The change and what is removed, kept and turned into something else by the network "
            "and by PCA; brighter and darker"
        ),
        height=PARTS_HEIGHT,
    )
