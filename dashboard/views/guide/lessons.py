"""What the Guide page teaches, as data: the constraints, the variants, and guided experiments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from aecore.config import Config
from aecore.presets import PRESETS, preset


@dataclass(frozen=True)
class Constraint:
    """What keeps a network from copying.

    Attributes
    ----------
    label, words, look : str
        Its name, what it does, and which figure answers, in English.
    page : str
        The page with that figure.
    """

    label: str
    words: str
    look: str
    page: str


@dataclass(frozen=True)
class Lesson:
    """A run to begin, and what to see in it.

    Attributes
    ----------
    label, words, watch : str
        Its name, what it is, and what to watch for, in English.
    start : str
        The preset it starts from.
    values : mapping of str to object
        The knobs that differ.
    page : str
        Where it is watched.
    one_class : bool
        Whether it learns from the first class of the data set alone.
    """

    label: str
    words: str
    watch: str
    start: str = "stacked"
    values: Mapping[str, Any] = field(default_factory=dict)
    page: str = "train"
    one_class: bool = False

    @classmethod
    def of(cls, name: str, watch: str) -> Self:
        """Return the lesson that a preset is, in the preset's own words."""
        return cls(PRESETS[name].label, PRESETS[name].description, watch, name)

    def settings(self, dataset: str, classes: Sequence[str] = ()) -> Config:
        """Return the settings of the run.

        Parameters
        ----------
        dataset : str
            The images it is for.
        classes : sequence of str
            Their classes; without any, `one_class` cannot be heeded.

        Raises
        ------
        LabError
            Where the first class has a name that cannot be asked for.
        """
        only = {"classes": classes[0]} if self.one_class and classes else {}
        return preset(self.start, dataset, **self.values, **only)


CONSTRAINTS: Mapping[str, Constraint] = {
    "bottleneck": Constraint(
        "Small bottleneck",
        "The code has far fewer numbers than the image has pixels. The network can only pass on "
        "what images have in common, and where each stands among them.",
        "Reconstructions: the fewer the numbers, the more every image looks like an average.",
        "train",
    ),
    "sparsity": Constraint(
        "Sparsity",
        "The code may be large, but active units are punished, or only the strongest are kept. "
        "Each image is then told by a few units that stand for something.",
        "Code activity: how many units are active per image, and which are dead.",
        "train",
    ),
    "noise": Constraint(
        "Noise",
        "The input is corrupted, and the clean image must be rebuilt from it. Copying would copy "
        "the noise too, so the network has to learn what belongs in an image.",
        "How near to the clean image: the network's curve beside those of the classic filters.",
        "denoise",
    ),
}

VARIANTS: Mapping[str, Lesson] = {
    "classic": Lesson.of(
        "classic",
        "The rebuilt images begin as one grey average and sharpen slowly; the error stays above "
        "PCA's dashed line for a long time.",
    ),
    "stacked": Lesson.of(
        "stacked",
        "The error begins at PCA's dashed line and goes below it: the difference is what more "
        "than a linear map can do.",
    ),
    "pretrained": Lesson(
        "Layer-wise pretraining",
        "Each layer first learns alone to rebuild what the layer below it gives; then all learn "
        "together.",
        "Grey bands on the error curve: in each, one layer learns alone. The held-out error falls "
        "when all learn together, after the bands.",
        values={"linear_path": False, "pretrain_epochs": 3},
    ),
    "sparse": Lesson.of(
        "sparse",
        "Code activity: 25 units speak for each image, and more and more of the others fall "
        "silent for good.",
    ),
    "denoising": Lesson.of(
        "denoising",
        "The second row of the reconstructions goes in, the third comes out: the noise is gone, "
        "and where it hid something, the network guesses.",
    ),
    "convolutional": Lesson.of(
        "convolutional",
        "Against PCA falls below 1.00 ×. In the picture on this page each layer now has channels, "
        "half as high and wide as those before.",
    ),
    "two_dimensional": Lesson.of(
        "two_dimensional",
        "The latent map is the code itself. Classes drift apart though nobody told the network "
        "about them.",
    ),
}

EXPERIMENTS: Mapping[str, Lesson] = {
    "linear": Lesson(
        "PCA is the linear autoencoder",
        "A network of the linear path alone, with no hidden layers.",
        "Against PCA stays near 1.00 ×: no linear network does better. Then choose the preset "
        "Stacked, which has hidden layers, and it falls below.",
        values={"hidden": ""},
    ),
    "squeeze": Lesson(
        "Squeeze it to two numbers",
        "A code of two numbers must hold everything there is to say about an image.",
        "Hover over the map: every place is an image, and neighbours look alike. Where classes "
        "meet, one digit turns into another.",
        start="two_dimensional",
        page="manifold",
    ),
    "overcomplete": Lesson(
        "Many numbers, no constraint",
        "A code of 256 units and nothing asked of them: it copies well and tells little.",
        "Nearly all units speak for every image. Raise Sparsity bit by bit to 1: they fall "
        "silent, and under Units on the Manifold page grain turns into strokes.",
        start="sparse",
        values={"bottleneck": 256, "sparsity_kind": "l1", "sparsity": 0.0},
    ),
    "noisy": Lesson(
        "Noise teaches what belongs",
        "It sees only corrupted images and is asked for the clean ones.",
        "Around the level it was trained at, the network's curve rises above those of the other "
        "methods.",
        start="denoising",
        page="denoise",
    ),
    "one_class": Lesson(
        "It rebuilds only what it learnt",
        "It learns from the first class alone and never sees another.",
        "The scores of the other classes move to the right of the normal ones: what it never saw "
        "is rebuilt badly.",
        start="denoising",
        values={"bottleneck": 8},
        page="anomalies",
        one_class=True,
    ),
    "resize": Lesson(
        "Change the bottleneck while it trains",
        "A run with two numbers, of which you make more under way.",
        "Move Bottleneck to 8, then to 32: each change is marked on the curve, which goes on from "
        "where it was. Nothing is lost.",
        start="two_dimensional",
    ),
}
