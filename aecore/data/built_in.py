"""The built-in datasets, one entry each: bundled, generated, or published elsewhere."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from aecore.data import array_store, digits, strokes
from aecore.data.dataset import Dataset, Extent, assemble
from aecore.data.published.registry import PUBLISHED
from aecore.i18n import N_, Message


class BuiltIn(Protocol):
    """The interface of a built-in dataset."""

    @property
    def title(self) -> Message:
        """Its name."""

    @property
    def description(self) -> Message:
        """One sentence about it."""

    @property
    def megabytes(self) -> int:
        """Size of the download; 0 if there is none."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""

    @property
    def extent(self) -> Extent:
        """Number and size of its training images, known before it is downloaded."""

    def is_present(self, root: Path) -> bool:
        """Whether it can be loaded without a download."""

    def load(self, name: str, root: Path, caches: Iterable[Path]) -> Dataset:
        """Load it from `root` under a name; `caches` are folders for what is slow to compute."""


@dataclass(frozen=True)
class Bundled:
    """A dataset that is installed with the program.

    Attributes
    ----------
    title, description : Message
    read : callable
        Returns the arrays by name, as `aecore.data.dataset.assemble` takes them.
    classes : tuple of str
    extent : Extent
    """

    title: Message
    description: Message
    read: Callable[[], Mapping[str, NDArray[Any]]]
    classes: tuple[str, ...]
    extent: Extent
    megabytes: int = 0

    def is_present(self, root: Path) -> bool:  # noqa: ARG002 -- of the protocol
        """Whether it can be loaded; always."""
        return True

    def load(self, name: str, root: Path, caches: Iterable[Path]) -> Dataset:  # noqa: ARG002
        """Read it."""
        return assemble(name, self.read(), self.classes)


class Generator(Protocol):
    """A module that generates a dataset."""

    __file__: str | None

    @property
    def CLASSES(self) -> tuple[str, ...]:  # noqa: N802 -- a constant of a module
        """Names of the classes."""

    @property
    def EXTENT(self) -> Extent:  # noqa: N802 -- a constant of a module
        """Number and size of the training images."""

    @property
    def FACTORS(self) -> Mapping[str, Any]:  # noqa: N802 -- a constant of a module
        """The known factors by name; may be empty."""

    @property
    def make(self) -> Callable[[], Mapping[str, NDArray[Any]]]:
        """Return the arrays by name, as `aecore.data.dataset.assemble` takes them."""


@dataclass(frozen=True)
class Generated:
    """A dataset that is generated once and cached.

    Attributes
    ----------
    title, description : Message
    generator : Generator
        The dataset is regenerated when its file changes.
    """

    title: Message
    description: Message
    generator: Generator
    megabytes: int = 0

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.generator.CLASSES

    @property
    def extent(self) -> Extent:
        """Number and size of its training images."""
        return self.generator.EXTENT

    def is_present(self, root: Path) -> bool:  # noqa: ARG002 -- of the protocol
        """Whether it can be loaded; always."""
        return True

    def load(self, name: str, root: Path, caches: Iterable[Path]) -> Dataset:  # noqa: ARG002
        """Map the cached arrays, or generate them."""
        module = self.generator
        arrays = array_store.cached(name, [Path(module.__file__ or "")], caches, module.make)
        return assemble(name, arrays, module.CLASSES, tuple(module.FACTORS))


BUILT_IN: Mapping[str, BuiltIn] = {
    "digits": Bundled(
        N_("Digits"),
        N_("1,797 handwritten digits, 8 by 8: small, fast, always available."),
        digits.read,
        digits.CLASSES,
        digits.EXTENT,
    ),
    "strokes": Generated(
        N_("Strokes"),
        N_(
            "12,000 drawn digits, 28 by 28, of known slant, thickness, size, rotation and position."
        ),
        strokes,
    ),
    **PUBLISHED,
}
