"""Maps that keep neighbours together, UMAP and t-SNE: from codes and a first layout to a layout.

Both are a first layout improved step by step, so a map that starts from the last one moves little.
UMAP is put together from umap-learn's own parts, because its estimator stretches a given first
layout to a square and so begins every frame with a jump.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 10
# Measured on codes of MNIST: with umap-learn's 15 and 0.1 fewer true neighbours stay neighbours.
LEAST_DISTANCE = 0.0
EPOCHS, EPOCHS_OF_MANY, MANY = 500, 200, 10_000
FIRST_EPOCHS = 100
# At the full rate a few epochs undo what many have settled.
NEXT_EPOCHS, NEXT_RATE = 25, 0.1
# UMAP's own first layouts have this extent.
UMAP_EXTENT = 10.0

PERPLEXITY = 30
# t-SNE starts from nearly nothing, and with its clusters pulled together.
TSNE_SPREAD = 1e-4
TSNE_EARLY, TSNE_STEPS = 250, 500
TSNE_FIRST_EARLY, TSNE_FIRST_STEPS = 100, 100
TSNE_NEXT_STEPS = 25
TSNE_REPORT = 5

Codes = NDArray[np.float32]
Points = NDArray[np.float64]
Progress = Callable[[float], None]
# The share of the time that finding neighbours takes, more or less.
FOUND = 0.1


def umap(
    codes: Codes, start: Points, *, seed: int, quick: bool, again: bool, progress: Progress
) -> Points:
    """Lay codes out by UMAP.

    McInnes, L., Healy, J. and Melville, J. (2018). UMAP: Uniform Manifold Approximation and
    Projection for Dimension Reduction. https://arxiv.org/abs/1802.03426

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck), float32
        Finite, n at least 3.
    start : ndarray of shape (n, 2)
        The first layout.
    seed : int
        The same arguments give the same layout, bit for bit.
    quick : bool
        Few epochs, for a map that is watched while training goes on.
    again : bool
        Whether `start` is itself a layout by UMAP; it is then kept at its scale and, if quick,
        moved only a little.
    progress : callable
        Told the share that is done, in [0, 1].

    Returns
    -------
    ndarray of shape (n, 2)
    """
    from sklearn.utils import check_random_state

    with warnings.catch_warnings():
        # What it has of another library is not used here.
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        from umap.layouts import optimize_layout_euclidean
        from umap.umap_ import find_ab_params, make_epochs_per_sample

    random = check_random_state(seed)
    epochs = EPOCHS if len(codes) <= MANY else EPOCHS_OF_MANY
    if quick:
        epochs = NEXT_EPOCHS if again else FIRST_EPOCHS
    graph = _graph(codes, epochs, random)
    progress(FOUND)
    points = np.array(
        start if again else _spread(start, UMAP_EXTENT, random), np.float32, order="C"
    )
    found = optimize_layout_euclidean(
        points,
        points,
        graph.row,
        graph.col,
        epochs,
        len(codes),
        make_epochs_per_sample(graph.data, epochs),
        *find_ab_params(1.0, LEAST_DISTANCE),
        random.randint(-(2**31) + 1, 2**31 - 2, 3).astype(np.int64),
        initial_alpha=NEXT_RATE if quick and again else 1.0,
        move_other=True,
        tqdm_kwds={
            "disable": False,
            "file": _Bar(lambda share: progress(FOUND + (1 - FOUND) * share)),
            "bar_format": "{percentage:.0f}",
        },
    )
    return np.asarray(found, np.float64)


def _graph(codes: Codes, epochs: int, random: np.random.RandomState) -> Any:
    """Return how strongly codes are neighbours, sparse, without what would never be drawn."""
    from sklearn.neighbors import NearestNeighbors
    from umap.umap_ import fuzzy_simplicial_set

    count = min(NEIGHBOURS, len(codes) - 1)
    # Not by umap-learn's approximate search: to compile it takes a minute, this a second.
    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(codes)
    distances, indices = search.kneighbors(codes)
    graph = fuzzy_simplicial_set(
        codes,
        count,
        random,
        "euclidean",
        knn_indices=indices.astype(np.int32),
        knn_dists=distances.astype(np.float32),
    )[0].tocoo()
    graph.data[graph.data < graph.data.max() / epochs] = 0
    graph.eliminate_zeros()
    return graph


def tsne(
    codes: Codes, start: Points, *, seed: int, quick: bool, again: bool, progress: Progress
) -> Points:
    """Lay codes out by t-SNE, with openTSNE.

    Maaten, L. van der, and Hinton, G. (2008). Visualizing Data using t-SNE. JMLR 9.
    Policar, P., Strazar, M. and Zupan, B. (2024). openTSNE: A Modular Python Library for t-SNE
    Dimensionality Reduction and Embedding. Journal of Statistical Software 109(3).

    Parameters and what is returned are as for `umap`.
    """
    from openTSNE import TSNE

    early, steps = (TSNE_FIRST_EARLY, TSNE_FIRST_STEPS) if quick else (TSNE_EARLY, TSNE_STEPS)
    if again:
        early, steps = 0, TSNE_NEXT_STEPS if quick else TSNE_STEPS
    else:
        start = start / (start[:, 0].std() or 1) * TSNE_SPREAD
    done = 0

    def report(*_: object) -> None:
        nonlocal done
        done += TSNE_REPORT
        progress(FOUND + (1 - FOUND) * min(1, done / (early + steps)))

    model = TSNE(
        perplexity=min(PERPLEXITY, (len(codes) - 1) / 3),
        initialization=np.array(start, np.float64),
        early_exaggeration_iter=early,
        n_iter=steps,
        neighbors="exact",
        random_state=seed,
        n_jobs=1,
        callbacks=[report],
        callbacks_every_iters=TSNE_REPORT,
    )
    return np.asarray(model.fit(np.asarray(codes, np.float64)), np.float64)


def _spread(points: Points, extent: float, random: np.random.RandomState) -> Points:
    """Return points scaled to an extent, those at one place drawn a little apart."""
    largest = float(np.ptp(points, axis=0).max())
    scaled = points * (extent / largest) if largest else points
    return np.asarray(scaled + random.normal(scale=1e-4 * extent, size=points.shape))


class _Bar:
    """What a progress bar of tqdm writes to: it is read as a percentage."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def write(self, text: str) -> None:
        if text.strip().isdigit():
            self.progress(int(text) / 100)

    def flush(self) -> None:
        """Nothing is held back."""
