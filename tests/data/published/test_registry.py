import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from aecore.data.published.registry import PUBLISHED, Published, read, remotes
from aecore.errors import LabError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 4), dtype=np.uint8)


def idx_content(array: np.ndarray) -> bytes:
    code = 0x08 if array.dtype == np.uint8 else 0x0C
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape) + array.tobytes()


def write_files(
    spec: Published, root: Path, labels: np.ndarray, images: np.ndarray = IMAGES
) -> None:
    spec.raw(root).mkdir(parents=True)
    for name in spec.files:
        content = idx_content(images if "images" in name else labels)
        (spec.raw(root) / name).write_bytes(content)


def paths(spec: Published, root: Path) -> tuple[Path, ...]:
    result = spec.present(root)
    assert result is not None
    return result


def test_dataset_is_present_if_all_four_files_are_plain_or_gzipped(tmp_path: Path) -> None:
    spec = PUBLISHED["mnist"]
    assert spec.present(tmp_path) is None
    write_files(spec, tmp_path, np.arange(6, dtype=np.uint8))
    plain = tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"
    plain.with_name(plain.name + ".gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    arrays = read(spec, paths(spec, tmp_path))
    np.testing.assert_array_equal(arrays["images"], IMAGES)
    assert arrays["test_labels"].tolist() == [0, 1, 2, 3, 4, 5]
    plain.with_name(plain.name + ".gz").unlink()
    assert spec.present(tmp_path) is None


def test_emnist_letters_are_transposed_and_labelled_from_zero(tmp_path: Path) -> None:
    spec = PUBLISHED["emnist_letters"]
    write_files(spec, tmp_path, np.array([1, 2, 26, 1, 1, 1], dtype=np.uint8))
    arrays = read(spec, paths(spec, tmp_path))
    np.testing.assert_array_equal(arrays["images"][0], IMAGES[0].T)
    assert [spec.classes[n] for n in arrays["labels"][:3].tolist()] == ["a", "b", "z"]


def test_first_column_of_qmnist_labels_is_the_class(tmp_path: Path) -> None:
    spec = PUBLISHED["qmnist"]
    labels = np.zeros((6, 8), dtype=">i4")
    labels[:, 0], labels[:, 1] = np.arange(6), 77
    write_files(spec, tmp_path, labels)
    assert read(spec, paths(spec, tmp_path))["labels"].tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "labels", [np.arange(5, dtype=np.uint8), np.full(6, 10, dtype=np.uint8), IMAGES]
)
def test_labels_that_do_not_match_the_images_are_rejected(
    tmp_path: Path, labels: np.ndarray
) -> None:
    write_files(PUBLISHED["mnist"], tmp_path, labels)
    with pytest.raises(LabError, match=r"train-labels.* contains no labels for the images"):
        read(PUBLISHED["mnist"], paths(PUBLISHED["mnist"], tmp_path))


def test_image_file_of_wrong_dimensionality_is_rejected(tmp_path: Path) -> None:
    write_files(PUBLISHED["mnist"], tmp_path, np.arange(6, dtype=np.uint8), images=IMAGES[0])
    with pytest.raises(LabError, match=r"train-images.* contains no images"):
        read(PUBLISHED["mnist"], paths(PUBLISHED["mnist"], tmp_path))


def test_different_shapes_of_training_and_test_images_are_rejected(tmp_path: Path) -> None:
    spec = PUBLISHED["mnist"]
    write_files(spec, tmp_path, np.arange(6, dtype=np.uint8))
    test_images = spec.raw(tmp_path) / spec.files[2]
    test_images.write_bytes(idx_content(np.ascontiguousarray(IMAGES[:, :3])))
    with pytest.raises(LabError, match="different shapes"):
        read(spec, paths(spec, tmp_path))


def test_torchvision_knows_every_file() -> None:
    for spec in PUBLISHED.values():
        files = remotes(spec)
        names = {remote.name for remote in files}
        assert names == {f"{name}.gz" for name in spec.files} or names == {"gzip.zip"}
        for remote in files:
            assert len(remote.md5) == 32
            assert remote.urls
            assert all(url.endswith(f"/{remote.name}") for url in remote.urls)
            assert all(url.startswith("http") for url in remote.urls)
