"""The Guide page: autoencoders explained on the current network, and experiments to try."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from aecore.choices.activation import ACTIVATIONS
from aecore.choices.noise import NOISE_KINDS
from aecore.choices.sparsity import SPARSITY_KINDS
from aecore.config import Config
from aecore.i18n import nt, t
from aecore.network.inference import encode
from aecore.network.layers import layers
from aecore.training.snapshot import Snapshot
from dashboard.components.live_figure import figure
from dashboard.shell import page
from dashboard.state import active_run, commands, keys, messages
from dashboard.views.guide import figures
from dashboard.views.guide.glossary import GLOSSARY, PAPERS
from dashboard.views.guide.lessons import CONSTRAINTS, EXPERIMENTS, VARIANTS, Constraint, Lesson
from dashboard.widgets.heading import heading
from dashboard.widgets.image_grid import image_grid

NETWORK_HEIGHT, IMAGE_HEIGHT = 370, 260


def show() -> None:
    """Show the page."""
    page.show(body, still=still)


def body(snapshot: Snapshot) -> None:
    """Show an introduction, a diagram of the network, and one image passing through it."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _introduction()
    with right:
        _network(snapshot)
    _one_image(snapshot)


def still() -> None:
    """Show constraints, variants, experiments and glossary, which do not change in training."""
    st.markdown("#### " + t("Constraints force it to learn"))
    for column, each in zip(st.columns(len(CONSTRAINTS)), CONSTRAINTS.values(), strict=True):
        with column.container(border=True, height="stretch"):
            _constraint(each)
    st.markdown("#### " + t("Kinds of autoencoders"))
    _cards(VARIANTS, across=4)
    st.markdown("#### " + t("Experiments"))
    _cards(EXPERIMENTS, across=3)
    with st.expander(t("Glossary and papers"), icon=":material/menu_book:"):
        _glossary()


def _introduction() -> None:
    lines = [
        t("It learns **without labels**: it only has to reproduce its input."),
        t("A **constraint** keeps it from simply copying."),
        t(
            "The **encoder** turns the image into a code; the **decoder**, its mirror image, turns "
            "the code into an image."
        ),
        t("The **code** is a point of the **latent space**. Similar images get nearby codes."),
        t(
            "The loss is the **reconstruction error**: how far the reconstruction is from the "
            "clean image."
        ),
        t(
            "Among all possible images, real images lie near a thin, curved surface, the "
            "**manifold**. The code tells where on it an image lies."
        ),
    ]
    st.markdown("#### " + t("What an autoencoder is"))
    st.markdown("\n".join(f"- {line}" for line in lines))


def _network(snapshot: Snapshot) -> None:
    """Draw a diagram of the layers in the current configuration."""
    config, shape = snapshot.config, snapshot.examples.originals.shape[1:]
    rows = layers(config, shape)
    heading(t("Current network"))
    figure(
        "network",
        figures.network(
            [each.shape for each in rows],
            [str(ACTIVATIONS[each.activation].label) if each.activation else "" for each in rows],
            linear_path=config.linear_path,
            tied=config.tied,
            noise=_noise(config),
            sparsity=_sparsity(config),
        ),
        height=NETWORK_HEIGHT,
        label=t("The layers of the network; heights are logarithms of the numbers of units"),
    )


def _noise(config: Config) -> str:
    """Describe the noise added to the input; empty if there is none."""
    kind = NOISE_KINDS[config.noise_kind]
    if "noise" not in kind.uses or not config.noise:
        return ""
    return t("noise {level:g}", level=config.noise) + f"<br>{kind.label}"


def _sparsity(config: Config) -> str:
    """Describe the sparsity constraint on the code; empty if there is none."""
    kind = SPARSITY_KINDS[config.sparsity_kind]
    if kind.active_units is not None:
        count = min(kind.active_units(config), config.bottleneck)
        return t("the {count} strongest of {units}", count=count, units=config.bottleneck)
    if kind.penalty is None or not config.sparsity:
        return ""
    return t("{kind} sparsity {strength:g}", kind=kind.label, strength=config.sparsity)


def _one_image(snapshot: Snapshot) -> None:
    """Show one held-out image, the input, its code, its reconstruction and the error."""
    examples = snapshot.examples
    original, corrupted, reconstruction = (
        each[:1] for each in (examples.originals, examples.corrupted, examples.reconstructions)
    )
    error = abs(reconstruction - original)
    heading(t("One test image through the network"))
    left, middle, right = st.columns([1, 3, 1], gap="medium", vertical_alignment="center")
    with left:
        image_grid(
            "guide-in",
            [original, corrupted],
            rows=[t("image"), t("corrupted")],
            label=t("A test image, and the network's input"),
            height=IMAGE_HEIGHT,
        )
    with middle:
        code = encode(snapshot.model, corrupted)[0]
        figure(
            "guide-code",
            figures.code(code, _extent(snapshot)),
            height=IMAGE_HEIGHT,
            label=t("The code of the image: the activation of each unit"),
        )
    with right:
        image_grid(
            "guide-out",
            [reconstruction, error],
            error_last=True,
            rows=[t("reconstructed"), t("error")],
            label=t("The reconstruction from the code, and the absolute error"),
            height=IMAGE_HEIGHT,
        )
    st.caption(
        nt(
            "{pixels} pixels → {count} number → {pixels} pixels. Squared error of this image: "
            "{error:.4f}.",
            "{pixels} pixels → {count} numbers → {pixels} pixels. Squared error of this image: "
            "{error:.4f}.",
            code.size,
            pixels=original.size,
            error=float(np.square(error).mean()),
        )
    )


def _extent(snapshot: Snapshot) -> float:
    """Return the largest activation, rounded up to a power of two to keep the axis stable."""
    farthest = max(float(abs(snapshot.codes).max()), 1e-6)
    return float(2.0 ** np.ceil(np.log2(farthest)))


def _constraint(each: Constraint) -> None:
    st.markdown(f"**{each.label}**")
    st.markdown(str(each.description))
    st.caption(f":material/visibility: {each.look}")
    st.page_link(st.session_state[keys.PAGES][each.page])


def _cards(lessons: Mapping[str, Lesson], across: int) -> None:
    """Show lessons in rows of cards, each with a button that starts it."""
    for place, (name, lesson) in enumerate(lessons.items()):
        if place % across == 0:
            columns = st.columns(across)
        with columns[place % across].container(border=True, height="stretch"):
            _card(name, lesson)


def _card(name: str, lesson: Lesson) -> None:
    st.markdown(f"**{lesson.label}**")
    st.markdown(str(lesson.description))
    st.caption(f":material/visibility: {lesson.watch}")
    is_clicked = st.button(
        t("Start"),
        key=f"lesson {name}",
        icon=":material/play_arrow:",
        help=t("Starts this run on the current dataset. Your current run is saved."),
    )
    if is_clicked:
        _begin(lesson)


def _begin(lesson: Lesson) -> None:
    """Start the run of a lesson and switch to the page that shows it."""
    dataset = active_run.live().config.dataset
    classes = active_run.snapshot().classes
    messages.attempt(lambda: commands.begin(lesson.settings(dataset, classes), play=True))
    st.switch_page(st.session_state[keys.PAGES][lesson.page])


def _glossary() -> None:
    terms, papers = st.columns([3, 2], gap="large")
    with terms:
        st.markdown("\n".join(f"- **{term}** {definition}" for term, definition in GLOSSARY))
    with papers:
        st.markdown("\n".join(f"- **{method}** {paper}" for method, paper in PAPERS))
