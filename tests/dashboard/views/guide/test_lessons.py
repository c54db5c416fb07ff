import pytest

from aecore import data
from aecore.config import Config
from aecore.network.autoencoder import Autoencoder
from aecore.network.layers import layers
from aecore.presets import PRESETS
from aecore.training.seeding import generator
from aecore.training.trainer import Trainer
from dashboard.state.commands import matching_preset
from dashboard.views.guide.glossary import GLOSSARY, PAPERS
from dashboard.views.guide.lessons import CONSTRAINTS, EXPERIMENTS, VARIANTS, Lesson

LESSONS = {**VARIANTS, **EXPERIMENTS}
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
