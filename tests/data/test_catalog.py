import gzip
import hashlib
import io
import os
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore import data
from aecore.data.preparation import Preparation
from aecore.data.published.download import Remote
from aecore.data.published.registry import PUBLISHED
from aecore.errors import LabError

REAL = Path(os.environ.get("AECORE_DATA", "/nowhere"))
requires_mnist = pytest.mark.skipif(
    not PUBLISHED["mnist"].present(REAL), reason="AECORE_DATA contains no MNIST"
)
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 5, 4), dtype=np.uint8)
LABELS = np.repeat(np.arange(3), 20)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Redirect the user's cache to a temporary folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "aecore"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def npz(images: np.ndarray = IMAGES, **others: np.ndarray) -> io.BytesIO:
    buffer = io.BytesIO()
    np.savez(buffer, images=images, **others)  # type: ignore[arg-type]
    buffer.seek(0)
    return buffer


def gzipped_files(training: np.ndarray, held_out: np.ndarray) -> dict[str, bytes]:
    """Return the four gzipped files of a small MNIST."""
    files = {}
    for name in PUBLISHED["mnist"].files:
        images = training if name.startswith("train") else held_out
        array = images if "images" in name else np.arange(len(images), dtype=np.uint8) % 10
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        files[f"{name}.gz"] = gzip.compress(header + array.tobytes())
    return files


def write_raw_files(root: Path, files: dict[str, bytes]) -> Path:
    raw = PUBLISHED["mnist"].raw(root)
    raw.mkdir(parents=True)
    for name, content in files.items():
        (raw / name).write_bytes(content)
    return raw


def test_digits_are_always_available_and_write_nothing(root: Path) -> None:
    dataset = data.load("digits", root=root / "absent")
    assert (len(dataset.images), len(dataset.test_images)) == (1438, 359)
    assert dataset.shape == (8, 8)
    assert dataset.images.dtype == np.uint8
    assert dataset.labels.dtype == np.int64
    assert (dataset.images.min(), dataset.images.max()) == (0, 255)
    assert dataset.classes == tuple("0123456789")
    assert np.ptp(np.bincount(dataset.test_labels)) <= 4
    assert not root.exists()
    np.testing.assert_array_equal(dataset.images, data.load("digits").images)
    with pytest.raises(ValueError, match="read-only"):
        dataset.images[0] = 0


def test_digits_equal_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    dataset, original = data.load("digits"), load_digits()
    ours = [
        (image.tobytes(), label)
        for images, labels in (
            (dataset.images, dataset.labels),
            (dataset.test_images, dataset.test_labels),
        )
        for image, label in zip(images, labels.tolist(), strict=True)
    ]
    scaled = np.rint(original.images * 255 / 16).astype(np.uint8)
    theirs = zip([image.tobytes() for image in scaled], original.target.tolist(), strict=True)
    assert sorted(ours) == sorted(theirs)


def test_data_root_is_the_environment_variable_or_the_user_cache(cache: Path) -> None:
    assert data.data_root({"AECORE_DATA": "/some/where"}) == Path("/some/where")
    assert data.data_root({"AECORE_DATA": "~/x"}) == Path.home() / "x"
    assert data.data_root({}) == data.data_root({"AECORE_DATA": ""}) == cache


def test_offered_and_available_datasets(root: Path) -> None:
    assert data.available(root) == ("digits", "strokes")
    assert data.default(root) == "digits"
    write_raw_files(root, gzipped_files(IMAGES, IMAGES[:9]))
    data.add(npz(), "mine", root=root)
    assert data.available(root) == ("digits", "strokes", "mnist", "mine")
    assert data.default(root) == "mnist"
    offers = data.offers(root)
    assert set(PUBLISHED) < set(offers)
    assert offers["mine"].own
    assert not offers["kmnist"].present
    assert 20 < offers["kmnist"].megabytes < 25
    assert all(offer.title and str(offer.description).endswith(".") for offer in offers.values())


@pytest.mark.parametrize("name", ["../mnist", "nothing", "", "a/b", "own"])
def test_unknown_dataset_name_is_rejected(root: Path, name: str) -> None:
    with pytest.raises(LabError, match=r"There is no dataset .*one of digits, strokes, mnist"):
        data.load(name, root=root)


def test_error_about_a_missing_dataset_gives_its_download_size(root: Path) -> None:
    with pytest.raises(LabError, match=r"MNIST is not in .*download it first \(12 MB\)"):
        data.load("mnist", root=root)


def test_gzipped_files_are_parsed_once_and_again_after_a_change(root: Path) -> None:
    raw = write_raw_files(root, gzipped_files(IMAGES, IMAGES[:9]))
    first = data.load("mnist", root=root)
    np.testing.assert_array_equal(first.images, IMAGES)
    assert first.test_labels.tolist() == list(range(9))
    written_at = {path: path.stat().st_mtime_ns for path in (root / "cache").rglob("*.npy")}
    assert len(written_at) == 4
    second = data.load("mnist", root=root)
    assert isinstance(second.images, np.memmap)
    assert {path: path.stat().st_mtime_ns for path in written_at} == written_at

    for name, content in gzipped_files(255 - IMAGES, IMAGES[:9]).items():
        (raw / name).write_bytes(content)
    np.testing.assert_array_equal(data.load("mnist", root=root).images, 255 - IMAGES)
    np.testing.assert_array_equal(first.images, IMAGES)


def test_user_cache_is_used_if_the_root_is_not_writable(root: Path, cache: Path) -> None:
    write_raw_files(root, gzipped_files(IMAGES, IMAGES[:9]))
    (root / "cache").write_text("a file instead of a folder")
    assert isinstance(data.load("mnist", root=root).images, np.memmap)
    assert len(list((cache / "cache").rglob("images.npy"))) == 1


def test_arrays_stay_in_memory_without_a_writable_folder(root: Path, cache: Path) -> None:
    write_raw_files(root, gzipped_files(IMAGES, IMAGES[:9]))
    (root / "cache").write_text("")
    cache.parent.write_text("")
    dataset = data.load("mnist", root=root)
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert not dataset.images.flags.writeable


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Remote, ...]]:
    """Serve a small MNIST from a local web server."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    files = gzipped_files(IMAGES, IMAGES[:9])
    (tmp_path / "served").mkdir()
    for name, content in files.items():
        (tmp_path / "served" / name).write_bytes(content)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = partial(Quiet, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.02,))
        thread.start()
        yield tuple(
            Remote(
                name,
                hashlib.md5(content).hexdigest(),
                (f"http://127.0.0.1:{web.server_port}/{name}",),
                len(content),
            )
            for name, content in files.items()
        )
        web.shutdown()
        thread.join()


def test_dataset_is_available_only_after_a_complete_download(
    root: Path, mirror: tuple[Remote, ...]
) -> None:
    broken = (*mirror[:3], Remote(mirror[3].name, "0" * 32, mirror[3].urls))
    with pytest.raises(LabError, match="checksum"):
        data.download("mnist", root=root, remotes=broken)
    assert "mnist" not in data.available(root)
    data.download("mnist", root=root, remotes=mirror)
    dataset = data.load("mnist", root=root)
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert isinstance(dataset.images, np.memmap)
    data.download("mnist", root=root, remotes=())


@pytest.mark.parametrize("name", ["digits", "mine"])
def test_only_published_datasets_can_be_downloaded(root: Path, name: str) -> None:
    with pytest.raises(LabError, match=f"'{name}' cannot be downloaded; choose one of mnist"):
        data.download(name, root=root)


def test_custom_images_are_saved_and_split(root: Path) -> None:
    added = data.add(npz(labels=LABELS), "my-images_2", root=root)
    loaded = data.load("my-images_2", root=root)
    assert isinstance(loaded.images, np.memmap)
    assert loaded.shape == (5, 4)
    assert loaded.classes == ("0", "1", "2")
    assert np.bincount(loaded.test_labels).tolist() == [4, 4, 4]
    np.testing.assert_array_equal(added.images, loaded.images)
    label_of = {image.tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    for images, labels in (
        (loaded.images, loaded.labels),
        (loaded.test_images, loaded.test_labels),
    ):
        assert [label_of.pop(image.tobytes()) for image in images] == labels.tolist()
    assert label_of == {}


def test_custom_images_are_resized_on_request(root: Path) -> None:
    assert data.add(npz(), "mine", data.Options(size=(12, 10)), root=root).shape == (12, 10)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "may contain only letters"),
        ("a" * 65, "may contain only letters"),
        ("../up", "may contain only letters"),
        ("a b", "may contain only letters"),
        ("mine\n", "may contain only letters"),
        ("MNIST", "name of a built-in dataset"),
        ("digits", "name of a built-in dataset"),
    ],
)
def test_invalid_dataset_names_are_rejected(root: Path, name: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        data.add(npz(), name, root=root)
    with pytest.raises(LabError, match=message):
        data.remove(name, root=root)
    assert not root.exists()


def test_name_is_taken_until_the_dataset_is_removed(root: Path) -> None:
    data.add(npz(), "mine", root=root)
    with pytest.raises(LabError, match=r"A dataset named .mine. already exists"):
        data.add(npz(255 - IMAGES), "mine", root=root)
    assert {image.tobytes() for image in data.load("mine", root=root).images} <= {
        image.tobytes() for image in IMAGES
    }
    data.remove("mine", root=root)
    assert data.available(root) == ("digits", "strokes")
    with pytest.raises(LabError, match="no custom dataset 'mine'"):
        data.remove("mine", root=root)
    data.add(npz(255 - IMAGES), "mine", root=root)


def test_dataset_is_replaced_on_request_and_kept_where_that_fails(root: Path) -> None:
    data.add(npz(), "mine", root=root)
    data.add(npz(255 - IMAGES), "mine", replace=True, root=root)
    replaced = {image.tobytes() for image in data.load("mine", root=root).images}
    assert replaced <= {(255 - image).tobytes() for image in IMAGES}
    with pytest.raises(LabError, match="too few images"):
        data.add(npz(IMAGES[:10]), "mine", replace=True, root=root)
    assert {image.tobytes() for image in data.load("mine", root=root).images} == replaced
    assert [path.name for path in (root / "own").iterdir()] == ["mine"]


def test_dataset_is_renamed(root: Path) -> None:
    data.add(npz(), "mine", root=root)
    data.add(npz(), "other", root=root)
    with pytest.raises(LabError, match=r"named .other. already exists"):
        data.rename("mine", "other", root=root)
    with pytest.raises(LabError, match="no custom dataset 'absent'"):
        data.rename("absent", "new", root=root)
    data.rename("mine", "new", root=root)
    assert data.load("new", root=root).name == "new"
    assert data.available(root) == ("digits", "strokes", "new", "other")


def test_split_and_names_of_the_files_are_kept(root: Path, tmp_path: Path) -> None:
    for number, image in enumerate(IMAGES):
        path = tmp_path / "set" / ("train", "test")[number % 3 == 0] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    dataset = data.add(tmp_path / "set", "mine", root=root)
    assert (len(dataset.images), len(dataset.test_images)) == (40, 20)
    for images, files in (
        (dataset.images, dataset.files),
        (dataset.test_images, dataset.test_files),
    ):
        numbers = [int(Path(file).stem) for file in files]
        np.testing.assert_array_equal(images, IMAGES[numbers])
    assert dataset.preparation == Preparation()
    assert set(dataset.test_files) == {f"test/{number}.png" for number in range(0, 60, 3)}


def test_preparation_of_the_pictures_is_kept(root: Path, tmp_path: Path) -> None:
    for number, image in enumerate(IMAGES):
        Image.fromarray(image.astype(np.uint16) * 16).save(tmp_path / f"{number}.png")
    options = data.Options(size=(8, 8), fit="crop", invert=True)
    dataset = data.add(tmp_path, "mine", options, root=root)
    assert dataset.preparation == Preparation("crop", invert=True, deep_white=4080)


def test_free_names_are_valid_and_not_taken(root: Path) -> None:
    assert data.free_name("some/my photos (1).csv.gz", root) == "my-photos-1"
    assert data.free_name("???", root) == "images"
    assert data.free_name("mnist.npz", root) == "mnist-2"
    data.add(npz(), "mine", root=root)
    assert data.free_name("Mine.zip", root) == "Mine-2"


def test_rejected_images_leave_nothing_behind(root: Path) -> None:
    with pytest.raises(LabError, match=r"too few images \(10\)"):
        data.add(npz(IMAGES[:10]), "mine", root=root)
    assert not root.exists()


def test_unwritable_root_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match=r"Cannot write to .*set AECORE_DATA to a folder"):
        data.add(npz(), "mine", root=tmp_path / "file")


@pytest.mark.parametrize("file", ["images.npy", "test_labels.npy", "about.json"])
def test_damaged_dataset_is_reported(root: Path, file: str) -> None:
    data.add(npz(), "mine", root=root)
    (root / "own" / "mine" / file).write_bytes(b"{}")
    with pytest.raises(LabError, match="mine is damaged; remove it and add it again"):
        data.load("mine", root=root)


@requires_mnist
def test_real_mnist(root: Path) -> None:
    root.mkdir()
    (root / "MNIST").symlink_to(REAL.resolve() / "MNIST")
    dataset = data.load("mnist", root=root)
    assert dataset.images.shape == (60_000, 28, 28)
    assert dataset.test_images.shape == (10_000, 28, 28)
    assert isinstance(dataset.images, np.memmap)
    assert dataset.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(dataset.test_labels).tolist()[:4] == [980, 1135, 1032, 1010]
    assert dataset.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    assert [path.name for path in root.iterdir()] == ["MNIST"], "nothing is copied"


@pytest.mark.parametrize("name", ["digits", "strokes", pytest.param("mnist", marks=requires_mnist)])
def test_declared_extent_is_that_of_the_loaded_dataset(name: str, root: Path) -> None:
    dataset = data.load(name, root=REAL if name == "mnist" else root)
    assert data.extent(name) == (len(dataset.images), *dataset.shape)
    third = data.extent(name, ["3"])
    assert third is not None
    assert third.images == pytest.approx((dataset.labels == 3).sum(), rel=0.1)


def test_extent_is_known_without_a_download(root: Path) -> None:
    for name in PUBLISHED:
        extent = data.extent(name, root=root)
        assert extent is not None
        assert extent.images >= 60_000
        assert extent[1:] == (28, 28)
    assert not root.exists()


def test_extent_of_own_images_counts_the_chosen_classes(root: Path) -> None:
    labels = np.repeat(["a", "b"], [40, 20])
    data.add(npz(labels=labels), "mine", root=root)
    assert data.extent("mine", root=root) == (48, 5, 4)
    assert data.extent("mine", ["b"], root=root) == (16, 5, 4)
    assert data.extent("mine", ["a", "b", "c"], root=root) == (48, 5, 4)
    assert data.extent("digits", ["zebra"], root=root) == (0, 8, 8)


def test_unknown_or_damaged_dataset_has_no_extent(root: Path) -> None:
    assert data.extent("nothing", root=root) is None
    data.add(npz(), "mine", root=root)
    (root / "own" / "mine" / "images.npy").write_bytes(b"")
    assert data.extent("mine", root=root) is None
