"""Time and memory as the dataset grows."""

import sys
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from aecore.errors import LabError
from aecore.experiments import scaling, scaling_worker
from aecore.experiments.scaling import Measurement, load, measure, save
from tests.support import until


def test_each_method_is_measured_in_its_own_process() -> None:
    rows = list(measure((500,), (12,), ("incremental", "full")))
    assert [(row.method, row.count, row.features) for row in rows] == [
        ("incremental", 500, 144),
        ("full", 500, 144),
    ]
    assert all(row.seconds > 0 and row.encoding >= 0 and not row.reason for row in rows)


def test_pca_methods_return_codes_of_bottleneck_size(tmp_path: Path) -> None:
    path = str(tmp_path / "images.npy")
    scaling_worker.draw(200, 10, path)
    images = np.load(path, mmap_mode="r")
    assert images.shape == (200, 10, 10)
    assert images.any(axis=(1, 2)).all()
    for fit in (scaling_worker.full, scaling_worker.incremental):
        assert fit(images)(images[:5]).shape == (5, scaling_worker.BOTTLENECK)
    measured = scaling_worker.measure("full", 150, path)
    assert set(measured) == {"seconds", "encoding", "megabytes"}


def test_autoencoder_returns_codes_of_bottleneck_size(tmp_path: Path) -> None:
    path = str(tmp_path / "images.npy")
    scaling_worker.draw(120, 8, path)
    images = np.load(path, mmap_mode="r")
    codes = scaling_worker.autoencoder(images)(images[:5])
    assert codes.shape == (5, scaling_worker.BOTTLENECK)


def test_memory_is_the_peak() -> None:
    baseline = scaling_worker.memory()
    with scaling_worker.PeakMemory() as watch:
        array = np.ones(8 * 2**20)
        assert array.sum() > 0
        threading.Event().wait(0.05)
        del array
    assert watch.most - baseline > 50 * 2**20


def test_full_pca_is_skipped_without_enough_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "available", lambda: 1000)
    (row,) = measure((500,), (8,), ("full",))
    assert np.isnan(row.seconds)
    assert "GB are free" in row.reason


def test_crashed_process_raises_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "COMMAND", ("false",))
    with pytest.raises(LabError, match="exit code 1"):
        list(measure((500,), (8,), ("full",)))


def test_failed_measurement_is_a_row_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
from aecore.experiments import scaling_worker
from aecore.workers.serve import serve

def fail(images):
    raise MemoryError("too many")

scaling_worker.FITS["full"] = fail
serve(scaling_worker.HANDLERS)
"""
    monkeypatch.setattr(scaling, "COMMAND", (sys.executable, "-c", script))
    (row,) = measure((500,), (8,), ("full",))
    assert np.isnan(row.seconds)
    assert "MemoryError: too many" in row.reason


def test_measurement_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid_file = tmp_path / "pid"
    script = (
        f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    )
    monkeypatch.setattr(scaling, "COMMAND", (sys.executable, "-c", script))
    cancel = threading.Event()

    def cancel_when_started() -> None:
        until(pid_file.exists, 60)
        cancel.set()

    thread = threading.Thread(target=cancel_when_started)
    thread.start()
    assert list(measure((500,), (8,), cancel=cancel)) == []
    thread.join()
    assert not psutil.pid_exists(int(pid_file.read_text()))


def test_saved_measurements_are_replaced_by_newer_ones(tmp_path: Path) -> None:
    assert load(tmp_path) == []
    save(
        [Measurement("full", 5000, 784, 2.0, 0.1, 60.0), Measurement("full", 10, 784)],
        tmp_path / "r",
    )
    save([Measurement("full", 5000, 784, 1.0, 0.1, 50.0)], tmp_path / "r")
    few, many = load(tmp_path / "r")
    assert np.isnan(few.megabytes)
    assert (many.seconds, many.megabytes) == (1.0, 50.0)
    assert many.bytes_per_pixel == pytest.approx(50 * 2**20 / (5000 * 784))
    (tmp_path / "r" / scaling.FILE).write_text("{")
    assert load(tmp_path / "r") == []
