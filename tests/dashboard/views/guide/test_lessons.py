from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from aecore import data
from aecore.applications import anomaly, denoising
from aecore.config import Config
from aecore.data import Dataset
from aecore.maps.projection import project
from aecore.maps.quality import cross_validated_accuracy, quality
from aecore.metrics import pca_denoiser
from aecore.metrics.activity import activity
from aecore.network import latent_space
from aecore.network.autoencoder import Autoencoder
from aecore.network.layers import layers
from aecore.presets import PRESETS, preset
from aecore.runs.trained_model import TrainedModel
from aecore.training.noisy_images import NoisyImages
from aecore.training.probe import probe_set
from aecore.training.schedule import TrainingSchedule
from aecore.training.seeding import generator
from aecore.training.trainer import Trainer
from dashboard.figures.code_activity import code_activity
from dashboard.figures.loss_curve import loss
from dashboard.state.commands import matching_preset
from dashboard.views.denoise.curves import LEVELS
from dashboard.views.guide.glossary import GLOSSARY, PAPERS
from dashboard.views.guide.lessons import CONSTRAINTS, EXPERIMENTS, VARIANTS, Lesson
from dashboard.widgets.edit_texts import edit_texts
from dashboard.widgets.pca_comparison import ratio_of_row

LESSONS = {**VARIANTS, **EXPERIMENTS}
CLAIMS = {
    **{name: each.look for name, each in CONSTRAINTS.items()},
    **{name: each.watch for name, each in LESSONS.items()},
}
PAGES = {"train", "manifold", "denoise", "anomalies"}
DIGITS = tuple("0123456789")


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize(("dataset", "side"), [("digits", 8), ("mnist", 28)])
def test_every_lesson_describes_a_valid_network(name: str, dataset: str, side: int) -> None:
    config = LESSONS[name].settings(dataset, DIGITS)
    assert config.dataset == dataset
    net = Autoencoder((side, side), config, generator=generator(0, "weights"))
    assert net.bottleneck == layers(config, (side, side))[len(config.widths) + 1].units


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_trains_on_digits(name: str) -> None:
    trainer = Trainer(data.load("digits"), EXPERIMENTS[name].settings("digits", DIGITS))
    row = trainer.step()
    assert row is not None
    assert row["train"] < 1


def test_variants_and_experiments_have_distinct_names() -> None:
    assert len(LESSONS) == len(VARIANTS) + len(EXPERIMENTS)


def test_every_preset_is_a_variant_with_the_same_texts() -> None:
    assert set(PRESETS) < set(VARIANTS)
    for name in PRESETS:
        lesson = VARIANTS[name]
        assert (lesson.label, lesson.description) == (
            PRESETS[name].label,
            PRESETS[name].description,
        )
        assert matching_preset(lesson.settings("digits")) == name


def test_lessons_have_the_settings_they_describe() -> None:
    def settings(name: str) -> Config:
        return LESSONS[name].settings("digits", DIGITS)

    assert settings("linear").linear_path
    assert settings("linear").widths == ()
    assert settings("squeeze").bottleneck == settings("resize").bottleneck == 2
    assert settings("overcomplete").bottleneck > 64
    assert settings("overcomplete").sparsity == 0
    assert settings("noisy").noise > 0
    assert settings("one_class").classes == "0"
    assert settings("pretrained").pretrain_epochs > 0


def test_one_class_lesson_has_no_effect_without_classes() -> None:
    assert EXPERIMENTS["one_class"].settings("digits").classes == ""


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=list(LESSONS))
def test_lessons_lead_to_a_page_and_have_complete_sentences(lesson: Lesson) -> None:
    assert lesson.page in PAGES
    assert str(lesson.description).endswith(".")
    assert str(lesson.watch).endswith(".")


def test_constraints_glossary_and_papers_are_complete() -> None:
    assert set(CONSTRAINTS) == {"bottleneck", "sparsity", "noise"}
    assert {each.page for each in CONSTRAINTS.values()} <= PAGES
    terms = {str(term) for term, _ in GLOSSARY}
    assert {"Code", "Latent space", "Probe set", "Manifold", "Reconstruction error"} <= terms
    assert all(str(meaning).endswith(".") for _, meaning in GLOSSARY)
    cited = " ".join(paper for _, paper in PAPERS)
    for author in ("Bengio", "Vincent", "Salakhutdinov", "Makhzani", "Ng ("):
        assert author in cited


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_is_tested_as_it_is_worded(name: str) -> None:
    """The test of a claim quotes it, so that its words do not change without a look at the test."""
    quotation = globals()[f"test_claim_of_{name}"].__doc__
    assert " ".join(quotation.split()) == str(CLAIMS[name])


def begin(name: str, dataset: Dataset, **values: Any) -> Trainer:
    """Start the run of a lesson, perhaps with some settings changed, such as fewer epochs."""
    return Trainer(dataset, LESSONS[name].settings(dataset.name, DIGITS).changed(**values))


def completed(name: str, dataset: Dataset, **values: Any) -> Trainer:
    """Train a lesson to its end."""
    trainer = begin(name, dataset, **values)
    trainer.train()
    return trainer


@pytest.fixture(scope="module")
def denoiser(digits: Dataset) -> Trainer:
    return completed("noisy", digits, epochs=20)


@pytest.fixture(scope="module")
def mapped(digits: Dataset) -> Trainer:
    """Train a network with a two-unit code."""
    return completed("squeeze", digits, epochs=20)


def network_of(trainer: Trainer) -> TrainedModel:
    return TrainedModel.from_snapshot(trainer.snapshot(), trainer.dataset, "run")


def errors(trainer: Trainer) -> list[float]:
    return [row["held_out"] for row in trainer.history]


def pca_ratios(trainer: Trainer) -> NDArray[np.float64]:
    """Return the error relative to that of PCA in each row, as the pages show it."""
    ratios = [ratio_of_row(row, trainer.config) for row in trainer.history]
    assert None not in ratios
    return np.array(ratios, np.float64)


def distance_to_average(images: NDArray[np.float32], dataset: Dataset) -> float:
    """Return the root mean squared difference between images and the average training image."""
    return float(np.sqrt(np.square(images - dataset.images.mean(0) / 255).mean()))


def psnr_by_method(trainer: Trainer, level: float) -> dict[str, float]:
    """Return the quality of each method on held-out images, as the Denoise page shows it."""
    images, kind = trainer.dataset.test_images[:200], trainer.config.noise_kind
    rows = denoising.compare(network_of(trainer), images, kind, [level])
    return {row.method: row.psnr for row in rows}


def roughness(images: NDArray[np.floating]) -> float:
    """Return the energy of differences between neighbouring pixels, relative to that of the pixels.

    The median over images of shape (n, height, width).
    """
    differences = sum(np.square(np.diff(images, axis=axis)).sum((1, 2)) for axis in (1, 2))
    return float(np.median(differences / np.square(images).sum((1, 2))))


def similarity(weights: NDArray[np.floating], images: NDArray[np.floating]) -> float:
    """Return the median of the largest cosine between the weights of a unit and an image."""
    rows = (each.reshape(len(each), -1) for each in (weights, images))
    return float(np.median(cosine_similarity(*rows).max(1)))


def test_claim_of_bottleneck(digits: Dataset) -> None:
    """
    Reconstructions: the smaller the code, the more every image looks like an average.
    """
    examples = [
        completed("stacked", digits, bottleneck=units, epochs=2).snapshot().examples
        for units in (1, 4, 16)
    ]
    distances = [distance_to_average(each.reconstructions, digits) for each in examples]
    assert distances == sorted(distances)
    original = distance_to_average(examples[0].originals, digits)
    assert distances[0] < 0.6 * original
    assert distances[-1] < original


def test_claim_of_sparsity(digits: Dataset) -> None:
    """
    Code activity: how many units are active per image, and which are dead.
    """
    unconstrained = activity(begin("sparse", digits, sparsity_kind="none").snapshot().codes)
    codes = begin("sparse", digits).snapshot().codes
    sparse = activity(codes)
    assert sparse.active.sum() < 0.1 * unconstrained.active.sum()
    assert np.array_equal(sparse.dead, (codes == 0).all(0))
    figure = go.Figure(code_activity(sparse.mean, sparse.active, sparse.dead))
    (summary,) = (note.text for note in figure.layout.annotations)
    assert summary == f"25.0 of 1024 units active per image · {sparse.dead.sum()} dead"


def test_claim_of_noise(digits: Dataset, denoiser: Trainer) -> None:
    """
    Quality (PSNR) by noise level: the network's curve next to those of the baselines.
    """
    level = denoiser.config.noise
    copier = completed("noisy", digits, noise=0.0, epochs=5)
    with_noise, without = (psnr_by_method(each, level) for each in (denoiser, copier))
    assert set(with_noise) > {"autoencoder", "pca", "wiener", "median", "tv"}
    assert with_noise["wiener"] == without["wiener"]
    assert with_noise["autoencoder"] > without["autoencoder"] + 2


def test_claim_of_classic(digits: Dataset) -> None:
    """
    The reconstructions soon become one grey average, then sharpen slowly; the error stays above
    PCA's dashed line for a long time.
    """
    trainer = begin("classic", digits)
    contrasts, distances = [], []
    for share in (0.01, 0.05, 0.1, 0.5):
        trainer.train(int(share * trainer.total_steps))
        examples = trainer.snapshot().examples
        contrasts.append(examples.reconstructions.std(0).sum() / examples.originals.std(0).sum())
        distances.append(distance_to_average(examples.reconstructions, digits))
    assert distances[0] < 0.15
    assert distances[0] < distances[1] < distances[2]
    assert contrasts[0] < 0.5 < contrasts[-1]
    assert pca_ratios(trainer).min() > 1


def test_claim_of_stacked(digits: Dataset) -> None:
    """
    The error starts at PCA's dashed line and drops below it: the difference is what nonlinearity
    adds.
    """
    ratios = pca_ratios(completed("stacked", digits, epochs=10))
    linear = pca_ratios(completed("stacked", digits, epochs=10, hidden=""))
    assert ratios[0] == pytest.approx(1, abs=0.02)
    assert ratios[-1] < 0.8
    assert linear[-1] > ratios[-1] + 0.1


def test_claim_of_pretrained(digits: Dataset) -> None:
    """
    Grey bands on the error curve: in each, one layer is trained alone. The validation error falls
    after the bands, when all are trained together.
    """
    trainer = begin("pretrained", digits, epochs=8)
    schedule = TrainingSchedule(trainer.config, trainer.steps_per_epoch)
    layer_count = len(trainer.config.widths) + 1
    changes: list[set[str]] = []
    for layer in range(layer_count):
        before = trainer.snapshot().weights
        trainer.train((layer + 1) * schedule.per_layer)
        after = trainer.snapshot().weights
        changes.append({name for name in after if (after[name] != before[name]).any()})
    assert sum(map(len, changes)) == len(set().union(*changes)) == len(before)
    trainer.train()
    bands = [
        shape for shape in go.Figure(loss(trainer.history)).layout.shapes if shape.type == "rect"
    ]
    assert [shape.label.text for shape in bands] == ["layer 1", "layer 2", "layer 3"]
    together = [row["held_out"] for row in trainer.history if row["stage"] == 0]
    alone = [row["held_out"] for row in trainer.history if row["stage"]]
    assert together[-1] < 0.5 * min(alone)


def test_claim_of_sparse(digits: Dataset) -> None:
    """
    Code activity: 25 units are active for each image. Most of the others are soon dead:
    active for no image.
    """
    trainer = begin("sparse", digits)
    dead = []
    for steps in (0, 150):
        trainer.train(steps)
        codes = trainer.snapshot().codes
        assert ((codes != 0).sum(1) == 25).all()
        units = activity(codes)
        assert units.active.sum() == pytest.approx(25, abs=0.5)
        assert (codes[:, units.dead] == 0).all()
        dead.append(units.dead.mean())
    assert dead[1] > max(0.75, dead[0])


def test_claim_of_denoising(digits: Dataset, denoiser: Trainer) -> None:
    """
    The second row of the reconstructions goes in, the third comes out: the noise is gone, and
    where it hid something, the network guesses. The dashed line on the error curve is the best
    that PCA makes of the same noisy images.
    """
    network, kind, level = network_of(denoiser), denoiser.config.noise_kind, denoiser.config.noise
    assert denoiser.config == LESSONS["denoising"].settings("digits").changed(epochs=20)
    examples = denoiser.snapshot().examples
    assert np.allclose(network.reconstruct(examples.corrupted), examples.reconstructions, atol=1e-5)
    # With other noise the network guesses otherwise, but little of the noise is left.
    noisy = [denoising.add_noise(examples.originals, kind, level, seed) for seed in range(8)]
    remaining = np.std([network.reconstruct(each) for each in noisy], 0).mean()
    assert 0.05 < remaining / np.std(noisy, 0).mean() < 0.5
    subset = denoiser.training_subset
    training, clean = (
        (each / 255).astype(np.float32) for each in (subset.images, subset.validation_images)
    )
    projection = pca_denoiser.fit(training, denoising.add_noise(training, kind, level), network.pca)
    pairs = NoisyImages(clean, training, network.pca, kind, level)
    errors_by_count = [
        replace(projection, components=count).error(clean, pairs.noisy) for count in range(1, 65)
    ]
    line = [row["pca"] for row in denoiser.history]
    assert line == pytest.approx([min(errors_by_count)] * len(line), rel=0.02)
    assert errors(denoiser)[-1] == pytest.approx(pairs.error(denoiser.model))
    assert errors(denoiser)[-1] < line[-1]


def test_claim_of_convolutional(digits: Dataset) -> None:
    """
    Error vs PCA falls below 1.00×. In the diagram on this page, layers now have channels: each
    layer of the encoder is half as high and wide as the one before.
    """
    trainer = completed("convolutional", digits, epochs=5)
    assert pca_ratios(trainer)[-1] < 0.9
    image, *encoder = (
        each.shape
        for each in layers(trainer.config, digits.shape)
        if each.part in ("image", "encoder")
    )
    sides = [image, *((height, width) for _, height, width in encoder)]
    for (height, width), half in pairwise(sides):
        assert half == (height // 2, width // 2)


def test_claim_of_two_dimensional(digits: Dataset, mapped: Trainer) -> None:
    """
    The latent map shows both code dimensions. Classes drift apart although the network never sees
    the labels.
    """
    first, last = begin("two_dimensional", digits).snapshot(), mapped.snapshot()
    assert np.array_equal(last.points, last.codes)
    before, after = (cross_validated_accuracy(each.points, each.labels) for each in (first, last))
    assert before is not None
    assert after is not None
    assert after > max(0.75, before + 0.1)
    relabelled = replace(digits, labels=digits.labels[::-1].copy())
    weights = [
        completed("two_dimensional", each, epochs=1).snapshot().weights
        for each in (digits, relabelled)
    ]
    assert all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_claim_of_linear(digits: Dataset) -> None:
    """
    Error vs PCA stays near 1.00×: no linear network does better. Then choose the preset Stacked,
    which has hidden layers, and it falls below.
    """
    ratios = pca_ratios(completed("linear", digits, epochs=20))
    assert ratios.min() > 0.99
    assert ratios.max() < 1.03
    stacked = Trainer(digits, preset("stacked", "digits", epochs=5))
    stacked.train()
    assert pca_ratios(stacked)[-1] < 0.9


def test_claim_of_squeeze(digits: Dataset, mapped: Trainer) -> None:
    """
    Hover over the map: every place is an image, and neighbours look alike. Where classes meet, one
    digit turns into another.
    """
    network, snapshot = network_of(mapped), mapped.snapshot()
    measured = quality(project(snapshot.codes, "pca"), probe_set(digits).images).by_pixels
    assert measured is not None
    assert measured.trustworthiness > 0.93
    recogniser = KNeighborsClassifier(5).fit(digits.images.reshape(-1, 64) / 255, digits.labels)
    map_classes = KNeighborsClassifier(5).fit(snapshot.codes, snapshot.labels)
    low, high = np.percentile(snapshot.codes, (10, 90), axis=0)
    x, y = np.meshgrid(*np.linspace(low, high, 30).T)
    places = np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)
    shown = recogniser.predict(network.decode(places).reshape(-1, 64))
    assert (shown == map_classes.predict(places)).mean() > 0.75
    centres = np.array([np.median(snapshot.codes[snapshot.labels == n], 0) for n in range(10)])
    _, neighbours = NearestNeighbors(n_neighbors=2).fit(centres).kneighbors(centres)
    turned = 0
    for pair in neighbours:
        path = network.decode(latent_space.interpolate(centres[pair], 20)).reshape(-1, 64)
        turned += {*recogniser.predict(path[[0, -1]])} == {*pair}
        # No jump: each of the 20 steps makes a small part of the change.
        assert abs(np.diff(path, axis=0)).sum(1).max() < 0.3 * abs(path[-1] - path[0]).sum()
    assert turned >= 8


def test_claim_of_overcomplete(digits: Dataset) -> None:
    """
    Soon most units are active for each image. Raise Sparsity step by step to 1: they go quiet, and
    under Units on the Manifold page noisy weights come to look like images.
    """
    trainer = begin("overcomplete", digits, epochs=40)
    images = digits.images / 255 - digits.images.mean(0) / 255
    active, rough, similar = [], [], []
    for number, sparsity in enumerate((0, 0.1, 0.3, 1)):
        trainer.change(sparsity=sparsity)
        trainer.train((2 + number) * trainer.total_steps // 5)
        codes = trainer.snapshot().codes
        active.append(activity(codes).active.sum() / trainer.config.bottleneck)
        shown = latent_space.units_by_variance(codes)[:32]
        weights = latent_space.unit_effects(trainer.model, codes.mean(0))[shown]
        rough.append(roughness(weights))
        similar.append(similarity(weights, images))
    assert active[0] > 0.7
    assert active == sorted(active, reverse=True)
    assert active[-1] < 0.1
    assert rough[-1] < roughness(images) < 0.9 * rough[0]
    assert similar[-1] > similar[0] + 0.08


def test_claim_of_noisy(denoiser: Trainer) -> None:
    """
    Around the level it was trained at, the network's curve rises above those of the other methods.
    """
    for level in (0.2, 0.3, 0.4):
        assert level in LEVELS
        psnr = psnr_by_method(denoiser, level)
        assert psnr.pop("autoencoder") > max(psnr.values())


def test_claim_of_one_class(digits: Dataset) -> None:
    """
    The scores of the other classes lie to the right of the normal ones: what the network has never
    seen, it reconstructs poorly.
    """
    network = network_of(completed("one_class", digits, epochs=40))
    assert anomaly.normal_classes(network) == ("0",)
    images, anomalous = anomaly.held_out(digits, ("0",))
    scores = anomaly.detector(network)["error"](images)
    assert np.quantile(scores[anomalous], 0.05) > np.quantile(scores[~anomalous], 0.95)


def test_claim_of_resize(digits: Dataset) -> None:
    """
    Move Bottleneck to 8, then to 32: each change is marked on the curve, which continues from where
    it was. Nothing is lost.
    """
    trainer = begin("resize", digits, epochs=20)
    part = trainer.total_steps // 4
    trainer.train(part)
    for bottleneck in (8, 32):
        rows, before = len(trainer.history), trainer.snapshot().examples.reconstructions
        trainer.change(bottleneck=bottleneck)
        assert np.allclose(trainer.snapshot().examples.reconstructions, before, atol=1e-5)
        trainer.train(trainer.steps + part)
        assert errors(trainer)[rows] < 1.05 * errors(trainer)[rows - 1]
        assert errors(trainer)[-1] < 0.7 * errors(trainer)[rows - 1]
    figure = go.Figure(loss(trainer.history, edit_texts(trainer.edits)))
    assert [note.text for note in figure.layout.annotations] == ["Bottleneck 32", "Bottleneck 8"]
