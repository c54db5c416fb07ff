"""Export a detector of anomalies for use without this project."""

import json
from collections.abc import Mapping
from io import BytesIO

import numpy as np
from safetensors.torch import save

from aecore.applications import anomaly
from aecore.files import zipped
from aecore.i18n import t
from aecore.network import onnx
from aecore.runs.trained_model import TrainedModel

PARTS = ("encoder", "decoder")
STATISTICS: Mapping[str, tuple[str, ...]] = {
    "relative": (),
    "error": (),
    "distance": ("mean", "inverse_covariance"),
    "both": ("mean", "inverse_covariance", "log_mean", "log_std"),
}
"""The attributes of `ScoreStatistics` that each score needs."""

IMPORTS = """\
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps
"""
LOAD = """\
facts = json.loads(Path("threshold.json").read_text())
size = facts["width"], facts["height"]
encoder, decoder = map(onnxruntime.InferenceSession, ("encoder.onnx", "decoder.onnx"))
"""
LOAD_STATISTICS = """\
statistics = dict(np.load("statistics.npz"))
"""
OPEN = """\
for path in sorted(Path(sys.argv[1]).rglob("*.png")):
    picture = Image.open(path).convert("L")
"""
FIT: Mapping[str, str] = {
    "pad": """\
    pixels = np.asarray(picture)
    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    ground = round(float(np.median(border)))
    picture = ImageOps.pad(picture, size, Image.Resampling.BILINEAR, color=ground)
""",
    "crop": """\
    picture = ImageOps.fit(picture, size, Image.Resampling.BILINEAR)
""",
    "stretch": """\
    picture = picture.resize(size, Image.Resampling.BILINEAR)
""",
}
"""What each way of fitting does, with a picture and a size."""
APPLY = """\
    image = np.asarray(picture, np.float32).reshape(1, -1) / facts["white"]
    image = 1 - image.clip(0, 1) if facts["invert"] else image.clip(0, 1)
    (code,) = encoder.run(None, {"image": image})
    (reconstruction,) = decoder.run(None, {"code": code})
"""
ERROR = """\
    error = np.square(image - reconstruction.clip(0, 1)).mean()
"""
RELATIVE = """\
    relative = error / max(np.sqrt(np.square(image).mean()), 1 / 255)
"""
DISTANCE = """\
    centred = code - statistics["mean"]
    distance = np.sqrt((centred @ statistics["inverse_covariance"] * centred).sum().clip(0))
"""
BOTH = """\
    logs = np.log(np.array([error, distance]) + 1e-12)
    both = ((logs - statistics["log_mean"]) / statistics["log_std"]).sum()
"""
PRINT = """\
    print(path, {score}, "anomalous" if {score} > facts["threshold"] else "normal", sep="\\t")
"""
SCORE_LINES: Mapping[str, str] = {
    "relative": ERROR + RELATIVE,
    "error": ERROR,
    "distance": DISTANCE,
    "both": ERROR + DISTANCE + BOTH,
}


def pack(network: TrainedModel, score: str, threshold: float) -> bytes:
    """Pack a network, one of its scores and a threshold into a ZIP that needs nothing else.

    Parameters
    ----------
    network : TrainedModel
    score : str
        A key of `anomaly.SCORES`.
    threshold : float
        Images with a higher score are anomalous.

    Returns
    -------
    bytes
        The ZIP: ``encoder.onnx`` and ``decoder.onnx``, ``model.safetensors`` with the weights,
        ``config.json`` with the settings, ``threshold.json`` with the score, the threshold, the
        shape and preparation of the images, the run and the step, ``statistics.npz`` with the
        statistics that the score is relative to, if any, and ``README.md`` with a script that
        scores pictures.

    Raises
    ------
    ConfigError
        If there is no such score.
    RunError
        If a library for ONNX is missing, or the exported network gives different results.
    """
    anomaly.check_score(score)
    model = network.model
    weights = {name: each.detach().clone() for name, each in model.state_dict().items()}
    height, width = network.dataset.shape
    preparation = network.dataset.preparation
    facts = {
        "score": score,
        "threshold": threshold,
        "height": height,
        "width": width,
        "white": preparation.white,
        "invert": preparation.invert,
        "run": network.name,
        "step": network.step,
    }
    return zipped(
        {
            **{f"{part}.onnx": onnx.write_part(model, part) for part in PARTS},
            "model.safetensors": save(weights),
            "config.json": _json(network.config.model_dump()),
            "threshold.json": _json(facts),
            **_statistics(network, score),
            "README.md": _readme(network, score).encode(errors="backslashreplace"),
        }
    )


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode()


def _statistics(network: TrainedModel, score: str) -> dict[str, bytes]:
    if not STATISTICS[score]:
        return {}
    statistics = anomaly.statistics(network)
    file = BytesIO()
    np.savez(file, **{name: getattr(statistics, name) for name in STATISTICS[score]})
    return {"statistics.npz": file.getvalue()}


def script(score: str, fit: str) -> str:
    """Return a Python script that scores a folder of pictures with the files of `pack`."""
    load = LOAD + LOAD_STATISTICS if STATISTICS[score] else LOAD
    use = APPLY + SCORE_LINES[score] + PRINT.format(score=score)
    return f"{IMPORTS}\n{load}{OPEN}{FIT[fit]}{use}"


def _readme(network: TrainedModel, score: str) -> str:
    title = t("Anomaly detector")
    about = t(
        "It scores pictures by: {score}. A picture whose score is above the threshold in "
        "`threshold.json` is anomalous. The network is that of the run {run} at step {step:,}; "
        "`config.json` has its settings.",
        score=anomaly.SCORES[score],
        run=network.name,
        step=network.step,
    )
    usage = t(
        "Save this script beside these files as `score.py`. It needs "
        "`pip install numpy pillow onnxruntime`, and is run with `python score.py FOLDER`:"
    )
    pictures = t(
        "Pictures must be like the training images, such as white on black, with 8 bits per "
        "channel; colours become grey, and all are fitted into the same shape. For other files "
        "than PNG, change `*.png`."
    )
    code = script(score, network.dataset.preparation.fit)
    return f"# {title}\n\n{about}\n\n{usage}\n\n```python\n{code}```\n\n{pictures}\n"
