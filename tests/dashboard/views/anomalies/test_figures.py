import numpy as np
import plotly.graph_objects as go
import pytest

from aecore import i18n
from aecore.applications.defects import outline
from dashboard.views.anomalies.figures import defect_panels
from tests.dashboard.figures.support import texts
from tests.support import Bracketed


def drawn(region: np.ndarray) -> go.Figure:
    image = np.linspace(0, 1, region.size, dtype=np.float32).reshape(region.shape)
    return defect_panels(image, 1 - image, 9 * region.astype(np.float32), 4.5, outline(region))


def test_region_is_outlined_on_the_image_and_on_the_map() -> None:
    region = np.zeros((6, 9), bool)
    region[1:3, 4:8] = True
    figure = drawn(region)
    lines = [trace for trace in figure.data if trace.type == "scatter"]
    assert [line.xaxis for line in lines] == ["x", "x3"]
    for line in lines:
        assert (np.nanmin(line.x), np.nanmax(line.x)) == (3.5, 7.5)
        assert (np.nanmin(line.y), np.nanmax(line.y)) == (0.5, 2.5)


def test_panels_are_upright_and_zoom_together() -> None:
    figure = drawn(np.zeros((6, 9), bool))
    for number in ("", "2", "3"):
        assert figure.layout[f"yaxis{number}"].range == (5.5, -0.5)
        assert figure.layout[f"xaxis{number}"].range == (-0.5, 8.5)
    assert figure.layout.xaxis2.matches == figure.layout.xaxis3.matches == "x"
    heat = next(trace for trace in figure.data if trace.type == "heatmap" and trace.zmax == 4.5)
    assert (heat.zmin, heat.xaxis) == (0, "x3")


def test_texts_are_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed("«", "»"))
    shown = {text for text in texts(drawn(np.ones((4, 4), bool))) if "%{" not in text}
    assert len(shown) == 4
    assert all(text.startswith("«") for text in shown)
