"""What was understood of the user's images, to be read before they are used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aecore.i18n import Message, nt, t

MOST_NAMED = 12


@dataclass(frozen=True)
class Report:
    """What was understood of the user's images.

    Attributes
    ----------
    images, height, width : int
    range : (int, int)
        Smallest and largest of the stored pixels, which are uint8.
    scaled : sequence of Message
        How the values of the pixels were scaled.
    classes : mapping of str to int
        Number of images of each class; empty if there are no labels.
    unlabelled : int
        Number of images without a label.
    split : mapping of str to int, or None
        Number of ``train`` and ``test`` images if the source is split; None if a fifth of them
        will be held out at random.
    left_out : mapping of str to int
        How many files, columns or arrays were left out, by reason.
    notes : sequence of Message
        What else was assumed.
    dark_on_light : bool
        Whether most images are dark on a light background, unlike MNIST.
    """

    images: int
    height: int
    width: int
    range: tuple[int, int]
    scaled: Sequence[Message]
    classes: Mapping[str, int]
    unlabelled: int
    split: Mapping[str, int] | None
    left_out: Mapping[str, int]
    notes: Sequence[Message]
    dark_on_light: bool

    def as_json(self) -> dict[str, object]:
        """Return it as values of JSON, its sentences in the user's language."""
        return {
            "images": self.images,
            "height": self.height,
            "width": self.width,
            "range": list(self.range),
            "scaled": " ".join(map(str, self.scaled)),
            "classes": dict(self.classes),
            "unlabelled": self.unlabelled,
            "split": None if self.split is None else dict(self.split),
            "left_out": dict(self.left_out),
            "notes": [str(note) for note in self.notes],
            "dark_on_light": self.dark_on_light,
        }

    def facts(self) -> list[tuple[str, str]]:
        """Return what to tell a person, as pairs of a heading and a text, in their language."""
        facts = [
            (
                t("Images"),
                t(
                    "{count:,}, {width} by {height} pixels",
                    count=self.images,
                    width=self.width,
                    height=self.height,
                ),
            ),
            (t("Brightness"), " ".join(map(str, self.scaled))),
            (t("Classes"), self._class_counts()),
            (t("Split"), self._split()),
        ]
        if self.left_out:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items())
            facts.append((t("Left out"), reasons))
        if self.notes:
            facts.append((t("Assumed"), " ".join(map(str, self.notes))))
        if self.dark_on_light:
            facts.append(
                (t("Polarity"), t("Dark on light, unlike MNIST. Inverting makes it light on dark."))
            )
        return facts

    def _class_counts(self) -> str:
        if not self.classes:
            return t("None: the images have no labels.")
        named = list(self.classes.items())[:MOST_NAMED]
        parts = [f"{name} ({count:,})" for name, count in named]
        if more := len(self.classes) - len(named):
            parts.append(nt("{count} more", "{count} more", more))
        if self.unlabelled:
            parts.append(t("unlabelled ({count:,})", count=self.unlabelled))
        return ", ".join(parts)

    def _split(self) -> str:
        if self.split is None:
            return t("A fifth of the images, chosen at random, is held out.")
        return t(
            "As in the source: {train:,} for training, {test:,} held out.",
            train=self.split["train"],
            test=self.split["test"],
        )
