"""Upload of the user's own pictures, to apply a network to."""

from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.data import Dataset
from aecore.data.custom import image_files
from aecore.data.custom.fit import is_dark_on_light
from aecore.data.custom.image_files import Frames, ImageFile
from aecore.data.custom.limits import LIMITS
from aecore.data.custom.options import Options
from aecore.errors import LabError
from aecore.i18n import t
from dashboard.state import cached

# Images to look at to tell dark on light from light on dark.
EXAMPLES = 500


def uploaded(key: str, dataset: Dataset, most: int) -> NDArray[np.uint8] | None:
    """Draw the upload and return the uploaded pictures; show an error if one cannot be read.

    What was assumed of their brightness is said, and inverting them is offered where they are dark
    on light and the images of the dataset are not, or the other way round.

    Parameters
    ----------
    key : str
        Key of the widget.
    dataset : Dataset
        The pictures are fitted into the shape of its images.
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
    version = tuple(file.file_id for file in files), dataset.shape
    try:
        frames = cached.in_session(key, version, lambda: _read(files[:most], dataset.shape))
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return None
    return _inverted(key, frames, dataset)


def _read(files: list[Any], shape: tuple[int, int]) -> Frames:
    pictures = [
        ImageFile(PurePosixPath(Path(file.name).name), file.size, partial(BytesIO, file.getvalue()))
        for file in files
    ]
    limits = replace(LIMITS, least=1)
    return image_files.read(pictures, t("the upload"), Options(size=shape), limits)


def _inverted(key: str, frames: Frames, dataset: Dataset) -> NDArray[np.uint8]:
    """Say what was assumed, and return the pictures, inverted if the user wants that."""
    assumed = [str(scale.sentence) for scale in frames.scales if not scale.is_usual]
    assumed += map(str, frames.notes)
    is_dark = is_dark_on_light(frames.images)
    if is_dark != is_dark_on_light(dataset.test_images[:EXAMPLES]):
        assumed.append(
            t("They are dark on light, unlike the training images.")
            if is_dark
            else t("They are light on dark, unlike the training images.")
        )
    invert = st.toggle(t("Invert"), key=f"{key} invert", help=t("Makes dark pixels light."))
    if assumed:
        st.caption(" ".join(assumed))
    return 255 - frames.images if invert else frames.images
