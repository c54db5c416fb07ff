from dashboard.figures.bottleneck_curve import against_bottleneck
from tests.dashboard.figures.support import line


def test_bottlenecks_at_which_pca_is_exact_are_not_drawn() -> None:
    pca = ([2, 32, 64, 128], [0.05, 0.01, 1e-32, 0.0])
    figure = against_bottleneck({"autoencoder": ([2, 64], [0.04, 0.006])}, {"PCA": pca}, "error")
    assert list(line(figure, "PCA").x) == [2, 32]
    assert list(line(figure, "PCA").y) == [0.05, 0.01]
    assert list(line(figure, "autoencoder").x) == [2, 64]
    assert list(figure.layout.xaxis.tickvals) == [2, 32, 64, 128]
    # The axis spans the errors drawn, not those of rounding.
    assert figure.layout.yaxis.dtick == "D2"
    (note,) = figure.layout.annotations
    assert note.text == "PCA is exact from bottleneck 64 on"


def test_pca_that_is_exact_everywhere_has_no_line() -> None:
    figure = against_bottleneck({"a": ([64], [0.006])}, {"PCA": ([64], [1e-32])}, "error")
    assert [each.name for each in figure.data] == ["a"]


def test_each_noise_has_its_own_line() -> None:
    curves = {"PCA": ([2, 8], [0.05, 0.02]), "PCA (denoising)": ([2, 8], [0.03, 0.03])}
    figure = against_bottleneck({}, curves, "error")
    assert [each.name for each in figure.data] == list(curves)
    assert not figure.layout.annotations
