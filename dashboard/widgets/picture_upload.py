"""Upload of the user's own pictures, to apply a network to."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.data import Dataset
from aecore.data.custom import pictures
from aecore.data.custom.fit import is_dark_on_light
from aecore.data.custom.pictures import Pictures
from aecore.errors import LabError
from aecore.i18n import t
from dashboard.state import cached

# Images to look at to tell dark on light from light on dark.
EXAMPLES = 500


def uploaded(key: str, dataset: Dataset, most: int) -> NDArray[np.uint8] | None:
    """Draw the upload and return the uploaded pictures; show an error if one cannot be read.

    Parameters
    ----------
    key : str
        Key of the widget.
    dataset : Dataset
        The pictures are prepared like its images.
    most : int
        Maximum number of pictures; further ones are ignored.

    Returns
    -------
    ndarray of shape (n, height, width), uint8; or None
        Pixels 0 to 255. None if there are no pictures, or one cannot be read.
    """
    with st.popover(t("Your own images"), icon=":material/upload:"):
        files = st.file_uploader(
            t("Images"),
            key=key,
            accept_multiple_files=True,
            help=t("Resized to match the training images. At most {most}.", most=most),
        )
    if not files:
        return None
    version = tuple(file.file_id for file in files), dataset.fingerprint
    try:
        found = cached.in_session(
            key, version, lambda: pictures.read(files, dataset.shape, dataset.preparation)
        )
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return None
    return inverted(key, found, dataset)[:most]


def inverted(key: str, found: Pictures, dataset: Dataset) -> NDArray[np.uint8]:
    """Say what was assumed of pictures, and invert them if the user wants that.

    It is offered in any case, and suggested where they are dark on light and the images of the
    dataset are not, or the other way round.

    Parameters
    ----------
    key : str
        Start of the key of the widget.
    found : Pictures
    dataset : Dataset

    Returns
    -------
    ndarray of shape (n, height, width), uint8
    """
    sentences = [str(each) for each in found.assumed]
    is_dark = is_dark_on_light(found.images)
    if is_dark != is_dark_on_light(dataset.test_images[:EXAMPLES]):
        sentences.append(
            t("They are dark on light, unlike the training images.")
            if is_dark
            else t("They are light on dark, unlike the training images.")
        )
    invert = st.toggle(t("Invert"), key=f"{key} invert", help=t("Makes dark pixels light."))
    if sentences:
        st.caption(" ".join(sentences))
    return 255 - found.images if invert else found.images
