"""Variants of the autoencoder, compared after the same number of passes over the images."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aecore.applications.evaluation import scores
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.experiments.grid import Planned
from aecore.experiments.sweep import Outcome, folder_name, sweep
from aecore.experiments.trials import chosen, run_trials, trials
from aecore.i18n import N_, Message
from aecore.presets import preset
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from aecore.training.schedule import passes, with_passes

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
    """Return the settings of all variants, with the same images, passes, batch size and seed.

    Their learning rates are those of the presets, around which `train` looks for better ones.

    Parameters
    ----------
    dataset : str
    epochs : int
        Passes over the images, pretraining included. Layer-wise pretraining takes one for each
        layer and leaves one for all together; fewer than that are raised to it for all variants.
    bottleneck : int
        Size of the code, except for the sparse variants, whose code is larger but mostly inactive.

    Returns
    -------
    dict of str to Config
        By the keys of `VARIANTS`.
    """
    batch = preset("stacked", dataset).batch_size
    same = {"batch_size": batch, "bottleneck": bottleneck}
    configs = {
        name: preset(start, dataset, **{**same, **values})
        for name, (_, start, values) in VARIANTS.items()
    }
    fewest = max(passes(with_passes(config, 1)) for config in configs.values())
    return {name: with_passes(config, max(epochs, fewest)) for name, config in configs.items()}


def train(
    configs: Mapping[str, Config],
    dataset: Dataset,
    *,
    root: Path,
    processes: int | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Outcome]:
    """Train variants, each at the best of three learning rates, and yield each run when it is done.

    The trials of all variants come first. Neither trials nor runs that exist are trained again, so
    an interrupted call can be repeated.

    Parameters
    ----------
    configs : mapping of str to Config
        From `variants`.
    dataset, root, processes, cancel
        See `aecore.experiments.sweep.sweep`.

    Yields
    ------
    Outcome
        Its place is that of the variant. A trial has no name, and no reason if it diverged: only
        a variant without any trial to choose from has one.

    Raises
    ------
    RunError
        If runs are missing and the folder cannot be written to.
    """
    each, total, done = list(configs.values()), run_count(configs), 0
    reasons: dict[int, LabError] = {}
    for trial in run_trials(each, dataset, root=root, processes=processes, cancel=cancel):
        if trial.reason is not None:
            reasons[trial.place] = trial.reason
        done += 1
        yield Outcome(trial.place, trial.values, done=done, total=total)
    if cancel is not None and cancel.is_set():
        return
    plans = [
        Planned(config.model_dump(), chosen(root, dataset, config), reasons.get(place))
        for place, config in enumerate(each)
    ]
    for outcome in sweep(plans, dataset, root=root, processes=processes, cancel=cancel):
        yield replace(outcome, done=done + outcome.done, total=total)


def run_count(configs: Mapping[str, Config]) -> int:
    """Return how many runs variants take, with their trials."""
    return sum(1 + len(trials(config)) for config in configs.values())


def finished_run(root: Path, dataset: Dataset, config: Config) -> Path | None:
    """Return the folder of a variant's run at its best learning rate; None until it is finished."""
    best = chosen(root, dataset, config)
    path = None if best is None else root / folder_name(best)
    return path if path is not None and _is_finished(path) else None


def _is_finished(path: Path) -> bool:
    try:
        return Run(path).finished
    except LabError:
        return False


def measure(path: Path, dataset: Dataset) -> dict[str, Any]:
    """Return the scores of a run, its learning rate and its seconds.

    For the scores see `aecore.applications.evaluation.scores`.
    """
    run = Run(path)
    return {
        "run": path.name,
        **scores(TrainedModel.open(path, dataset)),
        "learning_rate": run.config.learning_rate,
        "seconds": run.summary().get("seconds"),
    }
