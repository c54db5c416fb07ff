"""Upload of the user's own images, to apply a network to."""

from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.data.custom import image_files
from aecore.data.custom.image_files import ImageFile
from aecore.errors import LabError
from aecore.i18n import t
from dashboard.state import cached


def uploaded(key: str, shape: tuple[int, int], most: int) -> NDArray[np.uint8] | None:
    """Draw the upload and return the uploaded images; show an error if one cannot be read.

    Parameters
    ----------
    key : str
        Key of the widget.
    shape : (height, width)
        Size in pixels the images are resized to.
    most : int
        Maximum number of images; further ones are ignored.

    Returns
    -------
    ndarray of shape (n, height, width), uint8; or None
        Pixels 0 to 255. None if there are no images, or one cannot be read.
    """
    with st.popover(t("Your own images"), icon=":material/upload:"):
        files = st.file_uploader(
            t("Images"),
            key=key,
            accept_multiple_files=True,
            help=t(
                "White on black, like the training images; resized to match them. At most {most}.",
                most=most,
            ),
        )
    if not files:
        return None
    version = tuple(file.file_id for file in files), shape
    try:
        return cached.in_session(key, version, lambda: _read(files[:most], shape))
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return None


def _read(files: list[Any], shape: tuple[int, int]) -> NDArray[np.uint8]:
    pictures = [
        ImageFile(PurePosixPath(Path(file.name).name), file.size, partial(BytesIO, file.getvalue()))
        for file in files
    ]
    return image_files.read_as(pictures, t("the upload"), shape)
