import pytest

from dashboard.components import mosaic
from tests.dashboard.components.mounted import Mounted


def test_a_mosaic_carries_its_picture_and_captions(monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = Mounted()
    monkeypatch.setattr(mosaic, "_mosaic", mounted)
    mosaic.mosaic(
        "reconstructions", b"\x89PNG", rows=("original",), columns=(), label="Seven", height=120
    )
    data = mounted[0]["data"]
    assert data["image"] == "data:image/png;base64,iVBORw=="
    assert (data["rows"], data["columns"], data["label"]) == (("original",), (), "Seven")
