"""Files as people really have them, and what must be understood of each.

A case writes a file or folder and returns its path. What is expected are some items of the report
as JSON, or words of the refusal.
"""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

_digits = load_digits()
UNIT: NDArray[np.float64] = _digits.images / 16
LABELS: NDArray[np.int64] = _digits.target
BYTES: NDArray[np.uint8] = np.round(UNIT * 255).astype(np.uint8)
FLAT = BYTES.reshape(len(BYTES), -1)
COUNT = len(BYTES)
TEN = {str(digit): int(count) for digit, count in enumerate(np.bincount(LABELS))}
SOME = [np.kron(image, np.ones((4, 4), np.uint8)) for image in BYTES[:60]]
NAMES = [f"{number:03}.png" for number in range(60)]
LIGHT_GROUND = [255 - image for image in SOME]


@dataclass(frozen=True)
class Case:
    """A kind of file.

    Attributes
    ----------
    write : callable
        Writes it into a folder and returns its path.
    expected : mapping
        Items of the report.
    refused : str
        Words of the refusal instead.
    """

    write: Callable[[Path], Path]
    expected: Mapping[str, Any]
    refused: str = ""


CASES: dict[str, Case] = {}


def case(refused: str = "", **expected: Any) -> Callable[..., Callable[[Path], Path]]:
    """Register a case under the name of the function that writes it."""

    def register(write: Callable[[Path], Path]) -> Callable[[Path], Path]:
        CASES[write.__name__] = Case(write, expected, refused)
        return write

    return register


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def table(
    path: Path, rows: Any, header: str = "", separator: str = ",", form: str = "%.6g"
) -> Path:
    np.savetxt(path, rows, fmt=form, delimiter=separator, header=header, comments="")
    return path


def encoded(pixels: NDArray[Any], kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def pictures(path: Path, names: Sequence[str], images: Sequence[NDArray[Any]]) -> Path:
    return zipped(path, {n: encoded(i) for n, i in zip(names, images, strict=True)})


def idx(array: NDArray[Any]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def npy(array: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


# Tables


@case(images=COUNT, range=[0, 255], left_out={})
def numeric_header(folder: Path) -> Path:
    """As pandas writes for a frame without names."""
    return table(folder / "a.csv", UNIT.reshape(COUNT, -1), ",".join(map(str, range(64))))


@case(images=COUNT, left_out={"column 1": 1})
def index_column(folder: Path) -> Path:
    """As pandas writes a frame with its index."""
    rows = np.column_stack([np.arange(COUNT), FLAT])
    return table(folder / "a.csv", rows, "," + ",".join(map(str, range(64))), form="%d")


@case(images=COUNT, height=8, classes=TEN)
def label_first_without_header(folder: Path) -> Path:
    """As MNIST's well-known CSV."""
    return table(folder / "a.csv", np.column_stack([LABELS, FLAT]), form="%d")


@case(images=COUNT, height=8, classes=TEN)
def label_last_without_header(folder: Path) -> Path:
    return table(folder / "a.csv", np.column_stack([FLAT, LABELS]), form="%d")


@case(images=COUNT, classes=TEN)
def openml_class(folder: Path) -> Path:
    names = [*(f"pixel{place + 1}" for place in range(64)), "class"]
    return table(folder / "a.csv", np.column_stack([FLAT, LABELS]), ",".join(names), form="%d")


@case(images=COUNT, classes=TEN, left_out={"column id": 1})
def kaggle_with_identifiers(folder: Path) -> Path:
    names = ["id", "label", *(f"pixel{place}" for place in range(64))]
    rows = np.column_stack([np.arange(COUNT), LABELS, FLAT])
    return table(folder / "a.csv", rows, ",".join(names), form="%d")


@case(images=COUNT, classes=TEN, range=[0, 255])
def decimal_commas(folder: Path) -> Path:
    rows = [
        ";".join([str(label), *(f"{value:.4f}".replace(".", ",") for value in image.ravel())])
        for label, image in zip(LABELS, UNIT, strict=True)
    ]
    head = ";".join(["label", *(f"p{place}" for place in range(64))])
    path = folder / "a.csv"
    path.write_text("\n".join([head, *rows]))
    return path


@case(images=60, height=8, classes={"0": 30, "1": 30}, split={"train": 40, "test": 20})
def pixels_in_one_column(folder: Path) -> Path:
    """As FER2013."""
    usage = ["Training"] * 40 + ["PublicTest"] * 10 + ["PrivateTest"] * 10
    rows = [
        f"{number % 2},{' '.join(map(str, FLAT[number]))},{part}"
        for number, part in enumerate(usage)
    ]
    path = folder / "fer2013.csv"
    path.write_text("\n".join(["emotion,pixels,Usage", *rows]))
    return path


@case(images=60, classes={"2": 20, "3": 20}, unlabelled=20)
def labels_as_floats_some_missing(folder: Path) -> Path:
    cells = ["3.0", "2.0", "nan"] * 20
    rows = [f"{cell},{','.join(map(str, image))}" for cell, image in zip(cells, FLAT, strict=False)]
    head = ",".join(["label", *(f"p{place}" for place in range(64))])
    path = folder / "a.csv"
    path.write_text("\n".join([head, *rows]))
    return path


@case(images=COUNT, height=8)
def blank_separated(folder: Path) -> Path:
    """As USPS and numpy.savetxt write."""
    return table(folder / "a.txt", FLAT, separator=" ", form="%d")


@case(images=60)
def utf_16(folder: Path) -> Path:
    """As Excel writes "Unicode text"."""
    path = folder / "a.csv"
    rows = ["\t".join(map(str, image)) for image in FLAT[:60]]
    path.write_text("\n".join(rows), encoding="utf-16")
    return path


@case(images=COUNT)
def gzipped_table(folder: Path) -> Path:
    plain = table(folder / "a.csv", FLAT, form="%d")
    path = folder / "a.csv.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    return path


@case(
    images=COUNT, classes=TEN, split={"train": 1500, "test": 297}, left_out={"table submission": 1}
)
def zipped_tables_of_a_competition(folder: Path) -> Path:
    names = ",".join(["label", *(f"pixel{place}" for place in range(64))])
    rows = np.column_stack([LABELS, FLAT])
    train = table(folder / "train.csv", rows[:1500], names, form="%d")
    test = table(folder / "test.csv", rows[1500:], names, form="%d")
    files = {each.name: each.read_bytes() for each in (train, test)}
    files["submission.csv"] = b"ImageId,Label\n" + b"1,0\n" * 60
    return zipped(folder / "a.zip", files)


@case(images=60, classes={"iris": 30, "rose": 30}, left_out={})
def label_of_any_name(folder: Path) -> Path:
    names = ["species", *(f"pixel_{place}" for place in range(64))]
    rows = [",".join([("iris", "rose")[n % 2], *map(str, FLAT[n])]) for n in range(60)]
    path = folder / "a.csv"
    path.write_text("\n".join([",".join(names), *rows]))
    return path


@case(images=COUNT, range=[0, 255])
def decimal_commas_after_whole_numbers(folder: Path) -> Path:
    """The first row has no decimals."""
    rows = [";".join(f"{value:g}" for value in image.ravel()) for image in UNIT]
    path = folder / "a.csv"
    path.write_text("\n".join([";".join("0" * 63 + "1"), *rows[1:]]).replace(".", ","))
    return path


@case(images=COUNT, left_out={".txt": 1, ".csv": 1})
def table_beside_a_description(folder: Path) -> Path:
    plain = table(folder / "data.csv", FLAT, form="%d")
    files = {"data.csv": plain.read_bytes(), "README.txt": b"Digits,\nby hand.\n"}
    files["about.csv"] = b"name,value\nauthor,somebody\n"
    return zipped(folder / "a.zip", files)


# Arrays


@case(images=COUNT, height=8, width=8, classes=TEN)
def images_along_the_last_axis(folder: Path) -> Path:
    """As MATLAB and SVHN have them."""
    return npz(folder / "a.npz", X=np.moveaxis(BYTES, 0, -1), y=LABELS[:, None])


@case(images=COUNT, classes=TEN, left_out={"array label_names": 1})
def names_of_the_classes_beside_the_labels(folder: Path) -> Path:
    names = np.array([f"digit {digit}" for digit in range(10)])
    return npz(folder / "a.npz", images=BYTES, labels=LABELS, label_names=names)


@case(images=COUNT, classes=TEN)
def arrays_without_names(folder: Path) -> Path:
    path = folder / "a.npz"
    np.savez(path, BYTES, LABELS)
    return path


@case(
    images=COUNT,
    range=[0, 255],
    classes=TEN,
    scaled="White is 16: values were multiplied by 255/16.",
)
def sixteen_levels(folder: Path) -> Path:
    return npz(folder / "a.npz", images=_digits.images, labels=LABELS)


@case(images=COUNT, range=[0, 255], scaled="White is 1: values were multiplied by 255/1.")
def rounded_above_one(folder: Path) -> Path:
    images = np.where(UNIT == 1, 1.0000001, UNIT)
    return npz(folder / "a.npz", images=images, labels=LABELS)


@case(images=COUNT, classes=TEN, split={"train": 1500, "test": 297})
def keras_keys(folder: Path) -> Path:
    return npz(
        folder / "a.npz",
        x_train=BYTES[:1500],
        y_train=LABELS[:1500],
        x_test=BYTES[1500:],
        y_test=LABELS[1500:],
    )


@case(images=COUNT, classes=TEN, split={"train": 1500, "test": 297})
def medmnist_keys(folder: Path) -> Path:
    parts = {"train": slice(1200), "val": slice(1200, 1500), "test": slice(1500, None)}
    arrays: dict[str, NDArray[Any]] = {
        f"{part}_images": BYTES[rows] for part, rows in parts.items()
    }
    arrays |= {f"{part}_labels": LABELS[rows, None] for part, rows in parts.items()}
    return npz(folder / "a.npz", **arrays)


@case(images=COUNT, height=8, width=8)
def rows_with_channel(folder: Path) -> Path:
    return npz(folder / "a.npz", images=BYTES.reshape(-1, 64, 1))


@case(images=COUNT, classes={}, left_out={"array ids": 1})
def identifiers(folder: Path) -> Path:
    return npz(folder / "a.npz", images=BYTES, ids=np.arange(COUNT))


@case(images=COUNT, classes=TEN)
def one_hot_labels(folder: Path) -> Path:
    return npz(folder / "a.npz", x=BYTES, y=np.eye(10)[LABELS])


@case(images=COUNT, classes={"-1": 899, "1": 898})
def labels_of_two_signs(folder: Path) -> Path:
    return npz(folder / "a.npz", images=BYTES, labels=np.where(np.arange(COUNT) % 2, 1, -1))


@case(images=COUNT, height=8, width=8)
def plain_npy(folder: Path) -> Path:
    path = folder / "a.npy"
    path.write_bytes(npy(BYTES))
    return path


@case(images=COUNT, height=8, width=8)
def gzipped_idx(folder: Path) -> Path:
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(idx(BYTES)))
    return path


@case(images=COUNT, classes=TEN, split={"train": 1500, "test": 297})
def four_files_of_mnist(folder: Path) -> Path:
    inner = folder / "mnist"
    inner.mkdir()
    labels = LABELS.astype(np.uint8)
    files = {
        "train-images-idx3-ubyte.gz": BYTES[:1500],
        "train-labels-idx1-ubyte.gz": labels[:1500],
        "t10k-images-idx3-ubyte.gz": BYTES[1500:],
        "t10k-labels-idx1-ubyte.gz": labels[1500:],
    }
    for name, array in files.items():
        (inner / name).write_bytes(gzip.compress(idx(array)))
    return inner


@case(images=COUNT, classes=TEN)
def zipped_npz(folder: Path) -> Path:
    inner = npz(folder / "a.npz", images=BYTES, labels=LABELS)
    return zipped(folder / "a.zip", {"data/a.npz": inner.read_bytes()})


@case(images=COUNT, classes=TEN, split={"train": 1500, "test": 297})
def arrays_in_a_zip(folder: Path) -> Path:
    arrays: dict[str, NDArray[Any]] = {"X_train": BYTES[:1500], "y_train": LABELS[:1500]}
    arrays |= {"X_test": BYTES[1500:], "y_test": LABELS[1500:]}
    return zipped(folder / "a.zip", {f"{name}.npy": npy(each) for name, each in arrays.items()})


@case(images=100, height=8, range=[0, 255], notes=["Colours were turned to grey."])
def rows_in_three_colours(folder: Path) -> Path:
    """As CIFAR's, one colour after the other."""
    colours = np.stack([BYTES[:100]] * 3, axis=1)
    return npz(folder / "a.npz", data=colours.reshape(100, -1))


@case(images=COUNT, range=[0, 255])
def one_hot_pixel(folder: Path) -> Path:
    """A single outlier must not blacken the rest."""
    images = UNIT.copy()
    images[7, 3, 3] = 4000.0
    return npz(folder / "a.npz", images=images)


@case(images=COUNT, range=[0, 255])
def ten_bits(folder: Path) -> Path:
    return npz(folder / "a.npz", images=BYTES.astype(np.uint16) * 4)


@case(images=COUNT, range=[0, 255], scaled="White is 1: values were multiplied by 255/1.")
def masks_of_zero_and_one(folder: Path) -> Path:
    return npz(folder / "a.npz", images=(BYTES > 127).astype(np.uint8))


@case(refused="one value")
def constant(folder: Path) -> Path:
    return npz(folder / "a.npz", images=np.full((100, 8, 8), 255, np.uint8))


@case(refused="none may be below 0")
def negative(folder: Path) -> Path:
    return npz(folder / "a.npz", images=2 * UNIT - 1)


# Pictures


@case(images=60, range=[0, 255])
def twelve_bits(folder: Path) -> Path:
    return pictures(folder / "a.zip", NAMES, [image.astype(np.uint16) * 16 for image in SOME])


@case(images=60, range=[0, 255], dark_on_light=False)
def white_on_transparent(folder: Path) -> Path:
    images = [np.dstack([np.full_like(image, 255)] * 3 + [image]) for image in SOME]
    return pictures(folder / "a.zip", NAMES, images)


@case(images=60, range=[0, 255], dark_on_light=True)
def black_on_transparent(folder: Path) -> Path:
    images = [np.dstack([np.zeros_like(image)] * 3 + [image]) for image in SOME]
    return pictures(folder / "a.zip", NAMES, images)


@case(images=60, dark_on_light=True)
def dark_on_light(folder: Path) -> Path:
    return pictures(folder / "a.zip", NAMES, LIGHT_GROUND)


@case(
    images=50,
    classes={"good": 40, "broken": 10},
    split={"train": 30, "test": 20},
    left_out={"ground_truth": 10},
)
def mvtec(folder: Path) -> Path:
    names = [
        *(f"bottle/train/good/{n}.png" for n in range(30)),
        *(f"bottle/test/good/{n}.png" for n in range(10)),
        *(f"bottle/test/broken/{n}.png" for n in range(10)),
        *(f"bottle/ground_truth/broken/{n}_mask.png" for n in range(10)),
    ]
    return pictures(folder / "a.zip", names, SOME)


@case(images=60, classes={"a": 30, "b": 30}, split={"train": 20, "test": 40})
def training_and_validation(folder: Path) -> Path:
    parts = ["Training", "validation", "validation"] * 20
    names = [f"{part}/{'ab'[n // 3 % 2]}/{n}.png" for n, part in enumerate(parts)]
    return pictures(folder / "a.zip", names, SOME)


@case(images=60, classes={"cat": 30, "dog": 30})
def label_above(folder: Path) -> Path:
    names = [f"pets/{'cat' if n < 30 else 'dog'}/images/{n}.png" for n in range(60)]
    return pictures(folder / "a.zip", names, SOME)


@case(images=60, classes={"Greek/1": 15, "Greek/2": 15, "Latin/1": 15, "Latin/2": 15})
def same_names_under_different_parents(folder: Path) -> Path:
    names = [f"{('Greek', 'Latin')[n % 2]}/{1 + n // 2 % 2}/{n}.png" for n in range(60)]
    return pictures(folder / "a.zip", names, SOME)


@case(images=60, classes={"3": 30, "7": 30})
def backslashes(folder: Path) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for n, image in enumerate(SOME):
            info = zipfile.ZipInfo("x")
            info.filename = f"mine\\{3 if n < 30 else 7}\\{n}.png"
            archive.writestr(info, encoded(image))
    return path


@case(images=60, classes={"ä": 30, "ö": 30})
def names_in_utf8_without_the_flag(folder: Path) -> Path:
    path = zipped(
        folder / "a.zip",
        {f"{'äö'[n % 2]}/{n}.png": encoded(image) for n, image in enumerate(SOME)},
    )
    with zipfile.ZipFile(path) as archive:
        offsets = [info.header_offset for info in archive.infolist()]
    content = bytearray(path.read_bytes())
    for offset in offsets:
        content[offset + 7] &= ~8
    place = -1
    while (place := content.find(b"PK\x01\x02", place + 1)) >= 0:
        content[place + 9] &= ~8
    path.write_bytes(content)
    return path


@case(images=60)
def frames(folder: Path) -> Path:
    files = {}
    for n in range(6):
        out = io.BytesIO()
        first, *rest = [Image.fromarray(image) for image in SOME[10 * n : 10 * n + 10]]
        first.save(out, "tiff", save_all=True, append_images=rest)
        files[f"{n}.tiff"] = out.getvalue()
    return zipped(folder / "a.zip", files)


@case(images=60)
def single_animation(folder: Path) -> Path:
    path = folder / "a.gif"
    first, *rest = [Image.fromarray(image) for image in SOME]
    first.save(path, save_all=True, append_images=rest)
    return path


@case(images=60)
def jfif(folder: Path) -> Path:
    files = {f"{n}.jfif": encoded(image, "JPEG") for n, image in enumerate(SOME)}
    return zipped(folder / "a.zip", files)


@case(images=60, classes={"even": 30, "odd": 30}, left_out={})
def labels_in_a_table(folder: Path) -> Path:
    files = {name: encoded(image) for name, image in zip(NAMES, SOME, strict=True)}
    rows = [f"{n:03},{('even', 'odd')[n % 2]}" for n in range(60)]
    files["labels.csv"] = "\n".join(["id,label", *rows]).encode()
    return zipped(folder / "a.zip", files)


@case(images=60, left_out={"hidden files": 2, ".txt": 1})
def hidden_and_other_files(folder: Path) -> Path:
    inner = folder / "pictures"
    inner.mkdir()
    for name, image in zip(NAMES, SOME, strict=True):
        (inner / name).write_bytes(encoded(image))
    for name in (".DS_Store", "Thumbs.db", "notes.txt"):
        (inner / name).write_text("x")
    return inner


# What cannot be read


def refused_file(name: str, content: bytes, words: str) -> None:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    CASES[name] = Case(write, {}, words)


refused_file(
    "saved_by_mistake.npz", b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"
)
refused_file("photo.heic", b"\0\0\0\x18ftypheic" + bytes(100), "HEIC or AVIF photo")
refused_file("data.mat", b"MATLAB 5.0 MAT-file, Platform" + bytes(100), "MATLAB file")
refused_file("data.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5")
refused_file("data.pkl", b"\x80\x04\x95" + bytes(100), "pickle")
refused_file(
    "pointer.npz", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"
)


@case(refused="Excel workbook")
def workbook(folder: Path) -> Path:
    return zipped(folder / "a.xlsx", {"xl/workbook.xml": b"<x/>", "[Content_Types].xml": b""})


@case(refused="Git LFS pointer")
def pictures_not_downloaded(folder: Path) -> Path:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    return zipped(folder / "a.zip", dict.fromkeys(NAMES, pointer))


@case(refused="HEIC or AVIF photo")
def folder_of_photos(folder: Path) -> Path:
    inner = folder / "photos"
    inner.mkdir()
    for n in range(60):
        (inner / f"{n}.heic").write_bytes(b"\0\0\0\x18ftypheic")
    return inner
