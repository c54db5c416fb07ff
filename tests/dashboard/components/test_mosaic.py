import pytest

from dashboard.components import mosaic
from tests.dashboard.components.mount_recorder import MountRecorder


def test_mosaic_sends_its_image_and_captions(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = MountRecorder()
    monkeypatch.setattr(mosaic, "_mosaic", mounts)
    mosaic.mosaic(
        "reconstructions", b"\x89PNG", rows=("original",), columns=(), label="Seven", height=120
    )
    data = mounts[0]["data"]
    assert data["image"] == "data:image/png;base64,iVBORw=="
    assert (data["rows"], data["columns"], data["label"]) == (("original",), (), "Seven")
