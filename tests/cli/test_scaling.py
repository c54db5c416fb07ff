from pathlib import Path
from threading import Event

import pytest

from aecore.experiments import scaling
from aecore.experiments.scaling import Measurement
from tests.cli.conftest import Call


def test_scaling_is_measured_printed_and_saved(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = list[object]()

    def measure(counts: list[int], sides: list[int], *, cancel: Event) -> list[Measurement]:
        assert not cancel.is_set()
        requests.append((counts, sides))
        return [
            Measurement("full", 500, 64, 1.5, 0.25, 12.0),
            Measurement("full", 900, 64, reason="no room"),
        ]

    monkeypatch.setattr(scaling, "measure", measure)
    rows = call("scaling", "--counts", "900,500", "--sides", "8", "--json").json
    assert requests == [([500, 900], [8])]
    assert rows[0]["seconds"] == 1.5
    assert "seconds" not in rows[1]
    assert len(scaling.load(tmp_path / "runs")) == 2
    assert "no room" in call("scaling", "--counts", "500").out


@pytest.mark.parametrize("counts", ["", "many", "3", "500,99999999"])
def test_invalid_image_count_is_rejected(call: Call, counts: str) -> None:
    result = call("scaling", "--counts", counts)
    assert result.code == 2
    assert "provide whole numbers from 500 to 10,000,000" in result.err
