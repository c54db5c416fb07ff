"""Variants of the autoencoder, compared at the same budget."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aecore.applications.evaluation import scores
from aecore.config import Config
from aecore.data import Dataset
from aecore.i18n import N_, Message
from aecore.presets import preset
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel

WIDE = {"bottleneck": 256, "hidden": "", "linear_path": False}

VARIANTS: Mapping[str, tuple[Message, str, Mapping[str, Any]]] = {
    "classic": (N_("Classic"), "classic", {}),
    "stacked": (N_("Stacked"), "stacked", {"linear_path": False}),
    "pretrained": (
        N_("Stacked, layer-wise pretrained"),
        "stacked",
        {"linear_path": False, "pretrain_epochs": 1},
    ),
    "linear_path": (N_("Stacked with a linear path"), "stacked", {}),
    "tied": (N_("Tied weights"), "stacked", {"linear_path": False, "tied": True}),
    "denoising": (N_("Denoising"), "denoising", {}),
    "l1": (N_("Sparse, L1"), "sparse", {**WIDE, "sparsity_kind": "l1", "sparsity": 0.01}),
    "kl": (
        N_("Sparse, KL"),
        "sparse",
        {**WIDE, "sparsity_kind": "kl", "sparsity": 0.1, "code_activation": "sigmoid"},
    ),
    "top_k": (N_("Sparse, top-k"), "sparse", {**WIDE, "active_units": 16}),
    "convolutional": (N_("Convolutional"), "convolutional", {}),
}
"""The label of each variant, the preset it starts from, and the knobs that differ."""


def variants(dataset: str, *, epochs: int, bottleneck: int = 16) -> dict[str, Config]:
    """Return the settings of all variants, with the same images, epochs, batch size and seed.

    Parameters
    ----------
    dataset : str
    epochs : int
    bottleneck : int
        Size of the code, except for the sparse variants, whose code is larger but mostly inactive.

    Returns
    -------
    dict of str to Config
        By the keys of `VARIANTS`.
    """
    batch = preset("stacked", dataset).batch_size
    same = {"epochs": epochs, "batch_size": batch, "bottleneck": bottleneck}
    return {
        name: preset(start, dataset, **{**same, **values})
        for name, (_, start, values) in VARIANTS.items()
    }


def finished(path: Path) -> bool:
    """Return whether the folder contains a finished run."""
    return (path / "run.json").exists() and Run(path).finished


def measure(path: Path, dataset: Dataset) -> dict[str, Any]:
    """Return the scores of a run (see `aecore.applications.evaluation.scores`) and its seconds."""
    seconds = Run(path).summary().get("seconds")
    return {"run": path.name, **scores(TrainedModel.open(path, dataset)), "seconds": seconds}
