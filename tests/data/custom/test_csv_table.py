import io

import numpy as np
import pytest

from aecore.data.custom import csv_table
from aecore.data.custom.greyscale import Limits
from aecore.errors import LabError


def rows(count: int = 50, separator: str = ",") -> str:
    return "\n".join(separator.join(str(n + k) for k in range(4)) for n in range(count)) + "\n"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("header", ["", "a,b,c,d\n", "\ufeffa,b,c,d\r\n"])
def test_header_and_separator_are_detected(separator: str, header: str) -> None:
    text = header.replace(",", separator) + rows(separator=separator)
    cells, labels = csv_table.read(io.BytesIO(text.encode()), "x.csv")
    assert labels is None
    assert cells.shape == (50, 4)
    assert cells[7].tolist() == [7, 8, 9, 10]


def test_label_column_is_found_in_any_position() -> None:
    text = "p0,p1, Label ,p2\n" + '0.5,1,"a cat",2\n' + "0,1,7,2\n" + "1,1,,2\n"
    cells, labels = csv_table.read(io.BytesIO(text.encode()), "x.csv")
    assert labels == ["a cat", "7", ""]
    assert cells[0].tolist() == [0.5, 1, 2]


def test_blank_lines_are_skipped() -> None:
    text = "\n\r\n" + rows().replace("\n", "\n\n\r\n")
    cells, _ = csv_table.read(io.BytesIO(text.encode()), "x.csv")
    assert cells.shape == (50, 4)


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
        ("1," * 20_000, "more than 16385 cells"),
        ("\udcff\udcfe".encode("utf-8", "surrogateescape"), "neither an .npz"),
        (b"\x00\x01" * 300_000, "neither an .npz"),
    ],
)
def test_invalid_tables_are_rejected(content: str | bytes, message: str) -> None:
    encoded = content.encode() if isinstance(content, str) else content
    with pytest.raises(LabError, match=message):
        csv_table.read(io.BytesIO(encoded), "x.csv")


def test_reading_stops_one_row_past_the_limit() -> None:
    cells, _ = csv_table.read(io.BytesIO(rows(90).encode()), "x.csv", limits=Limits(most=60))
    np.testing.assert_equal(len(cells), 61)
