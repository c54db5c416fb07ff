"""UMAP and t-SNE layouts that can start from an earlier layout.

Both methods improve an initial layout step by step, so a map that starts from the previous one
moves little. UMAP is assembled from umap-learn's functions, because its estimator stretches the
initial layout to a square, which would make every frame start with a jump.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 10
# Measured on codes of MNIST: umap-learn's defaults, 15 and 0.1, preserve fewer neighbours.
LEAST_DISTANCE = 0.0
EPOCHS, EPOCHS_OF_MANY, MANY = 500, 200, 10_000
FIRST_EPOCHS = 100
# At the full rate, a few epochs would undo what many have achieved.
NEXT_EPOCHS, NEXT_RATE = 25, 0.1
# The extent of umap-learn's own initial layouts.
UMAP_EXTENT = 10.0

PERPLEXITY = 30
# t-SNE starts from a tiny layout, followed by early exaggeration.
TSNE_SPREAD = 1e-4
TSNE_EARLY, TSNE_STEPS = 250, 500
TSNE_FIRST_EARLY, TSNE_FIRST_STEPS = 100, 100
TSNE_NEXT_STEPS = 25
TSNE_REPORT = 5

Codes = NDArray[np.float32]
Points = NDArray[np.float64]
Progress = Callable[[float], None]
# Approximate share of the time spent on the neighbour search.
NEIGHBOUR_SHARE = 0.1


def umap(
    codes: Codes, start: Points, *, seed: int, quick: bool, warm_start: bool, progress: Progress
) -> Points:
    """Lay out codes with UMAP.

    McInnes, L., Healy, J. and Melville, J. (2018). UMAP: Uniform Manifold Approximation and
    Projection for Dimension Reduction. https://arxiv.org/abs/1802.03426

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck), float32
        Finite, n at least 3.
    start : ndarray of shape (n, 2)
        Initial layout.
    seed : int
        Equal arguments give equal layouts, bit for bit.
    quick : bool
        Use few epochs, for a map to watch during training.
    warm_start : bool
        Whether `start` is itself a UMAP layout; it then keeps its scale and, if `quick`, moves
        only a little.
    progress : callable
        Called with the completed share, in [0, 1].

    Returns
    -------
    ndarray of shape (n, 2)
    """
    from sklearn.utils import check_random_state

    with warnings.catch_warnings():
        # Only parametric UMAP, which is not used here, needs Tensorflow.
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        from umap.layouts import optimize_layout_euclidean
        from umap.umap_ import find_ab_params, make_epochs_per_sample

    random = check_random_state(seed)
    epochs = EPOCHS if len(codes) <= MANY else EPOCHS_OF_MANY
    if quick:
        epochs = NEXT_EPOCHS if warm_start else FIRST_EPOCHS
    graph = _graph(codes, epochs, random)
    progress(NEIGHBOUR_SHARE)
    points = np.array(
        start if warm_start else _rescaled(start, UMAP_EXTENT, random), np.float32, order="C"
    )
    layout = optimize_layout_euclidean(
        points,
        points,
        graph.row,
        graph.col,
        epochs,
        len(codes),
        make_epochs_per_sample(graph.data, epochs),
        *find_ab_params(1.0, LEAST_DISTANCE),
        random.randint(-(2**31) + 1, 2**31 - 2, 3).astype(np.int64),
        initial_alpha=NEXT_RATE if quick and warm_start else 1.0,
        move_other=True,
        tqdm_kwds={
            "disable": False,
            "file": _ProgressFile(
                lambda share: progress(NEIGHBOUR_SHARE + (1 - NEIGHBOUR_SHARE) * share)
            ),
            "bar_format": "{percentage:.0f}",
        },
    )
    return np.asarray(layout, np.float64)


def _graph(codes: Codes, epochs: int, random: np.random.RandomState) -> Any:
    """Return UMAP's sparse neighbour graph, without edges too weak to be sampled."""
    from sklearn.neighbors import NearestNeighbors
    from umap.umap_ import fuzzy_simplicial_set

    count = min(NEIGHBOURS, len(codes) - 1)
    # umap-learn's approximate search takes a minute to compile; this takes a second.
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
    codes: Codes, start: Points, *, seed: int, quick: bool, warm_start: bool, progress: Progress
) -> Points:
    """Lay out codes with t-SNE, by openTSNE.

    Maaten, L. van der, and Hinton, G. (2008). Visualizing Data using t-SNE. JMLR 9.
    Policar, P., Strazar, M. and Zupan, B. (2024). openTSNE: A Modular Python Library for t-SNE
    Dimensionality Reduction and Embedding. Journal of Statistical Software 109(3).

    Parameters and return value are those of `umap`.
    """
    from openTSNE import TSNE

    early, steps = (TSNE_FIRST_EARLY, TSNE_FIRST_STEPS) if quick else (TSNE_EARLY, TSNE_STEPS)
    if warm_start:
        early, steps = 0, TSNE_NEXT_STEPS if quick else TSNE_STEPS
    else:
        start = start / (start[:, 0].std() or 1) * TSNE_SPREAD
    done = 0

    def report(*_: object) -> None:
        nonlocal done
        done += TSNE_REPORT
        progress(NEIGHBOUR_SHARE + (1 - NEIGHBOUR_SHARE) * min(1, done / (early + steps)))

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


def _rescaled(points: Points, extent: float, random: np.random.RandomState) -> Points:
    """Return points scaled to an extent, with a little noise to separate equal ones."""
    largest = float(np.ptp(points, axis=0).max())
    scaled = points * (extent / largest) if largest else points
    return np.asarray(scaled + random.normal(scale=1e-4 * extent, size=points.shape))


class _ProgressFile:
    """A file-like object that turns the percentages written by tqdm into progress calls."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def write(self, text: str) -> None:
        if text.strip().isdigit():
            self.progress(int(text) / 100)

    def flush(self) -> None:
        """Do nothing: writes are not buffered."""
