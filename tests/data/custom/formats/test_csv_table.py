import io
from collections.abc import Sequence

import pytest

from aecore.data.custom.formats import csv_table
from aecore.data.custom.limits import Limits
from aecore.errors import LabError


def rows(count: int = 50, separator: str = ",") -> str:
    return "\n".join(separator.join(str(n + k) for k in range(4)) for n in range(count)) + "\n"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("header", ["", "a,b,c,d\n", "\ufeffa,b,c,d\r\n"])
def test_header_and_separator_are_detected(separator: str, header: str) -> None:
    text = header.replace(",", separator) + rows(separator=separator)
    table = csv_table.read(io.BytesIO(text.encode()), "x.csv")
    assert table.labels == []
    assert table.pixels.shape == (50, 4)
    assert table.pixels[7].tolist() == [7, 8, 9, 10]


def test_label_column_is_found_in_any_position() -> None:
    text = "p0,p1, Label ,p2\n" + '0.5,1,"a cat",2\n' + "0,1,7,2\n" + "1,1,,2\n"
    table = csv_table.read(io.BytesIO(text.encode()), "x.csv")
    assert table.labels == ["a cat", "7", ""]
    assert table.pixels[0].tolist() == [0.5, 1, 2]


def test_blank_lines_are_skipped() -> None:
    text = "\n\r\n" + rows().replace("\n", "\n\n\r\n")
    assert csv_table.read(io.BytesIO(text.encode()), "x.csv").pixels.shape == (50, 4)


def test_file_is_left_open_for_the_caller() -> None:
    file = io.BytesIO(rows().encode())
    csv_table.read(file, "x.csv")
    assert not file.closed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n1,x\n", "Line 3 of x.csv contains 'x'; pixel values must be numbers"),
        ("\na,b\n\r\n1,2\n\n1,x\n", "Line 6 of x.csv contains 'x'"),
        ("1,2\n3,4\n1,\n", "Line 3 of x.csv contains ''"),
        ("1,2\n3,4\n5\n", "Line 3 of x.csv has 1 cells, but the first has 2"),
        ("a,b,c\n1,2\n3,4\n", "Line 2 of x.csv has 2 cells, but the first has 3"),
        ("a,b\n", "contains no images"),
        ("a,b\n\n\r\n\n", "contains no images"),
        ("\n\n", "contains no images"),
        ("", "contains no images"),
        ("1," * 60_000, "more than 49153 cells"),
        (b"\xff\x80", "neither an .npz"),
        (b"\x00\x01" * 300_000, "neither an .npz"),
    ],
)
def test_invalid_tables_are_rejected(content: str | bytes, message: str) -> None:
    encoded = content.encode() if isinstance(content, str) else content
    with pytest.raises(LabError, match=message):
        csv_table.read(io.BytesIO(encoded), "x.csv")


def test_reading_stops_one_row_past_the_limit() -> None:
    table = csv_table.read(io.BytesIO(rows(90).encode()), "x.csv", limits=Limits(most=60))
    assert len(table.pixels) == 61


PIXELS = [[(7 * row * place) % 256 for place in range(16)] for row in range(50)]


def text(rows: Sequence[Sequence[object]]) -> io.BytesIO:
    return io.BytesIO("\n".join(",".join(map(str, row)) for row in rows).encode())


def test_header_of_values_that_pandas_made_unique() -> None:
    """The first image of a file without a header was taken for the names of the columns."""
    header = ["0", *(f"0.{number}" for number in range(1, 16))]
    table = csv_table.read(text([header, *PIXELS]), "x.csv")
    assert table.pixels.tolist() == PIXELS


def test_row_of_numbers_is_not_taken_for_a_header() -> None:
    assert len(csv_table.read(text([*PIXELS[1:], PIXELS[0]]), "x.csv").pixels) == 50


@pytest.mark.parametrize("place", [0, 16])
def test_label_in_words_needs_no_header(place: int) -> None:
    rows: list[list[object]] = [[*row] for row in PIXELS]
    for number, row in enumerate(rows):
        row.insert(place, ("cat", "dog")[number % 2])
    table = csv_table.read(text(rows), "x.csv")
    assert table.labels == ["cat", "dog"] * 25
    assert table.pixels.tolist() == PIXELS


def test_labels_that_are_fractions_are_rejected() -> None:
    header = ["label", *(f"p{place}" for place in range(16))]
    fractions = [[0.5 * number, *row] for number, row in enumerate(PIXELS)]
    with pytest.raises(LabError, match=r"labels of x\.csv are not classes"):
        csv_table.read(text([header, *fractions]), "x.csv")


def test_rows_of_packed_pixels_that_differ_in_length_are_rejected() -> None:
    rows = [["pixels"], *([" ".join(map(str, row))] for row in PIXELS), ["1 2 3"]]
    with pytest.raises(LabError, match="different numbers of pixels"):
        csv_table.read(text(rows), "x.csv")


def test_infinite_values_are_no_labels() -> None:
    table = csv_table.read(io.BytesIO(b"1e999,2\n" * 60), "x.csv")
    assert table.labels == []
