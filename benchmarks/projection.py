"""Benchmark maps of codes during training: time, quality, stability and inversion.

::

    AECORE_DATA=../shared/data uv run python benchmarks/projection.py --json

Movement is the displacement from one frame to the next relative to the size of the map, after the
best translation, rotation and scaling: the root of scipy's Procrustes disparity. Trustworthiness
and continuity, by code and by pixels, are computed for all points with k=5. The baseline is
umap-learn with its defaults, a seed and exact neighbours, since its approximate search takes a
minute to compile.
"""

import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
import torch
from cyclopts import App, Parameter
from numpy.typing import NDArray
from scipy.spatial import procrustes
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from aecore import data
from aecore.maps.projection import Method, Projection, project
from aecore.maps.quality import NEIGHBOURS, cross_validated_accuracy, quality
from aecore.maps.service import MapService
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import encode, tensor
from aecore.presets import preset
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

BOTTLENECK = 32
DEFAULT_NEIGHBOURS = 15
ROUNDS = 5

Codes = NDArray[np.float32]
Dataset = Annotated[str, Parameter("--dataset")]
app = App("projection")


@app.default
def measure(
    *,
    name: Dataset = "mnist",
    count: Annotated[int, Parameter("--points")] = 5000,
    frames: int = 9,
    per_epoch: int = 4,
    as_json: AsJson = False,
) -> None:
    """Train, take codes several times per epoch, and map them by each method."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    mapper = MapService()
    mapper.wait()
    result: dict[str, Any] = {"worker_start_s": time.perf_counter() - start}
    dataset = data.load(name)
    images, labels = dataset.test_images[:count], dataset.test_labels[:count]
    model, codes = _train(dataset, images, frames, per_epoch)
    result |= {"points": len(images), "bottleneck": BOTTLENECK, "frames": frames}
    methods: tuple[Method, ...] = ("umap", "tsne")
    for method in methods:
        maps, figures = _chain(mapper, method, codes)
        settled, full_s = _timed_request(mapper, codes[-1], method, maps[-1])
        result |= figures | {f"full_{method}_s": full_s}
        result |= _measures(f"warm_{method}", maps[-1], labels, model, images)
        result |= _measures(f"full_{method}", settled, labels, model, images)
        if method == "umap":
            result |= _against_refitting(maps, codes) | _processor_time(maps[-2], codes)
    mapper.close()
    _, result["pca_s"] = _timed(lambda: project(codes[-1], "pca"))
    result |= _measures("pca", project(codes[-1], "pca"), labels, model, images)
    result |= _exactness(codes[-1])
    result["invert_error_ratio"] = result["warm_umap_error_ratio"]
    show(result, as_json)


def _train(
    dataset: data.Dataset, images: NDArray[np.uint8], frames: int, per_epoch: int
) -> tuple[Autoencoder, list[Codes]]:
    trainer = Trainer(dataset, preset("stacked", dataset.name, bottleneck=BOTTLENECK))
    every = len(dataset.images) // trainer.config.batch_size // per_epoch
    codes = []
    for _ in range(frames):
        trainer.train(trainer.steps + every)
        codes.append(encode(trainer.model, images))
    return trainer.model, codes


def _chain(
    mapper: MapService, method: Method, codes: Sequence[Codes]
) -> tuple[list[Projection], dict[str, Any]]:
    """Compute a first map, and from it one after the other, as during training."""
    first, first_s = _timed_request(mapper, codes[0], method, quick=True)
    maps, seconds = [first], []
    for each in codes[1:]:
        now, taken = _timed_request(mapper, each, method, maps[-1], quick=True)
        maps.append(now)
        seconds.append(taken)
    word = "frame_s" if method == "umap" else f"{method}_frame_s"
    return maps, {
        f"first_{method}_s": first_s,
        f"warm_{word}": statistics.median(seconds),
        f"warm_{word}_worst": max(seconds),
        f"movement_{method}_warm": _movement([each.points for each in maps]),
        f"trustworthiness_{method}_first": _trust(codes[0], first.points),
    }


def _against_refitting(maps: Sequence[Projection], codes: Sequence[Codes]) -> dict[str, Any]:
    refits = [_umap_learn(each) for each in codes]
    warm = [_trust(z, each.points) for z, each in zip(codes, maps, strict=True)][1:]
    refit = [_trust(z, each) for z, each in zip(codes, refits, strict=True)][1:]
    warm_movement, refit_movement = _movement([each.points for each in maps]), _movement(refits)
    return {
        "trustworthiness_warm_least": min(warm),
        "trustworthiness_warm": statistics.mean(warm),
        "trustworthiness_umap_learn": statistics.mean(refit),
        "trustworthiness_behind_most": max(r - w for r, w in zip(refit, warm, strict=True)),
        "movement_warm": warm_movement,
        "movement_refit": refit_movement,
        "movement_ratio": warm_movement / refit_movement,
    }


def _processor_time(previous: Projection, codes: Sequence[Codes]) -> dict[str, float]:
    """Measure the processor time of quick maps in this process, independent of other load."""

    def least(make: Callable[[], Projection]) -> float:
        seconds = []
        for _ in range(ROUNDS):
            start = time.process_time()
            make()
            seconds.append(time.process_time() - start)
        return min(seconds)

    return {
        "first_umap_cpu_s": least(lambda: project(codes[0], "umap", quick=True)),
        "warm_frame_cpu_s": least(
            lambda: project(codes[-1], "umap", previous=previous, quick=True)
        ),
    }


def _umap_learn(codes: Codes) -> NDArray[np.float32]:
    from umap import UMAP

    search = NearestNeighbors(n_neighbors=DEFAULT_NEIGHBOURS, algorithm="brute").fit(codes)
    distances, indices = search.kneighbors(codes)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "precomputed_knn")
        fit = UMAP(random_state=0, n_jobs=1, precomputed_knn=(indices, distances, None)).fit(codes)
    return np.asarray(fit.embedding_)


def _measures(
    name: str,
    projection: Projection,
    labels: NDArray[np.int64],
    model: Autoencoder,
    images: NDArray[np.uint8],
) -> dict[str, Any]:
    """Measure the quality of a map, and the error of images decoded at the points' places."""
    measures = quality(projection, images, most=len(labels))
    by_code, by_pixels = measures.by_code, measures.by_pixels
    assert by_code is not None
    assert by_pixels is not None
    exact = _errors(model, projection.codes, images)
    inverted = _errors(model, projection.invert(projection.points), images)
    return {
        f"{name}_trustworthiness": by_code.trustworthiness,
        f"{name}_continuity": by_code.continuity,
        f"{name}_pixel_trustworthiness": by_pixels.trustworthiness,
        f"{name}_pixel_continuity": by_pixels.continuity,
        f"{name}_knn_accuracy": cross_validated_accuracy(projection.points, labels),
        f"{name}_distortion": measures.neighbours_lost,
        f"{name}_error_ratio": float(inverted.mean() / exact.mean()),
        f"{name}_error_ratio_95": float(np.quantile(inverted / exact, 0.95)),
    }


@torch.no_grad()
def _errors(model: Autoencoder, codes: Codes, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    decoded = model.decode(torch.from_numpy(codes)).clamp(0, 1)
    errors: NDArray[np.float32] = (decoded - tensor(images)).square().mean(1).numpy()
    return errors


def _exactness(codes: Codes) -> dict[str, float]:
    """Return the largest errors of inverting linear maps, relative to the size of the codes."""
    pca, direct = project(codes, "pca"), project(codes[:, :2], "direct")
    there = pca.invert(pca.points)
    size = float(np.abs(codes).max())
    return {
        "pca_invert_worst": float(np.abs(pca.transform(there) - pca.points).max() / size),
        "direct_invert_worst": float(np.abs(direct.invert(direct.points) - direct.codes).max()),
    }


def _trust(codes: Codes, points: NDArray[np.floating]) -> float:
    return float(trustworthiness(codes, points, n_neighbors=NEIGHBOURS))


def _movement(frames: Sequence[NDArray[np.floating]]) -> float:
    """Return the mean movement from one frame to the next."""
    return statistics.mean(float(np.sqrt(procrustes(a, b)[2])) for a, b in pairwise(frames))


def _timed_request(
    mapper: MapService,
    codes: Codes,
    method: Method,
    previous: Projection | None = None,
    *,
    quick: bool = False,
) -> tuple[Projection, float]:
    return _timed(lambda: mapper.ask(codes, method, previous=previous, quick=quick).result())


def _timed(make: Callable[[], Projection]) -> tuple[Projection, float]:
    start = time.perf_counter()
    return make(), time.perf_counter() - start


if __name__ == "__main__":
    app()
