"""The Map quality panel of the Manifold page: neighbourhoods, classes and factors."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from aecore.applications.evaluation import TEST_IMAGES, TRAINING_IMAGES
from aecore.data import Dataset
from aecore.data.names import display_name
from aecore.errors import LabError, RunError
from aecore.i18n import N_, Message, t
from aecore.maps.projection import Projection
from aecore.maps.quality import (
    Quality,
    cross_validated_accuracy,
    knn_accuracy,
    quality,
)
from aecore.metrics.factor_recovery import distance_correlation, recovery
from aecore.network.inference import encode
from aecore.training.probe import LabeledImages
from aecore.training.snapshot import Snapshot
from dashboard.components.latent_canvas import Marks
from dashboard.state import active_run, background, cached
from dashboard.views.manifold.map import current_map, selected_step
from dashboard.views.manifold.moment import Moment
from dashboard.views.manifold.options import MapOptions

MOST_FOR_FACTORS = 2000
PENDING = "…"

METRICS: Mapping[str, tuple[Message, Message]] = {
    "pixel trustworthiness": (
        N_("Trustworthiness by pixels"),
        N_("Neighbours on the map are neighbours by pixels."),
    ),
    "pixel continuity": (
        N_("Continuity by pixels"),
        N_("Neighbours by pixels are neighbours on the map."),
    ),
    "code trustworthiness": (
        N_("Trustworthiness by code"),
        N_("Neighbours on the map are neighbours by code."),
    ),
    "code continuity": (
        N_("Continuity by code"),
        N_("Neighbours by code are neighbours on the map."),
    ),
    "neighbours lost": (
        N_("Neighbours lost"),
        N_("Share of the ten nearest by code that are not among the ten nearest on the map."),
    ),
    "accuracy": (
        N_("5-NN accuracy"),
        N_("The five nearest points on the map predict the class."),
    ),
}


@dataclass(frozen=True)
class Accuracy:
    """Accuracy of a 5-nearest-neighbour classifier on a map.

    Attributes
    ----------
    value : float or None
        None for too few labelled points.
    fitted, tested : int
        Numbers of training and of held-out images; both 0 for cross-validation over the points.
    """

    value: float | None
    fitted: int = 0
    tested: int = 0


@dataclass(frozen=True)
class Measures:
    """What the panel shows of a map.

    Attributes
    ----------
    step : int
        The step of the map.
    quality : Quality
    accuracy : Accuracy or None
        None where classes are unknown.
    """

    step: int
    quality: Quality
    accuracy: Accuracy | None

    @property
    def values(self) -> dict[str, float]:
        """The values by their keys in `METRICS`, without those that are undefined."""
        values = {
            "neighbours lost": self.quality.neighbours_lost,
            "accuracy": None if self.accuracy is None else self.accuracy.value,
        }
        for space, of in (("pixel", self.quality.by_pixels), ("code", self.quality.by_code)):
            if of is not None:
                values[f"{space} trustworthiness"] = of.trustworthiness
                values[f"{space} continuity"] = of.continuity
        return {name: value for name, value in values.items() if value is not None}


def map_quality(moment: Moment, options: MapOptions, marks: Marks) -> None:
    """Show how well the map preserves neighbourhoods, and how well codes predict the factors."""
    del marks
    projection = current_map(moment, options)
    measures = _measured(moment, options, projection)
    with st.container(horizontal=True):
        for name in _expected(moment, projection):
            label, description = METRICS[name]
            value = PENDING if measures is None else measures.values.get(name)
            if value is not None:
                text = value if isinstance(value, str) else f"{value:.3f}"
                st.metric(str(label), text, help=str(description), width="content")
    st.caption(t("Measuring") if measures is None else _notes(measures, projection))
    if moment.sample.factors:
        _factors(moment, options)


def _expected(moment: Moment, projection: Projection) -> list[str]:
    """Return the keys in `METRICS` that mean something for a map; their places are kept."""
    absent = set()
    if projection.shows_code:
        absent |= {"code trustworthiness", "code continuity", "neighbours lost"}
    if not moment.snapshot.classes:
        absent.add("accuracy")
    return [name for name in METRICS if name not in absent]


def _notes(measures: Measures, projection: Projection) -> str:
    """Say what was measured, and how."""
    notes = [
        t(
            "Measured at step {step:,} on {count:,} points, with five neighbours of each.",
            step=measures.step,
            count=measures.quality.count,
        )
    ]
    if projection.shows_code:
        notes.append(t("The map shows the code itself, so it is compared with the pixels only."))
    if measures.accuracy is not None and measures.accuracy.value is not None:
        notes.append(_accuracy_note(measures.accuracy, projection))
    return " ".join(notes)


def _accuracy_note(accuracy: Accuracy, projection: Projection) -> str:
    if accuracy.fitted:
        return t(
            "5-NN: fitted on {fitted:,} training images placed on the map, tested on {tested:,} "
            "held-out images.",
            fitted=accuracy.fitted,
            tested=accuracy.tested,
        )
    if projection.basis is None:
        return t("5-NN: cross-validated over the points, as this map cannot place other images.")
    return t("5-NN: cross-validated over the points, as this step was saved without its encoder.")


def _measured(moment: Moment, options: MapOptions, projection: Projection) -> Measures | None:
    """Measure the map in the background; None until it is measured for the first time.

    While the network trains, the result may be that of an earlier step.
    """
    snapshot, sample = moment.snapshot, moment.sample
    dataset = cached.dataset_of(snapshot)
    key = ("map quality", projection.method, options.units, *_place(options))
    return background.get(
        key, lambda: measure(projection, snapshot, sample, dataset), (moment.name, projection)
    )


def _place(options: MapOptions) -> tuple[str, str, int | None]:
    """Return the run, the image set and the step in view; None for the newest, which changes."""
    return str(active_run.live().run.path), options.image_set, selected_step(options)


def measure(
    projection: Projection, snapshot: Snapshot, sample: LabeledImages, dataset: Dataset
) -> Measures:
    """Measure a map.

    Parameters
    ----------
    projection : Projection
        The map of the codes of `sample`.
    snapshot : Snapshot
        The network that the codes are of.
    sample : LabeledImages
        The images at the points of the map.
    dataset : Dataset
        Source of the training and held-out images for the classifier.
    """
    accuracy = None
    if snapshot.classes:
        accuracy = _held_out_accuracy(projection, snapshot, dataset) or Accuracy(
            cross_validated_accuracy(projection.points, sample.labels)
        )
    return Measures(snapshot.step, quality(projection, sample.images), accuracy)


def _held_out_accuracy(
    projection: Projection, snapshot: Snapshot, dataset: Dataset
) -> Accuracy | None:
    """Fit a classifier on training images and test it on held-out ones, where the map allows it.

    Returns
    -------
    Accuracy or None
        None where the map cannot place other images, or the encoder was not saved.
    """
    if projection.basis is None:
        return None
    try:
        model = snapshot.model
    except RunError:
        return None
    images, held_out = dataset.images[:TRAINING_IMAGES], dataset.test_images[:TEST_IMAGES]
    points, test_points = (projection.transform(encode(model, each)) for each in (images, held_out))
    labels, test_labels = dataset.labels[: len(images)], dataset.test_labels[: len(held_out)]
    value = knn_accuracy(points, labels, test_points, test_labels)
    return Accuracy(value, int((labels >= 0).sum()), int((test_labels >= 0).sum()))


def _factors(moment: Moment, options: MapOptions) -> None:
    rows = slice(0, MOST_FOR_FACTORS)
    factors = {name: values[rows] for name, values in moment.sample.factors.items()}
    codes = moment.codes[rows]
    try:
        scores = background.get(
            ("factor recovery", *_place(options)),
            lambda: (recovery(codes, factors), distance_correlation(codes, factors)),
            moment.name,
        )
    except LabError as error:
        st.caption(str(error))
        return
    st.caption(t("The factors behind the images, and how well the code predicts each:"))
    r_squared, correlation = scores or ({}, {})
    st.dataframe(
        {
            t("factor"): [display_name(name) for name in factors],
            t("R² from the code"): [r_squared.get(name) for name in factors],
            t("distance correlation"): [correlation.get(name) for name in factors],
        },
        hide_index=True,
        width="content",
    )
