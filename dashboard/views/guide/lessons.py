"""The content of the Guide page as data: constraints, variants and guided experiments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from aecore.config import Config
from aecore.i18n import N_, Message
from aecore.presets import PRESETS, preset


@dataclass(frozen=True)
class Constraint:
    """A constraint that keeps a network from simply copying its input.

    Attributes
    ----------
    label, description, look : Message
        Its name, what it does, and which figure shows its effect.
    page : str
        Key in `dashboard.pages.PAGES` of the page with that figure.
    """

    label: Message
    description: Message
    look: Message
    page: str


@dataclass(frozen=True)
class Lesson:
    """A run to start, and what to observe in it.

    Attributes
    ----------
    label, description, watch : Message
        Its name, what it is, and what to watch for.
    start : str
        Name of the preset it is based on.
    values : mapping of str to object
        Hyperparameters that differ from the preset.
    page : str
        Key in `dashboard.pages.PAGES` of the page to watch.
    one_class : bool
        Whether to train on the first class of the dataset only.
    """

    label: Message
    description: Message
    watch: Message
    start: str = "stacked"
    values: Mapping[str, Any] = field(default_factory=dict)
    page: str = "train"
    one_class: bool = False

    @classmethod
    def of(cls, name: str, watch: Message) -> Self:
        """Create a lesson from a preset, with the preset's label and description."""
        return cls(PRESETS[name].label, PRESETS[name].description, watch, name)

    def settings(self, dataset: str, classes: Sequence[str] = ()) -> Config:
        """Return the configuration of the run.

        Parameters
        ----------
        dataset : str
            Name of the dataset.
        classes : sequence of str
            Its classes; if empty, `one_class` has no effect.

        Raises
        ------
        LabError
            If the name of the first class is not valid in a configuration.
        """
        restriction = {"classes": classes[0]} if self.one_class and classes else {}
        return preset(self.start, dataset, **self.values, **restriction)


CONSTRAINTS: Mapping[str, Constraint] = {
    "bottleneck": Constraint(
        N_("Small bottleneck"),
        N_(
            "The code has far fewer dimensions than the image has pixels. The network can only "
            "keep what images have in common, and where each one stands among them."
        ),
        N_("Reconstructions: the smaller the code, the more every image looks like an average."),
        "train",
    ),
    "sparsity": Constraint(
        N_("Sparsity"),
        N_(
            "The code may be large, but active units are penalised, or only the strongest are "
            "kept. A few meaningful units then describe each image."
        ),
        N_("Code activity: how many units are active per image, and which are dead."),
        "train",
    ),
    "noise": Constraint(
        N_("Noise"),
        N_(
            "The input is corrupted, and the clean image must be reconstructed from it. Copying "
            "would copy the noise too, so the network has to learn what belongs in an image."
        ),
        N_("Quality (PSNR) by noise level: the network's curve next to those of the baselines."),
        "denoise",
    ),
}

VARIANTS: Mapping[str, Lesson] = {
    "classic": Lesson.of(
        "classic",
        N_(
            "The reconstructions soon become one grey average, then sharpen slowly; the error "
            "stays above PCA's dashed line for a long time."
        ),
    ),
    "stacked": Lesson.of(
        "stacked",
        N_(
            "The error starts at PCA's dashed line and drops below it: the difference is what "
            "nonlinearity adds."
        ),
    ),
    "pretrained": Lesson(
        N_("Layer-wise pretraining"),
        N_(
            "Each layer first learns alone to reconstruct the output of the layer below it; then "
            "all are trained together."
        ),
        N_(
            "Grey bands on the error curve: in each, one layer is trained alone. The validation "
            "error falls after the bands, when all are trained together."
        ),
        values={"linear_path": False, "pretrain_epochs": 3},
    ),
    "sparse": Lesson.of(
        "sparse",
        N_(
            "Code activity: 25 units are active for each image. Most of the others are soon dead: "
            "active for no image."
        ),
    ),
    "denoising": Lesson.of(
        "denoising",
        N_(
            "The second row of the reconstructions goes in, the third comes out: the noise is "
            "gone, and where it hid something, the network guesses. The dashed line on the error "
            "curve is the best that PCA makes of the same noisy images."
        ),
    ),
    "convolutional": Lesson.of(
        "convolutional",
        N_(
            "Error vs PCA falls below 1.00×. In the diagram on this page, layers now have "
            "channels: each layer of the encoder is half as high and wide as the one before."
        ),
    ),
    "two_dimensional": Lesson.of(
        "two_dimensional",
        N_(
            "The latent map shows both code dimensions. Classes drift apart although the network "
            "never sees the labels."
        ),
    ),
}

EXPERIMENTS: Mapping[str, Lesson] = {
    "linear": Lesson(
        N_("PCA is the linear autoencoder"),
        N_("A network of the linear path alone, with no hidden layers."),
        N_(
            "Error vs PCA stays near 1.00×: no linear network does better. Then choose the preset "
            "Stacked, which has hidden layers, and it falls below."
        ),
        values={"hidden": "", "loss": "mse"},
    ),
    "squeeze": Lesson(
        N_("Squeeze it into two dimensions"),
        N_("A two-unit code must hold everything there is to say about an image."),
        N_(
            "Hover over the map: every place is an image, and neighbours look alike. Where "
            "classes meet, one digit turns into another."
        ),
        start="two_dimensional",
        page="manifold",
    ),
    "overcomplete": Lesson(
        N_("Many units, no constraint"),
        N_("A code of 256 units and no constraint: it copies well but learns little."),
        N_(
            "Soon most units are active for each image. Raise Sparsity step by step to 1: they go "
            "quiet, and under Units on the Manifold page noisy weights come to look like images."
        ),
        start="sparse",
        values={"bottleneck": 256, "sparsity_kind": "l1", "sparsity": 0.0},
    ),
    "noisy": Lesson(
        N_("Noise teaches what belongs"),
        N_("It sees only corrupted images and must output clean ones."),
        N_(
            "Around the level it was trained at, the network's curve rises above those of the "
            "other methods."
        ),
        start="denoising",
        page="denoise",
    ),
    "one_class": Lesson(
        N_("It reconstructs only what it has seen"),
        N_("It is trained on the first class only and never sees another."),
        N_(
            "The scores of the other classes lie to the right of the normal ones: what the network "
            "has never seen, it reconstructs poorly."
        ),
        start="denoising",
        values={"bottleneck": 8},
        page="anomalies",
        one_class=True,
    ),
    "resize": Lesson(
        N_("Change the bottleneck during training"),
        N_("A run with a two-unit code, which you widen during training."),
        N_(
            "Move Bottleneck to 8, then to 32: each change is marked on the curve, which continues "
            "from where it was. Nothing is lost."
        ),
        start="two_dimensional",
    ),
}
