"""Options of the map on the Manifold page."""

from dataclasses import dataclass

from aecore.maps.projection import Method


@dataclass(frozen=True)
class MapOptions:
    """Options of the map, as chosen in the controls above it.

    Attributes
    ----------
    method : {"direct", "pca", "umap", "tsne"}
    units : tuple of two int
        Units of the code that are the axes of a ``"direct"`` map.
    image_set : str
        The mapped images, a key of `dashboard.views.manifold.moment.SETS`.
    colour : str
        What the points are coloured by: a key of `dashboard.views.manifold.page.COLOURS`, or
        ``"factor "`` followed by the name of a factor.
    unit : int
        The unit whose activation colours the points, if `colour` is ``"unit"``.
    background : str
        What is drawn behind the points, a key of `dashboard.views.manifold.page.BACKGROUNDS`.
    """

    method: Method
    units: tuple[int, int]
    image_set: str
    colour: str
    unit: int
    background: str

    @property
    def name(self) -> str:
        """Identifier of the map: when it changes, the canvas resets its zoom."""
        return f"{self.method} {self.units} {self.image_set}"
