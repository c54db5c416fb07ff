"""Use the detector: score new files, and export it."""

import base64
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.applications import anomaly, detector_export
from aecore.applications import threshold as thresholds
from aecore.applications.verdicts import Verdicts
from aecore.data import Dataset
from aecore.data.custom import pictures
from aecore.data.custom.pictures import Pictures
from aecore.errors import LabError
from aecore.files import cell
from aecore.i18n import t
from aecore.runs.trained_model import TrainedModel
from aecore.training.subset import held_out_images
from dashboard.figures import images as image_figures
from dashboard.state import background, cached, keys, messages
from dashboard.views.anomalies.results import Choice
from dashboard.widgets.download_button import download_button
from dashboard.widgets.picture_upload import inverted

MOST_ROWS = 300
TABLE_HEIGHT = 320
# Browsers name hardly any type for these.
PICTURE_TYPES = ("image", "pgm", "ppm")


@dataclass
class Detector:
    """The detector in view, for a button that is not redrawn with it.

    Attributes
    ----------
    network : TrainedModel or None
    choice : Choice or None
        The score and the threshold; None until computed.
    """

    network: TrainedModel | None = None
    choice: Choice | None = None


def _detector() -> Detector:
    detector: Detector = st.session_state.setdefault(keys.DETECTOR, Detector())
    return detector


def panel(network: TrainedModel, choice: Choice | None) -> None:
    """Score new files with the detector.

    Parameters
    ----------
    network : TrainedModel
    choice : Choice, optional
        The score and the threshold; None until computed.
    """
    detector = _detector()
    detector.network, detector.choice = network, choice
    # Drawn in any case: uploaded files are lost once their widget is not.
    with st.expander(t("Score new files"), icon=":material/folder_open:"):
        found = _uploads(network.dataset)
        if found is not None and choice is not None:
            _verdicts(network, found, choice)


def default_choice(network: TrainedModel, normal: tuple[str, ...], most: int) -> Choice | None:
    """Return the choice where there are no anomalous images to compare with.

    Parameters
    ----------
    network : TrainedModel
    normal : tuple of str
        Its normal classes; empty for all.
    most : int
        Maximum number of normal held-out images.

    Returns
    -------
    Choice or None
        The default score, and the threshold that accepts 95 % of these images, of all of them as
        none are counted; None until computed.
    """

    def compute() -> Choice:
        images = held_out_images(network.dataset, normal)[:most]
        name = anomaly.DEFAULT_SCORE
        scores = anomaly.detector(network)[name](images)
        return Choice(name, thresholds.quantile(scores, thresholds.ACCEPTED))

    key = ("anomaly threshold", network.name, network.dataset.fingerprint, normal)
    return background.get(key, compute, (network.step, network.config, most))


def export() -> None:
    """Offer the detector as a file.

    Where the rest of the page is redrawn at intervals, this must not be: a click on a button that
    has just been replaced would find nothing to download.
    """
    detector = _detector()

    def pack() -> bytes:
        network, choice = detector.network, detector.choice
        if network is None or choice is None:
            raise LabError("The images are still being scored; wait until they are.")
        return detector_export.pack(network, choice.score, choice.threshold)

    st.download_button(
        t("Export the detector"),
        messages.or_message(pack),
        "detector.zip",
        key="export detector",
        icon=":material/download:",
        help=t(
            "A ZIP with the network (ONNX), this score, the threshold, and a Python script that "
            "scores pictures without this project."
        ),
        on_click="ignore",
    )


def _uploads(dataset: Dataset) -> Pictures | None:
    """Ask for pictures; show an error if they cannot be read."""
    left, right = st.columns(2, gap="medium")
    with left:
        folder = st.file_uploader(
            t("A folder"),
            PICTURE_TYPES,
            accept_multiple_files="directory",
            key="new folder",
            help=t("All pictures in it and in its subfolders."),
        )
    with right:
        files = st.file_uploader(
            t("Pictures or a ZIP"), accept_multiple_files=True, key="new pictures"
        )
    # Browsers upload several at a time, in no order.
    uploads = sorted([*folder, *files], key=lambda file: file.name)
    if not uploads:
        return None
    version = tuple(file.file_id for file in uploads), dataset.fingerprint
    try:
        with st.spinner(t("Reading pictures...")):
            found = cached.in_session(
                "new files",
                version,
                lambda: pictures.read(uploads, dataset.shape, dataset.preparation),
            )
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return None
    images = inverted("new files", found, dataset)
    # The same object as long as nothing changes: scores are cached by it.
    return cached.in_session(
        "new images", (version, images is found.images), lambda: replace(found, images=images)
    )


def _verdicts(network: TrainedModel, found: Pictures, choice: Choice) -> None:
    """Show the verdicts on pictures, which are scored in the background, and offer them as CSV."""

    def compute() -> NDArray[np.float64]:
        return anomaly.detector(network)[choice.score](found.images)

    key = ("new files", network.name, network.dataset.fingerprint, choice.score, found)
    scores = background.get(key, compute, (network.step, network.config))
    if scores is None:
        st.info(t("Scoring images..."), icon=":material/hourglass_empty:")
        return
    verdicts = Verdicts(choice.score, choice.threshold, found.names, scores)
    _table(verdicts, found.images)
    download_button("export scores", t("Scores (CSV)"), f"{network.name}-scores.csv", verdicts.csv)


def _table(verdicts: Verdicts, images: NDArray[np.uint8]) -> None:
    """Show the pictures with their scores, the most anomalous first."""
    order = np.argsort(-verdicts.values, kind="stable")[:MOST_ROWS]
    words = {True: t("anomalous"), False: t("normal")}
    st.caption(
        verdicts.summary()
        if len(order) == len(images)
        else t(
            "{summary} The table shows the {count:,} most anomalous; the CSV has all.",
            summary=verdicts.summary(),
            count=len(order),
        )
    )
    st.dataframe(
        {
            "picture": [_data_uri(images[row]) for row in order],
            # The table can be saved as CSV.
            "file": [cell(verdicts.names[row]) for row in order],
            "score": verdicts.values[order],
            "verdict": [words[bool(each)] for each in verdicts.anomalous[order]],
        },
        key="new file scores",
        hide_index=True,
        height=min(TABLE_HEIGHT, 36 * len(order) + 40),
        column_config={
            "picture": st.column_config.ImageColumn(t("Picture"), width="small"),
            "file": st.column_config.TextColumn(t("File"), width="large"),
            "score": st.column_config.NumberColumn(t("Score"), format="%.5g"),
            "verdict": t("Verdict"),
        },
    )


def _data_uri(image: NDArray[np.uint8]) -> str:
    return "data:image/png;base64," + base64.b64encode(image_figures.png(image)).decode()
