"""What a person wants of the map."""

from dataclasses import dataclass

from aecore.maps.projection import Method


@dataclass(frozen=True)
class MapOptions:
    """What a person wants of the map.

    Attributes
    ----------
    method : {"direct", "pca", "umap", "tsne"}
    units : tuple of two int
        Those that a direct map shows.
    which : str
        Of which images, a key of `dashboard.views.manifold.moment.SETS`.
    colour : str
        What colours stand for; factors have ``factor`` before their name.
    unit : int
        Where they stand for a unit's activation, which.
    behind : str
        What is behind the points.
    """

    method: Method
    units: tuple[int, int]
    which: str
    colour: str
    unit: int
    behind: str

    @property
    def name(self) -> str:
        """The map it is; another one is shown whole."""
        return f"{self.method} {self.units} {self.which}"
