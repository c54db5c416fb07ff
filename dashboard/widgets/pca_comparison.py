"""A network's error relative to that of PCA, wherever the comparison says something."""

from collections.abc import Mapping
from typing import Any

from aecore.choices.noise import NOISE_KINDS
from aecore.config import Config
from aecore.i18n import t
from aecore.metrics.pca import is_exact
from aecore.training.corruption import noise_level


def ratio(error: float | None, pca: float | None) -> float | None:
    """Return the error relative to that of PCA; None where PCA is exact, or an error unknown."""
    if not error or pca is None or is_exact(pca):
        return None
    return error / pca


def ratio_of_row(row: Mapping[str, Any], config: Config) -> float | None:
    """Return the same of a row of the history, if it was measured with the noise of the settings.

    Rows before a change of the noise were not, nor were any by early versions: on clean images, a
    network that is trained with noise may lose to PCA and yet denoise better.
    """
    if row.get("noise", 0.0) != noise_level(config):
        return None
    return ratio(row.get("held_out"), row.get("pca"))


def noise_of(settings: Mapping[str, Any]) -> tuple[str, float]:
    """Return the kind and level of the noise that a run is trained and measured with.

    Parameters
    ----------
    settings : mapping of str to value
        Those of a saved run; early versions saved less.
    """
    kind, level = settings.get("noise_kind", "none"), settings.get("noise", 0.0)
    if kind not in NOISE_KINDS or "noise" not in NOISE_KINDS[kind].uses or not level:
        return "none", 0.0
    return kind, level


def pca_text(error: float, spec: str) -> str:
    """Format an error of PCA; where PCA is exact, its error is only rounding."""
    return t("exact") if is_exact(error) else format(error, spec)
