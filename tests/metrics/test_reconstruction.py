import numpy as np
import pytest

from aecore.metrics import reconstruction


def test_psnr_and_ssim_of_known_images() -> None:
    truth = np.random.default_rng(0).random((4, 9, 9)).astype(np.float32)
    darker = (truth * 0.9).astype(np.float32)
    assert reconstruction.psnr(truth, darker) == pytest.approx(
        -10 * np.log10(np.square(truth - darker).mean()), abs=1e-4
    )
    assert reconstruction.psnr(truth, truth) == float("inf")
    assert reconstruction.ssim(truth, truth) == pytest.approx(1)
    assert reconstruction.ssim(truth, 1 - truth) < reconstruction.ssim(truth, darker)
    assert reconstruction.ssim(truth[:, :4, :4], truth[:, :4, :4]) == pytest.approx(1)


def test_errors_are_the_mean_over_the_pixels_of_each_image() -> None:
    images = np.zeros((2, 2, 2), np.float32)
    reconstructed = np.array([[[0, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]], np.float32)
    assert reconstruction.errors(images, reconstructed) == pytest.approx([0.25, 0.25])


def test_relative_errors_are_divided_by_the_root_mean_square_of_each_image() -> None:
    images = np.array([[[1, 1], [1, 1]], [[0, 0], [0, 1]]], np.float32)
    relative = reconstruction.relative_errors(images, images - 0.5)
    assert relative == pytest.approx([0.25 / 1, 0.25 / 0.5])


def test_relative_error_of_a_black_image_is_finite() -> None:
    black, grey = np.zeros((1, 2, 2), np.float32), np.full((1, 2, 2), 0.1, np.float32)
    assert reconstruction.relative_errors(black, grey) == pytest.approx([0.01 * 255])
    assert reconstruction.relative_errors(black, black) == [0]
