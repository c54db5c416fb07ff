"""Bar chart of the activity of the units of a code."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aecore.i18n import nt, t
from dashboard.figures.theme import NEUTRAL, UNIT, Spec, build_spec, note_above, title

MOST_BARS = 128


def code_activity(mean: ArrayLike, active_share: ArrayLike, dead: ArrayLike) -> Spec:
    """Draw how strongly, and for how many images, each unit of the code is active.

    Units are not sorted, so that no bar moves while the network trains. The height of a bar is the
    mean activation of the unit, its opacity the share of images the unit is active for.

    Parameters
    ----------
    mean : array-like of float, shape (d,)
        Mean absolute activation.
    active_share : array-like of float, shape (d,)
        Share of images for which the unit is active, 0 to 1.
    dead : array-like of bool, shape (d,)
        Units that are active for no image; drawn as a muted cross in place of the bar.

    Returns
    -------
    Spec
        The plain form of a Plotly figure.
    """
    height = np.nan_to_num(np.asarray(mean, np.float32))
    share = np.nan_to_num(np.asarray(active_share, np.float32)).clip(0, 1)
    dead_units = np.flatnonzero(np.asarray(dead, bool))
    summary = nt(
        "{active:.1f} of {count} unit active per image",
        "{active:.1f} of {count} units active per image",
        share.size,
        active=share.sum(),
    )
    if dead_units.size:
        summary += " \N{MIDDLE DOT} " + t("{dead} dead", dead=dead_units.size)
    return build_spec(
        [_units(height, share), _crosses(dead_units)],
        top=34,
        hovermode="closest",
        showlegend=False,
        bargap=0.25,
        annotations=[note_above(summary)],
        xaxis={
            "title": title(t("unit")),
            "range": [-0.6, share.size - 0.4],
            "showgrid": False,
            "zeroline": False,
            "tick0": 0,
            "dtick": -(-share.size // 8),
        },
        yaxis={"title": title(t("mean activation")), "rangemode": "tozero", "nticks": 5},
    )


def _units(height: NDArray[np.float32], share: NDArray[np.float32]) -> dict[str, Any]:
    hover = t(
        "unit {unit}<br>mean {mean}, active for {share} of images",
        unit="%{x}",
        mean="%{y:.3f}",
        share="%{customdata:.0%}",
    )
    trace = {
        "x": np.arange(height.size),
        "y": height,
        "customdata": share,
        "hovertemplate": hover + "<extra></extra>",
    }
    if height.size <= MOST_BARS:
        return {**trace, "type": "bar", "marker": {"color": UNIT, "opacity": 0.3 + 0.7 * share}}
    line = {"color": UNIT, "width": 1, "shape": "hvh"}
    return {**trace, "type": "scatter", "mode": "lines", "line": line, "fill": "tozeroy"}


def _crosses(units: NDArray[np.intp]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": units,
        "y": np.zeros(units.size, np.float32),
        "mode": "markers",
        "marker": {"color": NEUTRAL, "symbol": "x-thin-open", "size": 6},
        "cliponaxis": False,
        "hovertemplate": t("unit {unit} is dead", unit="%{x}") + "<extra></extra>",
    }
