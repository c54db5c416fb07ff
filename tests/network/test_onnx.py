"""Export to ONNX while the network is in use."""

import threading

import numpy as np
import pytest
import torch

from aecore.config import Config
from aecore.network import onnx
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import encode

pytest.importorskip("onnxscript")


def test_network_stays_usable_in_another_thread_during_the_export() -> None:
    generator = torch.Generator().manual_seed(0)
    model = Autoencoder((8, 8), Config(hidden="16", bottleneck=3), generator=generator)
    images = np.random.default_rng(0).random((5, 8, 8), np.float32)
    before, exported = encode(model, images), []
    exporter = threading.Thread(target=lambda: exported.append(onnx.write_part(model, "encoder")))
    exporter.start()
    while exporter.is_alive():
        # Torch may share the work between other threads.
        np.testing.assert_allclose(encode(model, images), before, atol=1e-6)
    assert exported
