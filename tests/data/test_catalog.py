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

from aecore import data
from aecore.data.published.download import Remote
from aecore.data.published.registry import PUBLISHED
from aecore.errors import LabError

REAL = Path(os.environ.get("AECORE_DATA", "/nowhere"))
with_mnist = pytest.mark.skipif(
    not PUBLISHED["mnist"].present(REAL), reason="AECORE_DATA holds no MNIST"
)
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 5, 4), dtype=np.uint8)
LABELS = np.repeat(np.arange(3), 20)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's own cache out of it."""
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


def packed(learn: np.ndarray, held: np.ndarray) -> dict[str, bytes]:
    """Pack the four files of a small MNIST."""
    found = {}
    for name in PUBLISHED["mnist"].files:
        images = learn if name.startswith("train") else held
        array = images if "images" in name else np.arange(len(images), dtype=np.uint8) % 10
        heading = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        found[f"{name}.gz"] = gzip.compress(heading + array.tobytes())
    return found


def lay(root: Path, files: dict[str, bytes]) -> Path:
    raw = PUBLISHED["mnist"].raw(root)
    raw.mkdir(parents=True)
    for name, content in files.items():
        (raw / name).write_bytes(content)
    return raw


def test_digits_are_always_there_and_write_nothing(root: Path) -> None:
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


def test_digits_are_scikit_learns() -> None:
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


def test_the_root_is_the_environments_or_the_users_cache(cache: Path) -> None:
    assert data.data_root({"AECORE_DATA": "/some/where"}) == Path("/some/where")
    assert data.data_root({"AECORE_DATA": "~/x"}) == Path.home() / "x"
    assert data.data_root({}) == data.data_root({"AECORE_DATA": ""}) == cache


def test_what_is_offered_and_what_is_there(root: Path) -> None:
    assert data.available(root) == ("digits", "strokes")
    assert data.default(root) == "digits"
    lay(root, packed(IMAGES, IMAGES[:9]))
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
def test_an_unknown_name_is_refused(root: Path, name: str) -> None:
    with pytest.raises(LabError, match=r"There is no dataset .*one of digits, strokes, mnist"):
        data.load(name, root=root)


def test_what_is_absent_says_how_large_it_is(root: Path) -> None:
    with pytest.raises(LabError, match=r"MNIST is not in .*download it first \(12 MB\)"):
        data.load("mnist", root=root)


def test_packed_files_are_parsed_once_and_again_when_changed(root: Path) -> None:
    raw = lay(root, packed(IMAGES, IMAGES[:9]))
    first = data.load("mnist", root=root)
    np.testing.assert_array_equal(first.images, IMAGES)
    assert first.test_labels.tolist() == list(range(9))
    kept = {path: path.stat().st_mtime_ns for path in (root / "cache").rglob("*.npy")}
    assert len(kept) == 4
    second = data.load("mnist", root=root)
    assert isinstance(second.images, np.memmap)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept

    for name, content in packed(255 - IMAGES, IMAGES[:9]).items():
        (raw / name).write_bytes(content)
    np.testing.assert_array_equal(data.load("mnist", root=root).images, 255 - IMAGES)
    np.testing.assert_array_equal(first.images, IMAGES)


def test_the_users_cache_stands_in_for_a_root_that_cannot_be_written(
    root: Path, cache: Path
) -> None:
    lay(root, packed(IMAGES, IMAGES[:9]))
    (root / "cache").write_text("a file where a folder would have to be")
    assert isinstance(data.load("mnist", root=root).images, np.memmap)
    assert len(list((cache / "cache").rglob("images.npy"))) == 1


def test_without_any_place_to_write_it_works_in_memory(root: Path, cache: Path) -> None:
    lay(root, packed(IMAGES, IMAGES[:9]))
    (root / "cache").write_text("")
    cache.parent.write_text("")
    dataset = data.load("mnist", root=root)
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert not dataset.images.flags.writeable


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Remote, ...]]:
    """Serve a small MNIST on this machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    served = packed(IMAGES, IMAGES[:9])
    (tmp_path / "served").mkdir()
    for name, content in served.items():
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
            for name, content in served.items()
        )
        web.shutdown()
        thread.join()


def test_a_download_is_present_when_it_is_whole(root: Path, mirror: tuple[Remote, ...]) -> None:
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
def test_only_what_is_published_can_be_downloaded(root: Path, name: str) -> None:
    with pytest.raises(LabError, match=f"'{name}' cannot be downloaded; choose one of mnist"):
        data.download(name, root=root)


def test_own_images_are_kept_and_parted(root: Path) -> None:
    added = data.add(npz(labels=LABELS), "my-images_2", root=root)
    loaded = data.load("my-images_2", root=root)
    assert isinstance(loaded.images, np.memmap)
    assert loaded.shape == (5, 4)
    assert loaded.classes == ("0", "1", "2")
    assert np.bincount(loaded.test_labels).tolist() == [4, 4, 4]
    np.testing.assert_array_equal(added.images, loaded.images)
    whole = {image.tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    for images, labels in (
        (loaded.images, loaded.labels),
        (loaded.test_images, loaded.test_labels),
    ):
        assert [whole.pop(image.tobytes()) for image in images] == labels.tolist()
    assert whole == {}


def test_own_images_are_resized_on_request(root: Path) -> None:
    assert data.add(npz(), "mine", size=12, root=root).shape == (12, 12)


@pytest.mark.parametrize(
    ("name", "sentence"),
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
def test_names_that_cannot_be(root: Path, name: str, sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        data.add(npz(), name, root=root)
    with pytest.raises(LabError, match=sentence):
        data.remove(name, root=root)
    assert not root.exists()


def test_a_name_is_taken_until_it_is_removed(root: Path) -> None:
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


def test_what_is_refused_leaves_nothing_behind(root: Path) -> None:
    with pytest.raises(LabError, match=r"too few images \(10\)"):
        data.add(npz(IMAGES[:10]), "mine", root=root)
    assert not root.exists()


def test_a_root_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match=r"Cannot write to .*set AECORE_DATA to a folder"):
        data.add(npz(), "mine", root=tmp_path / "file")


@pytest.mark.parametrize("file", ["images.npy", "test_labels.npy", "about.json"])
def test_a_damaged_data_set_is_a_sentence(root: Path, file: str) -> None:
    data.add(npz(), "mine", root=root)
    (root / "own" / "mine" / file).write_bytes(b"{}")
    with pytest.raises(LabError, match="mine is damaged; remove it and add it again"):
        data.load("mine", root=root)


@with_mnist
def test_the_real_mnist(root: Path) -> None:
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
