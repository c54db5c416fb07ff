"""The Anomalies page: images that the network reconstructs poorly are flagged as anomalous."""

import zlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore import data
from aecore.applications import anomaly
from aecore.data.names import display_name
from aecore.i18n import N_, t
from aecore.runs.trained_model import TrainedModel
from aecore.training.snapshot import Snapshot
from dashboard.shell import page
from dashboard.state import active_run, background, cached, commands
from dashboard.views.anomalies import detector_panel
from dashboard.views.anomalies.defect_map import defect_map
from dashboard.views.anomalies.results import Choice, ScoredImages, results
from dashboard.widgets import network_picker
from dashboard.widgets.picture_upload import uploaded

MOST, MOST_PLAYING = 2000, 300
MOST_UPLOADED = 100
REST, OWN = "", "/own"
KINDS = {REST: N_("All other classes"), OWN: N_("Your own images")}


@dataclass(frozen=True, eq=False)
class Anomalous:
    """The source of the anomalous images.

    Attributes
    ----------
    source : str
        `REST`, `OWN` or the name of a dataset.
    images : Dataset or ndarray of uint8, shape (n, H, W), or None
        None for the remaining classes, or if no images are uploaded yet.
    version : hashable
        Identifies the images, for caching.
    """

    source: str
    images: data.Dataset | NDArray[np.uint8] | None
    version: Hashable


def show() -> None:
    """Show the page."""
    page.show(body, detector_panel.export)


def body(newest: Snapshot) -> None:
    """Compare the scores of normal and anomalous images, and use the detector on new files."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        network = network_picker.network(newest)
        normal = _normal(network)
        anomalous = _anomalous(network)
    if _asks_for_anomalies(normal, anomalous):
        choice = detector_panel.default_choice(network, normal, _most())
    else:
        choice = _comparison(network, normal, anomalous)
    detector_panel.panel(network, choice)


def _asks_for_anomalies(normal: tuple[str, ...], anomalous: Anomalous) -> bool:
    """Ask for anomalous images to compare with if there are none; return whether so."""
    if anomalous.source == OWN and anomalous.images is None:
        st.info(
            t("Upload some images: they are scored alongside normal held-out images."),
            icon=":material/upload:",
        )
        return True
    if not normal and anomalous.source == REST:
        st.info(
            t("Choose the normal classes, or another dataset as the anomalous one."),
            icon=":material/info:",
        )
        return True
    return False


def _comparison(
    network: TrainedModel, normal: tuple[str, ...], anomalous: Anomalous
) -> Choice | None:
    """Show the scores of normal and anomalous images; return the chosen score and threshold."""
    _warn_if_anomalies_were_seen(network, normal, anomalous.source)
    scored = _scored(network, normal, anomalous)
    if scored is None:
        st.info(t("Scoring images..."), icon=":material/hourglass_empty:")
        return None
    choice = results(scored, _baselines(scored, normal, anomalous))
    defect_map(scored, normal)
    return choice


def _most() -> int:
    """Return how many images are scored, fewer while a network trains."""
    return MOST_PLAYING if active_run.live().playing else MOST


def _normal(network: TrainedModel) -> tuple[str, ...]:
    """Ask which classes are normal."""
    dataset = network.dataset
    trained = anomaly.normal_classes(network)
    st.multiselect(
        t("Normal"),
        list(dataset.classes),
        default=list(trained or dataset.classes[:1]),
        key=_normal_key(network),
        format_func=display_name,
        placeholder=t("all classes"),
        width=300,
        help=t("The classes that are normal. The network should have been trained on these only."),
    )
    return _chosen_classes(network)


def _normal_key(network: TrainedModel) -> str:
    return f"normal {network.dataset.name} {network.config.classes}"


def _chosen_classes(network: TrainedModel) -> tuple[str, ...]:
    return tuple(st.session_state[_normal_key(network)])


def _anomalous(network: TrainedModel) -> Anomalous:
    """Ask which images are anomalous."""
    others = [name for name in data.available() if name != network.dataset.name]
    source = st.selectbox(
        t("Anomalous"),
        [REST, OWN, *others],
        key="anomalous",
        format_func=lambda name: str(KINDS[name]) if name in KINDS else name,
        width=220,
    )
    if source == OWN:
        images = uploaded("anomalous upload", network.dataset, MOST_UPLOADED)
        return Anomalous(OWN, images, None if images is None else zlib.crc32(images.tobytes()))
    other = cached.dataset(source) if source else None
    return Anomalous(source or REST, other, other and other.fingerprint)


def _warn_if_anomalies_were_seen(
    network: TrainedModel, normal: tuple[str, ...], other: str
) -> None:
    """Warn if the network was trained on anomalous classes, and offer to train one that is not."""
    seen = (
        anomaly.trained_classes(network, anomaly.remaining_classes(network.dataset, normal))
        if not other
        else ()
    )
    if not seen:
        return
    st.warning(
        t(
            "This network saw anomalous classes in training ({all}), so it reconstructs "
            "them too: the results below are not a fair test.",
            all=", ".join(map(display_name, seen)),
        ),
        icon=":material/warning:",
    )
    st.button(
        t("Train on normal classes only"),
        key="train normal",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_train_detector,
        args=(network,),
        help=t("Starts a new run on these classes and shows it here."),
    )


def _train_detector(network: TrainedModel) -> None:
    """Start a run on the classes that are normal now."""
    commands.train(anomaly.detector_settings(network.dataset, _chosen_classes(network)))


def _scored(
    network: TrainedModel, normal: tuple[str, ...], anomalous: Anomalous
) -> ScoredImages | None:
    """Score held-out images in the background.

    During training, fewer images are scored, and the result may lag behind the network.

    Returns
    -------
    ScoredImages or None
        None until the first images are scored.
    """
    most = _most()
    split = (network.dataset.fingerprint, normal, anomalous.source, anomalous.version)

    def score_images() -> ScoredImages:
        images, anomalies = anomaly.held_out(network.dataset, normal, anomalous.images, most=most)
        scores = {name: score(images) for name, score in anomaly.detector(network).items()}
        return ScoredImages(network, images, anomalies, scores)

    version = (network.step, network.config, most)
    return background.get(("anomaly scores", network.name, split), score_images, version)


def _baselines(
    scored: ScoredImages, normal: tuple[str, ...], anomalous: Anomalous
) -> Mapping[str, NDArray[np.float64]]:
    """Return the scores of the baselines on the same images; empty until computed."""
    network, config, images = scored.network, scored.network.config, scored.images
    data_version = network.dataset.fingerprint
    subset = (data_version, config.classes, len(network.images), config.bottleneck)
    split = (normal, anomalous.source, anomalous.version, len(images))

    def score_images() -> dict[str, NDArray[np.float64]]:
        return {name: score(images) for name, score in anomaly.baselines(network).items()}

    return background.get(("anomaly baselines", subset, split), score_images) or {}
